# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The search by itself: against all subsets, when chains exclude each other, and when it has to stop early."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan import (
    search as trust_plan_search,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.growth import (
    by_size,
    members,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.search import (
    Found,
    Oracle,
    Wish,
    smallest_set,
)
from hypothesis import given, settings
from hypothesis import strategies as st

CANDIDATES = 7

sets = st.integers(1, 2**CANDIDATES - 1)
repairs_of_a_chain = st.lists(sets, min_size=1, max_size=4, unique=True)


def oracle(repairs: Sequence[Sequence[int]], excluded: Sequence[int] = ()) -> Oracle:
    """Chain n is accepted with any of `repairs[n]`; the last chains, one for each of `excluded`, unless all
    candidates of that set are there."""

    def accepts(chain: int, added: int) -> bool:
        if chain >= len(repairs):
            forbidden = excluded[chain - len(repairs)]
            return added & forbidden != forbidden
        return any(added & one == one for one in repairs[chain])

    def more(chain: int, added: int) -> list[int]:
        if chain >= len(repairs):
            return []
        needed = {one & ~added for one in repairs[chain]}
        return sorted(
            (one for one in needed if not any(one & less == less for less in needed - {one})),
            key=by_size,
        )

    return Oracle(accepts, more, clashes=lambda added: 0)


def search(repairs: Sequence[Sequence[int]], excluded: Sequence[int] = ()) -> Found:
    wishes = [Wish(number, trust_plan_search._union(some)) for number, some in enumerate(repairs)]
    guards = [Wish(len(repairs) + number, one) for number, one in enumerate(excluded)]
    return smallest_set(wishes, guards, oracle(repairs, excluded))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(repairs_of_a_chain, min_size=1, max_size=5),
    st.lists(sets.filter(lambda one: one.bit_count() > 1), max_size=2),
)
def test_as_good_as_the_best_of_all_subsets(repairs: list[list[int]], excluded: list[int]) -> None:
    found = search(repairs, excluded)
    asked = oracle(repairs, excluded)

    def quality(added: int) -> tuple[int, int] | None:
        guards = range(len(repairs), len(repairs) + len(excluded))
        if not all(asked.accepts(guard, added) for guard in guards):
            return None
        return -sum(asked.accepts(chain, added) for chain in range(len(repairs))), added.bit_count()

    best = min(filter(None, map(quality, range(2**CANDIDATES))))
    assert quality(found.added) == best
    assert found.proven
    assert found.at_least == best[1]
    assert {chain for chain in range(len(repairs)) if not asked.accepts(chain, found.added)} == set(
        found.given_up
    )


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(repairs_of_a_chain, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_the_chains_does_not_matter(repairs: list[list[int]], random: object) -> None:
    wishes = [Wish(number, trust_plan_search._union(some)) for number, some in enumerate(repairs)]
    shuffled = random.sample(wishes, len(wishes))  # type: ignore[attr-defined]
    asked = oracle(repairs)
    assert smallest_set(shuffled, [], asked) == smallest_set(wishes, [], asked)


def test_better_candidates_are_preferred_among_equals() -> None:
    assert search([[0b100, 0b010], [0b100, 0b010, 0b001]]).added == 0b010


def test_many_independent_choices_do_not_multiply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust_plan_search, "MOST_NODES", 200)
    repairs = [[1 | 1 << (2 * number + 1), 1 | 1 << (2 * number + 2)] for number in range(40)]
    found = search(repairs)
    assert found.proven
    assert list(members(found.added)) == [0, *range(1, 80, 2)]


def test_a_search_that_stops_early_says_so_and_leaves_nothing_to_spare(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trust_plan_search, "MOST_NODES", 3)
    # Edges of a 5-cycle: three corners cover it, and the bound of disjoint edges says two.
    repairs = [[1 << number, 1 << (number + 1) % 5] for number in range(5)]
    found = search(repairs)
    assert not found.proven
    assert found.at_least == 2
    asked = oracle(repairs)
    assert all(asked.accepts(chain, found.added) for chain in range(5))
    for number in members(found.added):
        less = found.added & ~(1 << number)
        assert not all(asked.accepts(chain, less) for chain in range(5))
