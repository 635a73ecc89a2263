# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person reads of captured logs, and on which peer a log is started."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.diagnostics.capture_cluster import (
    capture_readiness,
)
from ansible_collections.collab.expressway.plugins.module_utils.diagnostics.diagnosis import (
    diagnosis_lines,
)


def refusal(**changes: Any) -> dict[str, Any]:
    usual = {
        "peer": "expc1",
        "address": "cucm2.example.test",
        "ip": "192.0.2.2",
        "ports": [6972],
        "stage": "chain",
        "error": "self signed certificate",
        "action": "Terminate",
        "certainty": "exact",
        "count": 2,
        "users": ["anna"],
        "cause": "It is self-signed.",
        "remedy": "Upload it.",
    }
    return usual | changes


def diagnosis(*refusals: dict[str, Any], **changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "cluster": "emea",
        "is_edge": False,
        "files": [{"path": "a"}],
        "refusals": list(refusals),
        "connections": {},
        "skipped_lines": 0,
        "joined": {},
        "problem": None,
        "not_collected": [],
    }
    return usual | changes


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        (
            diagnosis(),
            [
                "emea: no request was seen. Did somebody log in through these peers while the log ran?"
            ],
        ),
        (diagnosis(connections={"ok": 14}), ["emea: no request was refused, 14 answered."]),
        (
            diagnosis(is_edge=True),
            ["emea: the logs are there; an Expressway-E verifies no UC node."],
        ),
        (diagnosis(files=[]), ["emea: no log was analysed."]),
        (
            diagnosis(
                cluster=None,
                files=[],
                problem="old.log: no such file",
                not_collected=[{"peer": "expc3", "error": "down"}],
            ),
            [
                "logs: no log was analysed.",
                "  not looked at: expc3: down",
                "  not looked at: old.log: no such file",
            ],
        ),
        (
            # The peers that refuse the same are one culprit; the one that hurts most stands first.
            diagnosis(
                refusal(address="rare.example.test", count=1, users=[]),
                refusal(),
                refusal(peer="expc2", count=1, users=["anna", "ben"], certainty="probable"),
                # Another port that breaks alike is the same thing to repair.
                refusal(ports=[443], count=5),
            ),
            [
                "emea: 9 requests refused by 2 causes.",
                "  x cucm2.example.test:443,6972 on expc1, expc2: 8 requests, users anna, ben",
                "      why: It is self-signed.",
                "      do: Upload it.",
                "      note: which request this belongs to is probable, not certain",
                "  x rare.example.test:6972 on expc1: 1 request",
                "      why: It is self-signed.",
                "      do: Upload it.",
                "  Not compared with an audit, so no upload is planned: it needs the group uc_publishers or mra_audit_nodes in the inventory.",
            ],
        ),
        (
            diagnosis(
                refusal(address="", ports=[], action="Continue", users=[f"u{n}" for n in range(7)]),
            ),
            [
                "emea: no request was refused; verification is not enforced, or some would be.",
                "  x 192.0.2.2 on expc1: 2 requests (let through, as verification is not enforced), users u0, u1, u2, u3, u4 "
                "and 2 more",
                "      why: It is self-signed.",
                "      do: Upload it.",
                "  Not compared with an audit, so no upload is planned: it needs the group uc_publishers or mra_audit_nodes in the inventory.",
            ],
        ),
    ],
)
def test_says(given: dict[str, Any], lines: list[str]) -> None:
    assert diagnosis_lines([given]) == lines


def test_an_audit_adds_the_upload_that_repairs_it_and_what_it_did_not_predict() -> None:
    plan = [
        {"common_name": "Root", "subject": "CN=Root", "sha256": "ab" * 32, "reason": "Compare it."}
    ]
    by_name = refusal(stage="name", error="name", ports=[8443])
    joined = {
        "explained": [refusal() | {"plan": plan}, by_name | {"plan": plan}],
        "not_in_log": [{}, {}],
        "unpredicted": [{"title": "expc1 refused x, which the audit does not predict"}],
    }
    lines = diagnosis_lines([diagnosis(refusal(), by_name, joined=joined)])
    # Of the two, only the chain is repaired by an upload.
    assert lines[1].startswith("  First: the audit plans uploads for 2 of these requests;")
    assert lines.count(f"      plan: upload Root (SHA-256 {'ab' * 32}). Compare it.") == 1
    assert lines[5].startswith("      plan: ")
    assert lines[-2:] == [
        "  ? expc1 refused x, which the audit does not predict",
        "  The audit predicts 2 more refusals that nobody met meanwhile; playbook audit lists what breaks.",
    ]


def test_a_log_cannot_steer_the_terminal() -> None:
    hostile = refusal(
        address="a\x1b[2J", peer="p\r\n", users=["\u202eu"], cause="\x07", remedy="\x00"
    )
    text = "".join(diagnosis_lines([diagnosis(hostile)]))
    assert text.isprintable()


def read(primary: bool | None, index: int | None = None, *peers: str) -> dict[str, Any]:
    listed = [{"index": place, "address": name} for place, name in enumerate(peers, start=1)]
    cluster = {"is_primary": primary, "peer_index": index, "peers": listed}
    return {"ansible_facts": {"expressway": {"cluster": cluster}}}


@pytest.mark.parametrize(
    ("reads", "primary", "problem"),
    [
        ({"a": read(False), "b": read(True)}, "b", None),
        ({"a": read(True), "b": {"msg": "down", "unreachable": True}}, "a", None),
        ({"a": read(False), "b": {"msg": "down"}}, None, "b could not be read: down"),
        ({"a": read(False)}, None, "look at --limit"),
        ({"a": read(None)}, None, "expressway_peer_index"),
        ({"a": read(True), "b": read(True)}, None, "more than one peer"),
        ({}, None, "look at --limit"),
    ],
)
def test_finds_the_primary_or_says_why_not(
    reads: dict[str, Any], primary: str | None, problem: str | None
) -> None:
    ready = capture_readiness(reads, "emea")
    assert ready["primary"] == primary
    assert (problem is None) == (ready["problem"] is None)
    assert problem is None or problem in ready["problem"]
    assert sorted(ready["unread"]) == [name for name in sorted(reads) if "msg" in reads[name]]


PEERS = ("a.example.test", "b.example.test", "c.example.test")


@pytest.mark.parametrize(
    ("reads", "absent"),
    [
        ({"a": read(True)}, []),
        ({"a": read(True, 1, *PEERS)}, ["b.example.test", "c.example.test"]),
        (
            {"a": read(True, 1, *PEERS), "c.example.test": {"msg": "down"}},
            ["b.example.test"],
        ),
        ({name: read(name == "a", None, *PEERS) for name in "abc"}, []),
    ],
)
def test_names_the_peers_that_are_not_in_the_run(reads: dict[str, Any], absent: list[str]) -> None:
    assert capture_readiness(reads, "emea")["absent"] == absent
