# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The platform CLI of a UC node over SSH: logins, terminal, pager. What it says is in `vos_shell.py`.

Only a session with a terminal gets a prompt; any other gets the start of the greeting and its end
(CUCM facts 2.1).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import asyncssh

from tests.lab.ssh_connections import Connections, CountedLogin, cut
from tests.lab.typed_session import TypedSession
from tests.lab.vos_shell import (
    PAGER,
    STARTING,
    UNSUCCESSFUL,
    SessionView,
    VosAnswer,
    answer,
    prompt,
    welcome,
)

if TYPE_CHECKING:
    from tests.lab.profile import Account
    from tests.lab.uc_node import UcNode

_CIPHERS = [
    "aes256-gcm@openssh.com",
    "aes128-gcm@openssh.com",
    "aes256-ctr",
    "aes192-ctr",
    "aes128-ctr",
]
_MACS = ["hmac-sha2-512", "hmac-sha2-256", "hmac-sha1"]
_KEY_EXCHANGES = [
    "ecdh-sha2-nistp521",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp256",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group14-sha1",
]
_ERASE = ("\x08", "\x7f")
_END_OF_INPUT = "\x04"
_DEFAULT_ROWS = 24
MOST_CONNECTIONS = 32
"""At once on one node."""


class VosServer:
    """Serves the CLI of `node`."""

    def __init__(self, node: UcNode, host_key: asyncssh.SSHKey) -> None:
        self._node = node
        self._host_key = host_key
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._connections: Connections = set()

    async def start(self, address: str, port: int) -> None:
        self._acceptor = await asyncssh.listen(
            address,
            port,
            server_factory=lambda: _Login(self._node, self._connections),
            server_host_keys=[self._host_key],
            encryption_algs=_CIPHERS,
            mac_algs=_MACS,
            kex_algs=_KEY_EXCHANGES,
            compression_algs=["none"],
            line_editor=False,
            encoding="utf-8",
            errors="replace",
            gss_host=None,
            agent_forwarding=False,
            reuse_address=True,
            config=None,
        )

    async def stop(self) -> None:
        """Stop listening and cut every connection."""
        if self._acceptor is None:
            return
        self._acceptor.close()
        self._acceptor = None
        await cut(self._connections)


class _Login(CountedLogin):
    """Who may log in."""

    def __init__(self, node: UcNode, connections: Connections) -> None:
        super().__init__(connections, node.session_closed)
        self._node = node
        self._account: Account | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        super().connection_made(conn)
        if len(self._connections) > MOST_CONNECTIONS:
            conn.abort()

    def begin_auth(self, username: str) -> bool:
        self._user = username
        return True

    def password_auth_supported(self) -> bool:
        return self._node.switches["vos_login_method"] != "keyboard_interactive"

    def validate_password(self, username: str, password: str) -> bool:
        self._account = self._node.platform_account(username, password, channel="cli")
        return self._account is not None

    def kbdint_auth_supported(self) -> bool:
        return self._node.switches["vos_login_method"] != "password"

    def get_kbdint_challenge(
        self, username: str, lang: str, submethods: str
    ) -> tuple[str, str, str, list[tuple[str, bool]]]:
        return "", "", "", [("Password: ", False)]

    def validate_kbdint_response(self, username: str, responses: Sequence[str]) -> bool:
        return self.validate_password(username, "".join(responses))

    def auth_completed(self) -> None:
        self._count()
        self._node.session_opened()

    def session_requested(self) -> asyncssh.SSHServerSession[str]:
        assert self._account is not None
        return _Session(self._node, self._connection, self._account.level, self._logged_out)


class _Session(TypedSession):
    """One CLI. What arrives is worked off in order by one task."""

    def __init__(
        self,
        node: UcNode,
        connection: asyncssh.SSHServerConnection,
        level: int,
        logged_out: Callable[[], None],
    ) -> None:
        super().__init__()
        self._node = node
        self._connection = connection
        self._level = level
        self._logged_out = logged_out
        self._rows = _DEFAULT_ROWS
        self._keys: list[str] = []
        self._after_return = False
        self._pagination = True
        self._count: int | None = None

    # --- what asyncssh tells --------------------------------------------------------------------

    def pty_requested(
        self,
        term_type: str,
        term_size: tuple[int, int, int, int],
        term_modes: object,
    ) -> bool:
        self._terminal = True
        self._rows = term_size[1] or _DEFAULT_ROWS
        return True

    def exec_requested(self, command: str) -> bool:
        """A command without a shell is taken and ignored."""
        self._terminal = False
        return True

    # --- the session ----------------------------------------------------------------------------

    async def _run(self) -> None:
        # A client that is gone makes writing fail; there is nobody left to tell.
        with contextlib.suppress(OSError, asyncssh.Error):
            self._print(STARTING)
            if self._terminal:
                await asyncio.sleep(self._node.switches.number("vos_start_seconds"))
                self._print(*welcome())
                await self._converse()
            # The session has ended before the client hears of it.
            self._logged_out()
            self._channel.exit(0)

    async def _converse(self) -> None:
        while True:
            self._channel.write(prompt(self._node.switches, self._count))
            line = await self._line()
            if line is None or not await self._enter(line):
                return

    async def _key(self) -> str | None:
        """The next character, None at the end of input or when the session was idle for too long."""
        while not self._keys:
            idle = self._node.switches.number("vos_idle_seconds")
            try:
                data = await asyncio.wait_for(self._arrived.get(), idle or None)
            except TimeoutError:
                self._connection.close()
                return None
            if data is None:
                return None
            self._keys = list(data)
        key = self._keys.pop(0)
        if key == "\n" and self._after_return:
            self._after_return = False
            return await self._key()
        self._after_return = key == "\r"
        return None if key == _END_OF_INPUT else key

    async def _line(self) -> str | None:
        typed = ""
        while (key := await self._key()) is not None:
            if key in "\r\n":
                self._channel.write("\r\n")
                return typed
            if key in _ERASE:
                if typed:
                    self._channel.write("\b \b")
                typed = typed[:-1]
            else:
                typed += key
                self._channel.write(key)
        return None

    async def _enter(self, line: str) -> bool:
        """Answer `line`; returns whether the session goes on."""
        self._node.record.lines.append(line)
        if line.strip() and self._count is not None:
            self._count += 1
        fault = self._node.fault
        if fault and fault.strikes("cli", ("hang",), line):
            await asyncio.Event().wait()
        if fault and fault.strikes("cli", ("slow",), line):
            await asyncio.sleep(fault.seconds)
        view = SessionView(self._level, self._pagination)
        if fault and fault.strikes("cli", ("fail",), line):
            answered = VosAnswer((UNSUCCESSFUL,))
        else:
            # A certificate may have to be issued first: that is work, and other nodes wait meanwhile.
            answered = answer(self._node, view, line)
        text = self._text(*answered.lines)
        if fault and fault.strikes("cli", ("drop",), line):
            self._channel.write(text[: len(text) // 2])
            self._connection.close()
            return False
        if fault and fault.strikes("cli", ("half_answer",), line):
            self._channel.write(text[: len(text) // 2])
            await asyncio.Event().wait()
        if answered.pagination is not None:
            self._pagination = answered.pagination
        if answered.command_count is not None:
            self._count = 0 if answered.command_count else None
        await self._show(answered.lines)
        return not answered.farewell

    async def _show(self, lines: tuple[str, ...]) -> None:
        """Print `lines`, in pages of the terminal's height while the pager is on."""
        page = max(self._rows - 1, 1)
        if not self._pagination:
            page = len(lines)
        shown = page
        self._print(*lines[:shown])
        while shown < len(lines):
            self._channel.write(PAGER)
            key = await self._key()
            if self._node.switches["vos_pager_end"] == "erased":
                self._channel.write("\r" + " " * len(PAGER) + "\r")
            else:
                self._channel.write("\r\n")
            if key is None or key in "qQ":
                return
            more = page if key == " " else 1 if key in "\r\n" else 0
            self._print(*lines[shown : shown + more])
            shown += more

    def _print(self, *lines: str) -> None:
        self._channel.write(self._text(*lines))

    @staticmethod
    def _text(*lines: str) -> str:
        return "".join(f"{line}\r\n" for line in lines)
