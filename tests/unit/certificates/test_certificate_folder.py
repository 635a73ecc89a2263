# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates of nodes as files: named safely, kept across runs, changed only with their content."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.certificates.folder import (
    INDEX,
    FolderRefused,
    file_name,
    folder_files,
    stale_files,
)
from ansible_collections.collab.expressway.plugins.module_utils.written_files import locked

Record = dict[str, Any]


def held(node: str, *units: str, trusted: tuple[str, ...] = (), **otherwise: Any) -> Record:
    return {
        "node": node,
        "source": "api",
        "product": "cucm",
        "release": None,
        "not_given": [],
        "units": list(units),
        "trust_stores": ["tomcat-trust"] if trusted else [],
        "certificates": [
            {"node": node, "unit": unit, "sha256": f"{node} {unit}", "pem": f"PEM {node} {unit}\n", "chain": ["CA"]}
            for unit in units
        ],
        "trust_certificates": [{"sha256": name, "pem": f"PEM {name}\n"} for name in trusted],
        **otherwise,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("node", "unit", "expected"),
    [
        ("cucm1.example.test", "tomcat-ECDSA", "cucm1.example.test_tomcat-ECDSA.pem"),
        ("../../etc/passwd", "tomcat", "etc-passwd_tomcat.pem"),
        ("a/b", "..", "a-b_unnamed.pem"),
        ("cucm_1", "cup xmpp", "cucm-1_cup-xmpp.pem"),
        ("2001:db8::1", "tomcat\n", "2001-db8-1_tomcat.pem"),
    ],
)
def test_a_name_never_leaves_its_folder(node: str, unit: str, expected: str) -> None:
    assert file_name(node, unit) == expected


def test_one_file_a_certificate_and_an_index_of_all() -> None:
    files = folder_files([held("a", "tomcat", "CallManager", trusted=("z", "b"))], None)
    assert files.keys() == {"a_tomcat.pem", "a_CallManager.pem", "a_trust.pem", "index.json"}
    assert files["a_trust.pem"] == "PEM b\nPEM z\n"
    index = json.loads(files["index.json"])["nodes"]["a"]
    assert [entry["file"] for entry in index["certificates"]] == ["a_CallManager.pem", "a_tomcat.pem"]  # fmt: skip
    assert "pem" not in index["certificates"][0] and "chain" not in index["certificates"][0]
    assert index["trusted"] == ["b", "z"]


def test_nodes_that_were_not_read_stay_in_the_index() -> None:
    before = folder_files([held("a", "tomcat"), held("b", "tomcat")], None)
    after = folder_files([held("b", "tomcat", "ipsec")], before["index.json"])
    nodes = json.loads(after["index.json"])["nodes"]
    assert nodes["a"] == json.loads(before["index.json"])["nodes"]["a"]
    assert len(nodes["b"]["certificates"]) == 2


def refused(unit: str, *, listed: bool) -> Record:
    return {"unit": unit, "reason": "why", "listed": listed}


ALL = held("a", "tomcat", "CallManager", "cup", trusted=("z", "b"), trust_stores=["CallManager-trust", "tomcat-trust"])  # fmt: skip
ONE = held("a", "tomcat")
GONE = ["a_CallManager.pem", "a_cup.pem"]


@pytest.mark.parametrize(
    ("now", "stale", "kept"),
    [
        (ONE, [], ["CallManager", "cup"]),
        (ONE | {"units": ALL["units"]}, GONE, []),
        (ONE | {"units": ALL["units"], "not_given": [refused("cup", listed=False)]}, GONE, []),
        (ONE | {"units": ALL["units"], "not_given": [refused("cup", listed=True)]}, GONE[:1], ["cup"]),
    ],
    ids=["not asked for", "gone", "gone by name", "not given"],
)  # fmt: skip
def test_a_file_is_stale_where_what_it_holds_was_asked_for_and_is_gone(
    now: Record, stale: list[str], kept: list[str]
) -> None:
    before = folder_files([ALL], None)
    after = folder_files([now], before[INDEX])
    present = [*before, "ab_old.pem", "a_notes.pem", "b_tomcat.pem"]
    assert stale_files(present, [now], after) == stale
    entry = json.loads(after[INDEX])["nodes"]["a"]
    assert {one["unit"] for one in entry["certificates"]} == {"tomcat", *kept}
    assert {one["file"] for one in entry["certificates"]} == {"a_tomcat.pem", *(f"a_{unit}.pem" for unit in kept)}  # fmt: skip
    # Trust was not asked for.
    assert (entry["trusted"], "a_trust.pem" in after) == (["b", "z"], False)


@pytest.mark.parametrize(
    ("now", "stale", "trusted"),
    [
        (held("a", trusted=("b",)), [], ["b", "z"]),
        (held("a", trust_stores=ALL["trust_stores"]), ["a_trust.pem"], []),
        (held("a", trust_stores=ALL["trust_stores"], not_given=[refused("tomcat-trust", listed=True)]), [], ["b", "z"]),
        (held("a", trusted=("b",), trust_stores=ALL["trust_stores"]), [], ["b"]),
    ],
    ids=["fewer stores", "trusts nothing", "not given", "trusts less"],
)  # fmt: skip
def test_what_a_node_trusts_is_replaced_where_it_was_read(
    now: Record, stale: list[str], trusted: list[str]
) -> None:
    before = folder_files([ALL], None)
    after = folder_files([now], before[INDEX])
    assert stale_files(before, [now], after) == stale
    assert json.loads(after[INDEX])["nodes"]["a"]["trusted"] == trusted
    assert ("a_trust.pem" in after) == (trusted == ["b"])


def test_neither_the_order_of_a_node_nor_the_way_of_reading_it_is_a_change() -> None:
    refusals = [refused("cup", listed=True), refused("CallManager", listed=False)]
    one = held("a", "tomcat", "ipsec", not_given=refusals)
    other = held("a", "ipsec", "tomcat", not_given=refusals[::-1], source="cli", release="14.0.1.1-1")  # fmt: skip
    assert folder_files([one], None) == folder_files([other], None)


def test_two_certificates_of_one_unit_share_a_file() -> None:
    twice = held("a", "tomcat")
    twice["certificates"] = [twice["certificates"][0] | {"sha256": name, "pem": name} for name in ("z", "b")]  # fmt: skip
    assert folder_files([twice], None)["a_tomcat.pem"] == "b\nz\n"


@pytest.mark.parametrize(
    "index",
    ["", "{}", "[]", '{"nodes": 1}', '{"nodes": {"a": 5}}', '{"nodes": {"a": {"certificates": [{}]}}}'],
)  # fmt: skip
def test_a_foreign_index_is_not_overwritten(index: str) -> None:
    with pytest.raises(FolderRefused, match="was not written by this module"):
        folder_files([held("a", "tomcat")], index)


def test_two_nodes_never_share_a_file() -> None:
    with pytest.raises(FolderRefused, match="A/b tomcat and a_b tomcat would both be written"):
        folder_files([held("A/b", "tomcat"), held("a_b", "tomcat")], None)
    earlier = folder_files([held("cucm_1", "tomcat"), held("b", "tomcat")], None)[INDEX]
    with pytest.raises(FolderRefused, match="cucm-1 tomcat and cucm_1 tomcat would both be"):
        folder_files([held("cucm-1", "tomcat")], earlier)
    assert folder_files([held("b", "tomcat")], earlier)[INDEX] == earlier


PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - collab.expressway.certificate_folder: {nodes: "{{ nodes }}", dest: "{{ dest }}"}
      check_mode: "{{ item == 'predict' }}"
      loop: [predict, write, again]
      register: runs
    - collab.expressway.certificate_folder: {nodes: [{}], dest: "{{ dest }}"}
      register: bad
      ignore_errors: true
    - collab.expressway.certificate_folder: {nodes: "{{ nodes }}", dest: "{{ item }}"}
      loop: [bytes, folder]
      register: foreign
      ignore_errors: true
    - ansible.builtin.copy:
        content: "{{ [runs.results, bad, foreign.results] | to_json }}"
        dest: "{{ dest }}.json"
        mode: "0600"
"""


def test_the_folder_is_predicted_written_and_then_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    for name in ("new", "bytes", "folder/index.json"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "bytes" / INDEX).write_bytes(b"\xff")
    (tmp_path / "play.yml").write_text(PLAY)
    variables = {"nodes": [held("a", "tomcat")], "dest": str(folder)}
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "play.yml", "--diff", "-e", json.dumps(variables)],
        cwd=tmp_path, env={**os.environ, "ANSIBLE_LOCALHOST_WARNING": "0"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (predicted, written, again), bad, foreign = json.loads(
        (tmp_path / "new" / "folder.json").read_text()
    )
    assert [run["changed"] for run in (predicted, written, again)] == [True, True, False]
    assert predicted["diff"] == written["diff"] and not again["diff"]
    assert (folder / "a_tomcat.pem").read_text() == "PEM a tomcat\n"
    assert "not what uc_certificates_info returned" in bad["msg"]
    assert all("index.json in it cannot be read" in run["msg"] for run in foreign)
    assert (tmp_path / "bytes" / INDEX).read_bytes() == b"\xff"


def test_what_another_task_puts_into_the_index_meanwhile_is_kept(tmp_path: Path) -> None:
    index, lock = tmp_path / "index.json", tmp_path / ".index.json.lock"
    arguments = json.dumps({"nodes": [held("a", "tomcat")], "dest": str(tmp_path)})
    with locked(index):
        since, deadline = lock.stat().st_mtime_ns, time.monotonic() + 20
        run = subprocess.Popen(
            [Path(sys.executable).with_name("ansible"), "localhost", "-i", "localhost,", "-c", "local",
             "-e", f"ansible_python_interpreter={sys.executable}",
             "-m", "collab.expressway.certificate_folder", "-a", arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        # It has read the index by then: who opens the lock leaves a mark on it.
        while run.poll() is None and lock.stat().st_mtime_ns == since:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        index.write_text(folder_files([held("b", "tomcat")], None)["index.json"])
    said = run.communicate(timeout=60)[0]
    assert run.returncode == 0, said
    assert sorted(json.loads(index.read_text())["nodes"]) == ["a", "b"]
