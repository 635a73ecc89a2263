# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every address that clients can be given, joined from all sources, and the origins that follow from it.

The domain of uc_addresses_info: what was read comes in as plain data, nothing is asked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.audit.refusal_words import (
    is_ip_address,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import (
    OriginRefused,
    read_origins,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.discovery import (
    Discovery,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.exclusion import (
    excludes,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.findings import (
    findings,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.findings_expressway import (
    clusters_not_read,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.ownership import (
    Ownership,
    key,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.ports import (
    OPTIONAL_PORTS,
    PORTS,
    ByProduct,
    Wanted,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.sources import (
    AXL_TFTP_NODES,
    EXPRESSWAY,
    INVENTORY,
    SOURCES,
    Readings,
    Record,
    items,
    not_read,
    was_read,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.statements import (
    CUCM,
    HTTPS_PORT,
    PRODUCTS,
    Statement,
    statements,
)


def advertised_addresses(
    *,
    cluster: str,
    readings: Readings,
    resolved: Mapping[str, str | None] | None = None,
    ports: ByProduct | None = None,
    optional_ports: ByProduct | None = None,
) -> Record:
    """{addresses, origins, optional_origins, excluded, not_read, complete, findings} of one cluster.

    `readings`: see sources.py; `resolved`: host text → IP address text, None where it does not resolve; `ports`:
    overrides PORTS by product; `optional_ports`: stands for OPTIONAL_PORTS, and gives `optional_origins`.

    Order: product, publisher first, node, names before IP addresses; the same readings give the same result in whatever order they come.
    `complete` is false where a source was asked for in vain, where no source has System > Server, where the Expressway-C has
    a publisher of a cluster that was not read, and where an address cannot be audited as it stands.
    """
    ownership = Ownership(readings, resolved or {})
    joined: dict[str, list[Statement]] = {}
    for statement in sorted(statements(readings), key=_as_believed):
        if statement.address.strip():
            joined.setdefault(key(statement.address), []).append(statement)
    tftp = _tftp_nodes(readings, ownership)
    wanted = Wanted(
        {**PORTS, **(ports or {})}, OPTIONAL_PORTS if optional_ports is None else optional_ports
    )
    known = [_address(said, ownership, tftp, wanted) for said in joined.values()]
    addresses = sorted((entry for entry in known if usable(entry["address"])), key=_in_order)
    _keep_from_clients(addresses)
    excluding = [item for item in items(readings, INVENTORY) if item.get("excluded")]
    origins: list[Record] = []
    optional: list[Record] = []
    excluded: list[Record] = []
    for entry in addresses:
        for port in entry["ports"]:
            left_out = excludes(excluding, entry, port, ownership)
            (excluded if left_out else origins).append(_origin(entry, port))
        optional += [
            {**_origin(entry, port), "optional": True}
            for port in entry["optional_ports"]
            if not excludes(excluding, entry, port, ownership)
        ]
    found = Discovery(
        cluster=cluster,
        readings=readings,
        addresses=addresses,
        audited={key(origin["address"]) for origin in origins},
        unusable=sorted(entry["address"] for entry in known if not usable(entry["address"])),
        ownership=ownership,
    )
    unread = [*not_read(readings), *clusters_not_read(found)]
    return {
        "addresses": addresses,
        "origins": origins,
        "optional_origins": optional,
        "excluded": excluded,
        "not_read": unread,
        "complete": not (unread or found.unusable or found.of_unknown_product()),
        "findings": findings(found),
    }


def _keep_from_clients(addresses: list[Record]) -> None:
    """How the administrator of the Expressway-C calls a node is no address of clients where that node is advertised."""
    advertised = {entry["node"] for entry in addresses if entry["sources"] != [EXPRESSWAY]}
    for entry in addresses:
        if entry["sources"] == [EXPRESSWAY] and entry["node"] in advertised:
            entry["ports"] = []


def usable(address: str) -> bool:
    """Can this be asked for at all: a host name or an IP address?"""
    try:
        read_origins([{"address": address, "port": HTTPS_PORT}])
    except OriginRefused:
        return False
    return True


def _tftp_nodes(readings: Readings, ownership: Ownership) -> set[str] | None:
    """Nodes with Cisco Tftp; None where that was not read, so that every cucm node may be one."""
    if not was_read(readings, AXL_TFTP_NODES):
        return None
    return {ownership.node(item["name"]) for item in items(readings, AXL_TFTP_NODES)}


def _address(
    said: list[Statement],
    ownership: Ownership,
    tftp_nodes: set[str] | None,
    wanted: Wanted,
) -> Record:
    address = said[0].address.strip().strip("[]")
    node = ownership.node(address)
    listed, row = ownership.listed(node), ownership.row(node)
    product = _first(
        *(item.get("product") for item in listed),
        *(statement.product for statement in said if statement.ports is None),
        row.get("product"),
        *(statement.product for statement in said),
    )
    tftp = product == CUCM and (tftp_nodes is None or node in tftp_nodes)
    ports, optional_ports = wanted.at(said, listed, product, tftp)
    return {
        "address": address,
        "product": product,
        "node": node,
        "role": _first(*(statement.role for statement in said), row.get("role")),
        "tftp": tftp,
        "ports": ports,
        "optional_ports": optional_ports,
        "connect_to": ownership.connect_to(address),
        "sources": sorted({statement.source for statement in said}, key=SOURCES.index),
        "profiles": sorted({name for statement in said for name in statement.profiles}),
    }


def _origin(entry: Record, port: int) -> Record:
    """What mra_audit_info and presented_certificates_info take."""
    return {
        "address": entry["address"],
        "port": port,
        "product": entry["product"],
        "node": entry["node"],
        "connect_to": entry["connect_to"],
        "source": "+".join(entry["sources"]),
    }


def _as_believed(statement: Statement) -> tuple[int, str]:
    return SOURCES.index(statement.source), key(statement.address)


def _in_order(entry: Record) -> tuple[int, bool, str, bool, str]:
    product = entry["product"]
    place = PRODUCTS.index(product) if product in PRODUCTS else len(PRODUCTS)
    address = entry["address"]
    is_ip = is_ip_address(address)
    return place, entry["role"] != "publisher", key(entry["node"]), is_ip, key(address)


def _first(*values: Any) -> Any:
    return next((value for value in values if value), None)
