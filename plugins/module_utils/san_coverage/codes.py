# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people call it when a certificate does not cover an address, or covers it only just."""

from __future__ import annotations

from ansible_collections.collab.expressway.plugins.module_utils.certificates.names import (
    CertificateNames,
)
from ansible_collections.collab.expressway.plugins.module_utils.san_coverage.meetings import Meeting
from ansible_collections.collab.expressway.plugins.module_utils.san_coverage.sharing import Sharing
from ansible_collections.collab.expressway.plugins.module_utils.verdict.origin_names import (
    COMMON_NAME,
    canonical_ip,
    covered_by,
    name_matches,
)

NODE_MISSING_FROM_MULTI_SERVER = "node_missing_from_multi_server"
IP_ADDRESS_ADVERTISED = "ip_address_advertised"
SHORT_HOST_NAME = "short_host_name"
UNITY_ALIAS = "unity_alias"
NO_SAN = "no_san"
COMMON_NAME_ONLY = "common_name_only"
IP_ONLY_AS_IP_SAN = "ip_only_as_ip_san"
PRESENTED_DIFFERS_FROM_STORED = "presented_differs_from_stored"
WILDCARD = "wildcard"
NAME_NOT_IN_CERTIFICATE = "name_not_in_certificate"


def code_of(meeting: Meeting, sharing: Sharing) -> str | None:
    """The one code that says most of this certificate under this address; None where all is well.

    A stale certificate comes first: what the node stores decides what has to be done.
    """
    if meeting.stored_instead is not None:
        return PRESENTED_DIFFERS_FROM_STORED
    names, address = meeting.certificate.names, meeting.address
    by = covered_by(names, address)
    ip = canonical_ip(address)
    if ip is not None:
        return IP_ONLY_AS_IP_SAN if by is None and ip in names.ip else IP_ADDRESS_ADVERTISED
    if "." not in address:
        return SHORT_HOST_NAME
    if by is None:
        return _missing(meeting, sharing)
    if by == COMMON_NAME:
        return COMMON_NAME_ONLY
    return None if _exactly(names, address) else WILDCARD


def _missing(meeting: Meeting, sharing: Sharing) -> str:
    certificate = meeting.certificate
    is_alias = meeting.node.casefold() != meeting.address.casefold()
    multi_server = sharing.is_multi_server(certificate)
    if not any(certificate.record["san"].values()):
        return NO_SAN
    if meeting.origin["product"] == "cuc" and (
        is_alias or (not multi_server and "axl_uc_services" in meeting.origin["source"].split("+"))
    ):
        return UNITY_ALIAS
    if multi_server and meeting.node not in sharing.named(certificate):
        return NODE_MISSING_FROM_MULTI_SERVER
    return NAME_NOT_IN_CERTIFICATE


def _exactly(names: CertificateNames, address: str) -> bool:
    """Does a name without a wildcard cover it?"""
    host = address.encode()
    return any(b"*" not in name and name_matches(name, host) for name in names.dns)
