# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as a user runs it: through Ansible, on the controller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.local_module import results_of
from tests.unit.trust_plan.pki import AT, make, origin, pem, server

ROOT = make("Root CA")
ISSUING = make("Issuing CA", ROOT)
LEAF = server("cucm1.example.test", ISSUING)


def test_the_module_plans_and_complains_under_ansible(tmp_path: Path) -> None:
    calls: list[dict[str, Any]] = [
        {
            "trust_stores": {"expc1": _file(tmp_path, "store.pem", ""), "expc2": ROOT.pem},
            "origins": [origin(LEAF, key_type="rsa")],
            # A comma in a comment must not tear the text apart.
            "candidates": f"# Root, issuing\n{pem(ROOT)}",
            "at": AT.isoformat(),
        },
        {
            "trust_stores": {"expc1": "/nowhere/store.pem", "expc2": 5},
            "origins": [{"address": " ", "port": 70000, "presented": ""}],
            "candidates": [_file(tmp_path, "ca.pem", ROOT.pem), "/nowhere/ca.pem"],
            "at": "tomorrow",
        },
    ]
    planned, failed = results_of("trust_plan_info", calls, tmp_path, "--check")
    assert planned["changed"] is False
    assert planned["plans"]["expc1"]["not_found"][0]["common_name"] == "Issuing CA"
    assert planned["plans"]["expc1"]["unrepaired"][0]["key_type"] == "rsa"
    assert planned["refused_candidates"] == []
    assert failed["failed"]
    for place in (
        "trust_stores.expc1: neither PEM text nor a readable file: /nowhere/store.pem",
        "trust_stores.expc2: expected PEM text or a path, not int",
        "candidates[1]: neither PEM text nor a readable file",
        "origins[0].address: it is empty",
        "origins[0].port: 70000 is no TCP port",
        "at: 'tomorrow' is no ISO 8601 time",
    ):
        assert place in failed["msg"]


def _file(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text)
    return str(path)
