# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The admin shell of a peer over SSH: logins, sessions, terminal. What it says is in `shell.py`.

Root logs in at the same port and gets SFTP only (`root_files.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import asyncssh
from asyncssh.stream import SSHServerStreamSession

from tests.lab.root_files import RootFiles
from tests.lab.shell import greeting
from tests.lab.ssh_connections import Connections, CountedLogin, cut
from tests.lab.typed_session import TypedSession

if TYPE_CHECKING:
    from tests.lab.peer import Peer

# What sshd of X15.0 offers by default (Expressway facts 1.1).
_CIPHERS = "aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr"
_MACS = "hmac-sha2-512,hmac-sha2-256,hmac-sha1"
_KEY_EXCHANGES = (
    "ecdh-sha2-nistp521,ecdh-sha2-nistp384,ecdh-sha2-nistp256,"
    "diffie-hellman-group-exchange-sha256,diffie-hellman-group14-sha1,diffie-hellman-group1-sha1"
)
_ERASE = ("\x08", "\x7f")
_END_OF_INPUT = "\x04"


class ShellServer:
    """Serves the shell of `peer` on the connections that it is handed."""

    def __init__(self, peer: Peer, host_key: asyncssh.SSHKey) -> None:
        self._connections: Connections = set()
        self._options = asyncssh.SSHServerConnectionOptions(
            server_factory=lambda: _Login(peer, self._connections),
            server_host_keys=[host_key],
            encryption_algs=_CIPHERS.split(","),
            mac_algs=_MACS.split(","),
            kex_algs=_KEY_EXCHANGES.split(","),
            compression_algs=["none"],
            line_editor=False,
            encoding="utf-8",
            errors="replace",
            gss_host=None,
            agent_forwarding=False,
        )

    async def serve(self, connection: socket.socket) -> None:
        """Speak SSH on `connection` until the login is over; the session goes on by itself."""
        try:
            with contextlib.suppress(OSError, asyncssh.Error):
                await asyncssh.run_server(connection, options=self._options)
        except asyncio.CancelledError:
            connection.close()
            raise

    async def close(self) -> None:
        """Cut every connection."""
        await cut(self._connections)


class _Login(CountedLogin):
    """Who may log in."""

    def __init__(self, peer: Peer, connections: Connections) -> None:
        super().__init__(connections, peer.session_closed)
        self._peer = peer

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        super().connection_made(conn)
        self._client = conn.get_extra_info("peername")[0]

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        """Also asked for keyboard-interactive logins, which asyncssh maps to one password prompt."""
        if self._peer.full and self._peer.switches["session_limit_answer"] == "login_refused":
            return False
        return self._peer.lets_in(username, password, self._client, _channel(username))

    def public_key_auth_supported(self) -> bool:
        credentials = self._peer.credentials
        return bool(credentials.authorized_keys or credentials.root_authorized_keys)

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        credentials = self._peer.credentials
        root = username == "root" and self._peer.switches["root_login"] == "allowed"
        lines = credentials.root_authorized_keys if root else credentials.authorized_keys
        known = [asyncssh.import_public_key(line) for line in lines]
        return username in ("root" if root else credentials.user,) and key in known

    def auth_completed(self) -> None:
        self._over_limit = self._peer.full
        self._count()
        self._is_root = self._connection.get_extra_info("username") == "root"
        self._peer.session_opened(root=self._is_root)

    def session_requested(self) -> asyncssh.SSHServerSession[str]:
        if self._is_root:
            return SSHServerStreamSession(
                None, lambda channel: RootFiles(channel, self._peer), sftp_version=3
            )
        return _Session(
            self._peer, self._connection, over_limit=self._over_limit, logged_out=self._logged_out
        )


def _channel(user: str) -> str:
    return "root" if user == "root" else "shell"


class _Session(TypedSession):
    """One shell, with or without a terminal. Input is worked off in order by one task."""

    def __init__(
        self,
        peer: Peer,
        connection: asyncssh.SSHServerConnection,
        *,
        over_limit: bool,
        logged_out: Callable[[], None],
    ) -> None:
        super().__init__()
        self._peer = peer
        self._logged_out = logged_out
        self._connection = connection
        self._over_limit = over_limit
        self._typed = ""
        self._greeted = False
        self._after_return = False

    # --- what asyncssh tells --------------------------------------------------------------------

    def pty_requested(self, *_terminal: object) -> bool:
        self._terminal = True
        return True

    # --- the session ----------------------------------------------------------------------------

    async def _run(self) -> None:
        # A client that is gone makes writing fail; there is nobody left to tell.
        with contextlib.suppress(OSError, asyncssh.Error):
            if self._over_limit:
                self._print("Maximum number of sessions reached")
                self._connection.close()
                return
            if self._peer.switches["greeting"] != "after_enter":
                self._greet()
            while await self._read_some():
                pass
            # The session has ended before the client hears of it: it may log in again at once.
            self._logged_out()
            self._channel.exit(0)

    async def _read_some(self) -> bool:
        """Work off the next input; return whether the session goes on."""
        idle = self._peer.switches.number("session_idle_seconds")
        try:
            data = await asyncio.wait_for(self._arrived.get(), idle or None)
        except TimeoutError:
            self._connection.close()
            return False
        if data is None:
            return False
        echo = self._peer.switches["echo"] if self._terminal else "none"
        if echo == "on_arrival":
            self._channel.write(
                data.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
            )
        for character in data:
            if character == _END_OF_INPUT:
                return False
            if not await self._type(character, echo=echo == "line_by_line"):
                return False
        return True

    async def _type(self, character: str, *, echo: bool) -> bool:
        """Take one character; at Enter, answer. Returns whether the session goes on."""
        after_return, self._after_return = self._after_return, character == "\r"
        if character == "\n" and after_return and self._peer.switches["crlf_is"] == "one_enter":
            return True
        if character in "\r\n":
            if echo:
                self._channel.write("\r\n")
            line, self._typed = self._typed, ""
            return await self._enter(line)
        if character in _ERASE:
            if echo and self._typed:
                self._channel.write("\b \b")
            self._typed = self._typed[:-1]
        else:
            self._typed += character
            if echo:
                self._channel.write(character)
        return True

    async def _enter(self, line: str) -> bool:
        if not self._greeted:
            self._greet()
            if not line.strip():
                return True
        self._peer.record.lines.append(line)
        fault = self._peer.fault
        if fault and fault.strikes("shell", ("hang",), line):
            await asyncio.Event().wait()
        pause = fault.seconds if fault else 0.0
        if fault and fault.strikes("shell", ("slow",), line):
            await asyncio.sleep(pause)
        answer = self._peer.ask(line)
        text = self._text(answer.lines)
        if fault and fault.strikes("shell", ("drop",), line):
            self._channel.write(text[: len(text) // 2])
            self._connection.close()
            return False
        self._peer.carry_out(line, answer)
        if answer.writes and fault and fault.strikes("shell", ("drop_after_write",), line):
            self._connection.abort()
            return False
        if fault and fault.strikes("shell", ("half_answer",), line):
            self._channel.write(text[: len(text) // 2])
            await asyncio.Event().wait()
        self._channel.write(text)
        return not answer.farewell

    def _greet(self) -> None:
        self._greeted = True
        peer = self._peer
        name = peer.configuration["SystemUnit Name"]
        self._print(*greeting(name, peer.release, peer.switches))

    def _print(self, *lines: str) -> None:
        self._channel.write(self._text(lines))

    def _text(self, lines: tuple[str, ...]) -> str:
        end = "\r\n" if self._peer.switches["output_line_end"] == "crlf" else "\n"
        return "".join(line + end for line in lines)
