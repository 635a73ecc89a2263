# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Readings of one small cluster that agree with each other; a test takes what it wants otherwise."""

from __future__ import annotations

from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.model import (
    advertised_addresses,
)

Record = dict[str, Any]
DOMAIN = "emea.example.test"
PUB, SUB, IMP, CUC = (f"{host}.{DOMAIN}" for host in ("cucm1", "cucm2", "imp1", "cuc1"))
IPS = {PUB: "192.0.2.11", SUB: "192.0.2.12", IMP: "192.0.2.21"}


def read(*items: Record) -> Record:
    return {"read": True, "items": list(items)}


def unread(error: str = "timed out") -> Record:
    return {"read": False, "error": error}


def process_node(
    name: str, role: str = "cucm", usage: str = "subscriber", ipv6: str = ""
) -> Record:
    return {"name": name, "usage": usage, "role": role, "ipv6_name": ipv6, "description": ""}


def row(fqdn: str, ip: str, product: str = "cucm", role: str = "subscriber") -> Record:
    host = fqdn.partition(".")[0]
    return {"ip": ip, "fqdn": fqdn, "host": host, "role": role, "product": product, "state": "authenticated"}  # fmt: skip


def service(host: str, product: str = "Unity Connection", profiles: tuple[str, ...] = ("Standard",)) -> Record:  # fmt: skip
    return {
        "name": host,
        "service_type": "Voicemail",
        "product_type": product,
        "host": host,
        "port": 443,
        "protocol": "HTTPS",
        "profiles": list(profiles),
    }


def publisher(host: str, product: str = "cucm", tls_verify: str | None = "off") -> Record:
    return {"product": product, "publisher": host, "tls_verify": tls_verify, "peer": "expc1"}


def listed(name: str, **otherwise: Any) -> Record:
    nothing: Record = {"product": None, "addresses": [], "connect_to": None, "ports": None}
    return {"name": name, **nothing, "excluded": False, **otherwise}


def readings(**otherwise: Any) -> Record:
    """Publisher and subscriber, one IM&P node, one Unity Connection; a source given as None was not asked for."""
    agreed: Record = {
        "axl_process_nodes": read(
            process_node(PUB, usage="publisher"), process_node(SUB), process_node(IMP, "imp", "publisher")
        ),
        "axl_tftp_nodes": read({"name": PUB}),
        "axl_uc_services": read(service(CUC)),
        "cli_server_table": read({"name": PUB}, {"name": SUB}, {"name": IMP}),
        "cli_cluster": read(
            row(PUB, IPS[PUB], role="publisher"),
            row(SUB, IPS[SUB]),
            row(IMP, IPS[IMP], "imp", "publisher"),
        ),
        "uds_servers": read({"host": PUB}, {"host": SUB}),
        "expressway": read(publisher(PUB), publisher(IMP, "imp")),
    }  # fmt: skip
    return {source: said for source, said in {**agreed, **otherwise}.items() if said is not None}


def discovered(resolved: dict[str, str | None] | None = None, **otherwise: Any) -> Record:
    return advertised_addresses(cluster="emea", readings=readings(**otherwise), resolved=resolved)


def places(result: Record) -> list[tuple[str, int]]:
    return [(origin["address"], origin["port"]) for origin in result["origins"]]


def checks(result: Record) -> list[str]:
    """The ids of all findings, sorted."""
    return sorted(found["id"] for found in result["findings"])
