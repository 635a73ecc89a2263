# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.peer.switch_cluster import (
    readiness,
    refused_when_verifying,
    report,
)
from ansible_collections.collab.expressway.plugins.module_utils.peer.switch_declaration import (
    declaration,
)

TODAY = date(2026, 11, 23)
PEERS = [{"index": 1, "address": "a"}, {"index": 2, "address": "b"}]


def read(
    is_primary: bool | None = False, *, standalone: bool = False, state: str | None = "on"
) -> dict[str, Any]:
    switch = {"supported": state is not None, "state": state, "note": None if state else "too old"}
    facts = {
        "cluster": {"peers": [] if standalone else PEERS, "is_primary": is_primary},
        "origin_verification": switch,
    }
    return {"ansible_facts": {"expressway": facts}}


@pytest.mark.parametrize(
    ("state", "until", "reason", "said"),
    [
        (None, None, None, "none is declared"),
        ("", "", "", "none is declared"),
        ("maybe", None, None, "on or off"),
        ("off", None, "why", "origin_verification_until"),
        ("off", "2026-12-01", None, "origin_verification_reason"),
        ("off", "2026-02-30", "why", "must be a day"),
        ("off", "20261201", "why", "must be a day"),
        ("off", "2026-W49-2", "why", "must be a day"),
        ("off", "01.12.2026", "why", "must be a day"),
    ],
)
def test_declarations_that_will_not_do(
    state: object, until: object, reason: object, said: str
) -> None:
    assert any(said in problem for problem in declaration(state, until, reason, TODAY).problems)


@pytest.mark.parametrize(
    ("state", "until", "expected", "expired"),
    [
        (True, None, "on", False),
        ("ON", "2020-01-01", "on", False),
        (False, date(2026, 12, 1), "off", False),
        ("off", "2026-11-23", "off", False),
        ("off", "2026-11-22", "off", True),
    ],
)
def test_declarations(state: object, until: object, expected: str, expired: bool) -> None:
    declared = declaration(state, until, "why", TODAY)
    assert (declared.state, declared.expired, declared.problems) == (expected, expired, [])


def test_a_cluster_that_may_be_written() -> None:
    ready = readiness("c", {"a": read(True), "b": read(state="off")}, {"a": "off", "b": "off"}, [])
    assert (ready.problems, ready.primary, ready.states) == ([], ["a"], {"a": "on", "b": "off"})


@pytest.mark.parametrize(
    ("reads", "left_out", "declared", "said"),
    [
        ({"a": read(True), "b": {"msg": "no route"}}, [], "off", "b could not be read: no route"),
        ({"a": read(True), "b": {}}, [], "off", "b could not be read: it gave no facts"),
        ({"a": read(True), "b": read(state=None)}, [], "off", "b: too old"),
        ({"a": read(True)}, ["b"], "off", "b belong(s) to the cluster but not to this run"),
        ({"a": read(True)}, [], "off", "says that its cluster has 2 peers (a, b)"),
        ({"a": read(True), "b": read(None)}, [], "off", "set expressway_peer_index"),
        ({"a": read(True), "b": read(True)}, [], "off", "more than one peer"),
        ({"a": read(), "b": read()}, [], "off", "none of the peers"),
        (
            {"a": read(True, standalone=True), "b": read(True, standalone=True)},
            [],
            "off",
            "standalone",
        ),
        ({"a": read(True), "b": read()}, [], "", "one origin_verification_state"),
    ],
)
def test_a_cluster_that_must_not_be_written(
    reads: dict[str, Any], left_out: list[str], declared: str, said: str
) -> None:
    states = {name: declared or state for name, state in zip(reads, ["on", "off"], strict=False)}
    assert any(said in problem for problem in readiness("c", reads, states, left_out).problems)


def test_a_peer_that_could_not_be_read_is_not_missing_from_the_inventory() -> None:
    ready = readiness("c", {"a": read(True), "b": {"msg": "no route"}}, {"a": "off"}, [])
    assert ready.problems == ["b could not be read: no route"]


def test_a_part_may_be_written_when_asked_for() -> None:
    ready = readiness("c", {"b": read()}, {"b": "off"}, ["a"], allow_partial=True)
    assert (ready.problems, ready.primary) == ([], [])


def test_the_report_knows_what_nobody_touched() -> None:
    declared = {"until": "2026-12-01", "reason": "why"}

    def member(peer: str, **results: Any) -> dict[str, Any]:
        return {
            "cluster": "c",
            "peer": peer,
            "declaration": declared,
            "read": {},
            "set": {},
            "read_back": {},
            **results,
        }

    lines = report(
        [
            member(
                "a", read=read(), set={"changed": True, "after": "off"}, read_back={"after": "off"}
            ),
            member(
                "b",
                read=read(),
                set={"changed": True, "followed": True, "after": "off"},
                read_back={"after": "off"},
            ),
            member("d", read=read(), set={"failed": True, "msg": "refused"}),
            member(
                "h",
                read=read(),
                set={"failed": True, "changed": True, "msg": "lost"},
                read_back={"after": "on"},
            ),
            member("e", read=read()),
            member("f", read={"unreachable": True, "msg": "no route"}),
            member("g", read=read(), set={"after": "off"}, read_back={"msg": "hung"}),
        ],
        predicted=False,
    )
    assert lines == [
        "c: state UNKNOWN on d: refused",
        "c: state UNKNOWN on f: no route",
        "c: state UNKNOWN on g: hung",
        "c: VerifyOriginServer is Off on a (changed), b (by replication), until 2026-12-01: why. "
        "Any certificate of a UC node is accepted there (CVE-2022-20814)",
        "c: VerifyOriginServer is On on h (as before), e (as before)",
    ]


def test_what_on_would_break() -> None:
    def verdict(peer: str, port: int, outcome: str, as_offered: bool = True) -> dict[str, Any]:
        return {
            "peer": peer,
            "address": "cucm1",
            "port": port,
            "outcome": outcome,
            "as_offered": as_offered,
            "cause": "expired",
        }

    audit = {
        "verdicts": [
            verdict("a", 8443, "refused"),
            verdict("b", 8443, "refused"),
            verdict("a", 6972, "accepted"),
            verdict("b", 6972, "refused", as_offered=False),
        ],
        "summary": {"complete": True, "not_looked_at": []},
    }
    assert refused_when_verifying(audit) == ["cucm1:8443 on a, b: expired"]
    nothing = {"verdicts": [], "summary": {"complete": False, "not_looked_at": [1, 2]}}
    assert [line.split(",", maxsplit=1)[0] for line in refused_when_verifying(nothing)] == [
        "Nothing could be judged",
        "Not everything was looked at (2 gaps): more may break than is listed here",
    ]
