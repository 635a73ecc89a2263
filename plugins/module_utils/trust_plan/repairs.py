# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The repairs of one chain: the sets of candidates that get it accepted and hold nothing to spare.

Sets worth asking about are found by looking up issuers; which of them is a repair, the judge says.
OpenSSL takes at each step one issuer and never comes back, from the store before what was sent; and
once it has taken one from the store, only the store counts. So every accepted path is a part that was
sent and above it a part that is stored, up to a self-signed certificate, and every repair is the
stored part of one path. That this misses nothing is tested against all subsets.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.growth import (
    Chain,
    Growth,
    by_size,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.chain_judgement import (
    TRAFFIC_SERVER_DEPTH,
)

MOST_STEPS = 2000
"""Steps up from one leaf. Beyond it (many namesakes on many levels) the rest is not looked at."""


class Repairs:
    """Repairs of every chain for one store; `complete` turns False once a chain took more than MOST_STEPS."""

    def __init__(self, growth: Growth) -> None:
        self._growth = growth
        self._found: dict[tuple[Chain, int], list[int]] = {}
        self.complete = True

    def of(self, chain: Chain, added: int) -> list[int]:
        """Smallest first: what to add beyond `added`, so that a refused chain is accepted."""
        question = (chain, added & self._growth.reach(chain))
        if question not in self._found:
            self._found[question] = self._minimal(*question)
        return self._found[question]

    def _minimal(self, chain: Chain, added: int) -> list[int]:
        repairs: list[int] = []
        for one in sorted(self._worth_asking(chain, added), key=by_size):
            holds_another = any(one & smaller == smaller for smaller in repairs)
            if not holds_another and self._growth.accepts(chain, added | one):
                repairs.append(one)
        return repairs

    def _worth_asking(self, chain: Chain, added: int) -> set[int]:
        sets: set[int] = set()
        for path in self._paths(chain):
            above = 0
            for place in reversed(range(len(path))):
                above |= self._growth.bit(path[place])
                if all(certificate in chain for certificate in path[:place]):
                    sets.add(above & ~added)
        return sets - {0}

    def _paths(self, chain: Chain) -> Iterator[Chain]:
        """Every way up by name, from above the leaf to a self-signed certificate, which may be the leaf."""
        leaf = chain[0]
        if leaf.issuer_key == leaf.subject_key:
            yield (leaf,)
        waiting: list[Chain] = [()]
        for _step in range(MOST_STEPS):
            if not waiting:
                return
            path = waiting.pop()
            last = path[-1] if path else leaf
            if path and last.issuer_key == last.subject_key:
                yield path
            if len(path) <= TRAFFIC_SERVER_DEPTH:
                waiting += [
                    (*path, issuer)
                    for issuer in self._growth.named(last.issuer_key, chain)
                    if issuer not in path and issuer != leaf and _may_have_issued(issuer, last)
                ]
        self.complete = False


def _may_have_issued(issuer: Certificate, issued: Certificate) -> bool:
    """False when the key identifiers say so; else the judge will tell."""
    wanted, has = issued.record["aki"], issuer.record["ski"]
    return not wanted or not has or wanted == has
