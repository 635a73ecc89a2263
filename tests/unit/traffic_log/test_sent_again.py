# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests that were sent more than once, found while windows move over a log."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.sent_again import (
    SentAgain,
)


def log(*transactions: str) -> tuple[bytearray, list[int]]:
    """A log with one line for each transaction, and where each line starts; the end comes last."""
    text, starts = b"", [0]
    for transaction in transactions:
        text += f'2026 h p[1]: Detail="Sending Request" Txn-id="{transaction}" x\n'.encode()
        starts.append(len(text))
    return bytearray(text), starts


@pytest.mark.parametrize(
    ("transactions", "windows", "expected"),
    [
        (["1", "2", "1"], [(0, 3)], [["1"]]),
        (["1", "2", "3"], [(0, 3)], [[]]),
        # Told once, though the next window holds both places, too.
        (["1", "1", "2", "3"], [(0, 3), (0, 4)], [["1"], []]),
        # The second place comes with the second window, as long as the first is within it.
        (["1", "2", "1"], [(0, 2), (0, 3)], [[], ["1"]]),
        (["1", "2", "1"], [(0, 2), (1, 3)], [[], []]),
        # Nobody looked between the windows.
        (["1", "2", "3", "1", "1"], [(0, 1), (3, 5)], [[], ["1"]]),
        # A third attempt tells the request again, from its first place in the window.
        (["1", "1", "2", "1"], [(0, 2), (0, 4)], [["1"], ["1"]]),
    ],
)
def test_each_is_told_when_it_is_sent_again(
    transactions: Sequence[str], windows: Sequence[tuple[int, int]], expected: list[list[str]]
) -> None:
    buffer, starts = log(*transactions)
    sends = SentAgain()
    told = [
        [one[0].decode() for one in sends.between(buffer, 0, starts[first], starts[last])]
        for first, last in windows
    ]
    assert told == expected


def test_a_line_that_a_window_cuts_is_read_with_the_next_one() -> None:
    buffer, starts = log("1", "1")
    sends = SentAgain()
    for limit in range(starts[1], len(buffer)):
        assert sends.between(buffer, 0, 0, limit) == []
    ((transaction, first, last),) = sends.between(buffer, 0, 0, len(buffer))
    assert (transaction, first < starts[1] < last) == (b"1", True)


def test_places_stay_true_when_the_buffer_has_moved_on() -> None:
    buffer, starts = log("1", "2", "1")
    sends = SentAgain()
    assert sends.between(buffer, 1000, 0, starts[2]) == []
    del buffer[: starts[1]]
    # The first line is no longer in the buffer, and before every window from now on.
    assert sends.between(buffer, 1000 + starts[1], 0, len(buffer)) == []
