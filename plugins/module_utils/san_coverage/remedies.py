# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong, in one line, and what to do about it, by code."""

from __future__ import annotations

from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.audit.finding import listed
from ansible_collections.collab.expressway.plugins.module_utils.certificates.names import printable
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import (
    is_full_name,
    login,
)
from ansible_collections.collab.expressway.plugins.module_utils.san_coverage.codes import (
    COMMON_NAME_ONLY,
    IP_ADDRESS_ADVERTISED,
    IP_ONLY_AS_IP_SAN,
    NAME_NOT_IN_CERTIFICATE,
    NO_SAN,
    NODE_MISSING_FROM_MULTI_SERVER,
    PRESENTED_DIFFERS_FROM_STORED,
    SHORT_HOST_NAME,
    UNITY_ALIAS,
    WILDCARD,
)
from ansible_collections.collab.expressway.plugins.module_utils.san_coverage.meetings import (
    STORED,
    Meeting,
)
from ansible_collections.collab.expressway.plugins.module_utils.san_coverage.units import service_at
from ansible_collections.collab.expressway.plugins.module_utils.verdict.origin_names import (
    covered_by,
)

Record = dict[str, Any]

TITLES = {
    NODE_MISSING_FROM_MULTI_SERVER: "{node} is missing from the multi-server certificate that it presents as {address}",
    IP_ADDRESS_ADVERTISED: "Clients ask for the IP address {address} of {node}, not for a name",
    IP_ONLY_AS_IP_SAN: "The certificate of {node} holds {address} only as iPAddress, which the traffic server does not compare",
    SHORT_HOST_NAME: "Clients ask for the short host name {address} of {node}",
    UNITY_ALIAS: "Unity Connection is advertised as {address}, which its certificate does not name",
    NO_SAN: "The certificate of {node} has no subject alternative name at all",
    COMMON_NAME_ONLY: "Only the common name of its certificate covers {address}",
    PRESENTED_DIFFERS_FROM_STORED: "{node} presents another certificate for {address} than it stores",
    WILDCARD: "Only a wildcard covers {address}",
    NAME_NOT_IN_CERTIFICATE: "The certificate of {node} does not name {address}",
}
ADVERTISE_THE_NAME = "Change System > Server (or the UC service) from {address} to {name}, then refresh the UC servers on the Expressway-C."


def title(code: str, meeting: Meeting) -> str:
    return TITLES[code].format(node=meeting.node, address=meeting.address)


def remedy(code: str, meeting: Meeting, request: Record | None) -> str:
    """`request`: the signing request that repairs it; None where no new certificate is needed."""
    if code == PRESENTED_DIFFERS_FROM_STORED:
        return _restart(meeting)
    if is_address_at_fault(code, meeting):
        name = full_name(meeting)
        unnamed = "the FQDN" if meeting.address.isascii() else "its xn-- form"
        said = ADVERTISE_THE_NAME.format(address=meeting.address, name=name or unnamed)
        return f"{said} {_reissue(request)}" if request else said
    return _reissue(request) + _perhaps_restart(meeting)


def _perhaps_restart(meeting: Meeting) -> str:
    """A presented certificate may be older than the stored one, which then needs no reissue."""
    if meeting.where == STORED or meeting.stored_read:
        return ""
    return (
        f" What {meeting.node} stores was not read: where it holds such a certificate already, restart {service_at(meeting.port)} "
        "there instead."
    )


def _restart(meeting: Meeting) -> str:
    stored = meeting.stored_instead
    said = f"Restart {service_at(meeting.port)} on {meeting.node}: it still presents what it loaded before the change."
    if stored is not None and not covered_by(stored.names, meeting.address):
        said += (
            f" But first reissue {meeting.unit}: what it stores does not name {meeting.address}."
        )
    return said


def _reissue(request: Record | None) -> str:
    if request is None:
        return "Reissue the certificate with the name that clients ask for."
    where = (
        "the publisher (Multi-server(SAN))" if request["multi_server"] else listed(request["nodes"])
    )
    unseen = listed(request["unseen_nodes"])
    return (
        f"Generate a new CSR for {listed(request['units']) or 'the certificate'} on {where} with these subject alternative "
        f"names: {', '.join(request['dns'])}."
        + (f" Nothing was seen of {unseen}: add their names if they share it." if unseen else "")
    )


def is_address_at_fault(code: str | None, meeting: Meeting) -> bool:
    """Should another address be advertised?

    The traffic server does not ignore a dot at the end, and no certificate has one; nor has it a name that is not ASCII.
    """
    return (
        code in (IP_ADDRESS_ADVERTISED, IP_ONLY_AS_IP_SAN, SHORT_HOST_NAME)
        or meeting.address.endswith(".")
        or not meeting.address.isascii()
    )


def full_name(meeting: Meeting) -> str | None:
    """The FQDN of the node of an address that should not be advertised; None where it is not known."""
    if meeting.address.endswith("."):
        return meeting.address.rstrip(".")
    return meeting.node if is_full_name(meeting.node) and meeting.node != meeting.address else None


def evidence(meeting: Meeting) -> str:
    """Which certificate it is and what it names."""
    record = meeting.certificate.record
    names = [printable(name) for name in (*record["san"]["dns"], *record["san"]["ip"])]
    has = "stores" if meeting.where == STORED else "presents"
    unit = f"{meeting.unit}, " if meeting.unit else ""
    return (
        f"{login(meeting.address, meeting.port)} {has} {unit}{meeting.key_type.upper()} {record['sha256'][:16]}: common name "
        f"{printable(record['common_name'] or 'none')}, alternative names {listed(names, most=12) or 'none'}."
    )
