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
from typing import Any

import pytest

from tests.lab.estate import own_network, running_estate

CHECKOUT = Path(__file__).resolve().parents[3]
PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
ROLES = sorted(folder.name for folder in (CHECKOUT / "roles").iterdir())
PUBLISHER = "cucm1.apac.example.test"
JUDGE_AGAIN = """
- hosts: apac
  gather_facts: false
  vars: {mra_audit_report: false}
  tasks:
    - ansible.builtin.include_role: {name: collab.expressway.mra_audit}
    - ansible.builtin.fail:
      when: inventory_hostname == mra_audit_lead
    - ansible.builtin.include_tasks: "{{ predict }}"
      vars: {remediate_turn_on: never}
    - ansible.builtin.set_fact:
        found: {lead: "{{ mra_audit_lead }}", before: "{{ mra_audit_result }}", again: "{{ remediate_predicted }}"}
    - ansible.builtin.include_role: {name: collab.expressway.mra_audit}
      vars: {mra_audit_read_certificates: true}
    - ansible.builtin.include_role: {name: collab.expressway.san_coverage}
      vars: {san_coverage_observe: false, san_coverage_assert: false}
    - ansible.builtin.set_fact:
        audited: "{{ mra_audit_result }}"
        refused: "{{ mra_audit_login_refused }}"
    - ansible.builtin.include_role: {name: collab.expressway.mra_audit}
      vars:
        mra_audit_publishers: []
        mra_audit_nodes: [{name: unity, product: cuc, addresses: [cuc1.apac.example.test]}]
    - ansible.builtin.copy:
        dest: "{{ written }}"
        content: "{{ found | combine({'audited': audited, 'refused': refused, 'by_hand': mra_audit_result}) | to_json }}"
        mode: "0600"
      delegate_to: localhost
"""
"""The peer that stands for the cluster leaves the play, and the publisher takes the password of AXL only."""


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


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the play wrote, and `node`: what the publisher saw of it."""
    folder = tmp_path_factory.mktemp("play")
    network, written = own_network(), folder / "written.json"
    (folder / "play.yml").write_text(JUDGE_AGAIN)
    (folder / "password.yml").write_text(
        f"uc_publishers: {{hosts: {{{PUBLISHER}: {{ansible_password: wrong horse}}}}}}\n"
    )
    variables = {
        "predict": str(CHECKOUT / "playbooks/tasks/predict.yml"),
        "written": str(written),
        "lab_state": str(folder / "lab"),
    }
    inventories = ["-i", "inventory/lab", "-i", str(folder / "password.yml")]
    with running_estate(network, ["apac"], state=folder / "lab", traffic_servers=False) as estate:
        done = subprocess.run(
            [PLAYBOOK, folder / "play.yml", *inventories, "-e", json.dumps(variables)],
            capture_output=True,
            text=True,
            cwd=CHECKOUT,
            env=os.environ | {"LAB_NETWORK": network, "ANSIBLE_NOCOLOR": "1"},
            timeout=120,
            check=False,
        )
        node = estate.node_report(PUBLISHER)
    assert written.exists(), done.stdout + done.stderr
    return {**json.loads(written.read_text()), "node": node}


def test_what_was_read_for_a_cluster_outlives_the_peer_that_stood_for_it(
    found: dict[str, Any],
) -> None:
    assert found["lead"] == "expc1.apac.example.test"
    assert len(found["again"]["verdicts"]) > 0
    for part in ("verdicts", "origins", "discovery"):
        assert found["again"][part] == found["before"][part]


def test_a_refused_password_is_tried_once_in_a_run(found: dict[str, Any]) -> None:
    """By two audits, the reading of trust and that of certificates."""
    assert found["node"]["failed_by_channel"] == {"cli": 1}
    assert found["refused"] == [PUBLISHER]
    before, after = (found[key]["discovery"]["not_read"] for key in ("before", "audited"))
    assert [missed["source"] for missed in before] == ["cli_server_table", "cli_cluster"]
    assert [missed["source"] for missed in after] == [
        *(missed["source"] for missed in before),
        "trust_certificates",
    ]
    assert f"{PUBLISHER}: it refused the platform administrator before" in after[-1]["error"]
    assert not found["audited"]["summary"]["complete"]


def test_the_resolver_is_asked_for_nodes_that_no_publisher_told_of(found: dict[str, Any]) -> None:
    assert [
        (origin["address"], origin["connect_to"].rpartition(".12.")[2])
        for origin in found["by_hand"]["origins"]
    ] == [("cuc1.apac.example.test", "31")]
    assert found["by_hand"]["verdicts"]
