# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What role mra_audit gives to roles and playbooks that judge again."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.estate import own_network, running_estate

CHECKOUT = Path(__file__).resolve().parents[3]
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
ROLES = sorted(folder.name for folder in (CHECKOUT / "roles").iterdir())
JUDGE_AGAIN = """
- hosts: apac
  gather_facts: false
  tasks:
    - ansible.builtin.include_role: {name: collab.expressway.mra_audit}
      vars: {mra_audit_report: false}
    - ansible.builtin.fail:
      when: inventory_hostname == mra_audit_lead
    - ansible.builtin.include_tasks: "{{ predict }}"
      vars: {remediate_turn_on: never}
    - ansible.builtin.copy:
        dest: "{{ written }}"
        content: "{{ {'lead': mra_audit_lead, 'before': mra_audit_result, 'again': remediate_predicted} | to_json }}"
        mode: "0600"
      delegate_to: localhost
"""


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_keeps_for_itself_is_read_by_no_other(role: str) -> None:
    places = [CHECKOUT / "playbooks", CHECKOUT / "extensions"]
    places += [CHECKOUT / "roles" / other for other in ROLES if other != role]
    read = [
        str(file.relative_to(CHECKOUT))
        for place in places
        for file in place.rglob("*.yml")
        if re.search(rf"\b__{role}_", file.read_text())
    ]
    assert read == []


def test_what_was_read_for_a_cluster_outlives_the_peer_that_stood_for_it(tmp_path: Path) -> None:
    (tmp_path / "play.yml").write_text(JUDGE_AGAIN)
    network, written = own_network(), tmp_path / "written.json"
    variables = {
        "predict": str(CHECKOUT / "playbooks/tasks/predict.yml"),
        "written": str(written),
        "lab_state": str(tmp_path / "lab"),
    }
    with running_estate(network, ["apac"], state=tmp_path / "lab", traffic_servers=False):
        done = subprocess.run(
            [PLAYBOOK, tmp_path / "play.yml", "-i", "inventory/lab", "-e", json.dumps(variables)],
            capture_output=True,
            text=True,
            cwd=CHECKOUT,
            env=os.environ | {"LAB_NETWORK": network, "ANSIBLE_NOCOLOR": "1"},
            timeout=120,
            check=False,
        )
    assert written.exists(), done.stdout + done.stderr
    found = json.loads(written.read_text())
    assert found["lead"] == "expc1.apac.example.test"
    assert len(found["again"]["verdicts"]) > 0
    for part in ("verdicts", "origins", "discovery"):
        assert found["again"][part] == found["before"][part]
