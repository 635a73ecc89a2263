# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""inventory/example is what a site copies: it must load, and hold all that the playbooks ask for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.audit.nodes import addresses_of

CHECKOUT = Path(__file__).resolve().parents[3]
EXAMPLE = CHECKOUT / "inventory" / "example"
VAULT_PASSWORD = "example"  # told in inventory/example/README.md


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    password = tmp_path_factory.mktemp("vault") / "password"
    password.write_text(VAULT_PASSWORD)
    listing = subprocess.run(
        [
            Path(sys.executable).parent / "ansible-inventory",
            "-i",
            EXAMPLE,
            "--list",
            "--vault-password-file",
            password,
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=CHECKOUT,
    )
    return json.loads(listing.stdout)


def test_it_shows_two_clusters_below_the_group_of_the_playbooks(inventory: dict[str, Any]) -> None:
    assert sorted(inventory["expressway_c"]["children"]) == ["apac", "emea"]
    assert [len(inventory[cluster]["hosts"]) for cluster in ("emea", "apac")] == [3, 2]


def test_every_peer_knows_its_cluster_and_its_nodes(inventory: dict[str, Any]) -> None:
    for cluster in ("emea", "apac"):
        for peer in inventory[cluster]["hosts"]:
            variables = inventory["_meta"]["hostvars"][peer]
            assert variables["expressway_cluster"] == cluster
            assert variables["ansible_connection"] == "collab.expressway.expressway"
            assert {node["product"] for node in variables["mra_audit_nodes"]} <= {
                "cucm",
                "imp",
                "cuc",
            }
            assert all(node["addresses"] for node in variables["mra_audit_nodes"])


def test_the_password_stands_in_the_vault_only(inventory: dict[str, Any]) -> None:
    vaults = list(EXAMPLE.rglob("vault.yml"))
    assert {vault.parent.name for vault in vaults} == {"expressway_c", "uc_publishers"}
    assert all(vault.read_text().startswith("$ANSIBLE_VAULT;") for vault in vaults)
    peer = inventory["_meta"]["hostvars"]["expc1.emea.example.com"]
    assert peer["vault_expressway_admin_password"] == "change-me"
    elsewhere = [path for path in EXAMPLE.rglob("*") if path.is_file() and path not in vaults]
    assert not [path for path in elsewhere if "change-me" in path.read_text()]


def test_off_is_declared_with_its_date_and_reason(inventory: dict[str, Any]) -> None:
    emea = inventory["_meta"]["hostvars"]["expc1.emea.example.com"]
    assert emea["origin_verification_state"] == "off"
    assert emea["origin_verification_until"] and emea["origin_verification_reason"]
    assert (
        "origin_verification_state" not in inventory["_meta"]["hostvars"]["expc1.apac.example.com"]
    )


def test_one_cluster_asks_its_publisher_and_the_other_lists_its_nodes(
    inventory: dict[str, Any],
) -> None:
    variables = inventory["_meta"]["hostvars"]
    publisher = variables["cucm-pub.emea.example.com"]
    assert publisher["ansible_connection"] == "collab.expressway.vos"
    assert publisher["expressway_cluster"] == "emea"
    assert publisher["vault_uc_platform_password"] != publisher["vault_uc_axl_password"]
    assert publisher["ansible_password"] == "{{ vault_uc_platform_password }}"
    assert publisher["vos_axl_password"] == "{{ vault_uc_axl_password }}"
    listed = variables["expc1.apac.example.com"]["mra_audit_nodes"]
    assert addresses_of(listed, "apac")
    # An empty list is enough only where a publisher is asked.
    asked = {variables[host]["expressway_cluster"] for host in inventory["uc_publishers"]["hosts"]}
    assert asked == {"emea"}
