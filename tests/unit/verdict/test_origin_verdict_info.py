# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as a user runs it: through Ansible, on the controller."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.collab.expressway.plugins.modules import origin_verdict_info

from tests.conformance.recorded import recorded_cases
from tests.unit.local_module import results_of

CASE = next(case for case in recorded_cases() if case.name == "trust_unknown_leaf_int")
TRUSTED = next(case for case in recorded_cases() if case.name == "trust_root_via_int")
AT = "2026-11-23T00:00:00Z"


def origin(**changes: Any) -> dict[str, Any]:
    return {"address": CASE.address, "port": 8443, "presented": CASE.presented} | changes


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The results of CALLS: one run of Ansible for all."""
    folder = tmp_path_factory.mktemp("module")
    store = folder / "store.pem"
    store.write_text(TRUSTED.trust_store)
    calls = [
        {"trust_stores": {"text": CASE.trust_store, "file": str(store)}, "origins": [origin()]},
        {
            "trust_stores": {"empty": "", "good": CASE.trust_store},
            "origins": [origin(presented="", key_type="ecdsa", connect_to="10.0.0.1")],
        },
        {
            "trust_stores": {"a": "/does/not/exist.pem", "b": 5, "c": CASE.trust_store},
            "origins": [
                origin(),
                origin(port=0, address=" "),
                origin(presented="no PEM"),
                origin(presented=CASE.presented + CASE.presented[:200]),
            ],
            "at": "tomorrow",
        },
        {"trust_stores": {"text": CASE.trust_store}, "origins": [origin()], "at": "2061-01-01"},
    ]
    for call in calls:
        call.setdefault("at", AT)
    return results_of("origin_verdict_info", calls, folder, "--check")


def test_text_and_path(results: list[dict[str, Any]]) -> None:
    text, file = results[0]["verdicts"]
    assert results[0]["changed"] is False
    assert (text["trust_store"], text["error_code"], text["depth"]) == ("text", 20, 1)
    assert (file["trust_store"], file["outcome"]) == ("file", "accepted")


def test_every_returned_key_is_documented(results: list[dict[str, Any]]) -> None:
    documented = yaml.safe_load(origin_verdict_info.RETURN)["verdicts"]["contains"]
    returned = {key for result in results[:2] for verdict in result["verdicts"] for key in verdict}
    assert returned == set(documented)


def test_nothing_presented_and_an_empty_store(results: list[dict[str, Any]]) -> None:
    empty, good = results[1]["verdicts"]
    assert empty["error"] == "the trust store cannot be loaded"
    assert good["error"] == "no certificate presented"
    assert good["key_type"] == "ecdsa"


def test_bad_options_are_named_with_their_place_all_at_once(results: list[dict[str, Any]]) -> None:
    assert results[2]["failed"] is True
    message = results[2]["msg"]
    for complaint in (
        "at: 'tomorrow' is no ISO 8601 time",
        "trust_stores.a: neither PEM text nor a readable file: /does/not/exist.pem",
        "trust_stores.b: expected PEM text or a path, not int",
        "origins[1].address: it is empty",
        "origins[1].port: 0 is no TCP port",
        "origins[2].presented: no certificate in it",
        "origins[3].presented: block 3 (line",
    ):
        assert complaint in message
    assert "trust_stores.c" not in message
    assert "origins[0]" not in message


def test_the_moment_is_an_option(results: list[dict[str, Any]]) -> None:
    (verdict,) = results[3]["verdicts"]
    assert any("certificate has expired" in text for text in verdict["reveals"])
