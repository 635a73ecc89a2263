# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the audit takes over from the discovery of its addresses.

`Situation.discovery` is what uc_addresses_info returns; it has findings of the audit's own shape.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import (
    Record,
    Situation,
)

NOT_AUDITABLE = ("product_not_known", "not_a_host")
"""Checks of the discovery that name an address which cannot be audited, or not wholly."""
SAID_BY_THE_AUDIT = {"ip_address_in_system_server": "ip_address_target"}
"""Checks of the discovery that a check of the audit says as well, of the same addresses."""


def discovered(situation: Situation) -> Record | None:
    """`audit.discovery`: {complete, addresses, excluded, not_read}; None where the inventory lists every address."""
    if situation.discovery is None:
        return None
    return {
        "complete": bool(situation.discovery["complete"]),
        "addresses": [
            {key: entry[key] for key in ("address", "product", "node", "role", "ports", "sources")}
            for entry in situation.discovery["addresses"]
        ],
        "excluded": [
            {key: origin[key] for key in ("address", "port", "node")}
            for origin in situation.discovery["excluded"]
        ],
        "not_read": list(situation.discovery["not_read"]),
    }


def discovery_findings(situation: Situation) -> Iterator[Record]:
    """The findings of the discovery, without those that the audit makes itself."""
    audited = {origin["address"] for origin in situation.origins}
    for found in (situation.discovery or {}).get("findings", ()):
        if found["check"] not in SAID_BY_THE_AUDIT or found["address"] not in audited:
            yield found
