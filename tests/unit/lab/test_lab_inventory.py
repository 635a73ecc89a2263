# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""inventory/lab says the same as tests/lab/estate.yml, so that neither drifts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.lab.profile import ClusterProfile, EdgeCluster, EdgePeer, PeerProfile, load_profile

NETWORK = "127.22"
PROJECT = Path(__file__).parents[3]
INVENTORY = PROJECT / "inventory/lab"
PROFILE = load_profile(network=NETWORK)
PEERS = [(cluster, peer) for cluster in PROFILE.clusters for peer in cluster.peers]
EDGES = [(cluster, peer) for cluster in PROFILE.edge_clusters for peer in cluster.peers]

READ_ALL = """\
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.copy:
        dest: "{{ result }}"
        mode: "0600"
        content: >-
          {{ {"groups": groups, "hosts": hostvars | dict2items | items2dict} | to_json }}
"""
"""Ansible itself fills in the templates; in a process of its own, as it changes how Python imports."""


def read_inventory(folder: Path, network: str | None, **variables: str) -> dict[str, Any]:
    playbook, result = folder / "read.yml", folder / "result.json"
    playbook.write_text(READ_ALL)
    environment = {name: value for name, value in os.environ.items() if name != "LAB_NETWORK"}
    if network is not None:
        environment["LAB_NETWORK"] = network
    program = Path(sys.executable).with_name("ansible-playbook")
    command = [str(program), "-i", str(INVENTORY), str(playbook)]
    for name, value in {"result": str(result), **variables}.items():
        command += ["-e", f"{name}={value}"]
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    read: dict[str, Any] = json.loads(result.read_text())
    return read


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return read_inventory(tmp_path_factory.mktemp("inventory"), NETWORK)


def test_the_groups_are_the_clusters_and_hold_their_peers(inventory: dict[str, Any]) -> None:
    groups = inventory["groups"]
    assert groups["expressway_c"] == [peer.name for _cluster, peer in PEERS]
    for cluster in PROFILE.clusters:
        assert groups[cluster.name] == [peer.name for peer in cluster.peers]
    assert groups["expressway_e"] == [peer.name for _cluster, peer in EDGES]


@pytest.mark.parametrize(("cluster", "peer"), [*PEERS, *EDGES], ids=lambda value: value.name)
def test_a_peer_is_where_the_estate_has_it(
    inventory: dict[str, Any], cluster: ClusterProfile | EdgeCluster, peer: PeerProfile | EdgePeer
) -> None:
    wanted = {
        "expressway_cluster": cluster.name,
        "ansible_host": peer.address,
        "ansible_port": PROFILE.ssh_port,
        "ansible_user": PROFILE.user,
        "ansible_password": PROFILE.password,
        "expressway_api_port": PROFILE.api_port,
        "expressway_api_user": PROFILE.user,
        "expressway_api_password": PROFILE.password,
        "expressway_api_validate_certs": True,
    }
    assert {name: inventory["hosts"][peer.name][name] for name in wanted} == wanted


def test_the_resolver_is_that_of_the_estate(inventory: dict[str, Any]) -> None:
    """So that addresses can be discovered without the list of nodes: -e '{"mra_audit_nodes": []}'."""
    assert inventory["hosts"][PEERS[0][1].name]["mra_audit_resolver"] == f"{NETWORK}.0.1:5353"


@pytest.mark.parametrize("cluster", PROFILE.clusters, ids=lambda cluster: cluster.name)
def test_the_nodes_are_those_of_the_estate(
    inventory: dict[str, Any], cluster: ClusterProfile
) -> None:
    assert inventory["hosts"][cluster.peers[0].name]["mra_audit_nodes"] == [
        {
            "name": node.name,
            "product": node.product,
            "addresses": list(node.advertised),
            "connect_to": node.address,
            "ports": [listener.port for listener in node.listeners],
        }
        for node in cluster.nodes
    ]


@pytest.mark.parametrize("cluster", PROFILE.clusters, ids=lambda cluster: cluster.name)
def test_the_publisher_of_a_cluster_is_where_the_estate_has_it(
    inventory: dict[str, Any], cluster: ClusterProfile
) -> None:
    node = cluster.nodes[0]
    platform = PROFILE.platform[0]
    wanted = {
        "expressway_cluster": cluster.name,
        "ansible_connection": "collab.expressway.vos",
        "ansible_host": node.address,
        "ansible_port": PROFILE.vos_port,
        "ansible_user": platform.user,
        "ansible_password": platform.password,
        "vos_axl_user": PROFILE.axl.user,
        "vos_axl_password": PROFILE.axl.password,
        "vos_https_port": node.listeners[0].port,
        "vos_certificate_api_port": node.listeners[0].port,
        "vos_validate_certs": True,
    }
    assert (node.product, node.role) == ("cucm", "publisher")
    assert {name: inventory["hosts"][node.name][name] for name in wanted} == wanted


def test_the_publishers_stand_in_a_group_of_their_own(inventory: dict[str, Any]) -> None:
    assert inventory["groups"]["uc_publishers"] == [
        cluster.nodes[0].name for cluster in PROFILE.clusters
    ]
    assert not set(inventory["groups"]["uc_publishers"]) & set(inventory["groups"]["expressway_c"])


def test_what_no_client_takes_by_its_name_is_pinned(tmp_path: Path) -> None:
    """The fingerprints that the estate writes are read by the name of the node; the others have none."""
    pins = {"cucm1.apac.example.test": ["ab" * 32], "cucm1.emea.example.test": ["cd" * 32]}
    (tmp_path / "uc-fingerprints.json").write_text(json.dumps(pins))
    hosts = read_inventory(tmp_path, NETWORK, lab_state=str(tmp_path))["hosts"]
    assert hosts["cucm1.apac.example.test"]["vos_certificate_sha256"] == ["ab" * 32]
    assert "vos_certificate_sha256" not in hosts["cucm1.emea.example.test"]


def test_without_an_estate_nothing_is_pinned(inventory: dict[str, Any]) -> None:
    assert inventory["hosts"]["cucm1.apac.example.test"]["vos_certificate_sha256"] == []


def test_the_state_files_are_those_of_the_network(inventory: dict[str, Any]) -> None:
    state = INVENTORY.parents[1] / ".cache/lab" / NETWORK
    for host, name, file in (
        (PEERS[0][1].name, "expressway_known_hosts_file", "known_hosts"),
        (PEERS[0][1].name, "expressway_api_ca_path", "api-ca.pem"),
        ("cucm1.emea.example.test", "vos_known_hosts_file", "known_hosts"),
        ("cucm1.emea.example.test", "vos_ca_path", "uc-ca.pem"),
    ):
        assert Path(inventory["hosts"][host][name]).resolve() == (state / file).resolve()


def test_the_workaround_ends_in_two_weeks(inventory: dict[str, Any]) -> None:
    before = date.today()
    until = date.fromisoformat(inventory["hosts"][PEERS[0][1].name]["origin_verification_until"])
    assert before + timedelta(days=14) <= until <= date.today() + timedelta(days=14)
    assert inventory["hosts"][PEERS[0][1].name]["origin_verification_state"] == "off"
    assert inventory["hosts"][PEERS[0][1].name]["origin_verification_reason"]


def test_the_network_is_the_default_one_unless_told(tmp_path: Path) -> None:
    hosts = read_inventory(tmp_path, None)["hosts"]
    assert hosts[PEERS[0][1].name]["ansible_host"] == "127.20.1.1"
