# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.peer.releases import (
    has_switch,
    note_on_missing_switch,
    parse_release,
)
from hypothesis import given
from hypothesis import strategies as st


def test_order() -> None:
    ascending = [
        "X8.11.3",
        "X12.7",
        "X14.0",
        "X14.0.8",
        "X14.2",
        "X14.2.5",
        "X14.3",
        "X15.0",
        "X15.10",
    ]
    assert sorted(ascending, key=parse_release) == ascending


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("X14.2.5", "X14.2.5"),
        ("14.2.5", "X14.2.5"),
        ("x15.0", "X15.0"),
        ("X14.2.5 (Release)", "X14.2.5"),
        ("X14.2alpha3", "X14.2"),
    ],
)
def test_spellings(text: str, shown: str) -> None:
    assert str(parse_release(text)) == shown


@pytest.mark.parametrize("text", ["", "unknown", "X", "XX14", "fourteen"])
def test_no_release(text: str) -> None:
    with pytest.raises(ValueError, match="no Expressway release"):
        parse_release(text)


@pytest.mark.parametrize(
    ("release", "promised", "note"),
    [
        ("X12.7.1", False, "does not verify"),
        ("X14.0.7", False, "does not verify"),
        ("X14.0.8", False, "audit it as verifying"),
        ("X14.0.11", False, "audit it as verifying"),
        ("X14.2", True, "should have"),
        ("X14.2.5", True, "should have"),
        ("X15.5", True, "should have"),
    ],
)
def test_the_switch(release: str, promised: bool, note: str) -> None:
    assert has_switch(parse_release(release)) is promised
    assert note in note_on_missing_switch(parse_release(release))


@given(st.lists(st.integers(0, 99), min_size=1, max_size=4), st.integers(0, 3))
def test_trailing_zeros_do_not_count(numbers: list[int], zeros: int) -> None:
    short = parse_release("X" + ".".join(map(str, numbers)))
    long = parse_release("X" + ".".join(map(str, numbers + [0] * zeros)))
    assert short == long
    assert hash(short) == hash(long)
    assert (short < long) is False
