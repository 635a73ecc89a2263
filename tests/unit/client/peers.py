# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An estate of peers and one UC node, and the collection's own plugins run against it in this process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.lab.estate import RunningEstate
from tests.lab.profile import DEFAULT_PROFILE
from tests.unit.one_task import connection_plugin, run_task, wait_until_logged_out

RELEASES = {
    "lone": "X14.2.5",
    "old": "X12.7.1",
    "between": "X14.0.8",
    "trio": "X14.2.5",
    "late": "X15.2",
}
"""Cluster → release; `trio` has three peers, the others one."""


UC_NODE = {
    "name": "cuc1.trio.example.test",
    "product": "cuc",
    "role": "publisher",
    "address": "{n}.11.1",
    "situation": "expired",
}
"""The one node behind `trio`; every peer that verifies refuses it."""


def estate_profile() -> dict[str, Any]:
    """A profile of the clusters in `RELEASES`; a standalone peer is called `expc1.<cluster>.example.test`."""
    profile = yaml.safe_load(DEFAULT_PROFILE.read_text())
    profile["clusters"] = {
        cluster: {
            "domain": f"{cluster}.example.test",
            "release": release,
            "peers": [
                {
                    "name": f"expc{number}.{cluster}.example.test",
                    "address": f"{{n}}.{place}.{number}",
                    "ciphers": "ecdsa-first",
                    "trust_store": ["corporate-root", "voice-root"],
                }
                for number in range(1, 4 if cluster == "trio" else 2)
            ],
            "nodes": [UC_NODE] if cluster == "trio" else [],
        }
        for place, (cluster, release) in enumerate(RELEASES.items(), start=1)
    }
    return profile


def trio_alone(place: int) -> dict[str, Any]:
    """A profile of `trio` without its node; another `place` gives addresses that other tests of the process do not use."""
    profile = estate_profile()
    trio = profile["clusters"]["trio"]
    profile["clusters"] = {"trio": trio | {"nodes": []}}
    for number, peer in enumerate(trio["peers"], start=1):
        peer["address"] = f"{{n}}.{place}.{number}"
    profile["control"]["address"] = f"{{n}}.{place}.100"
    return profile


@dataclass
class Client:
    """Runs tasks against one peer as ansible-playbook would, and says what the peer saw of it."""

    estate: RunningEstate
    name: str = "expc1.lone.example.test"
    variables: dict[str, Any] = field(default_factory=dict)

    def connection(self, **variables: Any) -> Any:
        """The connection plugin with inventory variables; `variables` on top of the usual ones."""
        usual = {
            **self.estate.peer_variables,
            "inventory_hostname": self.name,
            "ansible_host": self.estate.peer(self.name).address,
            "expressway_command_timeout": 5,
            "expressway_connect_timeout": 5,
        }
        return connection_plugin("expressway", usual | self.variables | variables)

    def task(
        self,
        module: str,
        *,
        check: bool = False,
        variables: dict[str, Any] | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """The result of one task, with the connection's `variables`."""
        return run_task(module, options, self.connection(**(variables or {})), check=check)

    @property
    def seen(self) -> dict[str, Any]:
        """What the peer has recorded: configuration, writes, lines, logins, failed_logins, sessions, requests."""
        return self.estate.report(self.name)

    def wait_until_logged_out(self) -> None:
        """Wait until the peer holds no session; the end of a connection arrives a moment after it was closed."""
        wait_until_logged_out(lambda: self.seen)

    def set(self, **switches: Any) -> None:
        """Put switches of the lab."""
        self.estate.set_switches(switches)

    def fault(self, kind: str, **details: Any) -> None:
        """Break the peer."""
        self.estate.set_fault(self.name, {"kind": kind, **details})

    def peer(self, name: str) -> Client:
        """The same for another peer."""
        return Client(self.estate, name, self.variables)
