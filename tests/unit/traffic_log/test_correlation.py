# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refusals that could belong to more than one request are never told as exact."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log import correlation
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.analysis import (
    Options,
    analyse,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.archives import (
    PackedLog,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.attribution import (
    EXACT,
    Attribution,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.correlation import (
    Correlation,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.scanner import Scanner

from tests.unit.traffic_log.generated import Origin, token, warning

ONE = Origin("cucm1.example.test", "10.1.0.1", 8443, 18)
OTHER = Origin("cucm1.example.test", "10.1.0.1", 6972, 18)


def line(at: float, rest: str) -> str:
    return f"2026-11-20T08:00:{at:06.3f}+00:00 expc1 traffic_server[7]: {rest}\n"


def step(at: float, detail: str, transaction: int, rest: str) -> str:
    return line(
        at,
        f'UTCTime="x" Module="network.http.trafficserver" Level="INFO": Detail="{detail}" Txn-id="{transaction}" '
        f'TrackingID="" {rest}',
    )


def received(at: float, transaction: int, origin: Origin) -> str:
    url = f"http://c:8443/{token(origin)}/x"
    return step(
        at,
        "Receive Request",
        transaction,
        f'Src-ip="1" Src-port="1" Last-via-addr="" Msg="GET {url} HTTP/1.1"',
    )


def sent(at: float, transaction: int, origin: Origin) -> str:
    to = f'Dst-ip="{origin.ip}" Dst-port="{origin.port}"'
    return step(at, "Sending Request", transaction, f'{to} Msg="GET /x HTTP/1.1"')


def answered(at: float, transaction: int) -> str:
    return step(
        at,
        "Sending Response",
        transaction,
        'Dst-ip="1" Dst-port="1" Msg="HTTP/1.1 502 connect failed"',
    )


def refused(at: float, origin: Origin = ONE) -> str:
    return line(at, f"[ET_NET 1] {warning(origin)}")


LONG_BEFORE = [received(1, 1, ONE), sent(1, 1, ONE), answered(1, 1)]
"""Shows that the log does not begin in the middle of the requests below."""


def told(*files: Sequence[str]) -> list[Attribution]:
    made: list[Attribution] = []
    taking = Correlation(made.append)
    for number, lines in enumerate(files):
        for found in Scanner(io.BytesIO("".join(lines).encode())).found():
            taking.take(found, f"log.{number}")
    taking.finish()
    return made


def certainties(lines: Sequence[str]) -> list[str]:
    return [one.certainty for one in told(lines) for _hit in one.hits]


def test_a_request_by_itself_is_told_exactly() -> None:
    lines = [received(20, 5, ONE), sent(20, 5, ONE), refused(20), sent(21, 5, ONE), refused(21)]
    (one,) = told([*LONG_BEFORE, *lines, answered(22, 5)])
    assert (one.certainty, one.ports, len(one.hits), one.count) == (EXACT, (8443,), 2, 1)


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(
            [
                *[received(20, 5, ONE), sent(20, 5, ONE), refused(20.1)],
                *[sent(20.2, 5, ONE), answered(20.3, 5)],
                *[received(20.4, 6, OTHER), sent(20.4, 6, OTHER), refused(20.5), refused(20.6)],
                answered(20.7, 6),
            ],
            id="one attempt has two lines, one of them late from a request before",
        ),
        pytest.param(
            [
                *[received(20, 5, ONE), sent(20, 5, ONE), answered(20.3, 5)],
                *[received(20.4, 6, OTHER), sent(20.4, 6, OTHER), refused(20.5), answered(20.7, 6)],
            ],
            id="the line may be late and belong to a request before",
        ),
        pytest.param(
            [
                *[received(20, 5, ONE), received(20, 6, OTHER), sent(20, 5, ONE)],
                *[sent(20, 6, OTHER), refused(20.1), answered(20.2, 5), answered(20.3, 6)],
            ],
            id="two requests were refused at once, and there is one line",
        ),
    ],
)
def test_what_may_belong_to_two_origins_is_not_exact(lines: Sequence[str]) -> None:
    seen = certainties([*LONG_BEFORE, *lines])
    assert seen and EXACT not in seen[-2:], seen


def test_in_a_short_excerpt_the_request_may_be_missing() -> None:
    """It begins and ends in the middle of requests: the refusal may belong to one of which it shows nothing else."""
    lines = [answered(20, 4), received(20, 5, ONE), sent(20, 5, ONE), refused(20.1)]
    assert EXACT not in certainties([*lines, answered(20.2, 5)])


def test_what_two_files_repeat_counts_once_as_far_back_as_is_promised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(correlation, "MOST_RECENT", 10)
    lines = [refused(20 + number) for number in range(25)]
    repeated = len(told(lines, lines[-10:])) - len(lines)
    assert repeated == 0
    # Nothing is remembered for ever.
    assert len(told(lines, lines[:5])) == len(lines) + 5


def analysed(lines: Sequence[str], options: Options) -> dict[str, Any]:
    return analyse([PackedLog("log", io.BytesIO("".join(lines).encode()), None)], options)


def test_a_host_with_two_addresses_is_one_origin() -> None:
    other = replace(ONE, ip="10.1.0.9")
    attempts = [sent(20, 5, ONE), refused(20, ONE), sent(21, 5, other), refused(21, other)]
    lines = [*LONG_BEFORE, received(20, 5, ONE), *attempts, answered(22, 5)]
    (told_once,) = analysed(lines, Options())["refusals"]
    assert (told_once["count"], told_once["ip"]) == (1, ONE.ip)
    assert told_once["ips"] == [ONE.ip, other.ip]


def test_outside_the_wanted_time_requests_count_for_nothing_though_they_overlap() -> None:
    """Each is answered when the next one is under way, so that all are resolved together."""
    lines = [*LONG_BEFORE]
    for number in range(20, 40):
        lines += [received(number, number, ONE), sent(number, number, ONE), refused(number + 0.2)]
        lines += [answered(number + 0.3, number - 1)] if number > 20 else []
    since, until = (datetime(2026, 11, 20, 8, 0, second, tzinfo=UTC) for second in (30, 35))
    result = analysed([*lines, answered(41, 39)], Options(since=since, until=until))
    assert [(one["count"], one["first"][17:23]) for one in result["refusals"]] == [(5, "30.200")]
    assert result["connections"]["refused"] == 5
