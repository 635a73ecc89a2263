# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logging in: over real SSH, what goes wrong and what the peer saw of it."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from ansible.errors import AnsibleError

from tests.unit.client.peers import Client

READ: dict[str, Any] = {"commands": ["xConfiguration EdgeConfigServer"]}


def unreachable(client: Client, **variables: Any) -> str:
    result = client.task("command", variables=variables, **READ)
    assert result["unreachable"] is True, result
    assert "failed" not in result
    assert client.name in result["msg"]
    return result["msg"]


def test_one_task_is_one_login_and_a_logout(client: Client) -> None:
    client.task("facts", gather_subset=["system", "cluster", "origin_verification", "ciphers"])
    client.wait_until_logged_out()
    assert (client.seen["logins"], client.seen["sessions"], client.seen["failed_logins"]) == (
        1,
        0,
        0,
    )
    assert client.seen["lines"][-1] == "bye"


def test_a_wrong_password_is_tried_once(client: Client) -> None:
    message = unreachable(client, ansible_password="wrong horse")
    assert "refused the password of user admin (one try was made" in message
    assert "wrong horse" not in message
    assert client.seen["failed_logins"] == 1
    assert client.seen["logins"] == 0


def test_an_unknown_host_key_is_refused_before_the_password_is_sent(
    client: Client, tmp_path: Path
) -> None:
    empty = tmp_path / "known_hosts"
    empty.touch()
    message = unreachable(client, expressway_known_hosts_file=str(empty), ansible_password="wrong")
    assert "is unknown: ssh-ed25519 SHA256:" in message
    assert "ssh-keyscan -p 5022" in message
    assert client.seen["failed_logins"] == 0
    assert empty.read_text() == ""


def test_a_changed_host_key_is_refused_even_without_checking(
    client: Client, tmp_path: Path
) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    known = tmp_path / "known_hosts"
    known.write_text(f"[{client.estate.peer(client.name).address}]:5022 {other}\n")
    for checking in (True, False):
        message = unreachable(
            client, expressway_known_hosts_file=str(known), ansible_host_key_checking=checking
        )
        assert "is not the known one" in message
    assert client.seen["logins"] == 0


def test_a_damaged_line_of_known_hosts_is_named_with_its_file(
    client: Client, tmp_path: Path
) -> None:
    known = tmp_path / "known_hosts"
    known.write_text("# keys\nother.example.test,192.0.2.1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5A\n")
    message = unreachable(client, expressway_known_hosts_file=str(known))
    assert f"the known_hosts file {known} cannot be read: the line of other.example.test" in message
    assert client.seen["failed_logins"] == 0


def test_host_key_checking_can_be_switched_off(client: Client, tmp_path: Path) -> None:
    result = client.task(
        "command",
        variables={"expressway_known_hosts_file": None, "ansible_host_key_checking": False},
        **READ,
    )
    assert "failed" not in result
    assert "unreachable" not in result
    assert client.seen["logins"] == 1


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"ansible_password": None}, "set ansible_password or ansible_private_key_file"),
        ({"expressway_known_hosts_file": "/nonexistent"}, "expressway_known_hosts_file"),
        ({"ansible_private_key_file": "/nonexistent"}, "ansible_private_key_file"),
        ({"ansible_port": 1}, "could not be logged in to"),
        ({"ansible_host": "no-such-host.invalid"}, "could not be logged in to"),
    ],
)
def test_what_is_missing_is_named(client: Client, variables: dict[str, Any], said: str) -> None:
    assert said in unreachable(client, **variables)
    assert client.seen["failed_logins"] == 0


def test_a_port_that_is_none_is_not_taken_for_another_one(client: Client) -> None:
    result = client.task("command", variables={"ansible_port": 65_536 + 5022}, **READ)
    assert result["failed"] and "unreachable" not in result
    assert "ansible_port of expc1.lone.example.test" in result["msg"]
    assert client.seen["logins"] == 0


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("silent", "Check that ansible_port is the port of its SSH service"),
        ("reset", "could not be logged in to"),
        ("refuse_login", "refused the password"),
        ("hang", "did not answer `xStatus SystemUnit` within 2 s"),
        ("half_answer", "did not answer `xStatus SystemUnit` within 2 s; it sent"),
        ("drop", "closed the session"),
    ],
)
def test_a_broken_login_is_unreachable(client: Client, kind: str, said: str) -> None:
    client.fault(kind, channel="shell")
    started = time.monotonic()
    message = unreachable(client, expressway_command_timeout=2, expressway_connect_timeout=2)
    assert any(part in message for part in said.split("|")), message
    assert time.monotonic() - started < 8
    client.wait_until_logged_out()
    assert client.seen["failed_logins"] == (1 if kind == "refuse_login" else 0)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (
            "hang",
            "did not finish its answer to `xConfiguration EdgeConfigServer` within 1 s; it sent",
        ),
        ("half_answer", "and then fell silent"),
        ("drop", "closed the session while we waited"),
    ],
)
def test_a_session_that_breaks_while_reading_is_unreachable(
    client: Client, kind: str, said: str
) -> None:
    client.fault(kind, channel="shell", matching="EdgeConfigServer")
    assert said in unreachable(client, expressway_command_timeout=1)


def test_a_slow_peer_is_waited_for(client: Client) -> None:
    client.fault("slow", seconds=1.2, channel="shell", matching="EdgeConfigServer")
    result = client.task("command", **READ)
    assert result["parsed"][0]["settings"]["EdgeConfigServer VerifyOriginServer"] == "On"


def test_the_limit_of_sessions_is_named(client: Client) -> None:
    client.wait_until_logged_out()
    client.set(session_limit=1)
    held = client.connection()
    try:
        held.shell()
        assert "limit of sessions" in unreachable(client)
    finally:
        held.close()


def test_a_key_logs_in_instead_of_the_password(client: Client, tmp_path: Path) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    path = tmp_path / "key"
    key.write_private_key(str(path))
    # The lab's peers know no key: a refused key must not be followed by a try with the password.
    message = unreachable(client, ansible_private_key_file=str(path))
    assert "refused the key of user admin" in message
    assert client.seen["logins"] == 0


def test_a_proxy_command_reaches_the_peer(client: Client, tmp_path: Path) -> None:
    relay = tmp_path / "relay.py"
    relay.write_text(
        "import os, socket, sys, threading\n"
        "peer = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
        "def down():\n"
        "    while data := peer.recv(65536): os.write(1, data)\n"
        "threading.Thread(target=down, daemon=True).start()\n"
        "while data := os.read(0, 65536): peer.sendall(data)\n"
    )
    result = client.task(
        "command", variables={"expressway_proxy_command": f"python3 {relay} %h %p"}, **READ
    )
    assert "stdout" in result, result
    assert client.seen["logins"] == 1


def test_a_stranger_on_the_port_is_unreachable(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        message = unreachable(
            client,
            ansible_host="127.0.0.1",
            ansible_port=listener.getsockname()[1],
            expressway_connect_timeout=1,
        )
    assert "127.0.0.1" in message


@pytest.mark.parametrize("method", ["exec_command", "put_file", "fetch_file"])
def test_programs_and_files_are_refused_with_a_remedy(client: Client, method: str) -> None:
    arguments = ["true"] if method == "exec_command" else ["a", "b"]
    with pytest.raises(AnsibleError, match="gather_facts: false"):
        getattr(client.connection(), method)(*arguments)
    assert client.seen["logins"] == 0
