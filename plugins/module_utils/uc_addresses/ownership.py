# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which node an address belongs to, and where that node is found.

Clients are sent to names, certificates belong to nodes. What joins the two: the nodes of the inventory, the rows of
`show network cluster` (IP address, FQDN and host name of one node), and, last, names that resolve to one IP address.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ansible_collections.collab.expressway.plugins.module_utils.audit.refusal_words import (
    is_ip_address,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.sources import (
    CLI_CLUSTER,
    INVENTORY,
    Readings,
    Record,
    items,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.origin_names import (
    canonical_ip,
)


def key(host: str | None) -> str:
    """A host text as it is compared here: without case, brackets and trailing dot, an IP address in its one form."""
    text = (host or "").strip().strip("[]").casefold().rstrip(".")
    return canonical_ip(text) or text


class Ownership:
    """Host text → node. An address that nothing joins to a node is a node of its own."""

    def __init__(self, readings: Readings, resolved: Mapping[str, str | None]) -> None:
        self._resolved = {key(host): ip for host, ip in resolved.items() if ip}
        self._owner: dict[str, str] = {}
        self._ip: dict[str, str] = {}
        self._row: dict[str, Record] = {}
        self._listed: dict[str, list[Record]] = {}
        rows = items(readings, CLI_CLUSTER)
        # Two clusters may each have a "cucm1": such a short name joins nothing.
        hosts = Counter(key(row.get("host")) for row in rows)
        listed = [item for item in items(readings, INVENTORY) if not item.get("excluded")]
        for item in listed:
            for text in (item["name"], *(item.get("addresses") or ())):
                self._owner.setdefault(key(text), item["name"])
        for row in rows:
            host = row.get("host") if hosts[key(row.get("host"))] == 1 else None
            self._add_row(row, [text for text in (row.get("fqdn"), host, row.get("ip")) if text])
        for item in listed:
            self._listed.setdefault(self._owner[key(item["name"])], []).append(item)

    def _add_row(self, row: Record, texts: list[str]) -> None:
        if not texts:
            return
        owners = (self._owner[key(text)] for text in texts if key(text) in self._owner)
        node = next(owners, texts[0])
        for text in texts:
            self._owner.setdefault(key(text), node)
        self._row.setdefault(node, row)
        if row.get("ip"):
            self._ip.setdefault(node, row["ip"])

    def node(self, address: str) -> str:
        """The node that answers at this address; asked for in turn, the first of several names gives the node its name."""
        text = key(address)
        if text not in self._owner:
            ip = key(self._resolved.get(text))
            node = self._owner.get(ip, address) if ip else address
            self._owner[text] = node
            if ip:
                self._owner.setdefault(ip, node)
        return self._owner[text]

    def row(self, node: str) -> Record:
        """Its row of `show network cluster`; empty without one."""
        return self._row.get(node, {})

    def listed(self, node: str) -> list[Record]:
        """What the inventory adds or overrides of this node."""
        return self._listed.get(node, [])

    def connect_to(self, address: str) -> str | None:
        """Where to connect for this address; None where that is the address itself, or a matter for the probing host."""
        node = self.node(address)
        for item in self.listed(node):
            if item.get("connect_to"):
                return _unless_same(item["connect_to"], address)
        if is_ip_address(address):
            return None
        return _unless_same(self._ip.get(node) or self._resolved.get(key(address)), address)


def _unless_same(target: str | None, address: str) -> str | None:
    return None if target is None or key(target) == key(address) else target
