# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One session of the administrator's shell.

The shell has no prompt. An answer ends in a line ``OK``, ``ERROR…`` or ``Command not recognized.``; what stands before it may
be the echo of the command. The greeting differs between releases and may wait for Enter, so it is not trusted to end anywhere:
the first command is `xStatus SystemUnit`, whose answer cannot be taken for anything that was still on its way.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import re
import time
from dataclasses import dataclass
from typing import Any, Protocol

from ansible_collections.collab.expressway.plugins.module_utils.peer.xstatus import parse_status
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import (
    PeerRefused,
    PeerUnreachable,
)

ENTER = "\r"
"""What the Enter key of a terminal sends."""
TERMINAL_WIDTH = 4096
"""Columns; wider than any line that is written, so that an echo never wraps."""
GREETING_PATIENCE = 1.0
"""Seconds without a greeting after which Enter is pressed once: some shells wait for it."""
QUIET = 0.5
"""Seconds of silence after which a last line without a line end counts as complete."""
FAREWELL = 5.0
"""Seconds that the peer may take to hang up after `bye`; the next login may be one too many before it has."""
MAXIMUM_ANSWER = 32 * 1024 * 1024
"""Characters of one answer; the whole configuration of a large system has about one million."""

_GREETING = "the greeting"
_FIRST_COMMAND = "xStatus SystemUnit"
# No leading blanks: entries of a status block are indented, terminators are not.
_TERMINATOR = re.compile(
    r"(?:^|\n)(?P<line>OK|ERROR\b[^\n]*|Command not recognized[^\n]*)[ \t]*(?P<end>\n\s*)?\Z", re.I
)
_SYSTEM_UNIT = re.compile(r"^\*s SystemUnit\b.*?^\*s\s*/\s*end[ \t]*$", re.I | re.M | re.S)


class Channel(Protocol):
    """The part of `paramiko.Channel` that a session needs."""

    def settimeout(self, timeout: float | None) -> None: ...
    def recv(self, nbytes: int) -> bytes: ...
    def recv_ready(self) -> bool: ...
    def sendall(self, data: bytes) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Answer:
    """What a peer said to one command: the text without echo and terminator, and the refusal when there was one."""

    command: str
    text: str
    refusal: str | None

    @property
    def ok(self) -> bool:
        """Whether the answer ended in OK."""
        return self.refusal is None


class ShellSession:
    """Commands to one peer, one after the other.

    After a time-out, a cut answer or a closed connection the session is broken and sends nothing more: what the peer would say
    next could belong to any earlier command. `commands_sent` counts what went out.
    """

    def __init__(self, channel: Channel, peer: str, command_timeout: float) -> None:
        self.peer = peer
        self.commands_sent = 0
        self.system_unit: dict[str, Any] = {}
        """The status block SystemUnit, read when the session was opened."""
        self._channel = channel
        self._timeout = command_timeout
        self._decoder = io.IncrementalNewlineDecoder(
            codecs.getincrementaldecoder("utf-8")(errors="replace"), translate=True
        )
        self._buffer = ""
        self._broken: str | None = None

    def open(self) -> None:
        """Get through the greeting and into step with the peer; raises `PeerUnreachable`."""
        deadline = time.monotonic() + self._timeout
        while _TERMINATOR.search(self._buffer) is None:
            if not self._receive(min(deadline, time.monotonic() + GREETING_PATIENCE), _GREETING):
                self._send("")
                break
        self._send(_FIRST_COMMAND)
        while (block := self._system_unit_block()) is None:
            refusal = _refusal_after_echo(self._buffer)
            if refusal is not None or not self._receive(deadline, _FIRST_COMMAND):
                self._break(
                    f"{self.peer} let us in but did not answer `{_FIRST_COMMAND}`"
                    + (
                        f": {refusal}"
                        if refusal
                        else f" within {self._timeout:g} s; {self._heard()}"
                    )
                    + ". Is this the administrator's shell of an Expressway (user admin, not root)?"
                )
        self.system_unit = parse_status(block).get("SystemUnit", {})
        self._buffer = ""

    def _system_unit_block(self) -> str | None:
        for block in _SYSTEM_UNIT.finditer(self._buffer):
            if self._finished(self._buffer[block.end() :]):
                return block.group(0)
        return None

    def run(self, command: str) -> Answer:
        """Send one line and wait for its whole answer; raises `PeerUnreachable` when that does not come."""
        if self._broken is not None:
            raise PeerUnreachable(self._broken)
        self._check_in_step(command)
        self._send(command)
        self.commands_sent += 1
        deadline = time.monotonic() + self._timeout
        while not self._finished(self._buffer):
            if not self._receive(deadline, command):
                self._break(
                    f"{self.peer} did not finish its answer to `{_without_value(command)}` within {self._timeout:g} s; "
                    f"{self._heard()}"
                )
        text, self._buffer = self._buffer, ""
        return _answer(command, text)

    def read(self, command: str) -> str:
        """The text of an answer that ended in OK; raises `PeerRefused` with the peer's words otherwise."""
        answer = self.run(command)
        if answer.refusal is not None:
            raise PeerRefused(f"{self.peer} refused `{command}`: {answer.refusal}")
        return answer.text

    def close(self) -> None:
        """Log out, also of a broken session: the appliance limits sessions. Never raises."""
        with contextlib.suppress(Exception):
            self._channel.settimeout(FAREWELL)
            self._channel.sendall(f"bye{ENTER}".encode())
            # Closing on top of unread data would reset the connection, and the farewell could be lost with it.
            if self._broken is None:
                self._buffer = ""
                while (data := self._channel.recv(65536)) and not self._farewell_refused(data):
                    pass
        with contextlib.suppress(Exception):
            self._channel.close()
        self._broken = self._broken or f"the session with {self.peer} is closed"

    def _farewell_refused(self, data: bytes) -> bool:
        self._buffer += self._decoder.decode(data)
        return _TERMINATOR.search(self._buffer) is not None

    def _send(self, line: str) -> None:
        try:
            self._channel.settimeout(self._timeout)
            self._channel.sendall((line + ENTER).encode())
        except OSError as error:
            self._break(
                f"{self.peer} closed the session before `{_without_value(line)}` could be sent: {error or 'closed'}"
            )

    def _receive(self, deadline: float, waiting_for: str) -> bool:
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
                f"the session with {self.peer} broke while it answered `{_without_value(waiting_for)}`: {error}"
            )
        if not data and waiting_for == _GREETING:
            said = f" and said: {_shortened(self._buffer)}" if self._buffer.strip() else ""
            self._break(
                f"{self.peer} let us in, but closed the session at once{said}. A limit of sessions may be reached"
            )
        if not data:
            self._break(
                f"{self.peer} closed the session while we waited for the answer to `{_without_value(waiting_for)}`; "
                f"{self._heard()}"
            )
        self._buffer += self._decoder.decode(data)
        if len(self._buffer) > MAXIMUM_ANSWER:
            self._break(
                f"{self.peer} sent more than {MAXIMUM_ANSWER} characters to `{_without_value(waiting_for)}`"
            )
        return True

    def _finished(self, text: str) -> bool:
        match = _TERMINATOR.search(text)
        if match is None or self._channel.recv_ready():
            return False
        # Without a line end, "ERROR" may be the beginning of a longer line.
        return match["end"] is not None or not self._receive(
            time.monotonic() + QUIET, "the end of a line"
        )

    def _check_in_step(self, command: str) -> None:
        while self._channel.recv_ready():
            self._receive(time.monotonic() + QUIET, command)
        if self._buffer.strip():
            self._break(
                f"{self.peer} said more than one answer to an earlier command ({_shortened(self._buffer)}); "
                f"`{_without_value(command)}` was not sent"
            )
        self._buffer = ""

    def _heard(self) -> str:
        if not self._buffer.strip():
            return "it sent nothing"
        return f"it sent {len(self._buffer)} characters and then fell silent"

    def _break(self, message: str) -> None:
        self._broken = message
        raise PeerUnreachable(message)


def _answer(command: str, text: str) -> Answer:
    match = _TERMINATOR.search(text)
    if match is None:
        raise ValueError(f"no terminator in {text!r}")
    before = _without_echo(command, text[: match.start()])
    if match["line"].upper() == "OK":
        return Answer(command, before, None)
    said = [line.strip() for line in before.split("\n") if line.strip()]
    return Answer(command, before, _shortened(" ".join([*said, match["line"].strip()])))


def _refusal_after_echo(text: str) -> str | None:
    """The refusal of the first command; only behind its echo, because Enter alone may have been refused, too."""
    after = _without_echo(_FIRST_COMMAND, text)
    match = _TERMINATOR.search(after)
    if after == text or match is None or match["line"].upper() == "OK" or match["end"] is None:
        return None
    return _shortened(after)


def _without_echo(command: str, text: str) -> str:
    lines = text.split("\n")
    for position, line in enumerate(lines):
        if line.strip() == command.strip():
            return "\n".join(lines[position + 1 :])
    return text


def _without_value(command: str) -> str:
    """The command without what it assigns: a value may be a secret, and messages end in logs."""
    if command.casefold().startswith(("xconfiguration", "xcommand")):
        return command.partition(":")[0]
    return command


def _shortened(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 300 else words[:300] + " …"
