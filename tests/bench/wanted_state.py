# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task costs that has nothing to do: `trusted_ca` on peers that hold what is wanted.

Run from the project root: `python -m tests.bench.wanted_state [--clusters 50] [--peers 4] [--rounds 3]
[--forks 50] [--network 127.20]`. Peers are per cluster; the default is 200 emulated peers, without real
traffic servers.

`ansible-playbook` runs one task over all peers: `trusted_ca`, or, as the floor below which no task of
Ansible's gets, `ansible.builtin.debug` over the local connection. They take turns. CPU is of
ansible-playbook and all its workers; that of the emulated peers, which share the cores and so the wall
time, is told apart. Memory is what all processes hold together (PSS: pages that they share count once),
the highest of the samples taken in rounds of their own, because sampling costs time. Exit code 1 unless
every run ends with ok=1 changed=0 on every peer, and every peer was asked for its store once and for
nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.lab.estate import RunningEstate, own_network, running_estate
from tests.lab.fleet import fleet

SAMPLE_EVERY = 0.1
"""Seconds between two looks at the memory."""

RECAP = re.compile(r"^(\S+)\s+: ((?:\w+=\d+\s*)+)$", re.MULTILINE)
DONE = {"ok": 1, "changed": 0, "unreachable": 0, "failed": 0, "skipped": 0}


class Cost(NamedTuple):
    """Seconds, seconds of CPU of the process tree and of the peers; megabytes at most, 0 when not sampled."""

    wall: float
    cpu: float
    peers_cpu: float
    megabytes: float


class Site:
    """A playbook for each competitor, and the inventory of the estate, in `folder`."""

    def __init__(self, estate: RunningEstate, folder: Path, forks: int) -> None:
        self.estate = estate
        self.names = [peer.name for peer in estate.profile.peers]
        self._forks = forks
        self._folder = folder
        wanted = folder / "wanted.pem"
        wanted.write_text(estate.report(self.names[0])["trust_store"])
        (folder / "inventory.json").write_text(json.dumps(self._inventory()))
        # Over the local connection, as every worker would import the peers' one for a task that does not use it.
        self._playbook(
            "floor", {"ansible.builtin.debug": {"msg": "nothing"}}, ansible_connection="local"
        )
        self._playbook("product", {"collab.expressway.trusted_ca": {"certificates": [str(wanted)]}})

    def _inventory(self) -> dict[str, Any]:
        hosts = {peer.name: {"ansible_host": peer.address} for peer in self.estate.profile.peers}
        return {"expressway_c": {"hosts": hosts, "vars": self.estate.peer_variables}}

    def _playbook(self, name: str, task: dict[str, Any], **variables: str) -> None:
        play = {
            "hosts": "expressway_c",
            "gather_facts": False,
            "vars": variables,
            "tasks": [{"name": name, **task}],
        }
        (self._folder / f"{name}.json").write_text(json.dumps([play]))

    def cost(self, name: str, *, sampled: bool = False) -> Cost:
        """Of one run of the playbook; SystemExit unless it did what it should on every peer."""
        self.estate.reset()
        output = self._folder / f"{name}.out"
        command = [str(Path(sys.executable).with_name("ansible-playbook"))]
        command += ["--inventory", str(self._folder / "inventory.json")]
        command += ["--forks", str(self._forks), str(self._folder / f"{name}.json")]
        began, own_cpu = time.monotonic(), time.process_time()
        with output.open("w") as out:
            process = subprocess.Popen(
                command,
                stdout=out,
                stderr=subprocess.STDOUT,
                # Where a run that changes a store, against all expectation, leaves its backups.
                cwd=self._folder,
                env=os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_STDOUT_CALLBACK": "default"},
            )
            try:
                megabytes, usage = _watch(process, sampled)
            finally:
                if process.returncode is None:
                    # It passes the signal on to its workers.
                    process.terminate()
                    process.wait()
        took = time.monotonic() - began
        peers_cpu = time.process_time() - own_cpu
        self._assert_done(name, output.read_text())
        return Cost(took, usage, peers_cpu, megabytes)

    def _assert_done(self, name: str, output: str) -> None:
        found = {
            host: dict(_counts(counts)) for host, counts in RECAP.findall(_after_recap(output))
        }
        asked = ["GET /api/provisioning/certs/root"] if name == "product" else []
        wrong = [
            f"{peer}: {found.get(peer, 'not in the recap')}"
            for peer in self.names
            if DONE.items() - found.get(peer, {}).items()
        ]
        for peer in self.names:
            seen = self.estate.report(peer)
            if seen["requests"] != asked or seen["writes"]:
                wrong.append(f"{peer} was asked {seen['requests']} and wrote {seen['writes']}")
        if wrong or len(found) != len(self.names):
            raise SystemExit("\n".join([output, f"{name} did not end as it should", *wrong[:10]]))


def _after_recap(output: str) -> str:
    return output.rpartition("PLAY RECAP")[2].partition("\n")[2]


def _counts(text: str) -> Iterator[tuple[str, int]]:
    for count in text.split():
        word, _equals, number = count.partition("=")
        yield word, int(number)


def _watch(process: subprocess.Popen[bytes], sampled: bool) -> tuple[float, float]:
    """(megabytes at most, seconds of CPU of the tree) when the process has ended."""
    most = 0.0
    while sampled:
        most = max(most, sum(map(_megabytes, _tree(process.pid))))
        if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            break
        time.sleep(SAMPLE_EVERY)
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return most, usage.ru_utime + usage.ru_stime


def _tree(top: int) -> list[int]:
    """The process and its descendants; workers are in sessions of their own, so parents are followed."""
    children = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children[parent].append(int(stat.parent.name))
    found = [top]
    for process in found:
        found += children[process]
    return found


def _megabytes(process: int) -> float:
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    found = re.search(r"^Pss: +(\d+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


def compare(site: Site, rounds: int) -> None:
    names = ["floor", "product"]
    costs: dict[str, list[Cost]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names if turn % 2 else reversed(names):
            costs[name].append(site.cost(name))
    # The highest of all rounds: how many workers are alive at once differs from run to run.
    memory = {
        name: max(site.cost(name, sampled=True).megabytes for _round in range(rounds))
        for name in names
    }
    for name in names:
        wall, cpu, peers_cpu = (
            statistics.median(getattr(cost, column) for cost in costs[name])
            for column in ("wall", "cpu", "peers_cpu")
        )
        print(
            f"{name:8} {wall:6.1f} s wall, {cpu:6.1f} s CPU ({cpu * 1000 / len(site.names):.0f} ms a peer), "
            f"{memory[name]:5.0f} MB at most; the emulated peers {peers_cpu:.1f} s CPU"
        )
    ratios = {
        column: statistics.median(
            getattr(ours, column) / getattr(floor, column)
            for ours, floor in zip(costs["product"], costs["floor"], strict=True)
        )
        for column in ("wall", "cpu")
    } | {"memory": memory["product"] / memory["floor"]}
    print("product to floor: " + ", ".join(f"{key} {ratio:.2f}" for key, ratio in ratios.items()))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clusters", type=int, default=50)
    parser.add_argument("--peers", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--forks", type=int, default=50)
    parser.add_argument("--network", help="default: one that is free")
    options = parser.parse_args()
    # The estate and ansible-playbook are ended on the way out, also when this is told to stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    profile = fleet(options.clusters, options.peers, 2)
    network = options.network or own_network()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        running_estate(network, profile=profile, traffic_servers=False) as estate,
    ):
        site = Site(estate, Path(folder), options.forks)
        print(f"{len(site.names)} peers in the wanted state, {options.forks} forks", flush=True)
        compare(site, options.rounds)
    print("changed=0 on every peer, each was asked for its store once, and nothing was written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
