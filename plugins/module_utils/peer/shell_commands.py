# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which command lines of the administrator's shell only read."""

from __future__ import annotations

import unicodedata

READ_ONLY_XCOMMANDS = frozenset({"cucmmixedmodecheck"})
"""Names joined, lower case. X15.0 command reference: those that report and configure nothing."""

_GROUPS = ("xstatus", "xconfiguration", "xcommand", "xhistory", "xfeedback")
_SHORTEST = 4
"""Characters of an abbreviated group: `xsta`, `xcon`; anything shorter is not recognised as a read."""


class InvalidCommand(ValueError):
    """The text is not one command line."""


def check_command(command: str) -> str:
    """`command` without outer blanks; raises `InvalidCommand` for whatever could be more than one line, or too long."""
    line = command.strip(" ")
    if not line:
        raise InvalidCommand("the command is empty")
    for position, character in enumerate(line, start=1):
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            raise InvalidCommand(
                f"the command holds the control character U+{ord(character):04X} at position {position}"
            )
    if len(line.encode()) > 4000:
        raise InvalidCommand("the command is longer than 4000 bytes")
    if line.split()[0].casefold() in ("bye", "exit", "quit", "logout"):
        raise InvalidCommand("the session is ended by the collection itself")
    return line


def group_of(command: str) -> str | None:
    """xstatus, xconfiguration, xcommand, xhistory or xfeedback, also when abbreviated; None for anything else."""
    words = command.split()
    first = words[0].casefold() if words else ""
    matching = [group for group in _GROUPS if group.startswith(first)]
    return matching[0] if len(matching) == 1 and len(first) >= _SHORTEST else None


def only_reads(command: str) -> bool:
    """Whether `command` changes nothing; False whenever that is not certain."""
    group = group_of(command)
    if group in ("xstatus", "xhistory"):
        return True
    if group == "xconfiguration":
        return ":" not in command and '"' not in command
    if group == "xcommand":
        return "".join(command.split()[1:]).casefold() in READ_ONLY_XCOMMANDS
    return False
