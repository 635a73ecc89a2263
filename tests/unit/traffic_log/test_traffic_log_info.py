# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as a user runs it: through Ansible, on the controller."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.collab.expressway.plugins.modules import traffic_log_info

from tests.unit.documented import undocumented
from tests.unit.local_module import results_of
from tests.unit.traffic_log.excerpts import IP_ADDRESS, SELF_SIGNED

AUDIT: dict[str, Any] = {"cluster": "emea", "verdicts": [], "certificates": {}, "plan": {}}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The results of all calls: one run of Ansible, in check mode."""
    folder = tmp_path_factory.mktemp("module")
    logs = folder / "logs"
    logs.mkdir()
    (logs / "messages").write_text(IP_ADDRESS)
    (logs / "other.gz").write_bytes(gzip.compress(SELF_SIGNED.encode()))
    (folder / "empty").touch()
    (folder / "core").write_bytes(bytes(1000))
    (folder / "cut.gz").write_bytes(gzip.compress(SELF_SIGNED.encode())[:-9])
    calls: list[dict[str, Any]] = [
        {"paths": [str(logs)]},
        {"paths": [str(logs)], "since": "2022-07-11T19:00:00+02:00", "max_samples": 0},
        {"paths": [str(logs)], "until": "2022-07-11T17:00:00"},
        {
            "paths": ["/does/not/exist", str(folder / "empty")],
            "since": "yesterday",
            "max_samples": -1,
            "audits": [{}, {**AUDIT, "verdicts": [{}]}, {**AUDIT, "plan": {"expc1": {}}}],
        },
        {"paths": [str(folder / "cut.gz"), str(logs / "messages")]},
        {"paths": [str(logs)], "audits": []},
        {"paths": [str(folder / "core")]},
    ]
    return results_of("traffic_log_info", calls, folder, "--check")


def test_it_names_the_culprits(results: list[dict[str, Any]]) -> None:
    told = results[0]
    assert not told.get("failed") and told["changed"] is False
    assert {(one["address"], *one["ports"]) for one in told["refusals"]} == {
        ("10.48.36.215", 8443),
        ("cucm.steven.lab", 6972),
    }
    assert told["connections"] == {"ok": 0, "refused": 2}
    assert [Path(one["path"]).name for one in told["files"]] == ["messages", "other.gz"]
    assert told["unread"] == [] and "joined" not in told


def test_a_span_of_time_and_no_samples(results: list[dict[str, Any]]) -> None:
    (late,) = results[1]["refusals"]
    assert (late["address"], late["samples"]) == ("10.48.36.215", [])
    (early,) = results[2]["refusals"]
    assert early["address"] == "cucm.steven.lab"


def test_bad_options_are_told_in_one_message_before_anything_is_read(
    results: list[dict[str, Any]],
) -> None:
    told = results[3]
    assert told["failed"] and told["msg"].startswith("Nothing was read. ")
    for words in (
        "paths[0]: /does/not/exist: no such file",
        "empty: it is empty",
        "since: 'yesterday' is no ISO 8601 time",
        "max_samples: -1",
        "audits[0] has no cluster, verdicts, certificates, plan; give what mra_audit_info returned as audit",
        "audits[1].verdicts[0] has no peer, address, port",
        "audits[2].plan.expc1 has no add",
    ):
        assert words in told["msg"]
    assert "Traceback" not in json.dumps(told)


def test_a_damaged_file_fails_with_what_could_be_read(results: list[dict[str, Any]]) -> None:
    told = results[4]
    assert told["failed"] and "cut.gz: it is cut off" in told["msg"]
    assert "10.48.36.215" in {one["address"] for one in told["refusals"]}


def test_no_log_at_all_is_no_clean_log(results: list[dict[str, Any]]) -> None:
    told = results[6]
    assert told["failed"] and "there is no log in them" in told["msg"]
    assert "core: it is no text" in told["msg"]


def test_audits_are_joined_even_when_there_are_none(results: list[dict[str, Any]]) -> None:
    joined = results[5]["joined"]
    assert joined["explained"] == [] and len(joined["unpredicted"]) == 2


def test_every_returned_key_is_documented(results: list[dict[str, Any]]) -> None:
    documented = yaml.safe_load(traffic_log_info.RETURN)
    assert undocumented("traffic_log_info", results[5]) == set()
    assert set(documented) <= set(results[5])
    (record, *_others) = results[0]["refusals"]
    assert set(record) == set(documented["refusals"]["contains"])
