# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules as Ansible runs them: what is written, what counts as changed, what is said when it fails."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.audit.observations import (
    AT,
    CHAINS,
    Record,
    address,
    audit,
    facts,
    observed,
    presented,
)
from tests.unit.local_module import results_of

ANSIBLE = Path(sys.executable).with_name("ansible")
pytestmark = pytest.mark.skipif(not ANSIBLE.exists(), reason="ansible is not beside this python")


def run(module: str, *flags: str, **arguments: Any) -> Record:
    """The result of one task on localhost."""
    said = output(module, *flags, **arguments)
    start = said.find("=> {")
    assert start >= 0, said
    return json.JSONDecoder().raw_decode(said[start + 3 :])[0]


def output(module: str, *flags: str, **arguments: Any) -> str:
    """What Ansible prints for it."""
    done = subprocess.run(
        [
            ANSIBLE,
            "localhost",
            "-m",
            f"collab.expressway.{module}",
            "-a",
            json.dumps(arguments),
            *flags,
        ],
        env={
            **os.environ,
            "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
            "ANSIBLE_NOCOLOR": "1",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def model() -> Record:
    return audit(
        [observed()], [address()], [presented("offered", CHAINS["ecdsa"][0], cipher_list="ALL")]
    )


def test_a_report_is_predicted_written_and_then_left_alone(model: Record, tmp_path: Path) -> None:
    dest = tmp_path / "new" / "folder"
    arguments: Record = {"audits": [model], "dest": str(dest)}
    predicted = run("audit_report", "--check", **arguments)
    assert predicted["changed"] and not dest.exists()
    written = run("audit_report", **arguments)
    assert written["changed"] and written["files"] == predicted["files"]
    assert written["summary"] == predicted["summary"]
    for path in map(Path, written["files"].values()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
    before = {path: path.stat().st_mtime_ns for path in dest.iterdir()}
    again = run("audit_report", **arguments)
    assert not again["changed"]
    assert {path: path.stat().st_mtime_ns for path in dest.iterdir()} == before
    assert not run("audit_report", "--check", **arguments)["changed"]


def test_only_what_differs_is_rewritten(model: Record, tmp_path: Path) -> None:
    arguments: Record = {"audits": [model], "dest": str(tmp_path), "formats": ["json", "text"]}
    run("audit_report", **arguments)
    (tmp_path / "mra-audit.txt").write_text("older\n")
    kept = (tmp_path / "mra-audit.json").stat().st_mtime_ns
    said = output("audit_report", "--diff", **arguments)
    assert "-older" in said and "+MRA origin certificate audit" in said
    assert "mra-audit.json: rewritten" not in said
    assert (tmp_path / "mra-audit.json").stat().st_mtime_ns == kept
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mra-audit.json", "mra-audit.txt"]


def test_a_folder_that_is_a_file_is_said_so(model: Record, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("audit_report", audits=[model], dest=str(tmp_path / "file"))
    assert "dest" in result["msg"] and str(tmp_path / "file") in result["msg"]


def test_what_is_no_audit_is_said_so(tmp_path: Path) -> None:
    result = run("audit_report", audits=[{"cluster": "emea"}], dest=str(tmp_path))
    assert "not what mra_audit_info returned" in result["msg"]
    assert not list(tmp_path.iterdir())


def test_the_module_judges_as_the_function_does(model: Record) -> None:
    result = run(
        "mra_audit_info",
        cluster="emea",
        peers=[observed()],
        addresses=[address()],
        presented=[presented("offered", CHAINS["ecdsa"][0], cipher_list="ALL")],
        at=AT.isoformat(),
    )
    assert result["audit"] == model
    assert not result["changed"]


DISCOVERY: Record = {
    "addresses": [],
    "excluded": [],
    "not_read": [],
    "findings": [],
    "complete": True,
}
WRONG: list[tuple[Record, str]] = [
    ({"at": "tomorrow"}, "at: 'tomorrow' is no ISO 8601 time"),
    ({"at": "9999-12-31T23:00:00-05:00"}, "at: '9999-12-31T23:00:00-05:00' is no time of the years 1 to 9999 in UTC"),
    ({"expiring_within_days": 2**31}, "expiring_within_days: 2147483648 is out of range; give at most 100000"),
    ({"certificates": ["nothing"]}, "certificates[0]: no certificate in it"),
    ({"presented": [{}]}, "presented[0] has no address, port, key_type, chain; give what presented_certificates_info"),
    ({"presented": [{**presented("rsa", None), "chain": 5}]}, "presented[0].chain is no text; give"),
    ({"discovery": {"complete": True}}, "discovery has no addresses, excluded, not_read, findings; give what uc_addresses_info"),
    ({"discovery": {**DISCOVERY, "addresses": 5}}, "discovery.addresses is no list; give"),
    ({"discovery": {**DISCOVERY, "not_read": ["axl"]}}, "discovery.not_read[0] is no dictionary; give"),
    ({"peers": [observed(said={**facts(), "trust_store": {"pem": ""}})]}, "peers[0].facts.trust_store has no sha256, certificates; give"),
]  # fmt: skip


def test_a_wrong_option_is_named_with_its_place_and_what_to_give(tmp_path: Path) -> None:
    usual = {"cluster": "emea", "peers": [observed(said=facts())], "addresses": [], "presented": []}
    calls = [{**usual, **wrong} for wrong, _says in WRONG]
    said = [result["msg"] for result in results_of("mra_audit_info", calls, tmp_path)]
    for (_wrong, says), told in zip(WRONG, said, strict=True):
        assert told.startswith(says)


def test_the_last_day_of_all_can_be_judged() -> None:
    late = datetime(9999, 12, 31, tzinfo=UTC)
    model = audit([observed()], [address()], [presented("offered", CHAINS["rsa"][0])], at=late)
    assert model["audited_on"] == "9999-12-31"
