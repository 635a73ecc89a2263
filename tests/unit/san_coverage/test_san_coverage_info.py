# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as a user runs it: through Ansible, on the controller."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.unit.san_coverage.leafs import leaf, origin, shown, stored

HOST = "cucm1.example.test"
PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - collab.expressway.san_coverage_info: "{{ good }}"
      register: good_result
    - collab.expressway.san_coverage_info: "{{ bad }}"
      register: bad_result
      ignore_errors: true
    - ansible.builtin.copy:
        content: "{{ [good_result, bad_result] | to_json }}"
        dest: "{{ dest }}"
        mode: "0600"
"""


def test_the_module_compares_and_complains_under_ansible(tmp_path: Path) -> None:
    variables = {
        "good": {
            "origins": [origin(HOST)],
            "presented": [shown(HOST, leaf("x", (HOST,)))],
            "certificates": [stored(HOST, leaf("x", ("other.example.test",)))],
        },
        "bad": {"origins": [], "certificates": [{"node": HOST, "unit": "tomcat"}]},
        "dest": str(tmp_path / "results.json"),
    }
    (tmp_path / "play.yml").write_text(PLAY)
    (tmp_path / "variables.json").write_text(json.dumps(variables))
    done = subprocess.run(
        [
            Path(sys.executable).with_name("ansible-playbook"),
            "play.yml",
            "-e",
            "@variables.json",
        ],
        cwd=tmp_path,
        env={**os.environ, "ANSIBLE_LOCALHOST_WARNING": "0"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    good, bad = json.loads((tmp_path / "results.json").read_text())
    assert good["changed"] is False
    assert [found["check"] for found in good["findings"]] == [
        "presented_differs_from_stored",
        "name_not_in_certificate",
    ]
    assert good["csr"][0]["text"] == f"other.example.test\n{HOST}\n"
    assert good["covered"] is False
    assert "certificates[0] has no pem; give what uc_certificates_info returned" in bad["msg"]
