# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every interactive shell needs: lines out, text in, deadlines, and an end to all talk once something went wrong."""

from __future__ import annotations

import codecs
import contextlib
import io
import time
from typing import NoReturn, Protocol

from ansible_collections.collab.expressway.plugins.plugin_utils.errors import PeerUnreachable

ENTER = "\r"
"""What the Enter key of a terminal sends."""
FAREWELL = 5.0
"""Seconds that the other side may take to hang up; the next login may be one too many before it has."""
MAXIMUM_ANSWER = 32 * 1024 * 1024
"""Characters of one answer; the whole configuration of a large Expressway has about one million."""


class Channel(Protocol):
    """The part of `paramiko.Channel` that a session needs."""

    def settimeout(self, timeout: float | None) -> None: ...
    def recv(self, nbytes: int) -> bytes: ...
    def recv_ready(self) -> bool: ...
    def sendall(self, data: bytes) -> None: ...
    def close(self) -> None: ...


class ShellDialogue:
    """The base of a session: `_buffer` holds what arrived and is not used yet.

    After a time-out, a cut answer or a closed connection the session is broken and sends nothing more: what would come next could
    belong to any earlier command.
    """

    farewell = "exit"
    """The command that logs out."""

    def __init__(self, channel: Channel, peer: str, command_timeout: float) -> None:
        self.peer = peer
        self._channel = channel
        self._timeout = command_timeout
        self._decoder = io.IncrementalNewlineDecoder(
            codecs.getincrementaldecoder("utf-8")(errors="replace"), translate=True
        )
        self._buffer = ""
        self._broken: str | None = None
        self.heard = bytearray()
        """What arrived since the last command was sent (or since the login), byte by byte as it came."""

    def close(self) -> None:
        """Log out, also of a broken session: appliances limit sessions. Never raises."""
        with contextlib.suppress(Exception):
            self._channel.settimeout(FAREWELL)
            self._channel.sendall(f"{self.farewell}{ENTER}".encode())
            # Closing on top of unread data would reset the connection, and the farewell could be lost with it.
            if self._broken is None:
                self._wait_for_hang_up(time.monotonic() + FAREWELL)
        with contextlib.suppress(Exception):
            self._channel.close()
        self._broken = self._broken or f"the session with {self.peer} is closed"

    def _answered(self, text: str) -> bool:
        """Whether `text` ends as a complete answer does."""
        raise NotImplementedError

    def _shown(self, command: str) -> str:
        """How messages show `command`: without a value that may be a secret."""
        return command

    def _wait_for_hang_up(self, deadline: float) -> None:
        """Read until the other side hangs up, refuses to, or says more than anybody would until `deadline`."""
        self._buffer = ""
        while (left := deadline - time.monotonic()) > 0 and len(self._buffer) < MAXIMUM_ANSWER:
            self._channel.settimeout(left)
            data = self._channel.recv(65536)
            if not data or self._farewell_refused(data):
                return

    def _farewell_refused(self, data: bytes) -> bool:
        self._buffer += self._decoder.decode(data)
        return self._answered(self._buffer)

    def _check_unbroken(self) -> None:
        if self._broken is not None:
            raise PeerUnreachable(self._broken)

    def _send(self, line: str, end: str = ENTER) -> None:
        try:
            self._channel.settimeout(self._timeout)
            self._channel.sendall((line + end).encode())
        except OSError as error:
            self._break(
                f"{self.peer} closed the session before `{self._shown(line)}` could be sent: {error or 'closed'}"
            )

    def _receive(self, deadline: float, waiting_for: str, *, greeting: bool = False) -> bool:
        """Take in what arrives next; False when nothing did until `deadline` (of `time.monotonic`)."""
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            return False
        try:
            self._channel.settimeout(remaining)
            data = self._channel.recv(65536)
        except TimeoutError:
            return False
        except OSError as error:
            self._break(
                f"the session with {self.peer} broke while it answered `{self._shown(waiting_for)}`: {error}"
            )
        if not data and greeting:
            said = f" and said: {shortened(self._buffer)}" if self._buffer.strip() else ""
            self._break(
                f"{self.peer} let us in, but closed the session at once{said}. A limit of sessions may be reached"
            )
        if not data:
            self._break(
                f"{self.peer} closed the session while we waited for the answer to `{self._shown(waiting_for)}`; "
                f"{self._heard()}"
            )
        self.heard += data
        self._buffer += self._decoder.decode(data)
        if len(self._buffer) > MAXIMUM_ANSWER:
            self._break(
                f"{self.peer} sent more than {MAXIMUM_ANSWER} characters to `{self._shown(waiting_for)}`"
            )
        return True

    def _heard(self) -> str:
        if not self._buffer.strip():
            return "it sent nothing"
        return f"it sent {len(self._buffer)} characters and then fell silent"

    def _break(self, message: str) -> NoReturn:
        self._broken = message
        raise PeerUnreachable(message)


def shortened(text: str) -> str:
    """One line of 300 characters at most, for messages."""
    words = " ".join(text.split())
    return words if len(words) <= 300 else words[:300] + " …"
