# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The list of UC nodes in a site's inventory, checked and spread into addresses and ports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import (
    OriginRefused,
    read_origins,
)

DEFAULT_PORTS = {"cucm": (8443, 6972), "imp": (8443,), "cuc": (8443,)}
"""Ports that MRA reaches through the traffic server: 8443 UDS, SOAP, voicemail; 6972 configuration files over TLS."""
KEYS = ("name", "product", "addresses", "connect_to", "ports", "exclude")

EXAMPLE = """mra_audit_nodes:
  - name: cucm1.example.com
    product: cucm            # cucm, imp or cuc
    addresses: [cucm1.example.com]   # what clients ask for: System > Server, UC services"""


class NodeRefused(ValueError):
    """A node list that cannot be audited; the text names cluster, item, value and remedy."""


def addresses_of(
    nodes: Any, cluster: str, resolved: Mapping[str, str | None] = MappingProxyType({})
) -> list[dict[str, Any]]:
    """One {address, port, product, node, connect_to, source} for each advertised address and port of a whole list.

    `resolved`: address → IP address, where to connect if the item does not say.

    The same node may list an address twice; two nodes may not share an address and port, because the audit could then
    not say whose certificate it is. Raises NodeRefused.
    """
    if not isinstance(nodes, list | tuple) or not nodes:
        raise NodeRefused(
            f"cluster {cluster}: mra_audit_nodes is {'empty or missing' if not nodes else 'no list'}, and no publisher is "
            "known. Either put the publisher of Unified CM into the inventory group uc_publishers with expressway_cluster: "
            f"{cluster}, so that its addresses are read from it; or list every UC node that MRA clients reach, as a variable "
            f"of this cluster's group:\n{EXAMPLE}"
        )
    items = inventory_items(nodes, cluster, whole=True)
    seen: dict[tuple[str, int], tuple[int, dict[str, Any]]] = {}
    for index, item in enumerate(items):
        if item["excluded"]:
            continue
        place = f"cluster {cluster}: mra_audit_nodes[{index}]"
        for entry in _entries(item, f"{place} ({item['name']})"):
            if _left_out(entry, items):
                continue
            key = (entry["address"].casefold(), entry["port"])
            first, other = seen.setdefault(key, (index, entry))
            if first != index:
                raise NodeRefused(
                    f"{place} ({entry['node']}) and mra_audit_nodes[{first}] ({other['node']}) both list "
                    f"{entry['address']} port {entry['port']}; leave it in the node that really answers there"
                )
    return [
        {**entry, "connect_to": entry["connect_to"] or resolved.get(entry["address"])}
        for _first, entry in seen.values()
    ]


def inventory_items(nodes: Any, cluster: str, *, whole: bool = False) -> list[dict[str, Any]]:
    """[{name, product, addresses, connect_to, ports, excluded}]: the list checked, item by item.

    `whole`: nothing else tells addresses, so that each item needs product and addresses; otherwise an item may only
    override what is read from the publishers. Raises NodeRefused.
    """
    if not isinstance(nodes, list | tuple):
        raise NodeRefused(f"cluster {cluster}: mra_audit_nodes is no list. Example:\n{EXAMPLE}")
    return [
        _item(node, f"cluster {cluster}: mra_audit_nodes[{index}]", whole)
        for index, node in enumerate(nodes)
    ]


def _item(node: Any, place: str, whole: bool) -> dict[str, Any]:
    if not isinstance(node, Mapping):
        raise NodeRefused(f"{place} is {node!r}, not a dictionary. Example:\n{EXAMPLE}")
    unknown = sorted(str(key) for key in node if key not in KEYS)
    if unknown:
        raise NodeRefused(
            f"{place} has unknown {', '.join(unknown)}; a node may have {', '.join(KEYS)}"
        )
    name = node.get("name")
    if not isinstance(name, str) or not name:
        raise NodeRefused(f"{place}.name is missing; give the name of the node")
    place = f"{place} ({name})"
    excluded = node.get("exclude", False)
    if not isinstance(excluded, bool):
        raise NodeRefused(f"{place}.exclude is {excluded!r}; use true or false")
    whole = whole and not excluded
    product = node.get("product")
    if product not in DEFAULT_PORTS and (whole or product is not None):
        raise NodeRefused(f"{place}.product is {product!r}; use one of {', '.join(DEFAULT_PORTS)}")
    addresses = node.get("addresses", ())
    if not isinstance(addresses, list | tuple) or (whole and not addresses):
        raise NodeRefused(
            f"{place}.addresses must be a list of at least one advertised host name or IP address"
        )
    ports = node.get("ports")
    if ports is not None and (not isinstance(ports, list | tuple) or not ports):
        raise NodeRefused(f"{place}.ports must be a list of TCP ports, or be left out")
    item = {
        "name": name,
        "product": product,
        "addresses": list(addresses),
        "connect_to": node.get("connect_to") or None,
        "ports": list(ports) if ports else None,
        "excluded": excluded,
    }
    # A name is free text; without addresses only ports and connect_to are looked at.
    checked = list(_entries({**item, "addresses": item["addresses"] or ["node.invalid"]}, place))
    if item["ports"]:
        item["ports"] = list(dict.fromkeys(entry["port"] for entry in checked))
    return item


def _left_out(entry: dict[str, Any], items: list[dict[str, Any]]) -> bool:
    """Does an excluding item leave out this address and port: by the node's name, or by the addresses that it lists?"""
    return any(
        item["excluded"]
        and (not item["ports"] or entry["port"] in item["ports"])
        and (
            entry["address"] in item["addresses"]
            if item["addresses"]
            else item["name"] in (entry["node"], entry["address"])
        )
        for item in items
    )


def _entries(item: dict[str, Any], place: str) -> Iterator[dict[str, Any]]:
    ports = item["ports"] or DEFAULT_PORTS.get(item["product"], (8443,))
    for address in item["addresses"]:
        for port in ports:
            yield {
                **_origin(address, port, item["connect_to"], place),
                "product": item["product"],
                "node": item["name"],
                "source": "inventory",
            }


def _origin(address: Any, port: Any, connect_to: Any, place: str) -> dict[str, Any]:
    for key, value in (("addresses", address), ("connect_to", connect_to or "none")):
        if not isinstance(value, str):
            raise NodeRefused(f"{place}.{key}: {value!r} is no text; quote it")
    try:
        # Inventory variables may come as text, for example from -e.
        (origin,) = read_origins(
            [{"address": address, "port": int(port), "connect_to": connect_to or None}]
        )
    except OriginRefused as error:
        raise NodeRefused(f"{place}: {str(error).removeprefix('origins[0].')}") from error
    except (TypeError, ValueError) as error:
        raise NodeRefused(f"{place}.ports: {port!r} is no TCP port") from error
    return {"address": origin.address, "port": origin.port, "connect_to": origin.connect_to}
