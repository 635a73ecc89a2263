# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What reading presented chains costs, beside the ways one would otherwise take.

python tests/bench/presented.py [--count 1000] [--rounds 5] [--network 127.24]

CPU is user plus system of the whole process tree (wait4); "inside" leaves out the start of the
interpreter and its imports. Competitors take turns, in an order that rotates; a time counts only if
all chains are those that the others read. Exit code 1 when a goal is missed:

P1  inside CPU, RSA chain of every endpoint, to threads over the ssl module: at most 1/3
P4  CPU of the process tree, to openssl s_client, 8 at once: at most 1/80
R1  1000 silent endpoints end within (1000 / 128 x 0.2 s + timeout) + 1 s
R2  2000 good endpoints behind a timeout of 0.5 s: none is missed
R3  a deadline is overrun by at most 0.5 s, however many endpoints are silent
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import resource
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
AT_ONCE = 50
S_CLIENT_SHARE = 10
"""s_client reads one endpoint in so many: it takes long, and its cost is the same each time."""

Endpoints = list[tuple[str, int]]
PEM = re.compile("-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n", re.DOTALL)


class Cost(NamedTuple):
    """Milliseconds of CPU per chain, and a digest over all chains that were read."""

    tree: float
    inside: float | None
    digest: str


def product(endpoints: Endpoints) -> Callable[[], list[str]]:
    from ansible_collections.collab.expressway.plugins.module_utils.presented.chains import (
        Offer,
        read_presented_chains,
    )
    from ansible_collections.collab.expressway.plugins.module_utils.presented.endpoints import (
        Limits,
    )
    from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import Origin

    origins = [Origin(*endpoint) for endpoint in endpoints]

    def run() -> list[str]:
        entries = read_presented_chains(
            origins, ["rsa"], Offer(), Limits(10, 120, 1000, 2), time.monotonic
        )
        return [entry["chain"] for entry in entries]

    return run


def ssl_threads(endpoints: Endpoints) -> Callable[[], list[str]]:
    """The ssl module in a pool of threads; the chain through a call that is private before 3.13."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("aRSA")

    def read(endpoint: tuple[str, int]) -> str:
        with (
            socket.create_connection(endpoint, timeout=10) as plain,
            context.wrap_socket(plain) as sock,
        ):
            chain = sock._sslobj.get_unverified_chain()  # type: ignore[attr-defined]
            return "".join(each.public_bytes() for each in chain)

    def run() -> list[str]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(read, endpoints))

    return run


COMPETITORS = {"product": product, "ssl threads": ssl_threads}
S_CLIENT = "openssl s_client -connect {} -showcerts -tls1_2 -cipher aRSA </dev/null >{} 2>/dev/null"


def compete(name: str) -> None:
    """Runs one competitor; endpoints in, digest and inside CPU out."""
    run = COMPETITORS[name]([tuple(endpoint) for endpoint in json.load(sys.stdin)])
    before = time.process_time()
    chains = run()
    inside = time.process_time() - before
    print(json.dumps({"digest": digest(chains), "inside": inside}))


def digest(chains: list[str]) -> str:
    """Over the distinct chains: s_client reads fewer endpoints of the same farm."""
    return hashlib.sha256("".join(sorted(set(chains))).encode()).hexdigest()


def measure(name: str, endpoints: Endpoints) -> Cost:
    if name == "s_client":
        return measure_s_client(endpoints[::S_CLIENT_SHARE])
    process = subprocess.Popen(
        [sys.executable, __file__, "--compete", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps(endpoints).encode())
    process.stdin.close()
    answer = json.loads(process.stdout.read())
    tree = cpu_of(process)
    share = 1000 / len(endpoints)
    return Cost(tree * share, answer["inside"] * share, answer["digest"])


def measure_s_client(endpoints: Endpoints) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        lines = [
            S_CLIENT.format(f"{ip}:{port}", Path(folder) / ip) + "\n" for ip, port in endpoints
        ]
        process = subprocess.Popen(
            ["xargs", "-P8", "-d", "\n", "-n1", "sh", "-c"], stdin=subprocess.PIPE
        )
        assert process.stdin
        process.stdin.write("".join(lines).encode())
        process.stdin.close()
        tree = cpu_of(process)
        chains = ["".join(PEM.findall(path.read_text())) for path in Path(folder).iterdir()]
    return Cost(tree * 1000 / len(endpoints), None, digest(chains))


def cpu_of(process: subprocess.Popen[bytes]) -> float:
    """Seconds of CPU of the process and of those that it has waited for."""
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{process.args!r} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


@contextlib.contextmanager
def farm(kind: str, count: int, network: str) -> Iterator[Endpoints]:
    process = subprocess.Popen(
        [sys.executable, "tests/bench/farm.py", kind, str(count), "--network", network],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin and process.stdout
    try:
        yield [(str(ip), int(port)) for ip, port in json.loads(process.stdout.readline())]
    finally:
        process.stdin.close()
        process.wait(10)


class Goals:
    """Prints what was measured beside what was wanted."""

    def __init__(self) -> None:
        self.missed = False

    def hold(self, name: str, value: float, most: float, unit: str) -> None:
        verdict = "ok" if value <= most else "MISSED"
        self.missed = self.missed or value > most
        print(f"{name}  {value:8.3f}  goal {most:.3f} {unit:24} {verdict}", flush=True)


def compare(endpoints: Endpoints, rounds: int, goals: Goals) -> None:
    names = [*COMPETITORS, "s_client"]
    costs: dict[str, list[Cost]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            costs[name].append(measure(name, endpoints))
    if len({cost.digest for each in costs.values() for cost in each}) != 1:
        raise SystemExit("the competitors did not read the same chains")
    for name in names:
        tree = statistics.median(cost.tree for cost in costs[name])
        inside = [cost.inside for cost in costs[name] if cost.inside is not None]
        within = f", inside {statistics.median(inside):.3f}" if inside else ""
        print(f"{name:12} {tree:8.3f} ms CPU a chain{within}")

    def ratio(name: str, column: str) -> float:
        return statistics.median(
            getattr(ours, column) / getattr(theirs, column)
            for ours, theirs in zip(costs["product"], costs[name], strict=True)
        )

    goals.hold("P1", ratio("ssl threads", "inside"), 1 / 3, "of ssl threads, inside")
    goals.hold("P4", ratio("s_client", "tree"), 1 / 80, "of s_client, tree")


def hold_in_time(network: str, goals: Goals) -> None:
    with farm("silent", 1000, network) as endpoints:
        timeout = 2.0
        _entries, took = timed(endpoints, timeout, 60)
        goals.hold("R1", took, len(endpoints) / 128 * 0.2 + timeout + 1, "s, 1000 silent")
        worst = 0.0
        for deadline in (0.5, 2.0, 4.0):
            _entries, took = timed(endpoints, 30, deadline)
            worst = max(worst, took - deadline)
        goals.hold("R3", worst, 0.5, "s after the deadline")
    with farm("canned", 2000, network) as endpoints:
        entries, _took = timed(endpoints, 0.5, 60)
        missed = sum(entry["error"] is not None for entry in entries)
        goals.hold("R2", missed, 0, "good endpoints missed")


def timed(
    endpoints: Endpoints, timeout: float, deadline: float
) -> tuple[list[dict[str, Any]], float]:
    from ansible_collections.collab.expressway.plugins.module_utils.presented import (
        chains as presented_chains,
    )
    from ansible_collections.collab.expressway.plugins.module_utils.presented.endpoints import (
        Limits,
    )
    from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import Origin

    started = time.monotonic()
    entries = presented_chains.read_presented_chains(
        [Origin(*endpoint) for endpoint in endpoints],
        ["rsa"],
        presented_chains.Offer(),
        Limits(timeout, deadline, 4000, 2),
        time.monotonic,
    )
    return entries, time.monotonic() - started


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--network", default="127.24")
    parser.add_argument("--compete", choices=COMPETITORS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.compete:
        compete(options.compete)
        return 0
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    goals = Goals()
    with farm("tls", options.count, options.network) as endpoints:
        compare(endpoints, options.rounds, goals)
    hold_in_time(options.network, goals)
    return int(goals.missed)


if __name__ == "__main__":
    sys.exit(main())
