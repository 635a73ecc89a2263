# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit of whole clusters: real certificates, real verdicts, any mixture of what can be observed."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ansible_collections.collab.expressway.plugins.module_utils.audit.gaps import in_short
from ansible_collections.collab.expressway.plugins.module_utils.audit.peers import (
    DOCUMENTED_CIPHER_LIST,
)
from ansible_collections.collab.expressway.plugins.module_utils.report.files import (
    FILE_NAMES,
    json_report,
    render,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.unit.audit.observations import (
    AT,
    CHAINS,
    CIPHER_LISTS,
    NODE,
    OTHER_ROOT,
    ROOT,
    Record,
    address,
    audit,
    facts,
    observed,
    presented,
)
from tests.unit.documented import undocumented

SCHEMA = json.loads(
    (Path(__file__).parents[3] / "docs" / "audit.schema.json").read_text(encoding="utf-8")
)
BREAKS = {
    "breaks_today": "breaks_today",
    "breaks_when_verified": "breaks_when_verified",
    "breaks_after_change": "breaks_after_change",
}
ERROR_KINDS = ("refused", "timeout", "closed", "no_common_cipher", "unresolved", "not_started")


def valid(document: Record) -> None:
    """Both the schema and the documentation of the module know every key of the audits."""
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    by_name = ("audit.certificates", "audit.plan", "audit.peers.not_read")
    for model in document["audits"]:
        assert undocumented("mra_audit_info", {"audit": model}, *by_name) == set()


def usual(**otherwise: Any) -> Record:
    """One peer; a good RSA certificate as offered, a self-signed ECDSA certificate beside it."""
    rsa, ecdsa = CHAINS["rsa"][0], CHAINS["ecdsa"][0]
    return audit(
        [observed(said=facts(cipher_list=DOCUMENTED_CIPHER_LIST))],
        [address()],
        [
            presented("rsa", rsa),
            presented("ecdsa", ecdsa),
            presented("offered", rsa, cipher_list=DOCUMENTED_CIPHER_LIST),
        ],
        **otherwise,
    )


@some.composite
def peers(draw: Any, number: int) -> Record:
    name = f"expc{number}.example.test"
    if draw(some.integers(0, 5)) == 0:
        return observed(name, facts=None, reached=False, error="timed out")
    return observed(
        name,
        facts(
            draw(some.sampled_from([ROOT, ROOT + OTHER_ROOT, OTHER_ROOT, None])),
            state=draw(some.sampled_from(["on", "off", None])),
            version=draw(some.sampled_from(["X14.2.5", "X14.0.8", "X12.7", "X15.0", "?"])),
            cipher_list=draw(some.sampled_from(CIPHER_LISTS)),
        ),
        origin_verification_until=draw(some.sampled_from([None, "2026-12-01", "2026-01-01"])),
    )


@some.composite
def chains(draw: Any, where: Record) -> list[Record]:
    entries = []
    for key_type in ("rsa", "ecdsa"):
        chain = draw(some.sampled_from([*CHAINS[key_type], None]))
        entries.append(_drawn(draw, key_type, chain, where))
    for cipher_list in CIPHER_LISTS:
        chain = draw(some.sampled_from([entries[0]["chain"], entries[1]["chain"], None]))
        entry = _drawn(draw, "offered", chain, where)
        entries.append(entry | {"cipher_list": cipher_list or DOCUMENTED_CIPHER_LIST})
    return [entry for entry in entries if draw(some.integers(0, 9))]


def _drawn(draw: Any, key_type: str, chain: str | None, where: Record) -> Record:
    kind = None if chain else draw(some.sampled_from(ERROR_KINDS))
    return presented(key_type, chain, where, error_kind=kind)


@some.composite
def clusters(draw: Any) -> dict[str, list[Record]]:
    addresses = [address(), address(NODE, 6972), address("192.0.2.11")]
    return {
        "peers": [draw(peers(number)) for number in range(1, draw(some.integers(1, 3)) + 1)],
        "addresses": addresses,
        "chains": [entry for where in addresses for entry in draw(chains(where))],
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(clusters())
def test_nothing_is_lost_and_nothing_is_counted_twice(cluster: dict[str, list[Record]]) -> None:
    model = audit(cluster["peers"], cluster["addresses"], cluster["chains"])
    valid({"audits": [model]})
    _each_refusal_is_in_one_finding(model)
    _nothing_unseen_is_accepted(model)
    for kind in FILE_NAMES:
        assert render([model], kind)


def _each_refusal_is_in_one_finding(model: Record) -> None:
    for verdict in model["verdicts"]:
        groups = [
            found
            for found in model["findings"]
            if found["check"] in BREAKS
            and found["check"] == BREAKS.get(verdict["standing"])
            and verdict["peer"] in found["peers"]
            and (found["address"], found["port"]) == (verdict["address"], verdict["port"])
            and found["id"].endswith(verdict["chain"][0][:8])
        ]
        assert len(groups) == (verdict["outcome"] == "refused"), verdict


def _nothing_unseen_is_accepted(model: Record) -> None:
    """A peer and origin that are not in a verdict as offered are named among what was not looked at."""
    judged = {
        (verdict["peer"], verdict["address"], verdict["port"])
        for verdict in model["verdicts"]
        if verdict["key_type"] == "offered"
    }
    unseen = model["summary"]["not_looked_at"]
    for peer in model["peers"]:
        lost = any(gap["peer"] == peer["name"] and gap["what"] != "origin" for gap in unseen)
        for origin in model["origins"]:
            where = (origin["address"], origin["port"])
            listed = any(
                (gap["address"], gap["port"]) == where
                and (peer["name"] in gap["peers"] or gap["key_type"] is None)
                for gap in unseen
            )
            assert (peer["name"], *where) in judged or lost or listed
    assert model["summary"]["complete"] == (not unseen)
    assert ("break" in model["summary"]["answer"]) or unseen


def test_what_was_missed_for_one_reason_is_told_once() -> None:
    def gap(kind: str, port: int) -> Record:
        return {
            "what": "origin",
            "address": "cucm1",
            "port": port,
            "key_type": None,
            "error_kind": kind,
            "reason": f"{kind}.",
            "remedy": f"End {kind}.",
        }

    kinds = ["refused", "timeout", "refused", "plaintext", "unresolved"]
    assert in_short([gap(kind, port) for port, kind in enumerate(kinds)], most=3) == [
        "cucm1:0: refused (and 1 more like it) → End refused",
        "cucm1:1: timeout → End timeout",
        "cucm1:3: plaintext → End plaintext",
        "1 more, which the audit lists",
    ]
    assert in_short([]) == []


def test_the_usual_dual_certificate_origin_would_break_after_a_change() -> None:
    model = usual()
    assert [found["check"] for found in model["findings"]] == [
        "breaks_after_change",
        "which_certificate_comes",
    ]
    assert model["summary"]["breaks_today"] == model["summary"]["refused"] == 0
    assert model["summary"]["answer"] == (
        "emea: No login breaks: the peer accepts the only origin; 1 would break after a cipher or release change."
    )


@pytest.mark.parametrize(
    ("state", "version", "check", "breaks_today"),
    [
        ("on", "X14.2.5", "breaks_today", 1),
        ("off", "X14.2.5", "breaks_when_verified", 0),
        (None, "X15.0", "breaks_today", 1),
        (None, "X12.7", "breaks_when_verified", 0),
        (None, "X14.0.7", "breaks_when_verified", 0),
        (None, "X14.0.8", "breaks_when_verified", 0),
        (None, "?", "breaks_when_verified", 0),
        ("on", "?", "breaks_today", 1),
    ],
)
def test_a_refusal_breaks_today_only_where_the_peer_verifies(
    state: str | None, version: str, check: str, breaks_today: int
) -> None:
    said = facts(OTHER_ROOT, state=state, version=version)
    model = audit(
        [observed(said=said)],
        [address()],
        [presented("offered", CHAINS["rsa"][0], cipher_list=DOCUMENTED_CIPHER_LIST)],
    )
    assert check in {found["check"] for found in model["findings"]}
    assert model["summary"]["breaks_today"] == breaks_today
    assert model["summary"]["refused"] == 1


def test_each_peer_is_judged_by_the_chain_that_its_own_cipher_list_brings() -> None:
    rsa_first, any_order = CIPHER_LISTS[:2]
    model = audit(
        [
            observed("expc1", facts(cipher_list=rsa_first)),
            observed("expc2", facts(cipher_list=any_order)),
        ],
        [address()],
        [
            presented("offered", CHAINS["rsa"][0], cipher_list=rsa_first),
            presented("offered", CHAINS["ecdsa"][0], cipher_list=any_order),
        ],
    )
    assert {verdict["peer"]: verdict["outcome"] for verdict in model["verdicts"]} == {
        "expc1": "accepted",
        "expc2": "refused",
    }


def test_the_same_observation_gives_the_same_bytes_and_is_left_alone() -> None:
    peer, where = observed(), address()
    chain = presented("rsa", CHAINS["rsa"][2])
    before = copy.deepcopy([peer, where, chain])
    first, second = (audit([peer], [where], [chain]) for _time in range(2))
    assert [peer, where, chain] == before
    for kind in FILE_NAMES:
        assert render([first], kind) == render([second], kind)


def test_a_later_hour_of_the_same_day_changes_nothing() -> None:
    morning = usual()
    evening = usual(at=AT.replace(hour=23))
    assert json_report([morning]) == json_report([evening])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda model: model.pop("summary"),
        lambda model: model["findings"][0].update(severity="bad"),
        lambda model: model["verdicts"][0].update(outcome="maybe"),
        lambda model: model["peers"][0].update(surprise=1),
    ],
)
def test_the_schema_refuses_what_is_no_audit(spoil: Any) -> None:
    model = usual()
    valid({"audits": [model]})
    spoil(model)
    with pytest.raises(jsonschema.ValidationError):
        valid({"audits": [model]})


def test_a_stray_facts_dictionary_of_an_unreached_peer_is_not_believed() -> None:
    model = audit([observed(reached=False, error="timed out")], [address()], [])
    assert model["peers"][0]["trust_store"] is None
    assert not model["summary"]["complete"]
