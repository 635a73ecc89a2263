# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One trust store with candidates added to it, as the judge of verdicts sees it.

OpenSSL itself says whether a chain is accepted; nothing here decides that. What is done here is to
ask it no more often than needed. It looks for an issuer by its subject name only, so a candidate can
matter to a chain only if its subject is the name of an issuer somewhere above the leaf. Those
candidates are the chain's *reach*; two additions that agree within it are one question.

A set of candidates is an int, bit `n` for candidate `n`; candidates have a fixed order, best first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
)
from ansible_collections.collab.expressway.plugins.module_utils.certificates.names import NameKey
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.candidates import (
    Candidate,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.chain_judgement import (
    Judgement,
    TrustStore,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.verdicts import EXPRESSWAY

Chain = tuple[Certificate, ...]
"""What an origin presents, leaf first."""

STORES_KEPT = 64
"""Built stores kept at once; building one of 1000 certificates takes 1.4 ms, keeping it megabytes."""


def members(candidates: int) -> Iterator[int]:
    """The numbers in a set, ascending."""
    while candidates:
        lowest = candidates & -candidates
        yield lowest.bit_length() - 1
        candidates ^= lowest


def by_size(candidates: int) -> tuple[int, int]:
    """Sort key: smaller sets first, among equals those with better candidates."""
    return candidates.bit_count(), sum(members(candidates))


class Growth:
    """`stored`: the peer's store in its order. `candidates`: what may be added, none of it stored."""

    def __init__(
        self,
        stored: Sequence[Certificate],
        candidates: Sequence[Candidate],
        at: datetime,
        security_level: int,
    ) -> None:
        self.stored = tuple(dict.fromkeys(stored))
        self.candidates = tuple(candidates)
        self._held = frozenset(self.stored)
        self._number = {one.certificate: place for place, one in enumerate(self.candidates)}
        self._at, self._security_level = at, security_level
        self._by_subject: dict[NameKey, list[Certificate]] = {}
        for certificate in (*self.stored, *self._number):
            self._by_subject.setdefault(certificate.subject_key, []).append(certificate)
        self._reaches: dict[Chain, int] = {}
        self._accepted: dict[tuple[Chain, int], bool] = {}
        self._store = lru_cache(STORES_KEPT)(self._built)

    def holds(self, certificate: Certificate) -> bool:
        """Is it in the store today?"""
        return certificate in self._held

    def bit(self, certificate: Certificate) -> int:
        """The set of that one candidate; the empty set when it is none."""
        return 1 << self._number[certificate] if certificate in self._number else 0

    def certificates(self, added: int) -> list[Certificate]:
        """The certificates of a set, in the order of upload: the order in which they join the store."""
        found = [self.candidates[number].certificate for number in members(added)]
        return sorted(found, key=upload_order)

    def named(self, subject: NameKey, chain: Chain) -> list[Certificate]:
        """All with that subject, stored, candidate or sent with `chain`."""
        known = self._by_subject.get(subject, [])
        sent = [one for one in chain[1:] if one.subject_key == subject]
        return list(dict.fromkeys((*known, *sent)))

    def above(self, chain: Chain) -> list[Certificate]:
        """All that stand above the leaf by name: stored, candidates and sent."""
        names: set[NameKey] = set()
        waiting = [chain[0].issuer_key]
        found: list[Certificate] = []
        while waiting:
            name = waiting.pop()
            if name not in names:
                names.add(name)
                found += self.named(name, chain)
                waiting += [certificate.issuer_key for certificate in self.named(name, chain)]
        return list(dict.fromkeys(found))

    def reach(self, chain: Chain) -> int:
        """The candidates that can matter to `chain`."""
        if chain not in self._reaches:
            self._reaches[chain] = sum(map(self.bit, self.above(chain)))
        return self._reaches[chain]

    def accepts(self, chain: Chain, added: int) -> bool:
        """Is `chain` accepted once these are added? Asked once for each distinct question."""
        question = (chain, added & self.reach(chain))
        if question not in self._accepted:
            self._accepted[question] = self._store(question[1], frozenset()).judge(chain).accepted
        return self._accepted[question]

    def judge(
        self, chain: Chain, added: int, removed: frozenset[Certificate] = frozenset()
    ) -> Judgement:
        """The judgement with exactly these added, and `removed` taken out of the store."""
        return self._store(added, removed).judge(chain)

    def all_errors(self, chain: Chain, added: int) -> Judgement:
        """Every error with these added; after a missing issuer OpenSSL goes on as if it were there."""
        return self._store(added, frozenset()).judge(chain, stop_at_first=False)

    def _built(self, added: int, removed: frozenset[Certificate]) -> TrustStore:
        kept = [one for one in self.stored if one not in removed]
        return TrustStore(
            (*kept, *self.certificates(added)),
            self._at,
            security_level=self._security_level,
            sha1_at_level_1=EXPRESSWAY.sha1_at_level_1,
        )


def upload_order(certificate: Certificate) -> tuple[bool, bool, str, str]:
    """Roots, then intermediates, then server certificates; among them by subject."""
    record = certificate.record
    return (
        not record["is_ca"],
        not record["self_signed"],
        record["subject"] or "",
        certificate.sha256,
    )
