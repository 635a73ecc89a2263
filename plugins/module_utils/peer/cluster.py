# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cluster as a peer's `xConfiguration Alternates` describes it, and which of its peers we are talking to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ansible_collections.collab.expressway.plugins.module_utils.peer.xconfiguration import (
    Configuration,
)

MAXIMUM_PEERS = 6

# "Alternates Peer 1 Address" in the syntax lines, "Alternates 1 Peer Address" in an example line of the same guide.
_PEER_ADDRESS = re.compile(
    r"alternates (?:peer (?P<index>\d+) address|(?P<swapped>\d+) peer address)", re.I
)
_PRIMARY = ("Alternates ConfigurationPrimary", "Alternates ConfigurationMaster")
"""The second is the name before the inclusive-language rename (from memory, no document)."""


@dataclass(frozen=True)
class ClusterConfiguration:
    """Name, index of the primary (None when not listed), and address by peer index (1 to 6; empty ones left out)."""

    name: str = ""
    primary: int | None = None
    peers: dict[int, str] = field(default_factory=dict)

    @property
    def standalone(self) -> bool:
        """Whether no peer is configured: the appliance is its own cluster."""
        return not self.peers


def parse_cluster(configuration: Configuration) -> ClusterConfiguration:
    """Read a reply to `xConfiguration Alternates`; settings that are missing leave the defaults."""
    peers = {}
    for setting in configuration:
        match = _PEER_ADDRESS.fullmatch(setting.path)
        if match is not None and setting.value.strip():
            peers[int(match["index"] or match["swapped"])] = setting.value.strip()
    primary = next(
        (value for path in _PRIMARY if (value := configuration.value(path)) is not None), None
    )
    return ClusterConfiguration(
        name=configuration.value("Alternates Cluster Name") or "",
        primary=int(primary) if primary and primary.isdecimal() else None,
        peers=dict(sorted(peers.items())),
    )


def locate_peer(cluster: ClusterConfiguration, names: Iterable[str | None]) -> int | None:
    """The index of the peer that goes by one of `names` (inventory name, address, system name, own addresses).

    A full match decides; failing that, a host label that names exactly one peer. None when that leaves a doubt.
    """
    known = [name.casefold().rstrip(".") for name in names if name]
    addresses = {index: address.casefold().rstrip(".") for index, address in cluster.peers.items()}
    exact = {index for index, address in addresses.items() if address in known}
    if exact:
        return exact.pop() if len(exact) == 1 else None
    labels = {_label(name) for name in known} - {None}
    by_label = {index for index, address in addresses.items() if _label(address) in labels}
    return by_label.pop() if len(by_label) == 1 else None


def _label(name: str) -> str | None:
    label = name.split(".")[0]
    # The first octet of an IP address says nothing about a host.
    return None if ":" in name or label.isdecimal() else label


def is_primary(cluster: ClusterConfiguration, index: int | None) -> bool | None:
    """Whether the peer `index` is the primary; a standalone peer is, None when it cannot be told."""
    if cluster.standalone:
        return True
    if cluster.primary is None or index is None:
        return None
    return index == cluster.primary
