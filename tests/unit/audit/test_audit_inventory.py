# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What audit.yml makes of variables: of an inventory that is not finished, of a wrong host, of lists given as texts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.audit.observations import ROOT

PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
PEER: dict[str, Any] = {"ansible_connection": "local", "expressway_cluster": "emea"}
PUBLISHER, NAMED = "cucm-pub.example.test", {"expressway_cluster": "emea"}


def run(
    folder: Path,
    groups: dict[str, Any],
    playbook: str = "collab.expressway.audit",
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    """ansible-playbook on these groups of hosts, with `variables` as with -e."""
    (folder / "hosts.json").write_text(json.dumps({"all": {"children": groups}}))
    (folder / "extra.json").write_text(json.dumps(variables))
    return subprocess.run(
        [PLAYBOOK, playbook, "-i", "hosts.json", "-e", "@extra.json"],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOME": str(folder)},
        timeout=60,
        check=False,
    )


def on_one_line(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join((done.stdout + done.stderr).split())


def audit(folder: Path, peer: dict[str, Any], publisher: dict[str, Any] | None) -> str:
    groups: dict[str, Any] = {"expressway_c": {"hosts": {"expc1.example.test": peer}}}
    if publisher is not None:
        groups["uc_publishers"] = {"hosts": {PUBLISHER: publisher}}
    done = run(folder, groups)
    assert done.returncode != 0
    assert "Read what every peer says of itself" not in done.stdout
    return on_one_line(done)


@pytest.mark.parametrize(
    ("peer", "publisher", "said"),
    [
        ({"ansible_connection": "local"}, None, "expc1.example.test: expressway_cluster is not set"),
        ({"ansible_connection": "local"}, NAMED, "expc1.example.test: expressway_cluster is not set"),
        (PEER, {}, f"{PUBLISHER}: in group uc_publishers without expressway_cluster"),
        (PEER, {"expressway_cluster": "emae"}, f"{PUBLISHER}: expressway_cluster is emae, and no Expressway-C"),
        (PEER, None, "uc_publishers with expressway_cluster: emea"),
    ],
    ids=["no cluster", "cluster of the publisher only", "publisher of none", "misspelt", "nothing to audit"],
)  # fmt: skip
def test_an_unfinished_inventory_is_told_what_it_lacks(
    tmp_path: Path, peer: dict[str, Any], publisher: dict[str, Any] | None, said: str
) -> None:
    assert said in audit(tmp_path, peer, publisher)


PAIR: dict[str, Any] = {f"expc{number}.example.test": PEER for number in (1, 2)}
NODE = {"name": "cucm1", "product": "cucm", "addresses": ["127.0.0.1"], "ports": [1]}


def test_a_probing_host_that_is_down_fails_all_peers_with_its_name_and_the_remedy(
    tmp_path: Path,
) -> None:
    jump = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    done = run(
        tmp_path,
        {
            "expressway_c": {"hosts": PAIR, "vars": {"mra_audit_nodes": [NODE]}},
            "jump_hosts": {"hosts": {"jump.example.test": jump}},
        },
        mra_audit_probe_host="jump.example.test",
    )
    said = on_one_line(done)
    assert done.returncode != 0
    for peer in PAIR:
        why = said.split(f"fatal: [{peer}]: FAILED! =>", 1)[1]
        assert "mra_audit_probe_host=jump.example.test could not read" in why
        assert "Connection refused" in why and "Set mra_audit_probe_host to a host" in why
    assert "has no attribute" not in said


LISTS_AS_TEXTS = """
- hosts: expressway_c
  gather_facts: false
  roles:
    - role: collab.expressway.mra_audit
    - role: collab.expressway.san_coverage
      san_coverage_observe: false
      san_coverage_assert: false
"""


def test_a_text_stands_for_a_list_of_one_and_only_expressway_cluster_names_the_cluster(
    tmp_path: Path,
) -> None:
    """A publisher that is no UC node is asked in vain, which shows who was asked."""
    (tmp_path / "play.yml").write_text(LISTS_AS_TEXTS)
    done = run(
        tmp_path,
        {"expressway_c": {"hosts": PAIR, "vars": {"mra_audit_nodes": [NODE]}}},
        "play.yml",
        mra_audit_publishers="cucm8.example.test, cucm9.example.test",
        san_coverage_nodes="cuc9.example.test",
        mra_audit_certificates=ROOT,
        mra_audit_report_formats="json",
        mra_audit_report_dest=str(tmp_path),
        mra_audit_cluster="another",
    )
    assert done.returncode == 0, on_one_line(done)
    (model,) = json.loads((tmp_path / "mra-audit.json").read_text())["audits"]
    assert model["cluster"] == "emea"
    asked = " ".join(missed["error"] for missed in model["discovery"]["not_read"])
    assert "cucm8.example.test" in asked and "cucm9.example.test" in asked
    assert "(item=cuc9.example.test)" in on_one_line(done)
