# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An emulated UC node: what it knows, who may ask it, what it has been asked, and its servers."""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import asyncssh
from cryptography import x509

from tests.lab import axl, certificate_api, uds
from tests.lab.certificate_text import common_name
from tests.lab.faults import describe_fault
from tests.lab.node_faults import NodeFault
from tests.lab.origins import Origin
from tests.lab.pki import Issued, Pki
from tests.lab.profile import Account, ClusterProfile, Node, Profile
from tests.lab.switches import Switches
from tests.lab.uc_profile import UcCluster, family
from tests.lab.vos_ssh import VosServer
from tests.lab.web import Reply, Request

WEB_PORT = 8443
"""The port whose pages are more than a line of text."""
_OTHER_TRUST = ("tomcat-trust", "CallManager-trust", "CAPF-trust", "cup-xmpp-trust")


@dataclass
class NodeRecord:
    """What has been asked of a node since its last reset, for tests to look at."""

    logins: int = 0  # of the CLI, that were let in
    failed_logins: int = 0  # over all channels
    failed_by_channel: dict[str, int] = field(default_factory=dict)  # cli, axl, certificates, uds
    most_sessions: int = 0  # of the CLI, open at once
    lines: list[str] = field(default_factory=list)  # every line that the CLI received
    requests: list[str] = field(default_factory=list)  # "GET /path?query", "POST /axl/ listX"


class UcNode:
    """One UC node. Everything here belongs to the thread of the event loop."""

    def __init__(
        self,
        profile: Node,
        cluster: ClusterProfile,
        estate: Profile,
        pki: Pki,
        switches: Switches,
    ) -> None:
        self.profile = profile
        self.name = profile.name
        self.cluster = cluster
        self.switches = switches
        self.record = NodeRecord()
        self.sessions = 0  # of the CLI, open now
        self._estate = estate
        self._pki = pki
        self._fault: NodeFault | None = None
        self._vos: VosServer | None = None
        self._up = False
        self.origins = [
            Origin(
                profile.address,
                listener,
                self.presented,
                f"{profile.name} port {listener.port}: {profile.situation}\n",
                site=self if listener.port == WEB_PORT else None,
            )
            for listener in profile.listeners
        ]

    # --- what the node knows --------------------------------------------------------------------

    @property
    def uc(self) -> UcCluster:
        return self.cluster.uc

    @property
    def members(self) -> list[Node]:
        """The nodes of its own cluster: Unity Connection has one, Unified CM and IM and Presence share one."""
        unity = self.profile.product == "cuc"
        return [node for node in self.cluster.nodes if (node.product == "cuc") == unity]

    @property
    def server_table(self) -> list[tuple[str, Node]]:
        return self.cluster.server_table

    @property
    def server_names(self) -> list[str]:
        """The Server Table of its own cluster."""
        if self.profile.product == "cuc":
            return [node.name for node in self.members]
        return [address for address, _node in self.server_table]

    @property
    def is_database_publisher(self) -> bool:
        return self.profile.role == "publisher" and self.profile.product != "imp"

    @property
    def has_axl(self) -> bool:
        """The service is activated where MRA needs it (CUCM facts 3.1)."""
        return self.profile.role == "publisher" and self.profile.product in ("cucm", "imp")

    def issued(self, unit: str) -> Issued:
        """What the node stores for `unit`."""
        return self._pki.held(self.profile, unit)

    def presented(self, unit: str) -> Issued:
        """What its ports present: the same, or what was stored when they were last restarted."""
        return self._pki.issued(self.profile, unit)

    def trust_stores(self) -> dict[str, dict[str, x509.Certificate]]:
        """Each trust store, by its name with -trust: certificates by file name.

        A store holds the authorities above the cluster's certificates of its family, the
        self-signed ones of this node and of the publisher, and what was there from the start.
        """
        stores: dict[str, dict[str, x509.Certificate]] = {}
        for unit in self.profile.held:
            if unit != "ITLRecovery":  # it has no trust store of its own
                stores.setdefault(family(unit), {})
        for name, entries in stores.items():
            certificates = [
                certificate
                for node in self.members
                for unit, certificate in node.held.items()
                if family(unit) == name
            ]
            above = self._pki.above(certificates)
            if name in _OTHER_TRUST:
                above += [one for one in self.uc.other_trust if one not in above]
            for authority in above:
                _file(entries, self._pki.authority(authority))
            for node in self.members:
                if node.name != self.name and node.role != "publisher":
                    continue
                for unit, certificate in node.held.items():
                    if family(unit) == name and certificate.issuer is None:
                        _file(entries, self._pki.held(node, unit).leaf)
        return stores

    # --- who may ask ----------------------------------------------------------------------------

    def platform_account(self, user: str, password: str, *, channel: str) -> Account | None:
        """The platform account of a login, None (and counted) when it is refused."""
        return self._account(self._estate.platform, user, password, channel)

    def is_axl_user(self, user: str, password: str) -> bool:
        """Whether AXL knows this login; counted when it does not."""
        return self._account((self._estate.axl,), user, password, "axl") is not None

    def _account(
        self, accounts: tuple[Account, ...], user: str, password: str, channel: str
    ) -> Account | None:
        given = f"{user}\0{password}".encode()
        refused = self.fault is not None and self.fault.strikes(channel, ("wrong_credentials",))
        for account in accounts:
            known = f"{account.user}\0{account.password}".encode()
            if hmac.compare_digest(given, known) and not refused:
                return account
        self.login_failed(channel)
        return None

    def login_failed(self, channel: str) -> None:
        self.record.failed_logins += 1
        counts = self.record.failed_by_channel
        counts[channel] = counts.get(channel, 0) + 1

    def session_opened(self) -> None:
        self.sessions += 1
        self.record.logins += 1
        self.record.most_sessions = max(self.record.most_sessions, self.sessions)

    def session_closed(self) -> None:
        self.sessions -= 1

    # --- its pages ------------------------------------------------------------------------------

    def channel(self, request: Request) -> str:
        """The part of the node that a request is for."""
        for root, name in (
            (axl.ROOT, "axl"),
            (uds.ROOT, "uds"),
            (certificate_api.ROOT, "certificates"),
        ):
            if request.path == root or request.path.startswith(f"{root}/"):
                return name
        return "web"

    def note(self, request: Request) -> str:
        """Record a request; returns how it is recorded."""
        query = f"?{request.query}" if request.query else ""
        text = f"{request.method} {request.path}{query}"
        if self.channel(request) == "axl" and request.body:
            text = f"{text} {axl.operation(request.body)}".rstrip()
        self.record.requests.append(text)
        return text

    def reply(self, request: Request) -> Reply | None:
        """The answer, None where the node has no page."""
        channel = self.channel(request)
        if channel == "axl":
            return axl.reply(self, request)
        if channel == "uds" and self.profile.product == "cucm":
            return uds.reply(self, request)
        if channel == "certificates":
            return certificate_api.reply(self, request)
        return None

    # --- state ----------------------------------------------------------------------------------

    @property
    def fault(self) -> NodeFault | None:
        """What is broken. Ask once for each request, as the next one may meet the next fault."""
        if self._fault is not None:
            self._fault = self._fault.following
        return self._fault

    async def set_fault(self, description: Mapping[str, Any] | None) -> None:
        """Break the node as a JSON object says (`node_faults.NodeFault`), or mend it (None)."""
        self._fault = describe_fault(description, NodeFault)
        if self._fault is not None and self._fault.kind == "down":
            await self._close()
        elif self._vos is not None:
            await self._open()

    async def reset(self) -> None:
        """Mend the node and forget what it was asked. Open sessions stay open and counted."""
        await self.set_fault(None)
        self.record = NodeRecord(most_sessions=self.sessions)

    def report(self) -> dict[str, Any]:
        """Return state and record as JSON types, to assert in tests."""
        return {
            "name": self.name,
            "release": self.uc.release,
            "sessions": self.sessions,
            **asdict(self.record),
        }

    # --- servers --------------------------------------------------------------------------------

    async def start(self, host_key: asyncssh.SSHKey) -> None:
        self._vos = VosServer(self, host_key)
        await self._open()

    async def stop(self) -> None:
        await self._close()
        self._vos = None

    async def _open(self) -> None:
        if self._up or self._vos is None:
            return
        self._up = True
        for origin in self.origins:
            await origin.start()
        await self._vos.start(self.profile.address, self._estate.vos_port)

    async def _close(self) -> None:
        self._up = False
        await asyncio.gather(*(origin.stop() for origin in self.origins))
        if self._vos is not None:
            await self._vos.stop()


def _file(entries: dict[str, x509.Certificate], certificate: x509.Certificate) -> None:
    """Add a certificate under the name that it gets when it is uploaded: its common name."""
    if certificate in entries.values():
        return
    stem = re.sub(r"[^A-Za-z0-9.-]", "_", common_name(certificate.subject))
    name, number = f"{stem}.pem", 1
    while name in entries:
        name, number = f"{stem}_{number}.pem", number + 1
    entries[name] = certificate
