# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One session of the administrator's shell.

The shell has no prompt. An answer ends in a line ``OK``, ``ERROR…`` or ``Command not recognized.``; what stands before it may
be the echo of the command. The greeting differs between releases and may wait for Enter, so it is not trusted to end anywhere:
the first command is `xStatus SystemUnit`, whose answer cannot be taken for anything that was still on its way.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.peer.xstatus import parse_status
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import (
    PeerRefused,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.shell_dialogue import (
    Channel,
    ShellDialogue,
    shortened,
)

TERMINAL_WIDTH = 4096
"""Columns; wider than any line that is written, so that an echo never wraps."""
GREETING_PATIENCE = 1.0
"""Seconds without a greeting after which Enter is pressed once: some shells wait for it."""
QUIET = 0.5
"""Seconds of silence after which a last line without a line end counts as complete."""
_FIRST_COMMAND = "xStatus SystemUnit"
# No leading blanks: entries of a status block are indented, terminators are not.
_TERMINATOR = re.compile(
    r"(?:^|\n)(?P<line>OK|ERROR\b[^\n]*|Command not recognized[^\n]*)[ \t]*(?P<end>\n\s*)?\Z", re.I
)
_SYSTEM_UNIT = re.compile(r"^\*s SystemUnit\b.*?^\*s\s*/\s*end[ \t]*$", re.I | re.M | re.S)


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


class ShellSession(ShellDialogue):
    """Commands to one peer, one after the other; `commands_sent` counts what went out."""

    farewell = "bye"
    _buffer: str

    def __init__(self, channel: Channel, peer: str, command_timeout: float) -> None:
        super().__init__(channel, peer, command_timeout)
        self.commands_sent = 0
        self.system_unit: dict[str, Any] = {}
        """The status block SystemUnit, read when the session was opened."""

    def open(self) -> None:
        """Get through the greeting and into step with the peer; raises `PeerUnreachable`."""
        deadline = time.monotonic() + self._timeout
        while _TERMINATOR.search(self._buffer) is None:
            patience = min(deadline, time.monotonic() + GREETING_PATIENCE)
            if not self._receive(patience, "the greeting", greeting=True):
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
        self._check_unbroken()
        self._check_in_step(command)
        self.heard.clear()
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

    def _answered(self, text: str) -> bool:
        return _TERMINATOR.search(text) is not None

    def _shown(self, command: str) -> str:
        return _without_value(command)

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
                f"{self.peer} said more than one answer to an earlier command ({shortened(self._buffer)}); "
                f"`{_without_value(command)}` was not sent"
            )
        self._buffer = ""


def _answer(command: str, text: str) -> Answer:
    match = _TERMINATOR.search(text)
    if match is None:
        raise ValueError(f"no terminator in {text!r}")
    before = _without_echo(command, text[: match.start()])
    if match["line"].upper() == "OK":
        return Answer(command, before, None)
    said = [line.strip() for line in before.split("\n") if line.strip()]
    return Answer(command, before, shortened(" ".join([*said, match["line"].strip()])))


def _refusal_after_echo(text: str) -> str | None:
    """The refusal of the first command; only behind its echo, because Enter alone may have been refused, too."""
    after = _without_echo(_FIRST_COMMAND, text)
    match = _TERMINATOR.search(after)
    if after == text or match is None or match["line"].upper() == "OK" or match["end"] is None:
        return None
    return shortened(after)


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
