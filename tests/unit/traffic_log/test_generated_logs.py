# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Against logs whose truth is known: nothing is missed, nothing invented, and what is called exact or probable is right."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.analysis import (
    Options,
    analyse,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.attribution import (
    AMBIGUOUS,
    EXACT,
    PROBABLE,
    Attribution,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.correlation import (
    Correlation,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.grammar import (
    HANDSHAKE,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.scanner import (
    SHORT,
    Scanner,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.window import (
    BUFFER,
    CHUNK,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.traffic_log.generated import NOISE, Log, Refusal, estate_logs


class Bytes(io.BytesIO):
    rereadable = False
    modified = None

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name = name


def attributions(parts: Sequence[Log]) -> list[tuple[Attribution, Refusal]]:
    """Each hit by itself, with the truth about its line."""
    collected: list[Attribution] = []
    correlation = Correlation(collected.append)
    truth: dict[tuple[str, int], Refusal] = {}
    first: dict[str, str] = {}
    for number, part in enumerate(parts):
        name = f"part{number}"
        truth |= {
            (name, line + 1): refusal
            for line, refusal in part.truth.items()
            # The same line in two files is a copy, as far as anybody can tell.
            if first.setdefault(part.lines[line], name) == name
        }
        scanner = Scanner(io.BytesIO(part.text()), waiting=correlation.waiting)
        for line in scanner.found():
            correlation.take(line, name)
        assert scanner.skipped == 0
    correlation.finish()
    # The second line of a refusal that was cut off tells of itself alone.
    told = [(made, hit) for made in collected for hit in made.hits if hit.cause.stage != HANDSHAKE]
    places = Counter((hit.file, hit.found.number) for _made, hit in told)
    assert set(places) == set(truth), "a refusal was missed, or invented"
    assert set(places.values()) <= {1}
    return [(made, truth[hit.file, hit.found.number or 0]) for made, hit in told]


def check(parts: Sequence[Log], *, whole: bool = True) -> Counter[str]:
    """How many refusals have each certainty.

    What is probable may be told by counting, so that two lines of one cause may have changed places: their number for
    each port must be right. In a log that is not `whole` the origin may be one that it does not even mention.
    """
    told = attributions(parts)
    probable: Counter[tuple[str, int]] = Counter()
    for made, truth in told:
        assert made.address == truth.origin.address
        if made.certainty == AMBIGUOUS:
            assert not whole or not made.ports or truth.origin.port in made.ports
            continue
        assert len(made.ports) == 1, made
        if made.certainty == EXACT:
            assert made.ports == (truth.origin.port,), made
        probable[made.address, made.ports[0]] += 1
        probable[made.address, truth.origin.port] -= 1
    assert not any(probable.values()), probable
    return Counter(made.certainty for made, _truth in told)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    overlap=st.sampled_from([0.5, 1, 3, 10, 40]),
    rotated=st.integers(1, 4),
    requests=st.integers(1, 120),
    recovering=st.sampled_from([0.0, 0.2]),
    cut=st.one_of(st.just((0, 0)), st.tuples(st.integers(0, 40), st.integers(0, 40))),
)
def test_exact_and_probable_are_always_right(
    seed: int,
    overlap: float,
    rotated: int,
    requests: int,
    recovering: float,
    cut: tuple[int, int],
) -> None:
    for log in estate_logs(seed, overlap=overlap, requests=requests, recovering=recovering):
        check(list(log.without(*cut).parts(rotated)), whole=cut == (0, 0))


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    overlap=st.sampled_from([0.5, 1, 3, 10]),
    requests=st.integers(1, 300),
    recovering=st.sampled_from([0.0, 0.2]),
    before=st.sampled_from([SHORT, CHUNK, BUFFER]),
    shift=st.integers(0, 2 * CHUNK // NOISE),
    after=st.sampled_from([SHORT, BUFFER]),
    rotated=st.integers(1, 3),
)
def test_nor_is_anything_wrong_where_only_the_lines_around_refusals_are_read(
    seed: int,
    overlap: float,
    requests: int,
    recovering: float,
    before: int,
    shift: int,
    after: int,
    rotated: int,
) -> None:
    """In large logs, wherever the window's edges lie in them."""
    for log in estate_logs(
        seed, peers=1, overlap=overlap, requests=requests, recovering=recovering
    ):
        parts = list(log.parts(rotated))
        parts[0] = parts[0].amid(before // NOISE + shift, 0)
        parts[-1] = parts[-1].amid(0, after // NOISE)
        check(parts)


@pytest.mark.parametrize("seed", range(3))
def test_requests_that_do_not_overlap_are_all_exact(seed: int) -> None:
    for log in estate_logs(seed, overlap=0, requests=150):
        assert set(check([log])) == {EXACT}


def test_most_are_told_apart_under_load() -> None:
    """20 requests at once on each peer, to 11 origins on 5 hosts: those that only time could tell apart stay ambiguous."""
    seen: Counter[str] = Counter()
    for log in estate_logs(7, overlap=4, requests=1500):
        seen += check([log])
    assert seen[EXACT] + seen[PROBABLE] > 7 * seen[AMBIGUOUS], seen


@pytest.mark.parametrize("seed", range(2))
def test_a_large_log_gives_the_same_as_a_small_one(seed: int) -> None:
    """Beyond a certain size the scanner reads only around refusals; that must not matter."""
    (log,) = estate_logs(seed, peers=1, overlap=0, requests=4000, decoy=1.0)
    assert len(log.text()) > BUFFER
    assert set(check([log])) == {EXACT}


def one_file(logs: Sequence[Log]) -> Iterator[Bytes]:
    yield Bytes("all", b"".join(log.text() for log in logs))


def test_records_hold_one_line_for_each_peer_address_port_and_cause() -> None:
    logs = estate_logs(3, peers=3, overlap=0, requests=200)
    result = analyse(one_file(logs), Options())
    expected: dict[tuple[object, ...], set[tuple[str, int]]] = {}
    users: dict[tuple[object, ...], set[str]] = {}
    for log in logs:
        for truth in log.truth.values():
            code = truth.origin.fault if isinstance(truth.origin.fault, int) else None
            key = (truth.peer, truth.origin.address, truth.origin.port, code)
            expected.setdefault(key, set()).add((truth.peer, truth.transaction))
            users.setdefault(key, set()).add(truth.user)
    told = {
        (one["peer"], one["address"], *one["ports"], one["error_code"]): one
        for one in result["refusals"]
    }
    assert len(told) == len(result["refusals"])
    assert {key: one["count"] for key, one in told.items()} == {
        key: len(requests) for key, requests in expected.items()
    }
    assert {key: set(one["users"]) for key, one in told.items()} == users
    assert result["connections"]["refused"] == sum(len(log.truth) for log in logs)
    assert result["skipped_lines"] == 0
