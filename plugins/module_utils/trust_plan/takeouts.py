# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to go out of a trust store before a chain is accepted.

A stale expired intermediate in the store wins over the valid one that the origin sends, though not over
a valid one beside it; but two of one common name are what CSCwa12905 is about. Of two certificates
with one subject and no key identifier the first in the store counts, and an upload comes last, so that
nothing that is added helps. A plan never removes anything: it names the certificate, and who still
needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.growth import (
    Chain,
    Growth,
)


@dataclass(frozen=True)
class Takeout:
    """With `certificates` out of the store (and `missing` uploaded, a set) the chain is accepted.

    `stale`: they have expired; else they hide another one of the same subject.
    """

    certificates: tuple[Certificate, ...]
    stale: bool
    missing: int = 0


def stale(growth: Growth, chain: Chain, added: int, at: datetime) -> Takeout | None:
    """Expired certificates of the store without which `chain` is accepted; None when that is not it."""
    above = [one for one in growth.above(chain) if growth.holds(one)]
    expired = [one for one in above if _expired(one, at)]
    if not expired or not growth.judge(chain, added, frozenset(expired)).accepted:
        return None
    for one in sorted(expired, key=lambda certificate: certificate.sha256):
        fewer = [other for other in expired if other != one]
        if growth.judge(chain, added, frozenset(fewer)).accepted:
            expired = fewer
    return Takeout(tuple(expired), stale=True) if expired else None


def hidden(growth: Growth, chain: Chain, added: int) -> Takeout | None:
    """The stored namesake that hides a certificate which is stored too, or could be uploaded."""
    above = growth.above(chain)
    namesakes = [
        one
        for one in above
        if growth.holds(one)
        and any(other.subject_key == one.subject_key for other in above if other != one)
    ]
    for uploaded in dict.fromkeys((added, added | growth.reach(chain))):
        for one in namesakes:
            judgement = growth.judge(chain, uploaded, frozenset({one}))
            if judgement.accepted:
                used = sum(growth.bit(certificate) for certificate in set(judgement.path))
                return Takeout((one,), stale=False, missing=used & ~added)
    return None


def _expired(certificate: Certificate, at: datetime) -> bool:
    ends = certificate.record["not_after"]
    return bool(ends) and datetime.fromisoformat(ends) <= at
