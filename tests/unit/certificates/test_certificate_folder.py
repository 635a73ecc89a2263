# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates of nodes as files: named safely, kept across runs, changed only with their content."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.certificates.folder import (
    FolderRefused,
    file_name,
    folder_files,
    stale_files,
)

Record = dict[str, Any]


def held(node: str, *units: str, trusted: tuple[str, ...] = (), **otherwise: Any) -> Record:
    return {
        "node": node,
        "source": "api",
        "product": "cucm",
        "release": None,
        "not_given": [],
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
    assert [entry["file"] for entry in index["certificates"]] == ["a_tomcat.pem", "a_CallManager.pem"]  # fmt: skip
    assert "pem" not in index["certificates"][0] and "chain" not in index["certificates"][0]
    assert index["trusted"] == ["b", "z"]


def test_nodes_that_were_not_read_stay_in_the_index() -> None:
    before = folder_files([held("a", "tomcat"), held("b", "tomcat")], None)
    after = folder_files([held("b", "tomcat", "ipsec")], before["index.json"])
    nodes = json.loads(after["index.json"])["nodes"]
    assert nodes["a"] == json.loads(before["index.json"])["nodes"]["a"]
    assert len(nodes["b"]["certificates"]) == 2


def test_files_of_certificates_that_are_gone_are_named() -> None:
    nodes = [held("a", "tomcat")]
    present = ["a_tomcat.pem", "a_old.pem", "ab_old.pem", "b_tomcat.pem", "index.json", "a_notes.txt"]  # fmt: skip
    assert stale_files(present, nodes, folder_files(nodes, None)) == ["a_old.pem"]


@pytest.mark.parametrize("index", ["", "{}", "[]", '{"nodes": 1}', '{"nodes": {"a": 5}}'])
def test_a_foreign_index_is_not_overwritten(index: str) -> None:
    with pytest.raises(FolderRefused, match="was not written by this module"):
        folder_files([held("a", "tomcat")], index)


def test_two_nodes_never_share_a_file() -> None:
    with pytest.raises(FolderRefused, match="A/b tomcat and a_b tomcat would both be written"):
        folder_files([held("A/b", "tomcat"), held("a_b", "tomcat")], None)


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
    - ansible.builtin.copy:
        content: "{{ [runs.results, bad] | to_json }}"
        dest: "{{ dest }}.json"
        mode: "0600"
"""


def test_the_folder_is_predicted_written_and_then_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    (tmp_path / "new").mkdir()
    (tmp_path / "play.yml").write_text(PLAY)
    variables = {"nodes": [held("a", "tomcat")], "dest": str(folder)}
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "play.yml", "--diff", "-e", json.dumps(variables)],
        cwd=tmp_path, env={**os.environ, "ANSIBLE_LOCALHOST_WARNING": "0"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (predicted, written, again), bad = json.loads((tmp_path / "new" / "folder.json").read_text())
    assert [run["changed"] for run in (predicted, written, again)] == [True, True, False]
    assert predicted["diff"] == written["diff"] and not again["diff"]
    assert (folder / "a_tomcat.pem").read_text() == "PEM a tomcat\n"
    assert "not what uc_certificates_info returned" in bad["msg"]
