# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logging in to UC nodes: over real SSH and TLS, what goes wrong and what the node saw of it."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes.platform_answers import (
    certificate_pem,
)
from ansible_collections.collab.expressway.plugins.plugin_utils import platform_shell
from cryptography.hazmat.primitives.serialization import Encoding

from tests.unit.uc.nodes import APAC, EMEA, NodeClient

CLI: dict[str, Any] = {"sources": ["cli"]}
UDS: dict[str, Any] = {"sources": ["uds"]}
AXL: dict[str, Any] = {"sources": ["axl"]}


def unreachable(client: NodeClient, options: dict[str, Any], **variables: Any) -> str:
    result = client.task("uc_addresses_info", variables=variables, **options)
    assert result.get("unreachable") is True, result
    assert "failed" not in result
    assert variables.get("inventory_hostname", client.name) in result["msg"]
    return str(result["msg"])


def failed(client: NodeClient, options: dict[str, Any], **variables: Any) -> str:
    result = client.task("uc_addresses_info", variables=variables, **options)
    assert result.get("failed") is True, result
    assert "unreachable" not in result
    assert client.name in result["msg"]
    return str(result["msg"])


def fingerprint(client: NodeClient) -> str:
    leaf = client.estate.call(lambda: client.estate.node(client.name).issued("tomcat").leaf)
    return hashlib.sha256(leaf.public_bytes(Encoding.DER)).hexdigest()


def test_one_task_is_one_login_and_a_logout(publisher: NodeClient) -> None:
    publisher.task("uc_addresses_info")
    publisher.wait_until_logged_out()
    seen = publisher.seen
    assert (seen["logins"], seen["sessions"], seen["failed_logins"]) == (1, 0, 0)
    assert seen["lines"] == ["set cli pagination off", "show network cluster", "exit"]


def test_reading_over_https_does_not_log_in_over_ssh(publisher: NodeClient) -> None:
    assert publisher.task("uc_addresses_info", sources=["axl", "uds"])["complete"] is True
    assert publisher.task("uc_certificates_info", source="api")["certificates"]
    assert publisher.seen["logins"] == 0


@pytest.mark.parametrize("method", ["both", "keyboard_interactive", "password"])
def test_a_wrong_password_is_tried_once(publisher: NodeClient, method: str) -> None:
    publisher.set(vos_login_method=method)
    message = unreachable(publisher, CLI, ansible_password="wrong horse")
    assert "refused the password of user admin (one try was made" in message
    assert "wrong horse" not in message
    assert (publisher.seen["failed_logins"], publisher.seen["logins"]) == (1, 0)


@pytest.mark.parametrize(
    "switches",
    [
        {"vos_login_method": "keyboard_interactive"},
        {"vos_login_method": "password"},
        {"vos_start_seconds": 1.5},
        {"vos_cluster_names": "host_only"},
        {"vos_unknown_command": "unsuccessful"},
        {"axl_element_order": "by_schema"},
        {"axl_soap_action": "optional"},
        {"uds_servers": "expanded"},
    ],
    ids=str,
)
def test_every_way_in_which_a_node_may_answer(
    publisher: NodeClient, switches: dict[str, Any]
) -> None:
    usual = publisher.task("uc_addresses_info")["origins"]
    publisher.set(**switches)
    result = publisher.task("uc_addresses_info")
    assert result.get("complete") is True, result
    assert [(one["address"], one["port"]) for one in result["origins"]] == [
        (one["address"], one["port"]) for one in usual
    ]


def test_an_application_user_is_no_platform_administrator(publisher: NodeClient) -> None:
    message = unreachable(
        publisher, CLI, ansible_user="expressway-axl", ansible_password="lab-axl-password"
    )
    assert "not an application user of AXL" in message
    assert publisher.seen["failed_logins"] == 1


def test_an_unknown_host_key_is_refused_before_the_password_is_sent(
    publisher: NodeClient, tmp_path: Path
) -> None:
    empty = tmp_path / "known_hosts"
    empty.touch()
    message = unreachable(publisher, CLI, vos_known_hosts_file=str(empty), ansible_password="no")
    assert "is unknown: " in message
    assert "vos_known_hosts_file" in message
    assert publisher.seen["failed_logins"] == 0


@pytest.mark.parametrize(
    ("options", "variables", "said"),
    [
        (CLI, {"ansible_password": None}, "set ansible_password or ansible_private_key_file"),
        (CLI, {"vos_known_hosts_file": "/nonexistent"}, "vos_known_hosts_file"),
        (CLI, {"ansible_port": 1}, "could not be logged in to"),
        (UDS, {"vos_https_port": 1}, "did not answer GET https://"),
        (UDS, {"ansible_host": "no-such-host.invalid"}, "no-such-host.invalid"),
        (UDS, {"ansible_host": "two..dots"}, "two..dots"),
        (UDS, {"vos_tls_server_name": ".dot"}, "did not answer"),
    ],
)
def test_what_is_missing_is_named(
    publisher: NodeClient, options: dict[str, Any], variables: dict[str, Any], said: str
) -> None:
    assert said in unreachable(publisher, options, **variables)
    assert publisher.seen["failed_logins"] == 0


@pytest.mark.parametrize(
    ("options", "variables", "said"),
    [
        (AXL, {"vos_axl_user": None}, "set vos_axl_user and vos_axl_password"),
        (UDS, {"vos_ca_path": "/nonexistent"}, "vos_ca_path"),
        (UDS, {"vos_certificate_sha256": ["12:34"]}, "no SHA-256"),
        (CLI, {"ansible_port": 65_536 + 5022}, "ansible_port of cucm1.emea.example.test"),
        (UDS, {"vos_https_port": 65_536 + 8443}, "vos_https_port of cucm1.emea.example.test"),
        (AXL, {"vos_https_port": 0}, "which is no port (1 to 65535)"),
    ],
)
def test_an_option_that_cannot_be_used_fails_and_says_nothing_of_the_node(
    publisher: NodeClient, options: dict[str, Any], variables: dict[str, Any], said: str
) -> None:
    assert said in failed(publisher, options, **variables)
    assert publisher.seen["requests"] == []


def test_a_ca_file_without_certificates_is_named(publisher: NodeClient, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    assert "holds no CA certificates" in failed(
        publisher, UDS, vos_ca_path=str(tmp_path / "ca.pem")
    )


def test_a_certificate_is_verified_before_credentials_are_sent(publisher: NodeClient) -> None:
    untrusted = unreachable(publisher, AXL, vos_ca_path=None)
    assert "No credential was sent" in untrusted
    assert "vos_ca_path" in untrusted
    other_name = unreachable(publisher, AXL, vos_tls_server_name="cucm9.emea.example.test")
    assert "cucm9.emea.example.test" in other_name
    assert "vos_tls_server_name" in other_name
    assert publisher.seen["requests"] == []


def test_the_name_is_the_host_where_that_is_no_ip_address(publisher: NodeClient) -> None:
    # The inventory name is no host name that the certificate holds; the address is not in it, either.
    message = unreachable(publisher, UDS, inventory_hostname=publisher.address)
    assert f"not trusted as that of {publisher.address}" in message


def test_a_delegated_task_is_about_the_node_and_not_about_the_host_it_came_from(
    publisher: NodeClient,
) -> None:
    found = publisher.task("uc_addresses_info", delegated_from="expc1.emea.example.test")
    assert found.get("complete") is True, found
    held = publisher.task("uc_certificates_info", delegated_from="expc1.emea.example.test")
    assert held["node"] == EMEA
    publisher.fault("down")
    told = publisher.task("uc_addresses_info", delegated_from="expc1.emea.example.test")["msg"]
    assert EMEA in told
    assert "expc1" not in told


def test_a_pinned_certificate_needs_neither_ca_nor_name(publisher: NodeClient) -> None:
    broken = publisher.node(APAC, vos_ca_path=None)
    assert "not trusted" in unreachable(broken, UDS)
    pin = fingerprint(broken)
    with_colons = ":".join(pin[place : place + 2] for place in range(0, 64, 2)).upper()
    for pins in ([pin], [with_colons], f"{'0' * 64},{pin}"):
        result = broken.task(
            "uc_addresses_info", variables={"vos_certificate_sha256": pins}, sources=["axl"]
        )
        assert result.get("origins"), result


def test_another_certificate_than_the_pinned_one_gets_no_credentials(publisher: NodeClient) -> None:
    message = unreachable(publisher, AXL, vos_certificate_sha256=["0" * 64])
    assert "No credential was sent" in message
    assert fingerprint(publisher) in message
    assert publisher.seen["requests"] == []


def test_a_pin_is_checked_even_where_verification_is_off(publisher: NodeClient) -> None:
    unreachable(publisher, AXL, vos_certificate_sha256=["0" * 64], vos_validate_certs=False)
    assert publisher.seen["requests"] == []


def test_verification_can_be_switched_off(publisher: NodeClient) -> None:
    broken = publisher.node(APAC, vos_ca_path=None, vos_validate_certs=False)
    assert broken.task("uc_addresses_info", sources=["uds"])["release"].startswith("12.5")


def test_a_node_that_is_down_is_unreachable(publisher: NodeClient) -> None:
    publisher.fault("down")
    for options in ({}, {"allow_unread": True}):
        unreachable(publisher, options)
    certificates = publisher.task("uc_certificates_info")
    assert certificates["unreachable"] is True
    assert "Before that: " in certificates["msg"]


@pytest.mark.parametrize(
    ("fault", "options", "said"),
    [
        ({"kind": "hang", "channel": "cli"}, CLI, "within 1 s"),
        ({"kind": "half_answer", "channel": "cli", "matching": "network"}, CLI, "fell silent"),
        ({"kind": "drop", "channel": "cli", "matching": "network"}, CLI, "closed the session"),
        ({"kind": "hang", "channel": "uds"}, UDS, "within 1 s"),
        ({"kind": "truncated", "channel": "uds"}, UDS, "IncompleteRead"),
    ],
    ids=str,
)
def test_an_answer_that_does_not_end_is_unreachable(
    publisher: NodeClient, fault: dict[str, Any], options: dict[str, Any], said: str
) -> None:
    publisher.fault(**fault)
    started = time.monotonic()
    message = unreachable(publisher, options, vos_command_timeout=1)
    assert said in message
    assert time.monotonic() - started < 5
    publisher.wait_until_logged_out()


def read(publisher: NodeClient, *commands: str) -> list[str]:
    connection = publisher.connection()
    try:
        return [connection.shell().read(command) for command in commands]
    finally:
        connection.close()


def without_blank_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("end", ["erased", "next_line"])
def test_the_pager_is_got_through(
    publisher: NodeClient, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (whole,) = read(publisher, "show cert own tomcat")
    monkeypatch.setattr(platform_shell, "TERMINAL_HEIGHT", 8)
    publisher.set(vos_pager_end=end)
    # An account of privilege level 0 cannot switch it off; here it is switched on again.
    _answer, paged = read(publisher, "set cli pagination on", "show cert own tomcat")
    assert "Press <enter>" not in paged
    assert without_blank_lines(paged) == without_blank_lines(whole)
    assert certificate_pem(whole) is not None
    assert certificate_pem(paged) == certificate_pem(whole)


@pytest.mark.parametrize("form", ["before_colon", "after_colon"])
def test_a_prompt_with_a_counter_is_a_prompt(publisher: NodeClient, form: str) -> None:
    publisher.set(vos_command_count=form)
    (usual,) = read(publisher, "show version active")
    _answer, first, second = read(
        publisher, "set commandcount enable", "show version active", "show version active"
    )
    assert first == second == usual
    assert "Active Master Version" in usual


def test_a_refused_command_is_told_in_the_node_s_words(publisher: NodeClient) -> None:
    publisher.fault("fail", channel="cli", matching="network")
    result = publisher.task("uc_addresses_info", **CLI)
    assert result["failed"] is True
    assert "Executed command unsuccessfully" in result["msg"]
    assert EMEA in result["msg"]


@pytest.mark.parametrize("method", ["exec_command", "put_file", "fetch_file"])
def test_programs_and_files_are_refused_with_a_remedy(publisher: NodeClient, method: str) -> None:
    arguments = ["true"] if method == "exec_command" else ["a", "b"]
    with pytest.raises(AnsibleError, match="gather_facts: false"):
        getattr(publisher.connection(), method)(*arguments)
    assert publisher.seen["logins"] == 0
