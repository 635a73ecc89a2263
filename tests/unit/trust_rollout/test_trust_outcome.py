# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.outcome import (
    doubts,
    drift,
    may_put_back,
    member_of_rollout,
    rollout_report,
)

Record = dict[str, Any]

BEFORE = {"pem": "-", "certificates": ["aa"], "error": None}
UPLOAD = {
    "expected": ["aa", "bb"],
    "left_out": [],
    "after_pem": "after",
    "certificates": ["B"],
    "adds": [{"sha256": "bb", "subject": "CN=B"}],
    "removes": [],
}
ADDED = [{"sha256": "bb", "subject": "CN=B"}]
VERDICT = {
    "address": "cucm1",
    "port": 8443,
    "key_type": "rsa",
    "outcome": "accepted",
    "stage": None,
    "error_code": None,
}
LOST = {"failed": True, "msg": "connection lost."}


def held(*digests: str) -> Record:
    return {
        "pem": "-",
        "certificates": [{"sha256": one, "subject": f"CN={one.upper()[0]}"} for one in digests],
    }


@pytest.mark.parametrize(
    ("written", "back", "verdicts", "found"),
    [
        ({"changed": True}, held("aa", "bb"), [VERDICT], []),
        # What the peer holds counts, not what became of the answer.
        (LOST, held("aa", "bb"), [VERDICT], []),
        (LOST, held("aa"), [VERDICT], ["the upload failed: connection lost"]),
        (LOST, held("bb"), [], ["the upload failed: connection lost", "it does not hold aa…"]),
        (None, held("aa"), [], ["the upload failed: it gave no answer"]),
        ({}, held("aa"), [], ["the upload failed: it gave no answer"]),
        ({"changed": True}, held("aa"), [], ["it does not hold bb…"]),
        ({"changed": True}, held("aa", "bb", "cc"), [], ["it holds cc…, which nobody sent"]),
        (
            {"changed": True},
            {"failed": True, "msg": "HTTP 500"},
            [],
            ["the store could not be read back: HTTP 500"],
        ),
        (
            {"changed": True},
            held("aa", "bb"),
            [VERDICT | {"outcome": "refused"}],
            ["cucm1:8443 is refused, which was not predicted"],
        ),
        (
            {"changed": True},
            held("aa", "bb"),
            [],
            ["the proof gave other verdicts than the prediction"],
        ),
    ],
)
def test_when_a_write_is_done(
    written: Record | None, back: Record, verdicts: list[Record], found: list[str]
) -> None:
    assert doubts(UPLOAD, written, back, verdicts, [VERDICT], BEFORE) == found


def test_what_should_have_gone_and_is_still_there() -> None:
    upload = {"expected": ["bb"]}
    before = BEFORE | {"certificates": ["aa", "bb"]}
    found = doubts(upload, {"changed": True}, held("aa", "bb"), [], [], before)
    assert found == ["it still holds aa…"]


TWINS = UPLOAD | {
    "expected": ["bb", "aa", "cc"],
    "adds": [],
    "reorders": [{"sha256": "bb", "subject": "CN=A"}],
    "namesakes": [["aa", "bb"]],
}
"""An upload that only puts bb before aa, which has the same common name."""


def test_of_one_common_name_the_order_is_proven_too() -> None:
    before = BEFORE | {"certificates": ["aa", "bb", "cc"]}

    def member(back: Record) -> Record:
        seen = {"read": before, "upload": TWINS, "written": DONE, "read_back": back}
        found = doubts(TWINS, DONE, back, [], [], before)
        return member_of_rollout("emea", "e", seen | {"doubts": found}, check_mode=False)

    # Other names may stand anywhere.
    assert member(held("cc", "bb", "aa"))["outcome"] == "written"
    former = member(held("aa", "cc", "bb"))
    assert former["outcome"] == "restored"
    assert former["doubts"] == [
        "of certificates with one common name it holds aa…, bb… in this order instead of bb…, aa…"
    ]
    assert not may_put_back(before, TWINS, held("aa", "bb", "cc"))
    assert may_put_back(before | {"certificates": ["bb", "aa"]}, TWINS, held("aa", "bb"))


@pytest.mark.parametrize(
    ("back", "expected"),
    [
        (held("aa"), False),
        (held("bb"), True),
        (held("aa", "bb"), True),
        # Somebody else writes to this store: their work is not undone.
        (held("aa", "cc"), False),
        ({"failed": True}, True),
    ],
)
def test_when_the_former_store_is_sent_again(back: Record, expected: bool) -> None:
    assert may_put_back(BEFORE, UPLOAD, back) is expected


DONE = {
    "changed": True,
    "added": ADDED,
    "removed": [],
    "restart_required": True,
    "backup_file": "b",
}


@pytest.mark.parametrize(
    ("seen", "check", "outcome", "certificates"),
    [
        ({"read": BEFORE, "upload": UPLOAD | {"adds": []}}, False, "unchanged", ["aa"]),
        (
            {"written": DONE, "read_back": held("aa", "bb")},
            False,
            "written",
            ["aa", "bb"],
        ),
        ({"written": DONE}, True, "predicted", ["aa", "bb"]),
        ({"stopped_by": "expc1"}, False, "untouched", ["aa"]),
        (
            {
                "written": LOST,
                "doubts": ["x"],
                "read_back": held("bb"),
                "read_again": held("aa"),
            },
            False,
            "restored",
            ["aa"],
        ),
        (
            {
                "written": LOST,
                "doubts": ["x"],
                "read_back": held("bb"),
                "read_again": held("bb"),
            },
            False,
            "wrong",
            ["bb"],
        ),
        (
            {
                "written": LOST,
                "doubts": ["x"],
                "read_back": {"failed": True},
            },
            False,
            "wrong",
            [],
        ),
        ({"upload": {}}, False, "left", ["aa"]),
        (
            {"read": {"pem": None, "certificates": [], "error": "no route"}, "upload": {}},
            False,
            "unread",
            [],
        ),
    ],
)
def test_what_became_of_a_peer(
    seen: Record, check: bool, outcome: str, certificates: list[str]
) -> None:
    everything = {"read": BEFORE, "upload": UPLOAD, "doubts": [], **seen}
    member = member_of_rollout("emea", "expc2", everything, check_mode=check)
    assert (member["outcome"], member["certificates"]) == (outcome, certificates)
    assert member["restart_required"] is (outcome in ("written", "predicted"))


def test_the_report_says_who_holds_what() -> None:
    def member(peer: str, **seen: Any) -> Record:
        return member_of_rollout(
            "emea", peer, {"read": BEFORE, "upload": UPLOAD, "doubts": [], **seen}, check_mode=False
        )

    forecast = {
        "repaired": ["cucm1:8443 (rsa)"],
        "refused": ["cucm2:8443 (rsa): expired → renew it"],
        "refused_before": ["cucm2:8443 (rsa): expired → renew it", "cucm1:8443 (rsa): unknown CA"],
    }
    lines = rollout_report(
        [
            member(
                "expc1",
                written=DONE,
                read_back=held("aa", "bb"),
                forecast=forecast,
                not_looked_at=["cucm3:8443: no answer"],
            ),
            member(
                "expc2",
                written=LOST,
                doubts=["the upload failed: connection lost"],
                read_back=held("aa"),
                forecast=forecast,
            ),
            member("expc3", stopped_by="expc2", forecast=forecast),
        ],
        predicted=False,
    )
    assert lines == [
        "emea: expc1 was written, read back and proven; adds 'CN=B' (bb…); repairs cucm1:8443 (rsa); backup b",
        "emea: expc2 did not become what it should, and holds its former store; the upload failed: connection lost",
        "emea: expc3 was not touched, because the roll-out stopped before it; it stopped at expc2",
        "emea: peers differ: CN=B (bb…) is missing on expc2, expc3",
        "emea: still refused, on expc1, expc2, expc3: cucm2:8443 (rsa): expired → renew it",
        # Nothing has arrived there.
        "emea: still refused, on expc2, expc3: cucm1:8443 (rsa): unknown CA",
        "emea: not looked at, on expc1: cucm3:8443: no answer",
        "emea: Cisco's guides say that Expressway has to be restarted for a new CA to take effect: expc1. "
        "Not done here; one peer at a time, the primary first",
    ]


@pytest.mark.parametrize(
    ("held_by", "lines"),
    [
        ({}, []),
        ({"a": ["x"]}, []),
        ({"a": ["x", "y"], "b": ["y", "x"]}, []),
        (
            {"a": ["x"], "b": ["y"], "c": ["x", "y"]},
            ["CN=X (x…) is missing on b", "unknown subject (y…) is missing on a"],
        ),
    ],
)
def test_what_not_every_peer_trusts(held_by: dict[str, list[str]], lines: list[str]) -> None:
    assert drift(held_by, {"x": "CN=X"}) == lines
