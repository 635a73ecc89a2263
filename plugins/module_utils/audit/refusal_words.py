# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A refusal in a few words: what is wrong and what to do, short enough for one line on a screen.

The whole cause and remedy stand in the verdict; the codes are OpenSSL's, which are stable from 1.1.1 to 4.0.
"""

from __future__ import annotations

import ipaddress

from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import Record

SIGNATURE_FAILURE, SELF_SIGNED = 7, 18
CHAIN_WORDS: dict[int, tuple[str, str]] = {
    2: ("its root CA is not trusted", "upload the root CA"),
    7: ("a twin with its subject is trusted first", "keep one of the pair"),
    9: ("not valid yet", "correct the clocks, or wait"),
    10: ("expired", "renew it"),
    18: ("self-signed, not trusted", "upload it, or have a CA sign it"),
    19: ("its root CA is not trusted", "upload the root CA"),
    20: ("its issuing CA is unknown", "upload that CA, up to its root"),
    22: ("too many intermediate CAs", "reissue it from a shorter hierarchy"),
    24: ("its issuer is not a CA", "reissue it from a proper CA"),
    25: ("its CA hierarchy is too long", "reissue it from another CA"),
    26: ("not meant for TLS servers", "reissue it for server authentication"),
    34: ("unknown critical extension", "reissue it without"),
    47: ("its CA may not certify this name", "reissue it from another CA"),
    48: ("its CA may not certify this name", "reissue it from another CA"),
    66: ("its key is too weak", "reissue it with a stronger key"),
    67: ("the key of its CA is too weak", "reissue it from a stronger CA"),
    68: ("the digest of its CA is too weak", "reissue it with SHA-256"),
    79: ("its issuer is not a CA", "reissue it from a proper CA"),
}
EXPIRED_ISSUER = ("an expired CA is in the way", "remove or renew that CA")
UNCOVERED_IP = ("IP address not in the certificate", "advertise the FQDN")
UNCOVERED_NAME = ("name not in the certificate", "reissue it with this name")


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
    if verdict["error_code"] == SELF_SIGNED and verdict["leaf_trusted"]:
        return CHAIN_WORDS[SIGNATURE_FAILURE]
    otherwise = (verdict["error"] or "the chain cannot be verified", "see the report")
    return CHAIN_WORDS.get(verdict["error_code"], otherwise)
