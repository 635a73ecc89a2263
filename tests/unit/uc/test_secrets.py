# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of ansible-playbook at -vvvvv: no password of any kind is printed, whatever goes right or wrong."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.uc.nodes import AXL_PASSWORD, EMEA, PLATFORM_PASSWORD, NodeClient

PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
PEER = "expc1.emea.example.test"
PLAY = """
- hosts: nodes
  gather_facts: false
  module_defaults:
    group/collab.expressway.uc: {}
  tasks:
    - collab.expressway.uc_addresses_info:
      register: found
    - collab.expressway.uc_certificates_info:
    - collab.expressway.uc_certificates_info:
        source: cli
    - ansible.builtin.debug:
        var: found
- hosts: peers
  gather_facts: false
  tasks:
    - collab.expressway.uc_servers:
        state: refreshed
        axl_password: "{{ refresh_password }}"
"""


ECHO = """<Envelope><Body><Fault><faultstring>no login <login></faultstring></Fault></Body></Envelope>"""


def run(publisher: NodeClient, folder: Path, **variables: Any) -> subprocess.CompletedProcess[str]:
    estate = publisher.estate
    node = {
        "ansible_connection": "collab.expressway.vos",
        "ansible_host": publisher.address,
        "ansible_port": estate.profile.vos_port,
        "ansible_user": "admin",
        "ansible_password": PLATFORM_PASSWORD,
        "vos_axl_user": "expressway-axl",
        "vos_axl_password": AXL_PASSWORD,
        "vos_known_hosts_file": str(estate.state / "known_hosts"),
        "vos_ca_path": str(estate.state / "uc-ca.pem"),
        "vos_certificate_api_port": 8443,
        "vos_command_timeout": 10,
    }
    peer = {
        **estate.peer_variables,
        "ansible_host": estate.peer(PEER).address,
        "refresh_password": AXL_PASSWORD,
    }
    groups = {"nodes": {"hosts": {EMEA: node | variables}}, "peers": {"hosts": {PEER: peer}}}
    (folder / "hosts.json").write_text(json.dumps({"all": {"children": groups}}))
    (folder / "play.yml").write_text(PLAY)
    return subprocess.run(
        [PLAYBOOK, "-vvvvv", "--diff", "-i", "hosts.json", "play.yml"],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOME": str(folder)},
        timeout=120,
        check=False,
    )


def secrets(publisher: NodeClient) -> list[str]:
    plain = [PLATFORM_PASSWORD, AXL_PASSWORD, publisher.estate.profile.password]
    users = ["admin", "expressway-axl"]
    basic = [f"{user}:{word}".encode() for user in users for word in plain]
    return plain + [base64.b64encode(one).decode() for one in basic]


def test_a_good_run_prints_no_password(publisher: NodeClient, tmp_path: Path) -> None:
    done = run(publisher, tmp_path)
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed[-3000:]
    assert "cuc1.emea.example.test" in printed
    assert [secret for secret in secrets(publisher) if secret in printed] == []


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"vos_axl_user": "admin", "vos_axl_password": PLATFORM_PASSWORD},
            "not the platform administrator",
        ),
        (
            {"ansible_password": "wrong-horse", "vos_axl_password": "wrong-horse"},
            "one try was made",
        ),
        ({"vos_tls_server_name": "other.example.test"}, "No credential was sent"),
        ({"ansible_host": "127.0.0.1", "ansible_port": 1, "vos_https_port": 1}, "UNREACHABLE"),
    ],
    ids=["mixed up", "wrong", "not trusted", "down"],
)
def test_a_bad_run_prints_no_password_and_no_traceback(
    publisher: NodeClient, tmp_path: Path, variables: dict[str, Any], said: str
) -> None:
    done = run(publisher, tmp_path, **variables)
    printed = done.stdout + done.stderr
    assert done.returncode != 0
    assert said in printed
    assert [secret for secret in [*secrets(publisher), "wrong-horse"] if secret in printed] == []
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    ("module", "options", "body"),
    [
        ("uc_addresses_info", {"sources": ["axl"]}, ECHO),
        ("uc_addresses_info", {"sources": ["axl", "uds"], "allow_unread": True}, ECHO),
        ("uc_certificates_info", {"source": "api"}, '{"messages": ["no login <login>"]}'),
    ],
    ids=["axl", "axl left out", "certificates"],
)
def test_a_node_that_says_the_login_back_is_not_quoted_with_it(
    publisher: NodeClient, module: str, options: dict[str, Any], body: str
) -> None:
    channel = "axl" if "axl" in options.get("sources", ()) else "certificates"
    publisher.fault("http_status", status=500, channel=channel, body=body)
    result = str(publisher.task(module, **options))
    assert "no login Basic ********" in result
    assert [secret for secret in secrets(publisher) if secret in result] == []


def test_a_short_password_garbles_neither_data_nor_words(publisher: NodeClient) -> None:
    usual = publisher.task("uc_certificates_info", source="api")
    short = {"vos_axl_password": "MII"}
    assert publisher.task("uc_certificates_info", source="api", variables=short) == usual
    publisher.fault("http_status", status=500, channel="axl", body=ECHO)
    told = publisher.task("uc_addresses_info", sources=["axl"], variables={"vos_axl_password": "at"})  # fmt: skip
    assert "no login Basic ******** ********" in told["msg"]
    assert "status 500" in told["msg"]
