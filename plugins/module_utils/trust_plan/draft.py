# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan for one trust store: what to add, what is still refused then, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Bundle,
    Certificate,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.candidates import (
    Candidate,
    RefusedCandidate,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.clashes import (
    CommonNames,
    conflicts,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.growth import (
    Chain,
    Growth,
    members,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.left import (
    Left,
    not_found,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.origins import (
    Origin,
    PresentedOrigins,
    in_order,
    ordered,
    plain,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.reasons import (
    reason,
    seen_in,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.repairs import Repairs
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.search import (
    Found,
    Oracle,
    Wish,
    smallest_set,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.takeouts import stale
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.unrepaired import (
    NAME,
    UNREADABLE,
    Unrepaired,
    why_unrepaired,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.verdicts import (
    ACCEPTED,
    AT_CHAIN,
)

Record = dict[str, Any]
TOLD = ("sha256", "subject", "common_name", "not_after")


class Draft:
    """Made from a store and what is known; `added_pem` goes to the judge, whose verdicts finish the plan."""

    def __init__(
        self,
        store: Bundle,
        known: Sequence[Candidate],
        refused: Sequence[RefusedCandidate],
        presented: PresentedOrigins,
        at: datetime,
        security_level: int,
    ) -> None:
        self._presented, self._refused, self._at = presented, refused, at
        self._chains = list(presented.of_chain)
        held = frozenset(store.certificates)
        self.growth = growth = Growth(
            store.certificates,
            sorted((one for one in known if one.certificate not in held), key=_best),
            at,
            security_level,
        )
        self._repairs = Repairs(growth)
        # A block that cannot be read keeps the peer from loading anything, whatever is added.
        self._loadable = store.unloadable is None or store.unloadable not in store.problems
        self._found = self._search() if self._loadable else Found()
        self._added_one_by_one = growth.certificates(self._found.added)
        self.added_pem = "".join(one.pem for one in self._added_one_by_one)

    def _search(self) -> Found:
        growth, repairs = self.growth, self._repairs
        wishes, accepted = [], []
        for number, (chain, origins) in enumerate(self._presented.of_chain.items()):
            wish = Wish(number, growth.reach(chain), len(origins))
            if growth.accepts(chain, 0):
                accepted.append(wish)
            # OpenSSL would take a valid namesake beside the stale certificate, but the two would clash (CSCwa12905): where
            # taking out is all that is needed, it is the repair.
            elif not stale(growth, chain, 0, self._at) and repairs.of(chain, 0):
                wishes.append(wish)
        names = CommonNames(growth.stored, [one.certificate for one in growth.candidates])
        found = smallest_set(
            wishes,
            accepted,
            Oracle(
                accepts=lambda number, added: growth.accepts(self._chains[number], added),
                repairs=lambda number, added: repairs.of(self._chains[number], added),
                clashes=lambda added: names.clashes(members(added)),
            ),
        )
        found.proven = found.proven and repairs.complete
        return found

    def finished(self, verdicts: Sequence[Mapping[str, Any]]) -> Record:
        """The plan. `verdicts`: those of the judge on every origin, in the given order, with `added_pem` added."""
        unrepaired = self._unrepaired(verdicts)
        wanted = list(self._added_one_by_one)
        for left in unrepaired:
            if left.why.takeout and left.why.takeout.missing:
                wanted += self.growth.certificates(left.why.takeout.missing)
        wanted += [one for number in self._found.given_up for one in self._lacked_by(number)]
        return {
            "add": self._additions(),
            "ways": self._ways(),
            "conflicts": conflicts(self.growth.stored, wanted, self._needing),
            "remove": self._takeouts(unrepaired),
            "unrepaired": [one.told() for one in unrepaired],
            "not_found": not_found(unrepaired, self._refused),
            "smallest": self._found.proven,
            "at_least": self._found.at_least,
            "accepted_before": sum(
                len(origins)
                for chain, origins in self._presented.of_chain.items()
                if self.growth.accepts(chain, 0)
            ),
            "accepted_after": len(
                {
                    (in_order(origin), chain)
                    for origin, chain, verdict in self._judged(verdicts)
                    if chain and verdict["stage"] != AT_CHAIN
                }
            ),
        }

    def _lacked_by(self, number: int) -> list[Certificate]:
        smallest = self._repairs.of(self._chains[number], 0)
        return self.growth.certificates(smallest[0]) if smallest else []

    def _additions(self) -> list[Record]:
        repaired: dict[Certificate, list[tuple[Chain, list[Origin]]]] = {}
        for chain, origins in self._presented.of_chain.items():
            for certificate in self._lifting(chain):
                repaired.setdefault(certificate, []).append((chain, origins))
        candidates = {one.certificate: one for one in self.growth.candidates}
        return [
            {
                **{key: certificate.record[key] for key in (*TOLD, "pem")},
                "reason": reason(
                    candidates[certificate], self.growth, repaired.get(certificate, [])
                ),
                "seen_in": seen_in(candidates[certificate]),
                "repairs": ordered(
                    origin
                    for _chain, origins in repaired.get(certificate, [])
                    for origin in origins
                ),
            }
            for certificate in self._added_one_by_one
        ]

    def _ways(self) -> list[list[list[str]]]:
        """For each distinct case: the sets of added certificates, any of which gets a chain accepted, as SHA-256."""
        found: dict[tuple[tuple[str, ...], ...], None] = {}
        for chain in self._chains:
            if lifting := self._lifting(chain):
                sets = [one for one in self._repairs.of(chain, 0) if not one & ~self._found.added]
                certificates = [self.growth.certificates(one) for one in sets] or [lifting]
                found[tuple(tuple(one.sha256 for one in several) for several in certificates)] = (
                    None
                )
        return [[list(several) for several in ways] for ways in sorted(found)]

    def _lifting(self, chain: Chain) -> list[Certificate]:
        """The added certificates without which `chain`, accepted with all of them, is refused.

        Where it can do without any single one (two ways up, both added for others), those on its path.
        """
        growth = self.growth
        near = self._found.added & growth.reach(chain)
        if not near or not growth.accepts(chain, near):
            return []
        needed = sum(
            1 << one for one in members(near) if not growth.accepts(chain, near & ~(1 << one))
        )
        if needed or growth.accepts(chain, 0):
            return growth.certificates(needed)
        path = growth.judge(chain, near).path
        return [certificate for certificate in growth.certificates(near) if certificate in path]

    def _judged(
        self, verdicts: Sequence[Mapping[str, Any]]
    ) -> Iterator[tuple[Mapping[str, Any], Chain | None, Mapping[str, Any]]]:
        presented = self._presented
        return zip(presented.given, presented.chain_of, verdicts, strict=True)

    def _unrepaired(self, verdicts: Sequence[Mapping[str, Any]]) -> list[Left]:
        given_up = {self._chains[number] for number in self._found.given_up}
        chain_reasons: dict[Chain, Unrepaired] = {}
        left: dict[tuple[Any, ...], Left] = {}
        for origin, chain, verdict in self._judged(verdicts):
            if verdict["outcome"] == ACCEPTED:
                continue
            if (
                chain is None
                or not self._loadable
                or (verdict["stage"] == AT_CHAIN and self.growth.accepts(chain, self._found.added))
            ):
                # Nothing to look into; or the judge has the last word over the search.
                why = Unrepaired(UNREADABLE, verdict["cause"], verdict["remedy"])
            elif verdict["stage"] == NAME:
                why = Unrepaired(NAME, verdict["cause"], verdict["remedy"])
            else:
                if chain not in chain_reasons:
                    chain_reasons[chain] = why_unrepaired(
                        self.growth, chain, self._found.added, self._at, given_up=chain in given_up
                    )
                why = chain_reasons[chain]
            left[in_order(origin), chain] = Left(plain(origin), chain, verdict, why)
        return sorted(left.values(), key=lambda one: (in_order(one.origin), one.why.why))

    def _needing(self, certificate: Certificate) -> list[Origin]:
        """Origins accepted with the plan, and refused once `certificate` is out of the store."""
        growth, added = self.growth, self._found.added
        return ordered(
            origin
            for chain, origins in self._presented.of_chain.items()
            if growth.accepts(chain, added)
            and certificate in growth.above(chain)
            and not growth.judge(chain, added, frozenset({certificate})).accepted
            for origin in origins
        )

    def _takeouts(self, left: Sequence[Left]) -> list[Record]:
        found: dict[Certificate, list[Origin]] = {}
        for one in left:
            for certificate in one.why.takeout.certificates if one.why.takeout else ():
                found.setdefault(certificate, []).append(one.origin)
        return [
            {
                **{key: certificate.record[key] for key in TOLD},
                "repairs": ordered(found[certificate]),
                "needed_by": self._needing(certificate),
            }
            for certificate in sorted(found, key=lambda one: one.sha256)
        ]


def _best(candidate: Candidate) -> tuple[bool, bool, float, str]:
    """Preferred first: roots, those that somebody vouches for, those that last."""
    certificate = candidate.certificate
    ends = datetime.fromisoformat(certificate.record["not_after"]).timestamp()
    return (
        not certificate.record["self_signed"],
        candidate.only_presented,
        -ends,
        certificate.sha256,
    )
