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
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import (
    is_full_name,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.discovery import (
    Discovery,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.ownership import key
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.sources import (
    AXL_PROCESS_NODES,
    AXL_UC_SERVICES,
    EXPRESSWAY,
    INVENTORY,
    PUBLISHER,
    SYSTEM_SERVER,
    Record,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.statements import CUCM


def expressway_publisher_not_advertised(discovery: Discovery) -> Iterator[Record]:
    """The publisher was entered under another address than the one that Unified CM advertises."""
    for product, publisher, peers, same in _not_advertised(discovery):
        yield finding(
            WARNING,
            f"The Expressway-C knows the {product} publisher as {publisher}, which Unified CM does not advertise",
            [
                f"The same node is advertised as {listed(same)}."
                if same
                else "No advertised address is known to be the same node: it may be a publisher of another cluster."
            ],
            _agree(publisher, same),
            about=[product, publisher],
            peers=peers,
        )


def _agree(publisher: str, advertised: list[str]) -> str:
    """What to do so that both have the same name, and a full one: certificates hold nothing else."""
    if not advertised:
        return "Add that cluster's publisher to mra_audit_publishers, or correct the UC servers of the Expressway-C."
    good = next((address for address in advertised if is_full_name(address)), None)
    if good:
        return f"Configure the publisher as {good} on the Expressway-C, or correct System > Server."
    name = publisher if is_full_name(publisher) else "the FQDN"
    return f"Change System > Server from {advertised[0]} to {name}, and have {name} on the Expressway-C."


def clusters_not_read(discovery: Discovery) -> list[Record]:
    """[{source, error, remedy}] for publishers on the Expressway-C whose cluster nobody asked: its nodes are not known.

    One that the inventory lists or leaves out is a matter of its list.
    """
    listed_nodes = {entry["node"] for entry in discovery.said_by([INVENTORY])}
    return [
        {
            "source": PUBLISHER,
            "error": f"{publisher} ({product}) is configured on the Expressway-C and is no node of a cluster that was read, so "
            "the other nodes of its cluster are not known",
            "remedy": "Put the Unified CM publisher of its cluster into the group uc_publishers, or list the nodes of that cluster in "
            "mra_audit_nodes; if it is a node that was read, let the platform CLI or a resolver tell its names.",
        }
        for product, publisher, _peers, same in _not_advertised(discovery)
        if not same
        and key(publisher) in discovery.audited
        and discovery.ownership.node(publisher) not in listed_nodes
    ]


def publisher_not_on_expressway(discovery: Discovery) -> Iterator[Record]:
    """A publisher was asked whose clients no peer of this cluster serves."""
    configured = [publisher for product, publisher in _publishers(discovery) if product == CUCM]
    unjoined = any(not same for *_rest, same in _not_advertised(discovery))
    if not configured or unjoined:
        return  # One of the configured ones may be this one, under a name that nothing joins to it.
    nodes = {discovery.ownership.node(publisher) for publisher in configured}
    known = {key(publisher) for publisher in configured}
    for item in discovery.items(AXL_PROCESS_NODES):
        name = item["name"]
        if item.get("role") != CUCM or item.get("usage") != "publisher":
            continue
        if key(name) not in known and discovery.ownership.node(name) not in nodes:
            yield finding(
                WARNING,
                f"{name} was asked for addresses, but no peer of {discovery.cluster} has it as a UC server",
                [f"The Expressway-C has {listed(configured)}."],
                "Correct expressway_cluster of this publisher in the inventory, or add it to the UC servers of the Expressway-C.",
                about=[name],
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


def _not_advertised(
    discovery: Discovery,
) -> Iterator[tuple[str, str, list[str], list[str]]]:
    """(product, publisher, peers, advertised addresses of the same node); none where System > Server is not known."""
    if not discovery.said_by(SYSTEM_SERVER):
        return
    for (product, publisher), peers in _publishers(discovery).items():
        # The UC services hand out the IM and Presence nodes of another cluster (centralised).
        if not discovery.is_advertised(publisher, (*SYSTEM_SERVER, AXL_UC_SERVICES)):
            node = discovery.ownership.node(publisher)
            advertised = discovery.said_by(SYSTEM_SERVER)
            yield (
                product,
                publisher,
                peers,
                [entry["address"] for entry in advertised if entry["node"] == node],
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
