# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the inventory leaves out of an audit."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.ownership import (
    Ownership,
    key,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.sources import Record


def excludes(excluding: Iterable[Record], entry: Record, port: int, ownership: Ownership) -> bool:
    """Is this address and port left out by one of the excluding items of the inventory?

    An item with addresses leaves out those alone, one without them its whole node (or the one address that is its
    name); `ports` narrows it to some ports.
    """
    for item in excluding:
        if item.get("ports") and port not in {int(number) for number in item["ports"]}:
            continue
        addresses = {key(address) for address in item.get("addresses") or ()}
        if addresses:
            if key(entry["address"]) in addresses:
                return True
        elif key(entry["address"]) == key(item["name"]) or (
            entry["node"] == ownership.node(item["name"])
        ):
            return True
    return False
