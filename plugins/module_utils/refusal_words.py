# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A refusal in a few words: what is wrong and what to do, short enough for one line on a screen.

The whole cause and remedy stand in the verdict; the codes are OpenSSL's, which are stable from 1.1.1 to 4.0.
"""

from __future__ import annotations

import ipaddress

from ansible_collections.collab.expressway.plugins.module_utils.audit_situation import Record

CHAIN_WORDS: dict[int, tuple[str, str]] = {
    2: ("its root CA is not in the trust store", "upload the root CA to every peer"),
    7: (
        "another certificate with the same subject comes first in the trust store",
        "leave one of the pair in the store, or reissue with key identifiers",
    ),
    9: ("not valid yet", "correct the clocks, or wait"),
    10: ("expired", "renew it"),
    18: (
        "self-signed and not in the trust store",
        "upload it to every peer, or have it signed by a trusted CA",
    ),
    19: ("its root CA is not in the trust store", "upload the root CA to every peer"),
    20: ("its issuing CA is unknown", "upload that CA, up to its root, to every peer"),
    22: ("too many intermediate CAs", "reissue from a shorter hierarchy"),
    24: ("its issuer is not a CA", "reissue from a proper CA"),
    25: ("its CA hierarchy is longer than allowed", "reissue from another CA"),
    26: ("not meant for TLS servers", "reissue with the server authentication purpose"),
    34: ("holds an unknown critical extension", "reissue without it"),
    47: ("outside the names its CA may certify", "reissue from another CA"),
    48: ("among the names its CA must not certify", "reissue from another CA"),
    66: ("its key is too weak", "reissue with a stronger key"),
    67: ("the key of its CA is too weak", "reissue from a stronger CA"),
    68: ("the digest of its CA is too weak", "reissue from a CA that signs with SHA-256"),
    79: ("its issuer is not a CA", "reissue from a proper CA"),
}
EXPIRED_ISSUER = (
    "an expired CA certificate in its chain or in the trust store is used",
    "remove the expired one from the store, or renew the CA",
)
UNCOVERED_IP = (
    "clients ask for an IP address, which the certificate does not name as text",
    "advertise the FQDN (System > Server) and refresh the UC servers",
)
UNCOVERED_NAME = (
    "the certificate does not name this host",
    "reissue it with this name, or advertise a name that it holds",
)


def is_ip_address(address: str) -> bool:
    """Is the host text an IP literal (with or without brackets)?"""
    try:
        ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return False
    return True


def in_few_words(verdict: Record) -> tuple[str, str]:
    """(why, what to do) of a refused verdict."""
    if verdict["stage"] == "name":
        return UNCOVERED_IP if is_ip_address(verdict["address"]) else UNCOVERED_NAME
    if verdict["error_code"] == 10 and (verdict["depth"] or 0) > 0:
        return EXPIRED_ISSUER
    otherwise = (verdict["error"] or "the chain cannot be verified", "see the report")
    return CHAIN_WORDS.get(verdict["error_code"], otherwise)
