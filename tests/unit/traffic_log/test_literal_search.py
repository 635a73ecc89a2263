# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The search of the C library gives what `bytearray.find` gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log import literal_search
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.attribution import EXACT
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.scanner import SHORT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.traffic_log.generated import estate_logs
from tests.unit.traffic_log.test_generated_logs import check

SearchIn: TypeAlias = Callable[[bytearray], literal_search.Find]
SIZES = st.integers(-3, 70)


def test_this_machine_has_it() -> None:
    """glibc, musl and macOS do; without it, everything works, but the goals of tests/bench are out of reach."""
    assert literal_search._memmem is not None


@pytest.fixture(params=["of the C library", "of Python"])
def search_in(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> SearchIn:
    if request.param == "of Python":
        monkeypatch.setattr(literal_search, "_memmem", None)
    return literal_search.search_in


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text("ab\0", max_size=64).map(str.encode),
    words=st.text("ab\0", min_size=1, max_size=4).map(str.encode),
    start=SIZES,
    end=SIZES,
)
def test_it_finds_what_bytearrays_find(
    search_in: SearchIn, text: bytes, words: bytes, start: int, end: int
) -> None:
    buffer = bytearray(text)
    expected = buffer.find(words, max(0, start), max(0, end))
    assert search_in(buffer)(words, start, end) == expected


def test_nothing_beside_the_buffer_is_read() -> None:
    """What the allocator keeps right before a large buffer has bytes of zero."""
    assert literal_search.search_in(bytearray(b"a" * 1000))(b"\0", -3, 1003) == -1


def test_the_buffer_stays_where_it_is() -> None:
    buffer = bytearray(b"words")
    find = literal_search.search_in(buffer)
    with pytest.raises(BufferError):
        buffer.extend(b"x" * 100)
    assert find(b"s", 0, 5) == 4


def test_a_log_tells_the_same_with_both(search_in: SearchIn) -> None:
    (log,) = estate_logs(1, peers=1, overlap=0, requests=1000)
    assert len(log.text()) > SHORT
    assert set(check([log])) == {EXACT}
