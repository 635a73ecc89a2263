# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates that share a common name and cannot both be trusted.

Cisco documents that an Expressway trusts only one certificate of a common name (CSCwa12905; another
of its pages says CSCwa12894): the one that stands first in the store hides the other. Typical pairs
are the self-signed tomcat and CallManager certificates of one node, cup-xmpp and tomcat of an IM and
Presence node (CSCve56019), and a CA beside its predecessor. The upstream traffic server copes where a
key identifier tells the two apart, so a plan may be enough by its judge and still clash: both are told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
)

CommonName = tuple[str, str]

WAYS_OUT = (
    "Have the certificate signed by a CA that the peers trust, so that it need not be in the trust store itself.",
    "Give one of the two another common name (regenerate or reissue it on its node).",
    "On CUCM 14 and later let CallManager reuse the multi-server tomcat certificate (Cisco Unified OS "
    "Administration > Security > Certificate Management > Reuse Certificate), so that one certificate is left.",
)


def common_name(certificate: Certificate) -> CommonName:
    """What two certificates must not share; the whole subject where there is no common name."""
    record = certificate.record
    if record["common_name"]:
        return "common name", record["common_name"].casefold()
    return "subject", record["subject"] or ""


class CommonNames:
    """Counts clashes of additions with a store and with each other."""

    def __init__(self, stored: Iterable[Certificate], candidates: Sequence[Certificate]) -> None:
        self._stored = Counter(map(common_name, stored))
        self._names = [common_name(certificate) for certificate in candidates]

    def clashes(self, numbers: Iterable[int]) -> int:
        """How often a candidate meets a name that the store or a candidate before it has."""
        taken = Counter(self._stored)
        found = 0
        for number in numbers:
            found += taken[self._names[number]]
            taken[self._names[number]] += 1
        return found


def conflicts(
    stored: Sequence[Certificate],
    wanted: Sequence[Certificate],
    needed_by: Callable[[Certificate], list[dict[str, Any]]],
) -> list[dict[str, Any]]:
    """One {common_name, in_store, wanted, remedies} for each name that `wanted` shares, by name.

    `in_store` and `wanted` list {sha256, subject, serial, not_after}; the former with `needed_by`, the
    origins that are refused without that certificate.
    """
    by_name: dict[CommonName, list[Certificate]] = {}
    for certificate in sorted(set(wanted), key=lambda one: one.sha256):
        by_name.setdefault(common_name(certificate), []).append(certificate)
    found = []
    for name, new in sorted(by_name.items()):
        old = [one for one in stored if common_name(one) == name and one not in new]
        if len(old) + len(new) < 2:
            continue
        in_store = [_told(one) | {"needed_by": needed_by(one)} for one in old]
        found.append(
            {
                "common_name": new[0].record["common_name"],
                "in_store": in_store,
                "wanted": [_told(one) for one in new],
                "remedies": [*_takeouts(in_store), *WAYS_OUT],
            }
        )
    return found


def _told(certificate: Certificate) -> dict[str, Any]:
    keys = ("sha256", "subject", "serial", "not_after")
    return {key: certificate.record[key] for key in keys}


def _takeouts(in_store: Iterable[dict[str, Any]]) -> list[str]:
    return [
        f"Take '{one['subject']}' (serial {one['serial']}, valid until {one['not_after']}) out of the trust store: "
        "no origin of this plan needs it. Make sure that nothing else does (other peers of the cluster, "
        "Expressway-E, SIP neighbours)."
        for one in in_store
        if not one["needed_by"]
    ]
