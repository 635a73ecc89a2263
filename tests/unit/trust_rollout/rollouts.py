# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""playbooks/trust.yml over many small clusters at once, as a site runs it: each cluster has its own mishap.

Every task costs CPU time for every host, so most clusters are of one peer: two are for what happens between peers.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.change import TrustStore

from tests.lab.estate import RunningEstate
from tests.lab.profile import DEFAULT_PROFILE

PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
PEERS = 2
SERIAL = """
- hosts: expressway_c
  gather_facts: false
  strategy: linear
  serial: {}
  roles: [collab.expressway.trust_store]
"""


def profile_of(clusters: int) -> dict[str, Any]:
    """`clusters` clusters of two peers, of which a roll-out may use one, without UC nodes: c0, c1, …"""
    profile: dict[str, Any] = yaml.safe_load(DEFAULT_PROFILE.read_text())
    profile["clusters"] = {
        f"c{place}": {
            "domain": f"c{place}.example.test",
            "release": "X14.2.5",
            "peers": [
                {
                    "name": f"expc{number}.c{place}.example.test",
                    "address": f"{{n}}.{place + 1}.{number}",
                    "ciphers": "ecdsa-first",
                    "trust_store": ["corporate-root"],
                }
                for number in range(1, PEERS + 1)
            ],
            "nodes": [],
        }
        for place in range(clusters)
    }
    return profile


@dataclass
class Rollout:
    """One cluster of `size` peers and its mishap: `fault` strikes the peer `broken` (from 0)."""

    cluster: str
    via: str
    state: str
    broken: int
    fault: dict[str, Any]
    size: int = PEERS
    variables: dict[str, Any] = field(default_factory=dict)

    @property
    def peers(self) -> list[str]:
        return [f"expc{number}.{self.cluster}.example.test" for number in range(1, self.size + 1)]

    @property
    def name(self) -> str:
        fault = json.dumps(self.fault).replace('"', "")
        return f"{self.via} {self.state}, peer {self.broken + 1}: {fault}"


class Site:
    """An inventory of clusters in `folder`; `certificates` is what the playbook is told to upload."""

    def __init__(self, estate: RunningEstate, folder: Path) -> None:
        self.estate = estate
        self.folder = folder

    def prepare(self, rollouts: list[Rollout], store: str) -> None:
        """Let every peer trust `store`, and break what is to break."""
        for rollout in rollouts:
            for name in rollout.peers:
                peer = self.estate.peer(name)
                self.estate.call(partial(peer.trust, store))
            self.estate.set_fault(rollout.peers[rollout.broken], rollout.fault)

    def mend(self, rollouts: list[Rollout]) -> None:
        for rollout in rollouts:
            self.estate.set_fault(rollout.peers[rollout.broken], None)

    def struck(self, rollout: Rollout) -> bool:
        """Has the last of the faults struck as often as it was to?"""
        peer = self.estate.peer(rollout.peers[rollout.broken])
        fault = self.estate.call(lambda: peer.fault)
        return fault is None or fault.times == 0

    def held(self, name: str) -> list[str]:
        text = str(self.estate.report(name)["trust_store"])
        return sorted(one.sha256 for one in TrustStore.read(text).certificates)

    def start(
        self,
        rollouts: list[Rollout],
        certificates: dict[str, str],
        timeout: float,
        *,
        playbook: str = "collab.expressway.trust",
        serial: list[int | str] | None = None,
        **extra: Any,
    ) -> Run:
        """Start the playbook. `certificates` by state; `timeout` in seconds for one answer of a peer.

        `serial`: a play of the role with this keyword instead. `extra`: variables of the command line.
        """
        if serial is not None:
            (self.folder / "serial.yml").write_text(SERIAL.format(json.dumps(serial)))
            playbook = "serial.yml"
        groups = {
            rollout.cluster: {
                "hosts": {
                    name: {"ansible_host": self.estate.peer(name).address} for name in rollout.peers
                },
                "vars": {
                    "expressway_cluster": rollout.cluster,
                    "trust_store_via": rollout.via,
                    "trust_store_state": rollout.state,
                    "trust_store_certificates": [certificates[rollout.state]],
                    **rollout.variables,
                },
            }
            for rollout in rollouts
        }
        variables = {
            **self.estate.peer_variables,
            "expressway_root_password": "lab-root-password",
            "expressway_command_timeout": timeout,
            "expressway_connect_timeout": timeout,
            "trust_store_backup_dir": str(self.folder / "backups"),
        }
        inventory = self.folder / "hosts.json"
        inventory.write_text(
            json.dumps(
                {"all": {"children": {"expressway_c": {"children": groups, "vars": variables}}}}
            )
        )
        output = (self.folder / "output").open("w+")
        process = subprocess.Popen(
            [PLAYBOOK, playbook, "-i", str(inventory), "-e", json.dumps(extra)],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env=os.environ
            | {
                "ANSIBLE_NOCOLOR": "1",
                "COLUMNS": "500",
                "ANSIBLE_FORKS": "50",
                "ANSIBLE_HOME": str(self.folder),
            },
            # Whoever kills a run kills its workers with it.
            start_new_session=True,
        )
        return Run(process, self.folder / "output")


@dataclass
class Run:
    process: subprocess.Popen[bytes]
    output: Path

    def end(self) -> int:
        try:
            return self.process.wait(180)
        finally:
            self.kill()

    def kill(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    @property
    def text(self) -> str:
        return self.output.read_text()

    @property
    def changed(self) -> dict[str, int]:
        """By peer, from the recap."""
        found = re.finditer(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", self.text, re.MULTILINE)
        return {match[1]: int(match[2]) for match in found}


def soon(condition: Any, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not (fulfilled := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return bool(fulfilled)
