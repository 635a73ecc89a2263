# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does a certificate cover the address that clients ask for?

Two answers, kept apart. `covered_by` is the traffic server's own rule, read in its source (branches
8.0 to 10) and confirmed on the real program: dNSName entries, then the first common name even when
such entries exist; an IP address is compared as text, so iPAddress entries never match.
`strict_findings` is RFC 9525, which a stricter or patched build may follow one day.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # who reads logs needs canonical_ip, and no OpenSSL
    from ansible_collections.collab.expressway.plugins.module_utils.certificates.names import (
        CertificateNames,
    )

DNS_NAME = "dns_name"
COMMON_NAME = "common_name"

LABEL_CHARACTERS = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
SHORTEST_WILDCARD = len("*.a.b")
LONGEST_HOST_WITHOUT_WILDCARD = len("a.b.c")


@dataclass(frozen=True)
class NameFinding:
    """Where the traffic server and RFC 9525 disagree: a stable `code` and a sentence for people."""

    code: str
    text: str


def canonical_ip(address: str) -> str | None:
    """The text form in which the traffic server compares an IP address; None for a host name."""
    try:
        return str(ipaddress.ip_address(address.strip("[]")))
    except ValueError:
        return None


def covered_by(
    names: CertificateNames, address: str, *, underscore_under_wildcard: bool = False
) -> str | None:
    """`dns_name` or `common_name` when the traffic server takes the certificate for `address`, else None.

    `underscore_under_wildcard` is the rule of 9.x; 8.x, which the Expressway has, refuses it.
    """
    host = (canonical_ip(address) or address).encode()
    if any(name_matches(name, host, underscore_under_wildcard) for name in names.dns):
        return DNS_NAME
    if names.common_name and name_matches(names.common_name, host, underscore_under_wildcard):
        return COMMON_NAME
    return None


def name_matches(name: bytes, host: bytes, underscore_under_wildcard: bool = False) -> bool:
    """One name of a certificate against one host, by the traffic server's rules.

    ASCII case is ignored, a trailing dot is not. A wildcard counts at the start or the end of the
    first label, when two dots follow.
    """
    if not name:
        return False
    position = _wildcard(name, host)
    if position is None:
        return name.lower() == host.lower()
    prefix, suffix = name[:position].lower(), name[position + 1 :].lower()
    if len(host) < len(prefix) + len(suffix):
        return False
    if not (host.lower().startswith(prefix) and host.lower().endswith(suffix)):
        return False
    under = host[len(prefix) : len(host) - len(suffix)]
    if not prefix and suffix.startswith(b".") and not under:
        return False
    allowed = LABEL_CHARACTERS | frozenset(b"_") if underscore_under_wildcard else LABEL_CHARACTERS
    return under == b"*" or allowed.issuperset(under)


def _wildcard(name: bytes, host: bytes) -> int | None:
    """Where the `*` of a name stands that counts as wildcard for this host, else None."""
    if len(host) <= LONGEST_HOST_WITHOUT_WILDCARD or host.startswith(b"."):
        return None
    last_dot = name.rfind(b".", 2, len(name) - 1)
    if len(name) < SHORTEST_WILDCARD or last_dot < 3:
        return None
    label = name[: name.index(b".")]
    # Two dots at least: the first label must end before the last dot.
    if label.count(b"*") != 1 or len(label) >= last_dot:
        return None
    position = label.index(b"*")
    if position not in (0, len(label) - 1):
        return None
    if host[:4].lower() == b"xn--" and label != b"*":
        return None
    return position


def strict_findings(names: CertificateNames, address: str) -> list[NameFinding]:
    """Where RFC 9525 answers otherwise than the traffic server, or would not without the CN.

    RFC 9525 compares host names with dNSName entries only, IP addresses with iPAddress entries
    only, and lets `*` stand for one whole label.
    """
    accepted = covered_by(names, address)
    strict = _covered_strictly(names, address)
    if bool(accepted) == strict:
        return []
    ip = canonical_ip(address)
    if not accepted:
        if ip is not None:
            return [
                NameFinding(
                    "ip_only_as_ip_address",
                    f"{ip} stands in the certificate as iPAddress entry only; by its source the traffic "
                    "server does not compare those (not seen on a real Expressway)",
                )
            ]
        return [
            NameFinding(
                "refused_by_traffic_server_only",
                f"RFC 9525 takes the certificate for {address}, the traffic server does not: it refuses "
                "wildcards for hosts of up to five characters, for names with an underscore and for "
                "single-dot domains, and it compares trailing dots",
            )
        ]
    if ip is not None:
        return [
            NameFinding(
                "ip_only_as_text",
                f"{ip} stands in the certificate as text ({accepted.replace('_', ' ')}), not as "
                "iPAddress entry; the traffic server takes it, RFC 9525 does not",
            )
        ]
    if accepted == COMMON_NAME:
        return [
            NameFinding(
                "covered_only_by_common_name",
                f"only the common name covers {address}, no dNSName entry does; the traffic server "
                "takes it, RFC 9525 does not",
            )
        ]
    return [
        NameFinding(
            "wildcard_or_dot",
            f"{address} is covered by a partial wildcard or with a trailing dot only; the traffic "
            "server takes it, RFC 9525 does not",
        )
    ]


def _covered_strictly(names: CertificateNames, address: str) -> bool:
    ip = canonical_ip(address)
    if ip is not None:
        return ip in names.ip
    host = address.encode().lower().removesuffix(b".")
    return any(_matches_strictly(name.lower(), host) for name in names.dns)


def _matches_strictly(name: bytes, host: bytes) -> bool:
    if name == host:
        return True
    label, _dot, domain = host.partition(b".")
    return name.startswith(b"*.") and bool(label) and bool(domain) and name[2:] == domain
