# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The smallest set of candidates that satisfies every chain at once: search, and a bound that proves it.

A minimum hitting set at heart. Branch and bound is exact here: a set that satisfies a refused chain
holds one of its repairs, so trying each of them misses nothing; and chains whose repairs have no
candidate in common need at least the sum of their smallest ones. Chains whose reach has nothing in
common are searched apart.

Adding a certificate can also break a chain (two CAs of one subject, no key identifier), so chains
that were accepted before are part of the question: they stay accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import combinations, groupby
from operator import or_

from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.growth import (
    by_size,
    members,
)

MOST_NODES = 4000
"""Sets tried for one group of chains. Beyond it the best one so far is taken, and said not to be proven."""

MOST_GIVEN_UP_EXACTLY = 10
"""Up to so many chains that exclude each other, the fewest are given up; beyond, first come, first served."""


@dataclass(frozen=True)
class Wish:
    """A chain in the search. `weight`: how many origins present it. `reach`: candidates that can matter."""

    name: int
    reach: int
    weight: int = 1


@dataclass
class Oracle:
    """What the search asks.

    `accepts(chain, added)`; `repairs(chain, added)`: minimal sets to add, smallest first;
    `clashes(added)`: certificates with the common name of another, which must not fall when the set grows.
    """

    accepts: Callable[[int, int], bool]
    repairs: Callable[[int, int], Sequence[int]]
    clashes: Callable[[int], int]


@dataclass
class Found:
    """`added`; the chains `given_up` because no set satisfies them beside the others; `at_least` so many
    candidates are needed; `proven`: nothing smaller does it (then `at_least` is the size)."""

    added: int = 0
    given_up: list[int] = field(default_factory=list)
    at_least: int = 0
    proven: bool = True


def smallest_set(wishes: Sequence[Wish], accepted: Sequence[Wish], oracle: Oracle) -> Found:
    """The set for `wishes` (refused, each with a repair of its own) that keeps `accepted` accepted.

    First the most origins, then the fewest certificates, then the fewest clashes, then the better
    candidates. The same for any order of the input.
    """
    total = Found()
    for group, guarded in _groups(wishes, accepted):
        found = _for_most(sorted(group, key=_heaviest), guarded, oracle)
        total.added |= found.added
        total.given_up += found.given_up
        total.at_least += found.at_least
        total.proven &= found.proven
    total.given_up.sort()
    return total


def _heaviest(wish: Wish) -> tuple[int, int]:
    return -wish.weight, wish.name


def _union(sets: Iterable[int]) -> int:
    return reduce(or_, sets, 0)


def _groups(
    wishes: Sequence[Wish], accepted: Sequence[Wish]
) -> Iterator[tuple[list[Wish], list[Wish]]]:
    """(wishes, accepted) that have no candidate in common with any other group."""
    # What no wish can use is never added, so it joins nothing.
    usable = _union(wish.reach for wish in wishes)
    groups: list[tuple[int, list[Wish], list[Wish]]] = []
    for chain, asked, kept in (
        *((wish, [wish], []) for wish in wishes),
        *((guard, [], [guard]) for guard in accepted),
    ):
        reach = chain.reach & usable
        apart = []
        for group in groups:
            if group[0] & reach:
                reach |= group[0]
                asked, kept = [*group[1], *asked], [*group[2], *kept]
            else:
                apart.append(group)
        groups = [*apart, (reach, asked, kept)]
    yield from ((asked, kept) for _reach, asked, kept in groups if asked)


def _for_most(group: Sequence[Wish], guarded: Sequence[Wish], oracle: Oracle) -> Found:
    whole = _search(group, guarded, oracle)
    if whole is not None:
        return whole
    if len(group) <= MOST_GIVEN_UP_EXACTLY:
        return _fewest_given_up(group, guarded, oracle)
    kept: list[Wish] = []
    found, given_up = Found(), []
    for wish in group:
        larger = _search([*kept, wish], guarded, oracle)
        if larger is None:
            given_up.append(wish.name)
        else:
            kept.append(wish)
            found = larger
    return Found(found.added, given_up, found.at_least, proven=False)


def _fewest_given_up(group: Sequence[Wish], guarded: Sequence[Wish], oracle: Oracle) -> Found:
    """Give up the chains with the fewest origins; among equals the smaller set."""
    choices = [
        dropped for size in range(1, len(group) + 1) for dropped in combinations(group, size)
    ]
    choices.sort(key=lambda dropped: sum(wish.weight for wish in dropped))
    for _weight, equals in groupby(
        choices, key=lambda dropped: sum(wish.weight for wish in dropped)
    ):
        possible = []
        for dropped in equals:
            found = _search([wish for wish in group if wish not in dropped], guarded, oracle)
            if found is not None:
                found.given_up = [wish.name for wish in dropped]
                possible.append(found)
        if possible:
            return min(possible, key=lambda one: (by_size(one.added), one.given_up))
    raise AssertionError("adding nothing keeps what was accepted")


Cost = tuple[int, int, int]
"""Certificates, clashes, and how far down the order of preference: lower is better."""


def _search(wishes: Sequence[Wish], guarded: Sequence[Wish], oracle: Oracle) -> Found | None:
    """Branch and bound over one group. None when no set satisfies all (or none was found in time)."""
    chains = [*wishes, *guarded]
    best: tuple[Cost, int] | None = None
    at_least = 0
    tried: set[int] = set()
    waiting = [0]
    # Without any set yet, it goes on for longer: a plan that is not proven beats none.
    while waiting and len(tried) < (MOST_NODES if best else 2 * MOST_NODES):
        added = waiting.pop()
        if added in tried:
            continue
        tried.add(added)
        refused = [chain.name for chain in chains if not oracle.accepts(chain.name, added)]
        options = [oracle.repairs(chain, added) for chain in refused]
        if not all(options):
            continue
        size, preference = _needed_at_least(options)
        if not added:
            at_least = size
        cost = (
            added.bit_count() + size,
            oracle.clashes(added),
            sum(members(added)) + preference,
        )
        if best is not None and cost >= best[0]:
            continue
        if options:
            narrowest = min(options, key=lambda repairs: (len(repairs), list(repairs)))
            waiting += [added | more for more in reversed(narrowest)]
        else:
            best = cost, added
    if best is None:
        return None
    if not waiting:
        return Found(best[1], at_least=best[0][0])
    added = _without_spare(best[1], chains, oracle)
    return Found(added, at_least=at_least, proven=added.bit_count() == at_least)


def _without_spare(added: int, chains: Sequence[Wish], oracle: Oracle) -> int:
    spare = True
    while spare:
        spare = False
        for number in sorted(members(added), reverse=True):
            less = added & ~(1 << number)
            if all(oracle.accepts(chain.name, less) for chain in chains):
                added, spare = less, True
    return added


def _needed_at_least(options: Sequence[Sequence[int]]) -> tuple[int, int]:
    """A bound on (candidates, sum of their numbers) still to be added: chains that share no candidate add up."""
    size = preference = taken = 0
    for repairs in sorted(options, key=lambda one: (-one[0].bit_count(), len(one))):
        support = _union(repairs)
        if not support & taken:
            taken |= support
            size += min(one.bit_count() for one in repairs)
            preference += min(sum(members(one)) for one in repairs)
    return size, preference
