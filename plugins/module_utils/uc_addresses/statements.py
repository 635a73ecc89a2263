# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each source says about addresses, statement by statement, before anything is joined."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.sources import (
    AXL_PROCESS_NODES,
    AXL_UC_SERVICES,
    CLI_SERVER_TABLE,
    DNS_SRV,
    EXPRESSWAY,
    INVENTORY,
    UDS_SERVERS,
    Readings,
    items,
)

CUCM, IMP, CUC = "cucm", "imp", "cuc"
PRODUCTS = (CUCM, IMP, CUC)
HTTPS_PORT = 8443
CUC_PORTS = (443, 7443, HTTPS_PORT)
"""Ports of Unity Connection as it is installed: which of them are audited follows from the product."""
FIRST_CONTACT = {"_cisco-uds": CUCM, "_cuplogin": IMP}


class Statement(NamedTuple):
    """One source names one address. `ports`: those that this source alone vouches for; None: those of the product.

    `port`: one that it sends clients to beside those of the product.
    """

    address: str
    source: str
    product: str | None = None
    role: str | None = None
    profiles: tuple[str, ...] = ()
    ports: tuple[int, ...] | None = None
    port: int | None = None


def statements(readings: Readings) -> Iterator[Statement]:
    """All statements, by source in the order in which sources are believed."""
    for item in items(readings, AXL_PROCESS_NODES):
        yield Statement(item["name"], AXL_PROCESS_NODES, item.get("role"), item.get("usage"))
    for item in items(readings, AXL_UC_SERVICES):
        product = product_of_service(item)
        if product and item.get("host"):
            profiles = tuple(item.get("profiles") or ())
            port = _unusual_port(item) if product == CUC else None
            yield Statement(item["host"], AXL_UC_SERVICES, product, profiles=profiles, port=port)
    for item in items(readings, CLI_SERVER_TABLE):
        # A row of the table that is no node; AXL's has a fixed key, this one only its name.
        if item["name"].casefold() != "enterprisewidedata":
            yield Statement(item["name"], CLI_SERVER_TABLE)
    for item in items(readings, UDS_SERVERS):
        yield Statement(item["host"], UDS_SERVERS, CUCM)
    for item in items(readings, DNS_SRV):
        product = FIRST_CONTACT.get(item.get("service") or "")
        port = int(item.get("port") or HTTPS_PORT)
        unusual = port if port != HTTPS_PORT else None
        yield Statement(item["target"].rstrip("."), DNS_SRV, product, ports=(port,), port=unusual)
    for item in items(readings, EXPRESSWAY):
        yield Statement(item["publisher"], EXPRESSWAY, item.get("product"), ports=(HTTPS_PORT,))
    for item in items(readings, INVENTORY):
        if not item.get("excluded"):
            for address in item.get("addresses") or ():
                yield Statement(address, INVENTORY, item.get("product"))


def product_of_service(service: dict[str, object]) -> str | None:
    """Product of a UC service that clients reach through the traffic server; None for the others (directory, CTI, …)."""
    product = str(service.get("product_type") or "").casefold()
    if "unity connection" in product:
        return CUC
    return IMP if "im and presence" in product else None


def _unusual_port(service: dict[str, Any]) -> int | None:
    """The port of a voicemail service, where the ports of the product do not have it anyway; a mail store is not reached over HTTPS."""
    port = service.get("port")
    is_voicemail = str(service.get("service_type") or "").casefold() == "voicemail"
    return int(port) if is_voicemail and port and int(port) not in CUC_PORTS else None
