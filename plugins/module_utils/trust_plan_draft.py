# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan for one trust store: what to add, what is still refused then, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates import (
    Bundle,
    Certificate,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan_candidates import (
    Candidate,
    RefusedCandidate,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan_clashes import (
    CommonNames,
    conflicts,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan_growth import (
    Chain,
    Growth,
    members,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan_origins import (
    Origin,
    PresentedOrigins,
    in_order,
    plain,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan_reasons import (
    reason,
    seen_in,
    where_to_look,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan_repairs import Repairs
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan_search import (
    Found,
    Oracle,
    Wish,
    smallest_set,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan_takeouts import stale
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan_unrepaired import (
    NAME,
    UNREADABLE,
    Unrepaired,
    why_unrepaired,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdicts import ACCEPTED, AT_CHAIN

Record = dict[str, Any]
TOLD = ("sha256", "subject", "common_name", "not_after")


@dataclass(frozen=True)
class Left:
    """An origin that is refused with the plan too."""

    origin: Origin
    chain: Chain | None
    verdict: Mapping[str, Any]
    why: Unrepaired


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
        self.growth = growth = Growth(
            store.certificates,
            sorted((one for one in known if one.certificate not in store.certificates), key=_best),
            at,
            security_level,
        )
        # A block that cannot be read keeps the peer from loading anything, whatever is added.
        self._loadable = store.unloadable is None or store.unloadable not in store.problems
        self._found = self._search() if self._loadable else Found()
        self._added_one_by_one = growth.certificates(self._found.added)
        self.added_pem = "".join(one.pem for one in self._added_one_by_one)

    def _search(self) -> Found:
        growth, repairs = self.growth, Repairs(self.growth)
        wishes, accepted = [], []
        for number, (chain, origins) in enumerate(self._presented.of_chain.items()):
            wish = Wish(number, growth.reach(chain), len(origins))
            if growth.accepts(chain, 0):
                accepted.append(wish)
            # An addition would stand below the stale certificate: taking that one out is the repair.
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
            "add": [self._addition(certificate) for certificate in self._added_one_by_one],
            "conflicts": conflicts(self.growth.stored, wanted, self._needing),
            "remove": self._takeouts(unrepaired),
            "unrepaired": [_told(left) for left in unrepaired],
            "not_found": _not_found(unrepaired, self._refused),
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
        smallest = Repairs(self.growth).of(self._chains[number], 0)
        return self.growth.certificates(smallest[0]) if smallest else []

    def _addition(self, certificate: Certificate) -> Record:
        candidate = next(one for one in self.growth.candidates if one.certificate == certificate)
        repaired = [
            (chain, origins)
            for chain, origins in self._presented.of_chain.items()
            if self._helps(certificate, chain)
        ]
        return {
            **{key: certificate.record[key] for key in (*TOLD, "pem")},
            "reason": reason(candidate, self.growth, repaired),
            "seen_in": seen_in(candidate),
            "repairs": _in_order(origin for _, origins in repaired for origin in origins),
        }

    def _helps(self, certificate: Certificate, chain: Chain) -> bool:
        """Is `chain`, accepted with the set, refused without this one?

        Where it can do without any single one (two ways up, both added for others), each on its path counts.
        """
        growth, added, bit = self.growth, self._found.added, self.growth.bit(certificate)
        near = added & growth.reach(chain)
        if not bit & near or not growth.accepts(chain, added):
            return False
        needed = [
            number for number in members(near) if not growth.accepts(chain, near & ~(1 << number))
        ]
        if needed or growth.accepts(chain, 0):
            return not growth.accepts(chain, near & ~bit)
        return certificate in growth.judge(chain, near).path

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
            if chain is None or not self._loadable:
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
        return _in_order(
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
                "repairs": _in_order(found[certificate]),
                "needed_by": self._needing(certificate),
            }
            for certificate in sorted(found, key=lambda one: one.sha256)
        ]


def _not_found(left: Sequence[Left], refused: Sequence[RefusedCandidate]) -> list[Record]:
    """The issuers that were never seen, each once, with those who need it."""
    children: dict[tuple[str, str], tuple[Certificate, list[Origin]]] = {}
    for one in left:
        child = one.why.child
        if child is not None:
            key = child.record["issuer"] or "", child.record["aki"] or ""
            children.setdefault(key, (child, []))[1].append(one.origin)
    return [
        {
            "issuer": child.record["issuer"],
            "common_name": child.record["issuer_common_name"],
            "aki": child.record["aki"],
            "needed_by": _in_order(origins),
            "where_to_look": where_to_look(child, _in_order(origins), refused),
        }
        for _, (child, origins) in sorted(children.items(), key=lambda item: item[0])
    ]


def _told(left: Left) -> Record:
    return {
        **left.origin,
        "kind": left.why.kind,
        "stage": left.verdict["stage"],
        "error_code": left.verdict["error_code"],
        "why": left.why.why,
        "remedy": left.why.remedy,
        "reveals": left.verdict["reveals"],
    }


def _in_order(origins: Iterable[Origin]) -> list[Origin]:
    return [one for _, one in sorted({in_order(one): one for one in origins}.items())]


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
