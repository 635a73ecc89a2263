# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a change keeps, adds and removes, and what its file looks like. No peer, no clock."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
    bundle_digest,
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.change import (
    TrustStore,
    TrustStoreChange,
    difference,
    plan_change,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.trust.trusted import ISSUING, LEAF, NEW, OLD, STALE, TWIN
from tests.unit.trust_plan.pki import Made, pem

POOL = [*OLD, *NEW, ISSUING, TWIN, STALE, LEAF]
BY_LETTER = dict(zip("abcdefghi", POOL, strict=True))
LETTER = {made.sha256: letter for letter, made in BY_LETTER.items()}

some = st.lists(st.sampled_from(sorted(BY_LETTER)), max_size=8).map("".join)
states = st.sampled_from(["present", "exact"])
between = st.sampled_from(["", "# by hand\n", "\n", "  \r\n"])


def made(letters: str) -> list[Made]:
    return [BY_LETTER[letter] for letter in letters]


def certificates(letters: str) -> list[Certificate]:
    return list(read_bundle(pem(*made(letters))).certificates)


def store(letters: str) -> TrustStore:
    return TrustStore.read(pem(*made(letters)))


def letters(found: Sequence[Certificate]) -> str:
    return "".join(LETTER[one.sha256] for one in found)


def change(held: str, listed: str, state: str) -> TrustStoreChange:
    return plan_change(store(held), certificates(listed), state)


@pytest.mark.parametrize(
    ("held", "listed", "state", "wanted", "added", "removed"),
    [
        ("abc", "d", "present", "abcd", "d", ""),
        ("abc", "dca", "present", "abcd", "d", ""),
        ("abc", "ddad", "present", "abcd", "d", ""),
        ("aab", "", "present", "ab", "", ""),
        ("", "ba", "present", "ba", "ba", ""),
        ("abc", "cab", "exact", "abc", "", ""),
        ("abc", "ca", "exact", "ac", "", "b"),
        ("abc", "dcae", "exact", "acde", "de", "b"),
        ("aabca", "cb", "exact", "bc", "", "a"),
        ("abc", "de", "exact", "de", "de", "abc"),
        # b and g have one common name, of which the first counts.
        ("abc", "g", "present", "abcg", "g", ""),
        ("abc", "cgba", "exact", "agcb", "g", ""),
        ("acgb", "dcbg", "exact", "cbgd", "d", "a"),
    ],
)
def test_what_stays_keeps_its_order_and_what_comes_is_last(
    held: str, listed: str, state: str, wanted: str, added: str, removed: str
) -> None:
    planned = change(held, listed, state)
    assert (letters(planned.wanted), letters(planned.added), letters(planned.removed)) == (
        wanted,
        added,
        removed,
    )
    assert planned.changes is bool(added or removed)


@pytest.mark.parametrize(
    ("held", "listed", "order", "wanted", "reordered"),
    [
        ("abcg", "cgab", "kept", "agcb", "gb"),
        ("abcg", "cgab", "listed", "cgab", "gb"),
        # Without a reason to write the store, it stays in its order.
        ("abcg", "cbag", "listed", "abcg", ""),
        ("abc", "cdab", "listed", "cdab", ""),
        # One that is new comes before one that stays.
        ("abc", "cgab", "listed", "cgab", "b"),
    ],
)
def test_the_order_of_an_exact_store(
    held: str, listed: str, order: str, wanted: str, reordered: str
) -> None:
    planned = plan_change(store(held), certificates(listed), "exact", order)
    assert (letters(planned.wanted), letters(planned.reordered)) == (wanted, reordered)
    assert planned.changes is (wanted != held)
    after = TrustStore.read(planned.file_text())
    assert letters(after.certificates) == wanted
    assert planned.done(after) and planned.done(store(held)) is not planned.changes
    assert not plan_change(after, certificates(listed), "exact", order).changes


@given(some, some, states)
def test_a_second_run_changes_nothing(held: str, listed: str, state: str) -> None:
    first = change(held, listed, state)
    after = TrustStore.read(first.file_text())
    assert first.done(after)
    assert not plan_change(after, certificates(listed), state).changes


@given(some, st.randoms(use_true_random=False))
def test_exactly_what_is_held_changes_nothing(held: str, random: object) -> None:
    listed = list(dict.fromkeys(held))
    random.shuffle(listed)  # type: ignore[attr-defined]
    # What has one common name keeps its order.
    twins = iter([one for one in dict.fromkeys(held) if one in "bg"])
    listed = [next(twins) if one in "bg" else one for one in listed]
    planned = change(held, "".join(listed), "exact")
    assert not planned.changes
    assert planned.file_text() == planned.before.text


@given(some, some, states, st.lists(between, min_size=9, max_size=9))
def test_the_file_holds_what_is_wanted_whatever_stands_between(
    held: str, listed: str, state: str, words: list[str]
) -> None:
    text = "".join(word + one.pem for word, one in zip(words, made(held), strict=False))
    planned = plan_change(TrustStore.read(text.rstrip("\n")), certificates(listed), state)
    written = TrustStore.read(planned.file_text())
    assert written.certificates == planned.wanted
    assert written.problems == ()
    assert written.sha256 == planned.after_sha256 == bundle_digest(planned.wanted)
    if not planned.removed and not planned.reordered:
        assert planned.file_text().startswith(text.rstrip("\n"))


@given(some, some, states)
def test_added_kept_and_removed_make_up_both_stores(held: str, listed: str, state: str) -> None:
    planned = change(held, listed, state)
    assert frozenset(planned.kept + planned.added) == frozenset(planned.wanted)
    assert planned.before.members == frozenset(planned.kept) | frozenset(planned.removed)
    assert not frozenset(planned.kept) & frozenset(planned.removed)
    # The order of what stays is the store's, and what comes is put behind it.
    if not planned.reordered:
        assert planned.kept + planned.added == planned.wanted
        stays = [one for one in planned.before.certificates if one in planned.kept]
        assert stays == [*planned.kept]


@pytest.mark.parametrize(
    ("state", "now", "done", "strangers"),
    [
        ("present", "abd", True, ""),
        ("present", "dba", True, ""),
        ("present", "abde", True, "e"),
        ("present", "ab", False, ""),
        ("present", "ad", False, ""),
        ("exact", "d", True, ""),
        ("exact", "abd", False, ""),
        ("exact", "de", False, "e"),
    ],
)
def test_only_what_is_read_back_is_done(state: str, now: str, done: bool, strangers: str) -> None:
    planned = change("ab", "d", state)
    assert planned.done(store(now)) is done
    assert letters(list(planned.strangers(store(now)))) == strangers


def test_a_difference_has_a_line_for_each_certificate() -> None:
    shown = difference(change("ab", "bd", "exact"), "expc1")
    lines = {letter: f"(SHA-256 {BY_LETTER[letter].sha256})" for letter in "abd"}
    assert shown["before"].splitlines() == [
        f"CN=Old Root 0,O=Example {lines['a']}",
        f"CN=Old Root 1,O=Example {lines['b']}",
    ]
    assert shown["after"].splitlines() == [
        f"CN=Old Root 1,O=Example {lines['b']}",
        f"CN=New Root 0,O=Example {lines['d']}",
    ]
    assert shown["before_header"] == "trust store of expc1"
