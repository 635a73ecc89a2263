# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person sees when the estate is up: what listens where, and commands to paste."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.lab.process import default_state
from tests.lab.profile import DEFAULT_NETWORK

WITHOUT_TRAFFIC_SERVERS = (
    "not installed (Debian package trafficserver), or not wanted; all but `logins` works"
)


def greeting(estate: Mapping[str, Any]) -> str:
    """``estate`` as in description.py; paths are given relative to the current folder."""
    return "\n".join([*_listeners(estate), "", *_commands(estate)])


def _listeners(estate: Mapping[str, Any]) -> list[str]:
    lines = []
    real = estate["traffic_server"]
    for cluster in estate["clusters"]:
        lines.append(f"Cluster {cluster['name']}")
        for peer in estate["peers"]:
            if peer["cluster"] == cluster["name"]:
                ports = f"SSH {peer['ssh_port']}, API {peer['api_port']}"
                if real:
                    ports += f", traffic server {peer['traffic_server_port']}"
                lines.append(f"  {_place(peer)} {peer['release']}: {ports}")
        for node in estate["nodes"]:
            if node["cluster"] == cluster["name"]:
                ports = ", ".join(map(str, node["ports"]))
                ports = f"TLS {ports}, CLI {node['vos_port']}"
                lines.append(f"  {_place(node)} {ports}: {node['situation']}")
    lines.append(f"Names {estate['dns']['address']} port {estate['dns']['port']}")
    lines.append(f"Control {estate['control']}, state in {_relative(estate['state'])}")
    if not real:
        lines.append(f"Without real traffic servers: {WITHOUT_TRAFFIC_SERVERS}")
    return lines


def _commands(estate: Mapping[str, Any]) -> list[str]:
    state, peer = Path(estate["state"]), estate["peers"][0]
    known_hosts, api_ca = _relative(state / "known_hosts"), _relative(state / "api-ca.pem")
    lab = f"{_relative(sys.executable)} -m tests.lab"
    other = estate["network"] != DEFAULT_NETWORK
    where = f" --network {estate['network']}" if other else ""
    environment = f"LAB_NETWORK={estate['network']} " if other else ""
    inventory = "-i inventory/lab"
    if state != default_state(estate["network"]):
        where += f" --state {_relative(state)}"
        inventory += f" -e lab_state={shlex.quote(str(state))}"
    playbook = _relative(Path(sys.executable).with_name("ansible-playbook"))
    node = estate["nodes"][:2][-1]  # in the default estate the one that TAC's article is about
    address, port = node["advertised"][0], node["ports"][-1]
    asked = (peer["name"], address, port)
    api = f"https://{peer['address']}:{peer['api_port']}/api/provisioning/certs/root"
    lines = [
        "To paste (the passwords of admin are in tests/lab/estate.yml):",
        f"  ssh -p {peer['ssh_port']} -o UserKnownHostsFile={known_hosts} admin@{peer['address']}",
        f"  curl --cacert {api_ca} -u admin {api}",
        f"  openssl s_client -showcerts -connect {node['address']}:{port} </dev/null",
        f"  ssh -p {node['vos_port']} -o UserKnownHostsFile={known_hosts} admin@{node['address']}",
    ]
    if estate["traffic_server"]:
        lines += [
            f"  curl -i {request['url']}"
            for request in estate["requests"]
            if (request["peer"], request["address"], request["port"]) == asked
        ]
        lines.append(f"  {lab} logins{where}")
    lines.append(f"  {environment}{playbook} collab.expressway.audit {inventory}")
    lines.append(f"  {lab} down{where}")
    return lines


def _place(entry: Mapping[str, Any]) -> str:
    return f"{entry['name']:<24} {entry['address']:<13}"


def _relative(path: str | Path) -> str:
    """The shorter of the path itself and the path from the current folder, quoted for a shell."""
    return shlex.quote(min(str(path), os.path.relpath(path), key=len))
