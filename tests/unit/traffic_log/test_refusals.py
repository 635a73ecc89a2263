# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How attributions become records: what moves to the one port that is left, and how much is kept of how many."""

from __future__ import annotations

import gc
import io
import random
from collections.abc import Sequence
from datetime import timedelta

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.attribution import (
    AMBIGUOUS,
    EXACT,
    Attribution,
    Hit,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.correlation import (
    Correlation,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.grammar import (
    Refused,
    read_line,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.refusals import Refusals
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.requests import Request
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.scanner import (
    Found,
    Scanner,
)

from tests.unit.traffic_log.generated import ORIGINS, START, one_request, peers_of

Told = tuple[Sequence[int], str, int]
"""Ports, error, number of refused requests."""
SELF, ISSUER, EXPIRED = (
    "self signed certificate",
    "unable to get local issuer certificate",
    "certificate has expired",
)


def attribution(ports: Sequence[int], error: str, count: int, host: str = "cucm") -> Attribution:
    text = (
        f"2026-12-01T10:11:12.000Z expc traffic_server[1]: [ET_NET 0] WARNING: Core server certificate verification "
        f"failed for ({host}). Action=Terminate Error={error} server={host}(10.0.0.1) depth=0"
    )
    line = read_line(text.encode())
    assert isinstance(line, Refused)
    hit = Hit(line, Found(line, 0, 1, text.encode()), "log")
    certainty = EXACT if len(ports) == 1 else AMBIGUOUS
    return Attribution((hit,), host, tuple(ports), certainty, (), count)


@pytest.mark.parametrize(
    ("exact", "ambiguous", "expected"),
    [
        pytest.param(
            [([8443], SELF, 3), ([6972], ISSUER, 1)],
            ([6972, 8443], ISSUER, 2),
            {(6972,): 3, (8443,): 3},
            id="8443 is refused for another cause, so 6972 is left",
        ),
        pytest.param(
            [([8443], SELF, 2), ([6972], ISSUER, 1)],
            ([6972, 8443], ISSUER, 2),
            {(6972,): 1, (8443,): 2, (6972, 8443): 2},
            id="two requests are not enough to leave a port out",
        ),
        pytest.param(
            [([8443], SELF, 3)],
            ([6972, 8443], ISSUER, 2),
            {(8443,): 3, (6972, 8443): 2},
            id="nothing shows that 6972 is refused for this cause",
        ),
        pytest.param(
            [([8443], SELF, 3), ([6972], EXPIRED, 9)],
            ([6972, 8443], ISSUER, 2),
            {(8443,): 3, (6972,): 9, (6972, 8443): 2},
            id="no port is left",
        ),
        pytest.param(
            [([8443], SELF, 3), ([8443], EXPIRED, 3), ([6972], ISSUER, 1)],
            ([6972, 8443], ISSUER, 2),
            {(8443,): 3, (6972,): 1, (6972, 8443): 2},
            id="8443 has two causes, as with two key types, and may have a third",
        ),
        pytest.param(
            [([8443], ISSUER, 3), ([6972], ISSUER, 3)],
            ([6972, 8443], ISSUER, 2),
            {(8443,): 3, (6972,): 3, (6972, 8443): 2},
            id="both ports are refused for this cause",
        ),
    ],
)
def test_what_is_ambiguous_moves_to_the_only_port_that_is_left(
    exact: list[Told], ambiguous: Told, expected: dict[tuple[int, ...], int]
) -> None:
    refusals = Refusals()
    for one in [*exact, ambiguous]:
        refusals.add(attribution(*one))
    records = refusals.records({})
    assert {tuple(one["ports"]): one["count"] for one in records} == expected
    assert all((len(one["ports"]) == 1) == (one["certainty"] == EXACT) for one in records)


def test_another_address_settles_nothing() -> None:
    refusals = Refusals()
    for one in (([8443], SELF, 3), ([6972], ISSUER, 1)):
        refusals.add(attribution(*one, host="other"))
    refusals.add(attribution([6972, 8443], ISSUER, 2))
    assert (6972, 8443) in {tuple(one["ports"]) for one in refusals.records({})}


def kept_of(requests: int) -> int:
    """How many lines and requests are still in memory after so many refused requests."""
    rng = random.Random(1)
    (peer,) = peers_of(rng, 1)
    bad = [origin for origin in ORIGINS if origin.fault not in (None, "down")]
    text = "".join(
        f"{line}\n"
        for number in range(requests)
        for _time, line, _truth in one_request(
            peer, START + timedelta(seconds=number), rng.choice(bad), "user1"
        )
    )
    refusals = Refusals()
    correlation = Correlation(refusals.add)
    for line in Scanner(io.BytesIO(text.encode())).found():
        correlation.take(line, "log")
    del line
    assert refusals.refused >= requests - 10
    gc.collect()
    return sum(isinstance(one, (Found, Request)) for one in gc.get_objects())


def test_what_is_kept_does_not_grow_with_the_number_of_refusals() -> None:
    few = kept_of(500)
    assert kept_of(5000) <= 1.2 * few < 500
