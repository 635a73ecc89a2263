# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests that got through, each counted once, and the answers of those that were refused."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.answers import (
    Answers,
)


def usual(transaction: int, status: str, tracking: str = "") -> str:
    return (
        f'2026-11-20T08:00:00.000+00:00 expc1 traffic_server[1]: Detail="Sending Response" Txn-id="{transaction}" '
        f'TrackingID="{tracking}" Dst-ip="127.0.0.1" Dst-port="2000" Msg="HTTP/1.1 {status}"'
    )


def block(transaction: int, status: str, tracking: str = "") -> str:
    """The same at the level DEBUG."""
    return (
        f'2026-11-20T08:00:00.000+00:00 expc1 traffic_server[1]: Level="DEBUG": Detail="Sending Response" '
        f'Txn-id="{transaction}" TrackingID="{tracking}" Dst-ip="127.0.0.1"\nHTTPMSG:\n|HTTP/1.1 {status}\nServer: CE_C ECS\n\n|'
    )


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([[usual(1, "200 OK"), usual(2, "204 No Content"), usual(3, "302 Found")]], 3),
        ([[usual(1, "502 connect failed"), usual(2, "401 x"), usual(3, "100 x")]], 0),
        ([[usual(1, "200 OK"), usual(2, "502 connect failed")]], 1),
        # The same transaction in two processes.
        ([[usual(1, "200 OK"), usual(1, "200 OK")]], 2),
        ([[usual(1, "200 OK", tracking="x" * 200), usual(2, "502 x", tracking="x" * 200)]], 1),
        ([[usual(1, "200 OK"), block(1, "200 OK")]], 1),
        ([[block(1, "200 OK")], [block(2, "502 connect failed")]], 1),
        ([[block(1, "200 OK", tracking="x" * 600)]], 1),
        ([[block(1, "200 OK"), usual(2, "200 OK")]], 2),
        # Both shapes of one answer, with the edge of a piece between them.
        ([[usual(1, "200 OK")], [block(1, "200 OK"), usual(2, "200 OK")]], 2),
        ([["2026-11-20T08:00:00.000+00:00 expc1 tvcs: nothing"]], 0),
        ([[]], 0),
    ],
)
def test_each_request_once(pieces: Sequence[Sequence[str]], expected: int) -> None:
    answers, offset = Answers(), 0
    for lines in pieces:
        text = "".join(f"{line}\n" for line in lines).encode()
        answers.add(text, offset)
        offset += len(text)
    assert answers.through == expected


@pytest.mark.parametrize(
    "pieces",
    [
        [[usual(1, "502 a"), usual(2, "200 OK"), usual(3, "502 b")], [usual(4, "502 c")]],
        [[usual(1, "502 a", tracking="x" * 200), usual(2, "200 OK")], [usual(3, "502 b")]],
        [[usual(1, "200 OK"), block(1, "200 OK"), block(2, "502 a"), usual(2, "502 b")]],
        [[usual(1, "404 x"), usual(2, "503 x"), block(3, "200 OK")], [usual(4, "502 a")]],
        # A piece ends with a line, which need not be the last one of a record.
        [block(1, "502 a").split("\n", 1)[:1], block(1, "502 a").split("\n", 1)[1:]],
    ],
)
def test_each_refused_answer_is_told_once_in_its_order(pieces: Sequence[Sequence[str]]) -> None:
    answers, whole = Answers(), b""
    for lines in pieces:
        text = "".join(f"{line}\n" for line in lines).encode()
        answers.add(text, len(whole))
        whole += text
    statuses = [found.start() for found in re.finditer(rb"HTTP/1.1 502", whole)]
    behind_first = statuses[0] + 1
    told = [*answers.refused_before(behind_first), *answers.refused_before(len(whole))]
    assert len(told) == len(statuses) > 0
    for place, status in zip(told, statuses, strict=True):
        assert place <= status
        assert b"2026-" not in whole[place:status]
    assert answers.refused_before(len(whole)) == []
