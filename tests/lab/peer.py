# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulated Expressway-C peer and the cluster that it shares configuration with.

SKELETON: the signatures are meant to stay, the bodies follow.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.lab.switches import Switches


@dataclass(frozen=True)
class Credentials:
    """The administrator of a peer; `authorized_keys` are OpenSSH public key lines."""

    user: str = "admin"
    password: str = field(default="lab-admin-password", repr=False)
    authorized_keys: tuple[str, ...] = ()


class Cluster:
    """Peers that share configuration. `listed_by` says what `Alternates Peer n Address` holds."""

    def __init__(self, name: str, *, primary: int = 1, listed_by: str = "name") -> None:
        self.name = name
        self.peers: list[Peer] = []  # in order: the first is peer 1; a Peer adds itself


class Peer:
    """One Expressway-C: its state, and the servers that show it.

    All methods belong to the thread of the event loop.
    """

    def __init__(
        self,
        name: str,
        address: str,
        cluster: Cluster,
        release: str,
        credentials: Credentials | None = None,
        trust_store_pem: str = "",
        switches: Switches | None = None,
        on_change: Callable[[Peer], None] | None = None,
        *,
        configuration: Mapping[str, str] | None = None,
        uc_servers: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
        mra: Mapping[str, str] | None = None,
        domains: Sequence[Mapping[str, str]] = (),
    ) -> None:
        self.name = name
        self.address = address
        self.release = release
        self.configuration: dict[str, str] = {}  # "EdgeConfigServer VerifyOriginServer" -> "On"
        self.trust_store_pem = trust_store_pem
        self.fault: Any = None  # tests.lab.faults.Fault | None
        self.sessions = 0  # shell sessions open now
        self.logins = 0  # logins that were let in, shell and API
        self.failed_logins = 0
        self.lines: list[str] = []  # every line the shell received
        self.writes: list[str] = []  # accepted writes: shell lines, and "POST /api/…"
        self.ssh_port: int | None = None
        self.api_port: int | None = None

    @property
    def verifies_origins(self) -> bool:
        """Whether the traffic server of this peer verifies origins now."""
        raise NotImplementedError

    def set_fault(self, description: Mapping[str, Any] | None) -> None:
        """Break the peer as described: {"kind": "hang", ...}; None mends it."""

    def report(self) -> dict[str, Any]:
        """What a test wants to see: configuration, trust_store, sessions, logins, writes, …"""
        raise NotImplementedError

    def reset(self) -> None:
        """Return to the initial state; calls on_change when anything it cares for changed."""

    async def start_ssh(self, host_key: Any, port: int) -> int:
        """Serve the shell on `address`; port 0 picks one. Returns the port."""
        raise NotImplementedError

    async def start_rest(self, ssl_context: ssl.SSLContext, port: int) -> int:
        """Serve the REST API on `address`; port 0 picks one. Returns the port."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Close listeners, sessions and pending replication."""
