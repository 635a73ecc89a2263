# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps the real traffic server of a peer in step with what the peer is set to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab.peer import Peer
from tests.lab.traffic_log import (
    TrafficLog,
    expressway_c_lines,
    expressway_e_lines,
)
from tests.lab.traffic_server import Route, TrafficServer

CIPHERS_SETTING = "Ciphers UcClientTLSCiphers Value"
PROTOCOL_SETTING = "Ciphers UcClientTLSProtocol Value"
SECURITY_LEVEL = 1
"""Upstream OpenSSL 1.1.1's default; what the appliance uses is not known."""
DEBOUNCE_SECONDS = 0.2
"""A write of several lines should cost one restart."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Setting:
    verify: bool
    trust_store: str
    cipher_list: str
    minimum_tls: str


class PeerTraffic:
    """One traffic server and the task that restarts it when its peer changed.

    All methods belong to the thread of the event loop; the waiting is done elsewhere.
    """

    def __init__(
        self,
        peer: Peer,
        run_root: Path,
        port: int,
        hosts: Mapping[str, str],
        routes: Sequence[Route],
    ) -> None:
        self.peer = peer
        self.error: str | None = None
        self._trust_store = run_root.with_name("trust-store.pem")
        self._running: _Setting | None = None
        self._settled = asyncio.Event()
        self._changed = asyncio.Event()
        self._ending = False
        self._keeper: asyncio.Task[None] | None = None
        run_root.mkdir(parents=True, exist_ok=True)
        setting = self._wanted()
        self._trust_store.write_text(setting.trust_store)
        self._server = TrafficServer(
            run_root,
            (peer.address, port),
            hosts,
            routes,
            verify=setting.verify,
            trust_store=self._trust_store,
            cipher_list=setting.cipher_list,
            minimum_tls=setting.minimum_tls,
            security_level=SECURITY_LEVEL,
        )
        self.log = TrafficLog(self._server)

    async def start(self) -> None:
        """Start the server and wait until it serves requests."""
        self._running = self._wanted()
        await asyncio.to_thread(self._server.start)
        await asyncio.to_thread(self._server.wait_ready)
        self._settled.set()
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        self._ending = True
        self._changed.set()
        if self._keeper is not None:
            await self._keeper
        await asyncio.to_thread(self._server.stop)

    def changed(self) -> None:
        """Tell that the peer may have changed; from now on ``settled`` waits for the restart."""
        if self._wanted() != self._running:
            self._settled.clear()
            self._changed.set()

    async def settled(self) -> None:
        """Wait until the server does what the peer is set to (or failed to: see ``error``)."""
        await self._settled.wait()

    def _wanted(self) -> _Setting:
        return _Setting(
            self.peer.verifies_origins,
            self.peer.trust_store_pem,
            self.peer.configuration[CIPHERS_SETTING],
            self.peer.configuration[PROTOCOL_SETTING].removeprefix("minTLSv"),
        )

    async def _keep(self) -> None:
        while not self._ending:
            await self._changed.wait()
            self._changed.clear()
            if self._ending:
                return
            await asyncio.sleep(DEBOUNCE_SECONDS)
            wanted = self._wanted()
            if wanted != self._running:
                self._running = wanted
                self.error = await asyncio.to_thread(self._restart, wanted)
            if self._wanted() == self._running:
                self._settled.set()
            else:
                self._changed.set()

    def _restart(self, wanted: _Setting) -> str | None:
        try:
            if self.peer.diagnostics.running:
                self.log.flush()
            self.log.keep()
            self._trust_store.write_text(wanted.trust_store)
            self._server.restart(
                verify=wanted.verify,
                cipher_list=wanted.cipher_list,
                minimum_tls=wanted.minimum_tls,
            )
            self._server.wait_ready()
        except Exception as error:  # a peer can be set to anything; who waits must be told
            message = f"traffic server of {self.peer.name}: {error}"
            _log.error(message)
            return message
        return None


class LogOfTraffic:
    """The log lines of an Expressway-C peer, from its traffic server's."""

    def __init__(self, traffic: PeerTraffic) -> None:
        self._traffic = traffic

    def flush(self) -> None:
        self._traffic.log.flush()

    def lines(self, since: float, until: float, *, debug: bool) -> list[str]:
        peer, log = self._traffic.peer, self._traffic.log
        host = peer.name.partition(".")[0]
        entries = log.entries(since, until)
        return expressway_c_lines(entries, host, log.pid, peer.switches, debug=debug)


class LogOfEdge:
    """The log lines of an Expressway-E peer, from the traffic servers of the Expressway-C cluster behind it."""

    def __init__(self, name: str, behind: Sequence[PeerTraffic]) -> None:
        self._host = name.partition(".")[0]
        self._behind = behind

    def flush(self) -> None:
        for traffic in self._behind:
            traffic.log.flush()

    def lines(self, since: float, until: float, *, debug: bool) -> list[str]:
        entries = [e for traffic in self._behind for e in traffic.log.entries(since, until)]
        return expressway_e_lines(sorted(entries, key=lambda entry: entry.at), self._host)
