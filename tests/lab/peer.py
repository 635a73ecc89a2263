# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulated Expressway-C peer: its state, what it has been asked, and the servers that show it."""

from __future__ import annotations

import hmac
import ssl
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncssh

from tests.lab.cluster import VERIFY_ORIGIN_SERVER, Cluster
from tests.lab.doorway import Doorway
from tests.lab.faults import Fault, describe_fault
from tests.lab.guard import Guard
from tests.lab.releases import Release
from tests.lab.rest import ApiServer
from tests.lab.root_files import RootFolder
from tests.lab.settings import settings
from tests.lab.shell import Answer, View, answer
from tests.lab.ssh import ShellServer
from tests.lab.status import Status
from tests.lab.switches import Switches

__all__ = ["Cluster", "Credentials", "Peer"]


@dataclass(frozen=True)
class Credentials:
    """The administrator of a peer, and root; the keys are OpenSSH public key lines."""

    user: str = "admin"
    password: str = field(default="lab-admin-password", repr=False)
    authorized_keys: tuple[str, ...] = ()
    root_password: str = field(default="lab-root-password", repr=False)
    root_authorized_keys: tuple[str, ...] = ()


@dataclass
class Record:
    """What has been asked of a peer since its last reset, for tests to look at."""

    logins: int = 0  # shell logins that were let in
    failed_logins: int = 0  # over the shell and the API
    most_sessions: int = 0  # shell sessions open at once, at most
    lines: list[str] = field(default_factory=list)  # every line that the shell received
    writes: list[str] = field(default_factory=list)  # what was carried out: lines, "POST /api/…"
    commands: list[str] = field(default_factory=list)  # xCommand lines taken, and not carried out
    requests: list[str] = field(default_factory=list)  # every API request: "GET /api/…"
    root_logins: int = 0  # of root, over SSH
    file_steps: list[str] = field(default_factory=list)  # what root did over SFTP: "read /…"


class Peer:
    """One Expressway-C. Everything here belongs to the thread of the event loop.

    `release` is a text such as "X14.2.5". `configuration` holds initial values by path that differ
    from the release's defaults; `uc_servers` what the API lists under "cucm" and "imp", `axl_password`
    the one with which publishers let it in; `mra` and `domains` what it says of MRA.
    `on_change(peer)` is called after each change of a setting or of the trust store, also by
    replication and reset.
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
        axl_password: str = "",
        mra: Mapping[str, str] | None = None,
        domains: Sequence[Mapping[str, str]] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.address = address
        self.cluster = cluster
        self.release = Release(release)
        self.credentials = credentials or Credentials()
        self.switches = switches if switches is not None else Switches()
        self._initial_uc_servers = {"cucm": [], "imp": [], **(uc_servers or {})}
        self.uc_servers = dict(self._initial_uc_servers)
        self.axl_password = axl_password
        self.mra = dict(mra or {"Enabled": "On", "SSO": "Off"})
        self.domains = list(domains)
        self._fault: Fault | None = None
        self.sessions = 0  # shell sessions open now
        self.record = Record()
        self.guard = Guard(self.switches, clock)
        self._clock = clock
        self._started = clock()
        self._on_change = on_change
        self._doorways: dict[str, Doorway] = {}
        self._initial_trust_store = trust_store_pem
        self._initial = {path: setting.default for path, setting in settings(self.release).items()}
        self.configuration: dict[str, str] = {}
        self.trust_store_pem = trust_store_pem
        self.root_folder = RootFolder(self)
        host, _dot, domain = name.partition(".")
        self.configure_initially(
            {
                "SystemUnit Name": name,
                "Ethernet 1 IP V4 Address": address,
                "IP DNS Hostname": host,
                "IP DNS Domain Name": domain,
                **(configuration or {}),
            }
        )
        cluster.join(self)

    # --- state ----------------------------------------------------------------------------------

    @property
    def verifies_origins(self) -> bool:
        """Whether the traffic server of this peer verifies origins now."""
        if VERIFY_ORIGIN_SERVER in self.configuration:
            return self.configuration[VERIFY_ORIGIN_SERVER] == "On"
        early = self.switches["verification_before_x14_2"] == "from_x14_0_8"
        return early and self.release >= Release("X14.0.8")

    def configure_initially(self, values: Mapping[str, str]) -> None:
        """Set the state that `reset` returns to, without telling anyone."""
        for path, value in values.items():
            if path not in self._initial:
                raise ValueError(f"{self.name}: {self.release} has no setting {path!r}")
            self._initial[path] = value
        self.configuration = dict(self._initial)

    def configure(self, values: Mapping[str, str]) -> None:
        """Set `values` by path as replication does: not recorded as a write."""
        if any(self.configuration[path] != value for path, value in values.items()):
            self.configuration.update(values)
            self._changed()

    def trust(self, pem: str) -> None:
        """Set the trust store."""
        if pem != self.trust_store_pem:
            self.trust_store_pem = pem
            self._changed()

    def _changed(self) -> None:
        if self._on_change:
            self._on_change(self)

    def set_fault(self, description: Mapping[str, Any] | None) -> None:
        """Break the peer as a JSON object says (`faults.Fault`), or mend it (None)."""
        self._fault = describe_fault(description)

    @property
    def fault(self) -> Fault | None:
        """What is broken. Ask once for each request, as the next one may meet the next fault."""
        if self._fault is not None:
            self._fault = self._fault.following
        return self._fault

    def reset(self) -> None:
        """Return to the initial state: settings, trust store, switches, faults, blocks, record.

        Open sessions stay open and counted. Replication that is under way in the cluster is lost.
        """
        self.cluster.cancel_replication()
        self.switches.reset()
        self._fault = None
        self.guard.reset()
        self.record = Record(most_sessions=self.sessions)
        self.uc_servers = dict(self._initial_uc_servers)
        before = (self.configuration, self.trust_store_pem)
        self.configuration = dict(self._initial)
        self.trust_store_pem = self._initial_trust_store
        self.root_folder.reset()
        if before != (self.configuration, self.trust_store_pem):
            self._changed()

    def report(self) -> dict[str, Any]:
        """Return state and record as JSON types, to assert in tests."""
        return {
            "name": self.name,
            "release": str(self.release),
            "configuration": dict(self.configuration),
            "trust_store": self.trust_store_pem,
            "root_folder": self.root_folder.names,
            "verifies_origins": self.verifies_origins,
            "sessions": self.sessions,
            "blocked": self.guard.blocked,
            **asdict(self.record),
        }

    # --- what the servers ask -------------------------------------------------------------------

    def lets_in(self, user: str, password: str, client: str, channel: str) -> bool:
        """Check a password login from address `client`; a failed one counts toward a block."""
        known = (self.credentials.user, self.credentials.password)
        if channel == "root":
            known = ("root", self.credentials.root_password)
        right = hmac.compare_digest(
            f"{user}\0{password}".encode(),
            f"{known[0]}\0{known[1]}".encode(),
        )
        if channel == "root" and self.switches["root_login"] == "refused":
            right = False
        refused = self.fault is not None and self.fault.strikes(channel, ("refuse_login",))
        if right and not refused:
            return True
        self.record.failed_logins += 1
        self.guard.failed(client)
        return False

    @property
    def full(self) -> bool:
        """Whether the limit of sessions is reached."""
        limit = self.switches.number("session_limit")
        return bool(limit) and self.sessions >= limit

    def session_opened(self, *, root: bool = False) -> None:
        self.sessions += 1
        if root:
            self.record.root_logins += 1
        else:
            self.record.logins += 1
        self.record.most_sessions = max(self.record.most_sessions, self.sessions)

    def session_closed(self) -> None:
        self.sessions -= 1

    def ask(self, line: str) -> Answer:
        """Return the shell's answer to `line`; nothing is carried out."""
        return answer(View(self.release, self.configuration, self.status, self.switches), line)

    def carry_out(self, line: str, answered: Answer) -> None:
        """Do what an answer promises: write, replicate, record."""
        if answered.command:
            self.record.commands.append(answered.command)
        if answered.writes:
            self.record.writes.append(line.strip())
            self.configure(answered.writes)
            for path in answered.writes:
                self.cluster.written(self, path)

    @property
    def status(self) -> Status:
        """The elements of xStatus (Expressway facts 1.4; build, name and serial number are invented)."""
        elements: dict[str, Any] = {
            "SystemUnit": {
                "Product": "TANDBERG VCS",
                "Uptime": f"{int(self._clock() - self._started)}",
                "SystemTime": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}",
                "TimeZone": "UTC",
                "Software": {
                    "Version": str(self.release),
                    "Build": f"oak_{str(self.release).lower()}_lab",
                    "Name": "s42700",
                    "ReleaseDate": self.release.date,
                    "Configuration": {"Expressway": "False", "ExpresswaySeries": "True"},
                },
                "Hardware": {
                    "Version": "VMware",
                    "SerialNumber": f"{zlib.crc32(self.name.encode()):08X}",
                },
            }
        }
        shown = self.switches["cluster_status"]
        if shown == "empty" or (shown == "with_peers" and len(self.cluster.peers) == 1):
            elements |= {"Alternates": {}, "Cluster": {}}
        elif shown == "with_peers":
            peers = {
                f"Peer {number}": {"Address": peer.address, "Status": "Active"}
                for number, peer in enumerate(self.cluster.peers, 1)
            }
            elements |= {"Alternates": peers, "Cluster": {"Name": self.cluster.name, **peers}}
        return elements

    # --- servers --------------------------------------------------------------------------------

    @property
    def ssh_port(self) -> int | None:
        """The port of the shell, None while it is not served."""
        return self._doorways["shell"].port if "shell" in self._doorways else None

    @property
    def api_port(self) -> int | None:
        """The port of the API, None while it is not served."""
        return self._doorways["api"].port if "api" in self._doorways else None

    async def start_ssh(self, host_key: asyncssh.SSHKey, port: int = 0) -> int:
        """Serve the shell on `address`; port 0 takes a free one. Returns the port."""
        return await self._open("shell", ShellServer(self, host_key), port)

    async def start_rest(self, ssl_context: ssl.SSLContext, port: int = 0) -> int:
        """Serve the REST API on `address`; port 0 takes a free one. Returns the port."""
        return await self._open("api", ApiServer(self, ssl_context), port)

    async def _open(self, channel: str, server: ShellServer | ApiServer, port: int) -> int:
        doorway = Doorway(self, channel, server)
        await doorway.open(self.address, port)
        self._doorways[channel] = doorway
        return doorway.port

    async def stop(self) -> None:
        """Close the servers with their sessions, and end replication."""
        self.cluster.cancel_replication()
        for doorway in self._doorways.values():
            await doorway.close()
        self._doorways.clear()
