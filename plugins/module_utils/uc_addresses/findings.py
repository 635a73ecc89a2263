# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with what is advertised, and where the sources disagree about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ansible_collections.collab.expressway.plugins.module_utils.audit.finding import (
    INFO,
    WARNING,
    finding,
    identified,
    in_order,
    listed,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.refusal_words import (
    is_ip_address,
)
from ansible_collections.collab.expressway.plugins.module_utils.certificates.names import printable
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.discovery import (
    Discovery,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.findings_expressway import (
    expressway_publisher_not_advertised,
    publisher_not_on_expressway,
    tls_verify_mode_proves_only_the_publisher,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.ownership import key
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.sources import (
    AXL_PROCESS_NODES,
    AXL_TFTP_NODES,
    AXL_UC_SERVICES,
    CLI_SERVER_TABLE,
    INVENTORY,
    LEFT_UNKNOWN,
    UDS_SERVERS,
    Record,
    not_read,
    was_read,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.statements import CUCM

SYSTEM_SERVER = (AXL_PROCESS_NODES, CLI_SERVER_TABLE)
ADVERTISING = (*SYSTEM_SERVER, UDS_SERVERS, AXL_UC_SERVICES)


def source_not_read(discovery: Discovery) -> Iterator[Record]:
    """One for each source that was asked for in vain."""
    for missed in not_read(discovery.readings):
        yield finding(
            WARNING,
            f"{discovery.cluster}: {missed['source']} was not read",
            [missed["error"], f"Without it nobody knows {LEFT_UNKNOWN[missed['source']][1]}."],
            missed["remedy"],
            about=[missed["source"]],
        )


def uds_differs_from_axl(discovery: Discovery) -> Iterator[Record]:
    """UDS tells clients of other Unified CM servers than System > Server holds."""
    if not (
        was_read(discovery.readings, UDS_SERVERS)
        and was_read(discovery.readings, AXL_PROCESS_NODES)
    ):
        return  # fmt: skip
    told = {key(item["host"]): item["host"] for item in discovery.items(UDS_SERVERS)}
    held = {
        key(item["name"]): item["name"]
        for item in discovery.items(AXL_PROCESS_NODES)
        if item.get("role") == CUCM
    }
    only_told = [told[text] for text in sorted(told.keys() - held)]
    only_held = [held[text] for text in sorted(held.keys() - told)]
    if only_told or only_held:
        yield finding(
            WARNING,
            f"{discovery.cluster}: UDS and System > Server name different Unified CM servers",
            [
                f"Only UDS /servers has {listed(only_told)}." if only_told else "",
                f"Only System > Server (AXL) has {listed(only_held)}." if only_held else "",
                "Both are audited. Whether UDS completes short names with the domain is not documented.",
            ],
            "Check database replication (utils dbreplication runtimestate) and System > Server; certificates must cover what "
            "either of them names.",
        )


def axl_differs_from_inventory(discovery: Discovery) -> Iterator[Record]:
    """The inventory lists what nobody advertises, or does not list what is advertised."""
    listing = [
        address
        for item in discovery.items(INVENTORY)
        if not item.get("excluded")
        for address in item.get("addresses") or ()
    ]
    sources = [source for source in ADVERTISING if was_read(discovery.readings, source)]
    if not listing or not set(SYSTEM_SERVER) & set(sources):
        return
    stray = [
        entry["address"]
        for entry in discovery.said_by([INVENTORY])
        if not set(entry["sources"]) & set(sources)
        # Without the UC services nobody can say that an address of Unity Connection is not advertised.
        and (entry["product"] != "cuc" or AXL_UC_SERVICES in sources)
    ]
    if stray:
        yield finding(
            WARNING,
            f"{discovery.cluster}: the inventory lists {listed(stray)}, which Unified CM does not advertise",
            [f"{address} is in mra_audit_nodes only." for address in stray],
            "Take it out of mra_audit_nodes, unless clients learn of it in another way; its verdicts tell of logins that "
            "nobody makes.",
            about=["not-advertised"],
        )
    wanted = {key(address) for address in listing}
    unlisted = [
        entry["address"]
        for entry in discovery.said_by(sources)
        if key(entry["address"]) not in wanted and key(entry["address"]) in discovery.audited
    ]
    if unlisted:
        yield finding(
            INFO,
            f"{discovery.cluster}: Unified CM advertises {listed(unlisted)}, which the inventory does not list",
            [f"{address} is advertised and is audited as well." for address in unlisted],
            "Nothing to do where a publisher is read; add it to mra_audit_nodes, or mark it with exclude: true.",
            about=["not-listed"],
        )


def ip_address_in_system_server(discovery: Discovery) -> Iterator[Record]:
    """Clients are sent to an IP address, which certificates seldom hold in a way that the traffic server compares."""
    for entry in discovery.said_by(SYSTEM_SERVER):
        if is_ip_address(entry["address"]):
            yield finding(
                WARNING,
                f"System > Server holds the IP address {entry['address']}",
                [
                    f"Node {entry['node']}; known from {listed(entry['sources'])}.",
                    "The traffic server compares it as text with dNSName entries and the common name; an iPAddress entry "
                    "never counts (upstream source; whether Cisco's build differs is unknown).",
                ],
                "Change System > Server to the FQDN, then refresh the UC servers on the Expressway-C.",
                address=entry["address"],
            )


def short_host_name(discovery: Discovery) -> Iterator[Record]:
    """Clients are sent to a name without a domain."""
    for entry in discovery.said_by(ADVERTISING):
        if "." not in entry["address"] and not is_ip_address(entry["address"]):
            yield finding(
                WARNING,
                f"Clients are sent to the short host name {entry['address']}",
                [
                    f"Node {entry['node']}; known from {listed(entry['sources'])}.",
                    "Certificates name the FQDN; whether the Expressway-C completes a short name with its own domain "
                    "before it compares is not documented.",
                ],
                "Advertise the FQDN in System > Server (or the UC service), then refresh the UC servers on the Expressway-C.",
                address=entry["address"],
            )


def ipv6_name_advertised(discovery: Discovery) -> Iterator[Record]:
    """A node with an IPv6 name, which dual-stack clients may be given (X14.2 and later)."""
    for item in discovery.items(AXL_PROCESS_NODES):
        name = (item.get("ipv6_name") or "").strip()
        if name and not any(key(entry["address"]) == key(name) for entry in discovery.addresses):
            yield finding(
                INFO,
                f"{item['name']} has the IPv6 name {printable(name)}, which is not audited",
                ["Whether clients over MRA are given it is not documented."],
                f"If this site uses IPv6 for MRA, add {printable(name)} to the addresses of the node in mra_audit_nodes.",
                about=[name],
            )


def tftp_nodes_assumed(discovery: Discovery) -> Iterator[Record]:
    """Nobody said which nodes run Cisco Tftp, so that 6972 is asked for at every Unified CM node."""
    assumed = [
        entry["address"]
        for entry in discovery.addresses
        if entry["tftp"] and key(entry["address"]) in discovery.audited
    ]
    if assumed and not was_read(discovery.readings, AXL_TFTP_NODES):
        yield finding(
            INFO,
            f"{discovery.cluster}: port 6972 is taken to be served by every Unified CM node",
            [f"{AXL_TFTP_NODES} was not read; {listed(assumed)} may or may not run Cisco Tftp."],
            "Let AXL be read, or give the node its ports in mra_audit_nodes.",
        )


def no_tftp_node(discovery: Discovery) -> Iterator[Record]:
    """Clients get their configuration from somewhere; if it is no node of this cluster, nobody looked at it."""
    if (
        was_read(discovery.readings, AXL_TFTP_NODES)
        and discovery.items(AXL_PROCESS_NODES)
        and not discovery.items(AXL_TFTP_NODES)
    ):
        yield finding(
            WARNING,
            f"{discovery.cluster}: no node runs Cisco Tftp, so port 6972 is not looked at",
            ["listProcessNodeService (AXL) names no node on which the service is active."],
            "If clients get their configuration from a node of this cluster, activate Cisco Tftp there, or give the node "
            "ports: [8443, 6972] in mra_audit_nodes; if from another cluster, audit that one as well.",
        )


def product_not_known(discovery: Discovery) -> Iterator[Record]:
    """Of these addresses no source that was read says what they are, so that only 8443 is looked at."""
    for entry in discovery.of_unknown_product():
        yield finding(
            WARNING,
            f"{entry['address']} is advertised, but what it is is not known",
            [
                f"Known from {listed(entry['sources'])} only; audited at {listed(map(str, entry['ports']))}, other ports may "
                "be served."
            ],
            "Let AXL or the platform CLI of the publisher be read, or give its product in mra_audit_nodes.",
            address=entry["address"],
        )


def not_a_host(discovery: Discovery) -> Iterator[Record]:
    """What is advertised there cannot be asked for by anybody."""
    for text in discovery.unusable:
        yield finding(
            WARNING,
            f"{printable(text)} is advertised, but is neither a host name nor an IP address",
            ["It cannot be looked at, and clients cannot reach it."],
            "Correct the entry in System > Server or the UC service.",
            about=[text],
        )


Check = Callable[[Discovery], Iterator[Record]]

CHECKS: tuple[Check, ...] = (
    source_not_read,
    product_not_known,
    not_a_host,
    uds_differs_from_axl,
    expressway_publisher_not_advertised,
    publisher_not_on_expressway,
    axl_differs_from_inventory,
    ip_address_in_system_server,
    short_host_name,
    tftp_nodes_assumed,
    no_tftp_node,
    ipv6_name_advertised,
    tls_verify_mode_proves_only_the_publisher,
)
"""A check is named after its function; the name is `check` of its findings and the beginning of their `id`."""


def findings(discovery: Discovery) -> list[Record]:
    """What every check found, worst first."""
    return in_order(
        identified(check.__name__, found) for check in CHECKS for found in check(discovery)
    )
