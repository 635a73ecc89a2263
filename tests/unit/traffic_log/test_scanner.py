# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is found in a large log, where only the lines around refusals are read."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.analysis import (
    Options,
    analyse,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.request_lines import (
    LOOK_AHEAD,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.window import (
    BUFFER,
    CHUNK,
    HISTORY,
)

from tests.unit.traffic_log.generated import (
    ORIGINS,
    START,
    Origin,
    one_request,
    peers_of,
    warning,
)
from tests.unit.traffic_log.test_generated_logs import Bytes

NOISE = f"2026-11-20T07:00:00.000+00:00 expc1 tvcs: {'nothing ' * 50}\n"
EDGES = (CHUNK, BUFFER - LOOK_AHEAD, 2 * BUFFER - HISTORY - LOOK_AHEAD)
"""Up to where is looked through what was read, and is told what was found, the first time and the second."""
SELF_SIGNED, UNKNOWN_CA = (
    next(origin for origin in ORIGINS if origin.fault == fault) for fault in (18, 20)
)


def request(origin: Origin, *without: str, first: int = 100) -> list[str]:
    """The lines of one refused request a minute after the log begins, but for those with these words; transactions are
    numbered from `first`."""
    (peer,) = peers_of(random.Random(3), 1)
    peer.transaction = first
    made = one_request(peer, START + timedelta(minutes=1), origin, "user1")
    return [
        f"{line}\n" for _time, line, _truth in made if not any(words in line for words in without)
    ]


def amid(*lines: str, before: int = BUFFER) -> Bytes:
    """A log that has these lines amid others, the first of them behind so many bytes."""
    (peer,) = peers_of(random.Random(3), 1)
    first = "".join(
        f"{line}\n" for _time, line, _truth in one_request(peer, START, ORIGINS[0], "x")
    )
    count, rest = divmod(before - len(first), len(NOISE))
    noise = f"{NOISE * count}{NOISE[:-1]}{'.' * rest}\n"[len(NOISE) :]
    text = f"{first}{noise}{''.join(lines)}{NOISE * (BUFFER // len(NOISE))}"
    assert text.index(lines[0]) == before
    return Bytes("log", text.encode())


def told(*lines: str, before: int = BUFFER) -> dict[str, Any]:
    return analyse([amid(*lines, before=before)], Options())


def ports(result: dict[str, Any]) -> list[tuple[str, list[int], int]]:
    return [(one["address"], one["ports"], one["count"]) for one in result["refusals"]]


def attempts(lines: Sequence[str]) -> int:
    return sum(" WARNING: " in line for line in lines)


def test_the_port_is_known_though_the_answer_is_missing() -> None:
    lines = request(SELF_SIGNED, "Sending Response")
    result = told(*lines)
    assert ports(result) == [(SELF_SIGNED.address, [SELF_SIGNED.port], 1)]
    assert result["connections"] == {"ok": 1, "refused": attempts(lines)}


def test_a_second_line_about_each_refusal_is_not_expected() -> None:
    """As newer traffic servers write; here two refusals stand one right behind the other."""
    first, second = request(SELF_SIGNED, " ERROR: "), request(UNKNOWN_CA, " ERROR: ")
    warnings = [next(line for line in lines if " WARNING: " in line) for lines in (first, second)]
    result = told(*warnings)
    assert [one["address"] for one in result["refusals"]] == [
        SELF_SIGNED.address,
        UNKNOWN_CA.address,
    ]
    assert result["connections"]["refused"] == 2


@pytest.mark.parametrize("edge", EDGES)
def test_the_second_line_about_a_refusal_may_lie_behind_an_edge_of_what_is_searched(
    edge: int,
) -> None:
    lines = request(SELF_SIGNED)
    number = next(number for number, line in enumerate(lines) if " WARNING: " in line)
    behind = sum(len(line) for line in lines[: number + 1])
    for shift in (1, 20, len(lines[number + 1]) - 1, len(lines[number + 1])):
        result = told(*lines, before=edge - behind - shift)
        assert [(one["stage"], one["count"]) for one in result["refusals"]] == [("chain", 1)]
        assert result["connections"]["refused"] == attempts(lines)


@pytest.mark.parametrize("shift", range(0, 3000, 260))
def test_the_edge_of_what_is_read_may_lie_anywhere_in_a_request(shift: int) -> None:
    lines = request(SELF_SIGNED)
    for edge in (*EDGES, BUFFER, 2 * BUFFER - HISTORY):
        result = told(*lines, before=edge - shift)
        assert ports(result) == [(SELF_SIGNED.address, [SELF_SIGNED.port], 1)]
        assert [one["certainty"] for one in result["refusals"]] == ["exact"]
        assert result["refusals"][0]["users"] == ["user1"]


def test_everyone_who_got_through_is_counted_wherever_a_piece_of_the_log_ends() -> None:
    (peer,) = peers_of(random.Random(3), 1)
    lines = [
        f"{line}\n"
        for number in range(BUFFER // 1200)
        for _time, line, _truth in one_request(
            peer, START + timedelta(seconds=number), ORIGINS[0], "user1"
        )
    ]
    assert sum(map(len, lines)) > BUFFER
    expected = sum('Detail="Sending Response"' in line for line in lines)
    assert told(*lines)["connections"] == {"ok": 1 + expected, "refused": 0}


@pytest.mark.parametrize("edge", EDGES)
def test_what_was_told_is_not_told_again_where_an_answer_is_missing(edge: int) -> None:
    """The requests around a refusal without an answer are all read, also those that lie before an edge."""
    whole = request(Origin("cucm2.example.test", "10.1.0.2", 6971, 20))
    size = sum(map(len, whole))
    result = told(*whole, *request(UNKNOWN_CA, "Sending Response", first=500), before=edge - size)
    assert sorted(ports(result)) == [
        ("cucm2.example.test", [6971], 1),
        ("cucm2.example.test", [8443], 1),
    ]


@pytest.mark.parametrize("sent", [1, 3])
def test_a_rotation_may_lie_within_a_request(sent: int) -> None:
    """The second file begins with what followed, and is large, too."""
    lines = request(SELF_SIGNED)
    first, second = lines[:sent], lines[sent:]
    text = f"{NOISE * (BUFFER // len(NOISE))}{''.join(first)}"
    rest = f"{''.join(second)}{NOISE * (BUFFER // len(NOISE))}"
    result = analyse([Bytes("older", text.encode()), Bytes("newer", rest.encode())], Options())
    assert ports(result) == [(SELF_SIGNED.address, [SELF_SIGNED.port], 1)]
    assert result["refusals"][0]["users"] == ["user1"]


WRITTEN = "Core server certificate verification failed for (cucm1.example.test). Action=Terminate "


@pytest.mark.parametrize(
    ("written", "found"),
    [
        pytest.param(WRITTEN, WRITTEN.replace(". ", "."), id="no space"),
        pytest.param(WRITTEN, WRITTEN.replace(". ", ".  "), id="two spaces"),
        pytest.param("] WARNING: ", "]WARNING:", id="no space behind the thread"),
        pytest.param("] ERROR: SSL", "]ERROR:SSL", id="no space in the second line"),
        pytest.param("Terminate", "Continue", id="a warning only"),
        pytest.param(
            warning(SELF_SIGNED),
            "WARNING: TS_EVENT_SSL_VERIFY_SERVER plugin failed the origin certificate check for cucm1.example.test.  "
            "Action=Terminate SNI=cucm1.example.test",
            id="by a plugin, as it is printed",
        ),
    ],
)
def test_spaces_vary_in_large_logs_as_in_short_ones(written: str, found: str) -> None:
    lines = [line.replace(written, found) for line in request(SELF_SIGNED)]
    assert lines != request(SELF_SIGNED)
    short = analyse([Bytes("log", "".join(lines).encode())], Options(max_samples=0))
    large = analyse([amid(*lines)], Options(max_samples=0))
    assert short["refusals"] and large["connections"]["refused"] == short["connections"]["refused"]
    # What a short text begins with may be cut off; what is known of a large one is known for sure.
    told_in = [
        [(one["stage"], one["error"], one["ports"], one["count"]) for one in result["refusals"]]
        for result in (short, large)
    ]
    assert told_in[0] == told_in[1]


@pytest.mark.parametrize("other", [("expc1", "expc2"), ("traffic_server[", "traffic_server[9")])
def test_programs_that_write_into_one_file_are_told_apart(other: tuple[str, str]) -> None:
    """They number their transactions by themselves; here both have the same numbers."""
    one = request(SELF_SIGNED)
    two = [
        line.replace(*other) for line in request(Origin("cucm2.example.test", "10.1.0.2", 6971, 20))
    ]
    result = told(*(line for pair in zip(one, two, strict=True) for line in pair))
    assert sorted((r["address"], r["ports"], r["certainty"], r["users"]) for r in result["refusals"]) == [
        ("cucm1.example.test", [6972], "exact", ["user1"]),
        ("cucm2.example.test", [6971], "exact", ["user1"]),
    ]  # fmt: skip
    assert result["connections"]["refused"] == 2 * attempts(one)


def test_a_refusal_that_is_cut_off_at_the_end_is_skipped_once() -> None:
    line = next(line for line in request(SELF_SIGNED) if " WARNING: " in line)
    for length in range(line.index("Action="), line.index(" depth=")):
        text = f"{NOISE * 1000}{line[:length]}"
        result = analyse([Bytes("log", text.encode())], Options())
        # Behind the address the sentence may be complete.
        assert result["skipped_lines"] + len(result["refusals"]) <= 1


def test_samples_name_their_lines_wherever_the_buffer_was_moved() -> None:
    (peer,) = peers_of(random.Random(3), 1)
    lines: list[str] = []
    while sum(map(len, lines)) < 2 * BUFFER:
        at = START + timedelta(milliseconds=20 * len(lines))
        made = one_request(peer, at, UNKNOWN_CA, "user1")
        lines += [f"{line}\n" for _time, line, _truth in made] + [NOISE] * 200
    result = analyse([Bytes("log", "".join(lines).encode())], Options(max_samples=1000))
    samples = [sample for one in result["refusals"] for sample in one["samples"]]
    assert len(samples) == attempts(lines)
    assert all(lines[sample["line"] - 1].strip() == sample["text"] for sample in samples)


def test_lines_without_a_year_belong_to_their_request_in_large_logs_as_in_short_ones() -> None:
    """Their time is several words, and another one in each line."""
    lines = [f"Nov 20 {line[11:23]} {line.partition(' ')[2]}" for line in request(SELF_SIGNED)]
    short = analyse([Bytes("log", "".join(lines).encode())], Options(max_samples=0))
    assert ports(short) == [(SELF_SIGNED.address, [SELF_SIGNED.port], 1)]
    # Further apart than is read around a refusal whose request is not found.
    large = told(*lines[:2], NOISE * 200, *lines[2:])
    assert ports(large) == ports(short)
    assert large["refusals"][0]["users"] == short["refusals"][0]["users"] == ["user1"]
