# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One session of the platform CLI of Unified CM, IM and Presence or Unity Connection (Unified CM facts 2.1).

There is a prompt, ``admin:`` whatever the user is called, or one with a counter. The shell starts slowly, behind a banner. Long answers
may stop at a pager: a terminal of 1000 lines avoids most of that, and a pager is answered with a space all the same, because an
account of privilege level 0 cannot switch it off.
"""

from __future__ import annotations

import re
import time

from ansible_collections.collab.expressway.plugins.plugin_utils.errors import PeerRefused
from ansible_collections.collab.expressway.plugins.plugin_utils.shell_dialogue import (
    ShellDialogue,
    shortened,
)

TERMINAL_WIDTH = 200
TERMINAL_HEIGHT = 1000
QUIET = 0.05
"""Seconds of silence after which a prompt at the end counts as one: a line of an answer may begin like it."""

_PROMPT = re.compile(
    r"(?:^|\n)admin(?:[ (\[]*\d+[)\]]*)?:[ \t]*(?:[\[(]?\d+[\])]?[ \t]*[:>]?)?[ \t]*\Z"
)
_PAGER = re.compile(r"Press <enter> for 1 line, <space> for one page, or <q> to quit")
# The pager rubs itself out with blanks or backspaces, which belong to no line. A lone carriage return has become a line end.
_PAGER_LINE = re.compile(rf"[\n ]*{_PAGER.pattern}[ \t\b]*(?:\n[ \t\b]*(?=\n))?\n?")
_ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x08")
_REFUSALS = ("Executed command unsuccessfully", "No valid command entered")
_PRIVILEGE = ". Certificates are shown to accounts of privilege level 1; with level 0 the certificate API of release 14 can be read"


class PlatformShell(ShellDialogue):
    """Commands to one node, one after the other."""

    farewell = "exit"

    def open(self) -> None:
        """Wait for the first prompt, then switch the pager off where that is allowed; raises `PeerUnreachable`."""
        deadline = time.monotonic() + self._timeout
        while not self._at_prompt(deadline):
            if not self._receive(deadline, "the greeting", greeting=True):
                self._break(
                    f"{self.peer} let us in but showed no prompt `admin:` within {self._timeout:g} s; {self._heard()}. Is this the "
                    "platform CLI of a Unified CM, IM and Presence or Unity Connection node? A slow node needs a longer "
                    "vos_command_timeout"
                )
        self._buffer = ""
        self._answer("set cli pagination off")

    def read(self, command: str) -> str:
        """The answer to one command, without echo, pager and prompt.

        Raises `PeerRefused` with the node's words when it says no, `PeerUnreachable` when it does not finish.
        """
        text = self._answer(command)
        if any(words in text for words in _REFUSALS):
            hint = _PRIVILEGE if command.startswith("show cert") else ""
            raise PeerRefused(f"{self.peer} refused `{command}`: {shortened(text)}{hint}")
        return text

    def _answer(self, command: str) -> str:
        self._check_unbroken()
        self._buffer = ""
        self._send(command)
        deadline = time.monotonic() + self._timeout
        while not self._at_prompt(deadline):
            if not self._receive(deadline, command):
                self._break(
                    f"{self.peer} did not finish its answer to `{command}` within {self._timeout:g} s; {self._heard()}"
                )
            self._turn_page()
        text, self._buffer = _ESCAPE_SEQUENCE.sub("", self._buffer), ""
        text = _PROMPT.sub("", text)
        echo, _line_end, rest = text.partition("\n")
        return (rest if echo.strip().endswith(command) else text).strip("\n")

    def _turn_page(self) -> None:
        while _PAGER.search(self._buffer):
            self._buffer = _PAGER_LINE.sub("\n", self._buffer)
            self._send(" ", end="")

    def _at_prompt(self, deadline: float) -> bool:
        """Whether the prompt stands at the end of what came, and nothing follows it."""
        if not self._answered(self._buffer) or self._channel.recv_ready():
            return False
        return not self._receive(min(deadline, time.monotonic() + QUIET), "the prompt")

    def _answered(self, text: str) -> bool:
        return _PROMPT.search(_ESCAPE_SEQUENCE.sub("", text)) is not None
