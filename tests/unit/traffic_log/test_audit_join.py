# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refusals of a log beside an audit: explained, not predicted, not in the log."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.audit_join import (
    join_audit,
    join_audits,
)

from tests.unit.audit.observations import CHAINS, NODE, audit, facts, observed, presented
from tests.unit.documented import undocumented

Record = dict[str, Any]
WHERE = {
    "address": NODE,
    "port": 8443,
    "product": "cucm",
    "node": NODE,
    "connect_to": None,
    "source": "inventory",
}


@pytest.fixture(scope="module")
def model() -> Record:
    """One peer whose trust store lacks the CA of what it is offered."""
    return audit(
        [observed("expc1.example.test", facts(cipher_list="ALL"))],
        [WHERE],
        [presented("offered", CHAINS["rsa"][2], WHERE, cipher_list="ALL")],
    )


def refusal(**otherwise: Any) -> Record:
    return {
        "peer": "expc1",
        "address": NODE,
        "ip": "192.0.2.11",
        "ports": [8443],
        "certainty": "exact",
        "stage": "chain",
        "error": "unable to get local issuer certificate",
        "error_code": 20,
        "depth": 0,
        "action": "Terminate",
        "count": 3,
        "first": None,
        "last": "2026-11-23T12:00:00Z",
        "users": ["alice"],
        "requests": [],
        "cause": "c",
        "remedy": "Upload it.",
        "samples": [{"file": "log", "line": 1, "text": "the line"}],
        **otherwise,
    }


def test_a_refusal_gets_its_certificate_and_what_repairs_it(model: Record) -> None:
    (verdict,) = [one for one in model["verdicts"] if one["outcome"] == "refused"]
    joined = join_audit([refusal(error_code=verdict["error_code"], depth=verdict["depth"])], model)
    assert joined["unpredicted"] == joined["not_in_log"] == []
    (one,) = joined["explained"]
    assert one["certificate"]["sha256"] == verdict["chain"][verdict["depth"]]
    assert (one["cause"], one["remedy"]) == (verdict["cause"], verdict["remedy"])
    assert (one["port"], one["users"], one["cluster"]) == (8443, ["alice"], "emea")
    assert "samples" not in one


@pytest.mark.parametrize(
    "otherwise",
    [
        {"error_code": 10, "error": "certificate has expired"},
        {"address": "other.example.test"},
        {"ports": [6972]},
        {"peer": "expc9"},
        {"stage": "name", "error_code": None, "depth": None},
    ],
)
def test_what_the_audit_does_not_predict_is_a_finding(
    model: Record, otherwise: dict[str, Any]
) -> None:
    joined = join_audit([refusal(**otherwise)], model)
    assert joined["explained"] == []
    (found,) = joined["unpredicted"]
    assert (found["check"], found["severity"]) == ("refusal_not_predicted", "warning")
    assert found["peers"] == [otherwise.get("peer", "expc1")]
    assert "the line" in found["evidence"]


@pytest.mark.parametrize(
    ("otherwise", "did"),
    [
        ({"error_code": 21, "error": "unable to verify the first certificate"}, None),
        ({"error_code": 21, "error": "x", "action": "Terminate"}, "refused"),
        ({"error_code": 10, "error": "certificate has expired"}, "warned about"),
    ],
)
def test_a_traffic_server_that_only_warns_tells_more_than_the_first_error(
    model: Record, otherwise: dict[str, Any], did: str | None
) -> None:
    joined = join_audit([refusal(**{"action": "Continue", **otherwise})], model)
    titles = [one["title"] for one in joined["unpredicted"]]
    assert len(titles) == (did is not None) != len(joined["explained"])
    assert all(title.startswith(f"expc1 {did} {NODE}") for title in titles)


def test_what_nobody_met_is_for_information(model: Record) -> None:
    joined = join_audits([], [model])
    (found,) = joined["not_in_log"]
    assert (found["check"], found["severity"]) == ("prediction_not_in_log", "info")
    assert (found["address"], found["port"], found["peers"]) == (NODE, 8443, ["expc1.example.test"])


def test_an_unknown_port_is_compared_with_every_port(model: Record) -> None:
    (verdict,) = [one for one in model["verdicts"] if one["outcome"] == "refused"]
    same = {"error_code": verdict["error_code"], "depth": verdict["depth"]}
    assert join_audit([refusal(ports=[], **same)], model)["explained"]
    assert join_audit([refusal(ports=[6972, 8443], **same)], model)["explained"]


def test_every_key_is_documented(model: Record) -> None:
    (verdict,) = [one for one in model["verdicts"] if one["outcome"] == "refused"]
    met = refusal(error_code=verdict["error_code"], depth=verdict["depth"])
    # Without a candidate there is no plan; the explanation has its entries all the same.
    entry = {
        "sha256": "0",
        "subject": "CN=a",
        "common_name": "a",
        "reason": "r",
        "repairs": [WHERE],
    }
    plans = {verdict["peer"]: {"add": [entry]}}
    for one in (
        join_audit([met, refusal(peer="expc9")], {**model, "plan": plans}),
        join_audit([], model),
    ):
        assert undocumented("traffic_log_info", {"joined": one}) == set()


def test_a_handshake_that_failed_otherwise_is_not_compared(model: Record) -> None:
    joined = join_audit([refusal(stage="handshake")], model)
    assert joined["explained"] == joined["unpredicted"] == []
