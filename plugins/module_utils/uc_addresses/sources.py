# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where addresses are known from, and what each source that could not be read leaves unknown.

A reading is {"read": true, "items": [...]} or {"read": false, "error": "text"}. A source that was not asked for is absent;
one that was read in part (from some publishers only) has both `error` and `items`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Record = dict[str, Any]
Readings = Mapping[str, Mapping[str, Any]]

PUBLISHER = "publisher"
"""Stands for all that a publisher was asked for in vain, and for System > Server where no source had it."""
AXL_PROCESS_NODES = "axl_process_nodes"
AXL_TFTP_NODES = "axl_tftp_nodes"
AXL_UC_SERVICES = "axl_uc_services"
UDS_SERVERS = "uds_servers"
UDS_VERSION = "uds_version"
CLI_CLUSTER = "cli_cluster"
CLI_SERVER_TABLE = "cli_server_table"
DNS_SRV = "dns_srv"
EXPRESSWAY = "expressway"
INVENTORY = "inventory"
TRUSTED = "trust_certificates"
"""No source of addresses: what the publishers trust, which is asked for in the same place."""

SOURCES = (
    PUBLISHER,
    AXL_PROCESS_NODES,
    AXL_TFTP_NODES,
    AXL_UC_SERVICES,
    CLI_SERVER_TABLE,
    CLI_CLUSTER,
    UDS_SERVERS,
    UDS_VERSION,
    DNS_SRV,
    EXPRESSWAY,
    INVENTORY,
    TRUSTED,
)
"""In the order in which a source is believed where two say different things, the inventory apart, which overrides all."""

SYSTEM_SERVER = (AXL_PROCESS_NODES, CLI_SERVER_TABLE, UDS_SERVERS)
"""Sources that list System > Server: without one of them nobody knows what Unified CM advertises."""

_AXL = (
    "Make port 8443 of the publisher reachable, activate Cisco AXL Web Service there, and give vos_axl_user an application "
    "user with the roles Standard AXL API Users and Standard AXL Read Only API Access"
)
_CLI = "Make SSH of the publisher reachable and give ansible_user a platform administrator"
NOTHING = "no source that lists System > Server could be read"
LEFT_UNKNOWN = {
    AXL_PROCESS_NODES: (_AXL, "what System > Server advertises, and what each node is"),
    AXL_TFTP_NODES: (_AXL, "which nodes serve configuration files at port 6972"),
    AXL_UC_SERVICES: (_AXL, "under which addresses clients are sent to Unity Connection"),
    CLI_CLUSTER: (_CLI, "which names and IP addresses belong to one node"),
    CLI_SERVER_TABLE: (_CLI, "System > Server as the platform has it"),
    UDS_SERVERS: (
        "Make port 8443 of the publisher reachable; UDS needs no credentials",
        "which servers clients are told of",
    ),
    UDS_VERSION: (
        "Make port 8443 of the publisher reachable; UDS needs no credentials",
        "which release Unified CM has",
    ),
    DNS_SRV: (
        "Give a resolver that knows the MRA domains",
        "under which names clients begin",
    ),
    EXPRESSWAY: (
        "Repair what the message names and read the facts of the peers again",
        "which publishers the Expressway-C is configured with",
    ),
    INVENTORY: ("Correct mra_audit_nodes", "what the inventory adds, overrides or excludes"),
    TRUSTED: (
        "Repair what the message names, or set mra_audit_read_certificates: false",
        "which CAs the publishers trust: a repair may be possible that is not in the plan",
    ),
    PUBLISHER: (
        "Make every publisher of the cluster readable over AXL, UDS or the platform CLI, or list its nodes in mra_audit_nodes",
        "what Unified CM advertises: other addresses than those that are listed here may exist",
    ),
}
"""Source → (remedy, what stays unknown without it)."""


def items(readings: Readings, source: str) -> list[Record]:
    """What a source said; empty for one that was not asked for."""
    return list((readings.get(source) or {}).get("items") or ())


def was_read(readings: Readings, source: str) -> bool:
    """Was the source asked for and wholly read?"""
    return bool((readings.get(source) or {}).get("read"))


def not_read(readings: Readings) -> list[Record]:
    """[{source, error, remedy}]: sources that were asked for in vain, and System > Server where no source had it."""
    missed = [
        (source, str(readings[source].get("error") or "no reason was given"))
        for source in SOURCES
        if source in readings and not readings[source].get("read")
    ]
    if not any(items(readings, source) for source in SYSTEM_SERVER):
        said = [error for source, error in missed if source == PUBLISHER]
        missed = [(source, error) for source, error in missed if source != PUBLISHER]
        missed.insert(0, (PUBLISHER, "; ".join([NOTHING, *said])))
    return [
        {"source": source, "error": error, "remedy": f"{LEFT_UNKNOWN[source][0]}."}
        for source, error in missed
    ]


def merged(several: Iterable[Readings]) -> dict[str, Record]:
    """The readings of several publishers as one: read only where all of them were, with what any of them said."""
    readings = list(several)
    return {
        source: _together([reading[source] for reading in readings if source in reading])
        for source in SOURCES
        if any(source in reading for reading in readings)
    }


def _together(parts: list[Mapping[str, Any]]) -> Record:
    said = list(_distinct(item for part in parts for item in part.get("items") or ()))
    errors = [str(part.get("error")) for part in parts if not part.get("read")]
    if errors:
        return {"read": False, "error": "; ".join(dict.fromkeys(errors)), "items": said}
    return {"read": True, "items": said}


def _distinct(said: Iterable[Record]) -> Iterator[Record]:
    seen: list[Record] = []
    for item in said:
        if item not in seen:
            seen.append(item)
            yield item
