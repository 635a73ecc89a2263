# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the configuration of the Expressway-C says of the UC nodes, against what Unified CM advertises."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.collab.expressway.plugins.module_utils.audit.finding import (
    INFO,
    WARNING,
    finding,
    listed,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.discovery import (
    Discovery,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.ownership import key
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.sources import (
    AXL_UC_SERVICES,
    EXPRESSWAY,
    SYSTEM_SERVER,
    Record,
)


def expressway_publisher_not_advertised(discovery: Discovery) -> Iterator[Record]:
    """The publisher was entered under another address than the one that Unified CM advertises."""
    if not discovery.said_by(SYSTEM_SERVER):
        return
    for (product, publisher), peers in _publishers(discovery).items():
        # The UC services hand out the IM and Presence nodes of another cluster (centralised).
        if discovery.is_advertised(publisher, (*SYSTEM_SERVER, AXL_UC_SERVICES)):
            continue
        node = discovery.ownership.node(publisher)
        same = [
            entry["address"] for entry in discovery.said_by(SYSTEM_SERVER) if entry["node"] == node
        ]
        yield finding(
            WARNING,
            f"The Expressway-C knows the {product} publisher as {publisher}, which Unified CM does not advertise",
            [
                f"The same node is advertised as {listed(same)}."
                if same
                else "No advertised address is known to be the same node: it may be a publisher of another cluster."
            ],
            f"Configure the publisher as {same[0]} on the Expressway-C, or correct System > Server."
            if same
            else "Add that cluster's publisher to mra_audit_publishers, or correct the UC servers of the Expressway-C.",
            about=[product, publisher],
            peers=peers,
        )


def tls_verify_mode_proves_only_the_publisher(discovery: Discovery) -> Iterator[Record]:
    """TLS verify mode On calms, but it looks at one certificate, once (the two drawbacks that TAC 218018 names)."""
    verified = _publishers(discovery, tls_verify="on")
    products = {product for product, _publisher in verified}
    checked = {key(publisher) for _product, publisher in verified}
    unchecked = [
        entry["address"]
        for entry in discovery.addresses
        if entry["product"] in products and key(entry["address"]) not in checked
    ]
    if verified and unchecked:
        yield finding(
            INFO,
            f"TLS verify mode On proves only {listed(publisher for _product, publisher in verified)}",
            [
                "It verifies the certificate of the publisher alone, not those of the other nodes.",
                "It does so only at the discovery (when the server is added or refreshed), not when a client logs in.",
                f"Left unchecked: {listed(unchecked, most=50)}.",
            ],
            "Do not take it for a proof that logins work; the verdicts of this audit cover every address.",
            peers=[peer for peers in verified.values() for peer in peers],
        )


def _publishers(
    discovery: Discovery, tls_verify: str | None = None
) -> dict[tuple[str, str], list[str]]:
    """(product, publisher) → peers that are configured with it, and perhaps with this TLS verify mode."""
    found: dict[tuple[str, str], list[str]] = {}
    for item in discovery.items(EXPRESSWAY):
        if tls_verify in (None, item.get("tls_verify")):
            peers = found.setdefault((item["product"], item["publisher"]), [])
            if item.get("peer"):
                peers.append(item["peer"])
    return found
