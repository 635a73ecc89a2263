# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was discovered of one cluster's addresses: the ground on which the findings stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.ownership import (
    Ownership,
    key,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.sources import (
    Readings,
    Record,
    items,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.statements import (
    PRODUCTS,
)


@dataclass(frozen=True)
class Discovery:
    """`addresses` as advertised_addresses returns them; `unusable`: texts that are no host."""

    cluster: str
    readings: Readings
    addresses: list[Record]
    audited: set[str]
    """Keys of the addresses with an origin: those that the inventory does not leave out."""
    unusable: list[str]
    ownership: Ownership

    def items(self, source: str) -> list[Record]:
        return items(self.readings, source)

    def of_unknown_product(self) -> list[Record]:
        """Audited addresses of which no source says what they are."""
        return [
            entry
            for entry in self.addresses
            if entry["product"] not in PRODUCTS and key(entry["address"]) in self.audited
        ]

    def said_by(self, sources: Iterable[str]) -> list[Record]:
        """Addresses that at least one of these sources names."""
        wanted = set(sources)
        return [entry for entry in self.addresses if wanted & set(entry["sources"])]

    def is_advertised(self, host: str, sources: Iterable[str]) -> bool:
        return any(key(entry["address"]) == key(host) for entry in self.said_by(sources))
