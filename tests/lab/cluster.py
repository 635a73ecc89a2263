# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Peers that share configuration: who is primary, and what follows it, when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from tests.lab.settings import settings

if TYPE_CHECKING:
    from tests.lab.peer import Peer

VERIFY_ORIGIN_SERVER = "EdgeConfigServer VerifyOriginServer"


class Cancellable(Protocol):
    def cancel(self) -> None: ...


def _on_event_loop(seconds: float, action: Callable[[], None]) -> Cancellable:
    return asyncio.get_running_loop().call_later(seconds, action)


class Cluster:
    """A cluster of Expressway-C peers, in order: the first to join is peer 1.

    `primary` is the number of the primary peer; `listed_by` says whether `Alternates Peer n Address`
    holds the peers' "name" or "address". A cluster of one peer is a standalone system: its
    Alternates table stays empty. `later(seconds, action)` runs replication; it is the event loop's.
    Source: Expressway facts 3.
    """

    def __init__(
        self,
        name: str,
        *,
        primary: int = 1,
        listed_by: str = "name",
        later: Callable[[float, Callable[[], None]], Cancellable] = _on_event_loop,
    ) -> None:
        if listed_by not in ("name", "address"):
            raise ValueError(f"listed_by is name or address: got {listed_by!r}")
        self.name = name
        self.primary = primary
        self.peers: list[Peer] = []
        self._listed_by = listed_by
        self._later = later
        self._pending: list[Cancellable] = []

    def join(self, peer: Peer) -> None:
        """Add `peer` as the next one and bring every Alternates table up to date."""
        if len(self.peers) == 6:
            raise ValueError(f"cluster {self.name} has 6 peers already: {peer.name} cannot join")
        self.peers.append(peer)
        if len(self.peers) > 1:
            for member in self.peers:
                member.configure_initially(self._alternates())

    def _alternates(self) -> dict[str, str]:
        table = {
            "Alternates Cluster Name": self.name,
            "Alternates ConfigurationPrimary": str(self.primary),
        }
        for number, peer in enumerate(self.peers, 1):
            table[f"Alternates Peer {number} Address"] = getattr(peer, self._listed_by)
        return table

    def number_of(self, peer: Peer) -> int:
        """Return which peer of the cluster `peer` is, from 1."""
        return self.peers.index(peer) + 1

    def is_primary(self, peer: Peer) -> bool:
        return self.number_of(peer) == self.primary

    def written(self, peer: Peer, path: str) -> None:
        """Note that the setting `path` was written on `peer`; replication follows after its delay."""
        if len(self.peers) == 1 or not _replicated(peer, path):
            return
        if not self.is_primary(peer) and peer.switches["write_on_subordinate"] == "kept":
            return
        seconds = peer.switches.number("replication_seconds")
        if seconds == 0:
            self._follow_primary(path)
        else:
            self._pending.append(self._later(seconds, lambda: self._follow_primary(path)))

    def _follow_primary(self, path: str) -> None:
        value = self.peers[self.primary - 1].configuration.get(path)
        for peer in self.peers:
            if value is not None and path in peer.configuration:
                peer.configure({path: value})

    def cancel_replication(self) -> None:
        """Forget what has not been replicated yet, for every peer of the cluster."""
        for pending in self._pending:
            pending.cancel()
        self._pending.clear()


def _replicated(peer: Peer, path: str) -> bool:
    if path == VERIFY_ORIGIN_SERVER:
        return peer.switches["origin_verification_scope"] == "replicated"
    return settings(peer.release)[path].replicated
