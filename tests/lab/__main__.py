# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The embedded estate from the command line: ``python -m tests.lab up`` in the project root."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import yaml

from tests.lab import logins, process
from tests.lab.greeting import WITHOUT_TRAFFIC_SERVERS, greeting
from tests.lab.process import LabError
from tests.lab.profile import DEFAULT_NETWORK, DEFAULT_PROFILE, ProfileError, load_profile

DEFAULT_LIFETIME = 4 * 3600
SECONDS_PER_CALL = 60


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if options.state is None:
        options.state = process.default_state(options.network)
    options.state = options.state.absolute()
    try:
        result: int = options.action(options)
    except BrokenPipeError:  # `… | head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (LabError, ProfileError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return result


def up(options: argparse.Namespace) -> int:
    load_profile(options.profile, options.network, options.cluster)  # complain here, not in a log
    if pid := process.holder(_pid_file(options)):
        print(f"It runs already (pid {pid}).\n")
    else:
        command = ["run", "--network", options.network, "--state", str(options.state)]
        command += ["--profile", str(options.profile.absolute())]
        command += ["--lifetime", str(options.lifetime)]
        for cluster in options.cluster or ():
            command += ["--cluster", cluster]
        if not options.traffic_servers:
            command.append("--without-traffic-servers")
        process.start_detached(command, options.state)
    print(greeting(_described(options)))
    return 0


def down(options: argparse.Namespace) -> int:
    pid = process.end(_pid_file(options))
    print(f"Ended pid {pid}." if pid else "No estate runs here.")
    return 0


def status(options: argparse.Namespace) -> int:
    """Print what runs; 3 when nothing does, as service managers have it."""
    pid = process.holder(_pid_file(options))
    if pid is None:
        print("No estate runs here.")
        return 3
    print(f"pid {pid}\n{greeting(_described(options))}")
    return 0


def run(options: argparse.Namespace) -> int:
    logging.basicConfig(format="%(asctime)s %(name)s %(message)s", level=logging.WARNING)
    # asyncio tells about every client that hangs up in a handshake, which here is the normal case.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    with process.holding(_pid_file(options)):
        try:
            asyncio.run(_run(options))
        except OSError as error:
            raise LabError(f"cannot start: {error}") from error
    return 0


async def _run(options: argparse.Namespace) -> None:
    from tests.lab.estate import Estate  # half a second that the other commands need not wait

    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    profile = load_profile(options.profile, options.network, options.cluster)
    estate = Estate(profile, options.state, traffic_servers=options.traffic_servers)
    await estate.start()
    print(greeting(estate.describe()), flush=True)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(over.wait(), options.lifetime or None)
    await estate.stop()


def log_in(options: argparse.Namespace) -> int:
    estate = _described(options)
    if not estate["traffic_server"]:
        raise LabError(f"no traffic servers run here: {WITHOUT_TRAFFIC_SERVERS}")
    _call(estate, "/settled")
    results = asyncio.run(logins.log_in(estate["requests"]))
    if options.json:
        print(json.dumps(results, indent=2))
        return 0
    print(logins.table(results, estate["clusters"]))
    refused = sum(login["status"] == logins.REFUSED for login in results)
    accepted = sum(login["status"] == 200 for login in results)
    others = len(results) - refused - accepted
    print(f"{accepted} accepted (200), {refused} refused (502), {others} without a clear answer")
    return 0


def switch(options: argparse.Namespace) -> int:
    """Set the switches that are named, and show them; show all when none is named."""
    estate = _described(options)
    pairs = (position.partition("=") for position in options.positions)
    positions = {name: yaml.safe_load(value) for name, _equals, value in pairs}
    if positions:
        _call(estate, "/switches", positions)
    for name, entry in _call(estate, "/switches").items():
        if positions and name not in positions:
            continue
        others = f"   ({', '.join(entry['values'])})" if entry["values"] else ""
        print(f"{name} = {entry['value']}{others}\n    {entry['meaning']}")
    return 0


def fault(options: argparse.Namespace) -> int:
    details = (detail.partition("=") for detail in options.details)
    body = {name: yaml.safe_load(value) for name, _equals, value in details}
    description = None if options.kind == "none" else {"kind": options.kind, **body}
    estate = _described(options)
    nodes = [node["name"] for node in estate["nodes"]]
    kind = "nodes" if options.name in nodes else "peers"
    print(_call(estate, f"/{kind}/{options.name}/fault", description, post=True))
    return 0


def reset(options: argparse.Namespace) -> int:
    _call(_described(options), "/reset", post=True)
    print("All peers, nodes and switches are as they were at the start.")
    return 0


def _described(options: argparse.Namespace) -> dict[str, Any]:
    try:
        description: dict[str, Any] = json.loads((options.state / "estate.json").read_text())
    except FileNotFoundError:
        raise LabError(f"no estate runs with its state in {options.state}") from None
    return description


def _call(estate: dict[str, Any], path: str, body: object = None, *, post: bool = False) -> Any:
    sent = json.dumps(body).encode() if post or body is not None else None
    request = urllib.request.Request(estate["control"] + path, data=sent)
    request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=SECONDS_PER_CALL) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise LabError(json.load(error).get("error", str(error))) from None
    except OSError as error:
        raise LabError(f"{estate['control']} does not answer: {error}") from None


def _pid_file(options: argparse.Namespace) -> Path:
    return Path(options.state / "pid")


def _parser() -> argparse.ArgumentParser:
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument(
        "--network",
        default=os.environ.get("LAB_NETWORK", DEFAULT_NETWORK),
        metavar="A.B",
        help="first half of the loopback addresses (default: $LAB_NETWORK or %(default)s)",
    )
    where.add_argument("--state", type=Path, metavar="DIR", help="default: .cache/lab/<network>")
    what = argparse.ArgumentParser(add_help=False)
    what.add_argument("--profile", type=Path, default=DEFAULT_PROFILE, help="default: estate.yml")
    what.add_argument("--cluster", action="append", help="start only this cluster (repeatable)")
    what.add_argument(
        "--lifetime",
        type=float,
        default=DEFAULT_LIFETIME,
        metavar="SECONDS",
        help="end by itself after this long; 0 is never (default: %(default)s)",
    )
    what.add_argument(
        "--without-traffic-servers",
        dest="traffic_servers",
        action="store_false",
        help="leave the real traffic servers out even where they are installed",
    )
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    commands = parser.add_subparsers(required=True)

    def command(action: Any, name: str, text: str, *parents: Any) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text, parents=[where, *parents])
        added.set_defaults(action=action)
        return added

    command(up, "up", "start the estate in the background and say what listens where", what)
    command(down, "down", "end the estate")
    command(status, "status", "say what runs")
    command(run, "run", "run the estate in the foreground", what)
    command(log_in, "logins", "log in through every peer to every origin").add_argument(
        "--json", action="store_true", help="one record a request"
    )
    command(switch, "switch", "set switches and show them, or show all").add_argument(
        "positions", nargs="*", metavar="NAME=VALUE"
    )
    breaking = command(fault, "fault", "break a peer or a UC node")
    breaking.add_argument("name")
    breaking.add_argument("kind", help="see faults.py and node_faults.py; none mends it")
    breaking.add_argument("details", nargs="*", metavar="NAME=VALUE")
    command(reset, "reset", "bring all peers, nodes and switches back to the initial state")
    return parser


if __name__ == "__main__":
    sys.exit(main())
