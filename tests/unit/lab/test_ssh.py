# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shell of an emulated peer over real SSH on loopback, as paramiko sees it."""

from __future__ import annotations

import contextlib
import logging
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from tests.lab.peer import Credentials, Peer
from tests.unit.lab.served_peers import PASSWORD, USER, ServedPeers, served

GREETING = (
    "Welcome to expc1.emea.example.test\r\n"
    "TANDBERG Video Communication Server X14.2.5\r\n"
    "SW Release Date: 2023-02-01\r\n"
    "SW Release Name: X14.2.5\r\n"
    "OK\r\n"
)
READ = "xConfiguration EdgeConfigServer VerifyOriginServer"
WRITE_OFF = f"{READ}: Off"
SHOWN_ON = f'*c {READ}: "On"\r\n\r\nOK\r\n'

logging.getLogger("paramiko").setLevel(logging.CRITICAL)


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[ServedPeers]:
    with served(tmp_path, replication_seconds=0.1) as running:
        yield running


def connect(peer: Peer, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection((peer.address, peer.ssh_port), 5, (source, 0))


@contextlib.contextmanager
def client(
    peer: Peer, password: str = PASSWORD, source: str = "127.0.0.1"
) -> Iterator[paramiko.Transport]:
    transport = paramiko.Transport(connect(peer, source))
    try:
        transport.start_client(timeout=3)
        transport.auth_password(USER, password, fallback=False)
        yield transport
    finally:
        transport.close()


@contextlib.contextmanager
def shell(
    peer: Peer, *, terminal: bool = True, source: str = "127.0.0.1"
) -> Iterator[paramiko.Channel]:
    with client(peer, source=source) as transport:
        channel = transport.open_session(timeout=5)
        channel.settimeout(5)
        if terminal:
            channel.get_pty()
        channel.invoke_shell()
        yield channel


def expect(channel: paramiko.Channel, expected: str) -> None:
    """Fail unless the peer says just `expected` (and is silent for a moment after it)."""
    said = b""
    with contextlib.suppress(TimeoutError):
        while True:
            channel.settimeout(3 if len(said) < len(expected) else 0.06)
            data = channel.recv(65536)
            if not data:
                break
            said += data
    assert said.decode() == expected


def until_closed(channel: paramiko.Channel, seconds: float = 5) -> str:
    """Return all that the peer says; fail when it does not hang up in time."""
    channel.settimeout(seconds)
    said = b""
    while data := channel.recv(65536):
        said += data
    return said.decode()


def refused(peer: Peer, source: str = "127.0.0.1") -> None:
    with pytest.raises(paramiko.AuthenticationException), client(peer, "wrong", source):
        pass


# --- the terminal -------------------------------------------------------------------------------


def test_greets_echoes_and_has_no_prompt(estate: ServedPeers) -> None:
    with shell(estate.peer) as channel:
        expect(channel, GREETING)
        channel.send(READ.encode() + b"\r\n")
        expect(channel, f"{READ}\r\n{SHOWN_ON}")
        channel.send(b"xconf edg")
        expect(channel, "xconf edg")
        channel.send(b"e ver: Of\x7fff\n")
        expect(channel, "e ver: Of\b \bff\r\nOK\r\n")
        assert estate.peer.configuration["EdgeConfigServer VerifyOriginServer"] == "Off"
        channel.send(b"bye\n")
        assert until_closed(channel) == "bye\r\n"


def test_does_not_echo_without_a_terminal(estate: ServedPeers) -> None:
    with shell(estate.peer, terminal=False) as channel:
        channel.send(f"{READ}\nexit\n".encode())
        assert until_closed(channel) == GREETING + SHOWN_ON
        assert channel.recv_exit_status() == 0


@pytest.mark.parametrize("enter", ["\n", "\r", "\r\n"])
def test_takes_any_line_end_and_many_lines_at_once(estate: ServedPeers, enter: str) -> None:
    lines = [WRITE_OFF, READ, "nonsense", "", f"{READ}: On"]
    with shell(estate.peer, terminal=False) as channel:
        channel.sendall("".join(line + enter for line in lines).encode() + b"bye\n")
        expected = f'OK\r\n*c {READ}: "Off"\r\n\r\nOK\r\nCommand not recognized.\r\nOK\r\n'
        assert until_closed(channel) == GREETING + expected
    assert estate.peer.record.writes == [WRITE_OFF, f"{READ}: On"]
    assert estate.peer.record.lines == [*lines, "bye"]


def test_a_line_end_may_come_in_two_pieces(estate: ServedPeers) -> None:
    with shell(estate.peer, terminal=False) as channel:
        expect(channel, GREETING)
        for piece in (b"xconf edge ver", b"\r", b"\nxhist\r", b"\n"):
            channel.send(piece)
            time.sleep(0.05)
        expect(channel, SHOWN_ON + "OK\r\n")
    assert estate.peer.record.lines == ["xconf edge ver", "xhist"]


@pytest.mark.parametrize(
    ("positions", "typed", "said"),
    [
        ({"crlf_is": "two_enters", "bare_enter": "ok"}, "xhist\r\n", "xhist\r\nOK\r\n\r\nOK\r\n"),
        ({"crlf_is": "two_enters"}, "xhist\r\n", "xhist\r\nOK\r\n\r\n"),
        ({"bare_enter": "ok"}, "\r\n", "\r\nOK\r\n"),
        ({}, "\r\n", "\r\n"),
        ({"echo": "on_arrival"}, "xhist\r\nxfeed\n", "xhist\r\nxfeed\r\nOK\r\nOK\r\n"),
        ({}, "xhist\r\nxfeed\n", "xhist\r\nOK\r\nxfeed\r\nOK\r\n"),
        ({"echo": "none"}, "xhist\n", "OK\r\n"),
        ({"output_line_end": "lf"}, "xhist\n", "xhist\r\nOK\n"),
    ],
)
def test_terminal_switches(
    estate: ServedPeers, positions: dict[str, object], typed: str, said: str
) -> None:
    with shell(estate.peer) as channel:
        expect(channel, GREETING)
        estate.call(estate.switches.set, positions)
        channel.send(typed.encode())
        expect(channel, said)


def test_may_greet_only_after_enter(estate: ServedPeers) -> None:
    estate.call(estate.switches.set, {"greeting": "after_enter"})
    with shell(estate.peer) as channel:
        expect(channel, "")
        channel.send(b"\r\n")
        expect(channel, "\r\n" + GREETING)
        channel.send(b"xhist\n")
        expect(channel, "xhist\r\nOK\r\n")


def test_bytes_that_are_no_text_are_only_a_bad_command(estate: ServedPeers) -> None:
    with shell(estate.peer, terminal=False) as channel:
        expect(channel, GREETING)
        channel.send(b"\xff\xfe\x00\n")
        expect(channel, "Command not recognized.\r\n")


def test_runs_no_commands_beside_the_shell(estate: ServedPeers) -> None:
    with client(estate.peer) as transport:
        channel = transport.open_session(timeout=5)
        with pytest.raises(paramiko.SSHException):
            channel.exec_command("xStatus SystemUnit")


# --- sessions -----------------------------------------------------------------------------------


def test_counts_sessions_until_they_are_gone(estate: ServedPeers) -> None:
    peer = estate.peer
    with shell(peer) as first, shell(peer) as second:
        expect(first, GREETING)
        expect(second, GREETING)
        assert estate.call(peer.report)["sessions"] == 2
    assert estate.eventually(lambda: peer.sessions == 0)
    report = estate.call(peer.report)
    assert (report["logins"], report["most_sessions"], report["failed_logins"]) == (2, 2, 0)


def test_closes_idle_sessions(estate: ServedPeers) -> None:
    estate.call(estate.switches.set, {"session_idle_seconds": 0.5})
    with shell(estate.peer) as channel:
        began = time.monotonic()
        for _key in range(3):
            time.sleep(0.3)
            channel.send(b"x")
        assert until_closed(channel) == GREETING + "xxx"
        assert 1.2 < time.monotonic() - began < 3
    assert estate.eventually(lambda: estate.peer.sessions == 0)


def test_closes_a_session_over_the_limit_after_login(estate: ServedPeers) -> None:
    estate.call(estate.switches.set, {"session_limit": 1})
    with shell(estate.peer) as first:
        expect(first, GREETING)
        with shell(estate.peer) as second:
            assert until_closed(second) == "Maximum number of sessions reached\r\n"
        first.send(b"xhist\n")
        expect(first, "xhist\r\nOK\r\n")
    assert estate.eventually(lambda: estate.peer.sessions == 0)
    with shell(estate.peer) as third:
        expect(third, GREETING)


def test_may_refuse_the_login_over_the_limit(estate: ServedPeers) -> None:
    estate.call(estate.switches.set, {"session_limit": 1, "session_limit_answer": "login_refused"})
    with shell(estate.peer) as first:
        expect(first, GREETING)
        with pytest.raises(paramiko.AuthenticationException), client(estate.peer):
            pass
    # It was no wrong password: nothing counts toward a block.
    assert estate.peer.record.failed_logins == 0


# --- logins -------------------------------------------------------------------------------------


def test_blocks_an_address_silently_after_failed_logins(estate: ServedPeers) -> None:
    first, second = estate.peers
    estate.call(estate.switches.set, {"failed_logins_before_block": 2, "block_seconds": 1.5})
    refused(first)
    with client(first):
        pass
    refused(first)
    assert estate.call(first.report)["blocked"] == ["127.0.0.1"]
    with connect(first) as blocked:
        blocked.settimeout(0.4)
        with pytest.raises(TimeoutError):
            blocked.recv(1)
    # Other addresses and other peers are not concerned.
    with shell(first, source="127.0.0.9") as channel:
        expect(channel, GREETING)
    with client(second):
        pass
    assert estate.eventually(lambda: not first.guard.blocked)
    with client(first):
        pass
    assert estate.peer.record.failed_logins == 2


def test_keyboard_interactive_login(estate: ServedPeers) -> None:
    for password, right in ((PASSWORD, True), ("wrong", False)):
        transport = paramiko.Transport(connect(estate.peer))
        try:
            transport.start_client(timeout=3)

            def answers(
                _title: str, _text: str, prompts: list[tuple[str, bool]], typed: str = password
            ) -> list[str]:
                return [typed] * len(prompts)

            if right:
                transport.auth_interactive(USER, answers)
                assert transport.is_authenticated()
            else:
                with pytest.raises(paramiko.AuthenticationException):
                    transport.auth_interactive(USER, answers)
        finally:
            transport.close()
    assert (estate.peer.record.logins, estate.peer.record.failed_logins) == (1, 1)


def test_public_key_login_where_a_key_is_known(tmp_path: Path) -> None:
    known, other = paramiko.ECDSAKey.generate(), paramiko.ECDSAKey.generate()
    line = f"{known.get_name()} {known.get_base64()}"
    options = {"credentials": Credentials(authorized_keys=(line,))}
    with served(tmp_path, options=options) as estate:
        for key, right in ((known, True), (other, False)):
            transport = paramiko.Transport(connect(estate.peer))
            try:
                transport.start_client(timeout=3)
                with contextlib.suppress(paramiko.AuthenticationException):
                    transport.auth_publickey(USER, key)
                assert transport.is_authenticated() is right
            finally:
                transport.close()


def test_without_a_known_key_public_keys_are_not_offered(estate: ServedPeers) -> None:
    transport = paramiko.Transport(connect(estate.peer))
    try:
        transport.start_client(timeout=3)
        with pytest.raises(paramiko.BadAuthenticationType) as error:
            transport.auth_none(USER)
        assert sorted(error.value.allowed_types) == ["keyboard-interactive", "password"]
    finally:
        transport.close()


# --- faults -------------------------------------------------------------------------------------


def test_silent_and_reset_strike_the_connection(estate: ServedPeers) -> None:
    estate.call(estate.peer.set_fault, {"kind": "silent", "channel": "shell", "times": 1})
    with connect(estate.peer) as connection:
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    with client(estate.peer):
        pass
    estate.call(estate.peer.set_fault, {"kind": "reset"})
    # The reset may arrive while the client still connects.
    with pytest.raises(ConnectionResetError), connect(estate.peer) as connection:
        connection.recv(1)


def test_refuse_login_refuses_the_right_password(estate: ServedPeers) -> None:
    estate.call(estate.peer.set_fault, {"kind": "refuse_login"})
    with pytest.raises(paramiko.AuthenticationException), client(estate.peer):
        pass
    estate.call(estate.peer.set_fault, None)
    with client(estate.peer):
        pass


HALF_READ = SHOWN_ON[: len(SHOWN_ON) // 2]


@pytest.mark.parametrize(
    ("fault", "typed", "said", "closed", "state"),
    [
        ({"kind": "hang"}, READ, "", False, "On"),
        ({"kind": "hang", "matching": ": Off"}, f"{READ}\n{WRITE_OFF}", SHOWN_ON, False, "On"),
        ({"kind": "half_answer"}, READ, HALF_READ, False, "On"),
        ({"kind": "half_answer", "times": 1}, READ, HALF_READ, False, "On"),
        ({"kind": "drop"}, READ, HALF_READ, True, "On"),
        ({"kind": "drop"}, WRITE_OFF, "OK", True, "On"),
        ({"kind": "drop_after_write"}, f"{READ}\n{WRITE_OFF}", None, True, "Off"),
        ({"kind": "lost_after_upload"}, WRITE_OFF, "OK\r\n", False, "Off"),
        ({"kind": "hang", "channel": "api"}, READ, SHOWN_ON, False, "On"),
    ],
)
def test_faults(
    estate: ServedPeers,
    fault: dict[str, object],
    typed: str,
    said: str | None,
    closed: bool,
    state: str,
) -> None:
    with shell(estate.peer, terminal=False) as channel:
        expect(channel, GREETING)
        estate.call(estate.peer.set_fault, fault)
        channel.send(f"{typed}\n".encode())
        if said is None:  # a connection that is cut may lose what was said before
            until_closed(channel)
        else:
            expect(channel, said)
        assert channel.closed is closed
    assert estate.peer.configuration["EdgeConfigServer VerifyOriginServer"] == state
    assert estate.eventually(lambda: estate.peer.sessions == 0)


def test_slow_answers_late(estate: ServedPeers) -> None:
    estate.call(estate.peer.set_fault, {"kind": "slow", "seconds": 0.6})
    with shell(estate.peer, terminal=False) as channel:
        channel.send(b"xhist\nbye\n")
        began = time.monotonic()
        assert until_closed(channel) == GREETING + "OK\r\n"
        assert 1.1 < time.monotonic() - began < 4


# --- the cluster --------------------------------------------------------------------------------


def test_what_is_written_on_the_primary_reaches_the_other_peer(estate: ServedPeers) -> None:
    with shell(estate.peer, terminal=False) as channel:
        channel.send(f"{WRITE_OFF}\nbye\n".encode())
        until_closed(channel)
    second = estate.peers[1]
    assert estate.eventually(lambda: not second.verifies_origins)
    assert estate.changes == [estate.peer.name, second.name]
    assert second.record.writes == []


def test_stop_ends_sessions_and_frees_the_port(tmp_path: Path) -> None:
    with served(tmp_path) as estate, contextlib.ExitStack() as clients:
        peer, address = estate.peer, (estate.peer.address, estate.peer.ssh_port)
        channel = clients.enter_context(shell(peer))
        expect(channel, GREETING)
        clients.enter_context(connect(peer))
        estate.stop()
        assert until_closed(channel) == ""
        assert peer.ssh_port is None
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, 1)
