# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests that got through, each counted once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.got_through import (
    GotThrough,
)


def usual(transaction: int, status: str, tracking: str = "") -> str:
    return (
        f'2026-11-20T08:00:00.000+00:00 expc1 traffic_server[1]: Detail="Sending Response" Txn-id="{transaction}" '
        f'TrackingID="{tracking}" Dst-ip="127.0.0.1" Dst-port="2000" Msg="HTTP/1.1 {status}"'
    )


def block(transaction: int, status: str) -> str:
    """The same at the level DEBUG."""
    return (
        f'2026-11-20T08:00:00.000+00:00 expc1 traffic_server[1]: Level="DEBUG": Detail="Sending Response" '
        f'Txn-id="{transaction}" Dst-ip="127.0.0.1"\nHTTPMSG:\n|HTTP/1.1 {status}\nServer: CE_C ECS\n\n|'
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
        ([[block(1, "200 OK"), usual(2, "200 OK")]], 2),
        # Both shapes of one answer, with the edge of a piece between them.
        ([[usual(1, "200 OK")], [block(1, "200 OK"), usual(2, "200 OK")]], 2),
        ([["2026-11-20T08:00:00.000+00:00 expc1 tvcs: nothing"]], 0),
        ([[]], 0),
    ],
)
def test_each_request_once(pieces: Sequence[Sequence[str]], expected: int) -> None:
    through = GotThrough()
    for lines in pieces:
        through.add("".join(f"{line}\n" for line in lines).encode())
    assert through.count == expected
