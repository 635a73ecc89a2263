# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The quick way to read a line tells what the thorough one tells, or nothing."""

from __future__ import annotations

from collections import Counter

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.grammar import (
    Allowed,
    Refused,
    Step,
    Unreadable,
    read_line,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.usual_shape import (
    allowed_at,
    refusal_at,
    step_at,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.traffic_log.excerpts import SELF_SIGNED
from tests.unit.traffic_log.generated import estate_logs

NEXT = b"2026-11-20T08:00:00.000+00:00 expc1 tvcs: nothing\n"
READERS = (step_at, allowed_at, refusal_at)


def both_ways(line: bytes) -> tuple[object, list[object]]:
    """What the line tells, read thoroughly and by each of the quick readers that takes it."""
    buffer = bytearray(line + b"\n" + NEXT)
    quick = [told for at in READERS if (told := at(buffer, 0, len(buffer))) is not None]
    assert all(end == len(line) + 1 for _told, end in quick)
    try:
        return read_line(line), [told for told, _end in quick]
    except Unreadable:
        return None, [told for told, _end in quick]


@pytest.mark.parametrize("seed", range(3))
def test_usual_lines_are_all_read_quickly(seed: int) -> None:
    kinds: Counter[type] = Counter()
    for log in estate_logs(seed, decoy=0):
        for line in log.lines:
            expected, quick = both_ways(line.encode())
            if isinstance(expected, Step) and expected.detail == "Receive Response":
                continue  # nobody needs it
            if isinstance(expected, Step | Allowed | Refused):
                assert quick == [expected], line
                kinds[type(expected)] += 1
            else:
                assert quick == []
    assert min(kinds[kind] for kind in (Step, Allowed, Refused)) > 20


LINES = [line for log in estate_logs(5, requests=20) for line in log.lines]


@settings(max_examples=300)
@given(
    line=st.sampled_from([*LINES, *SELF_SIGNED.splitlines()]),
    places=st.lists(st.tuples(st.integers(0, 400), st.sampled_from(' "\n|=[]:x0-'))),
)
def test_what_is_damaged_is_read_alike_or_left_to_the_thorough_way(
    line: str, places: list[tuple[int, str]]
) -> None:
    for place, letter in places[:2]:
        line = line[:place] + letter + line[place + 1 :]
    if "\n" in line:
        return
    expected, quick = both_ways(line.encode())
    assert quick in ([], [expected])


@pytest.mark.parametrize("limit", range(1, len(NEXT)))
def test_a_line_is_not_taken_before_the_next_one_is_seen(limit: int) -> None:
    (line,) = [line for line in LINES if " WARNING: " in line][:1]
    buffer = bytearray(line.encode() + b"\n" + NEXT)
    seen = refusal_at(buffer, 0, len(buffer) - limit)
    assert (seen is not None) == (len(NEXT) - limit >= len("2026-11-20T"))
    buffer[len(line) + 1 :] = b" goes on\n" + NEXT
    assert refusal_at(buffer, 0, len(buffer)) is None
