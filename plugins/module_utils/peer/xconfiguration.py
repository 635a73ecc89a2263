# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of `xConfiguration`: read replies, write assignments, refuse what could be more than one assignment.

A reply is a list of lines ``*c xConfiguration <path>: <value>`` with the value quoted or not, ended by ``OK``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.collab.expressway.plugins.module_utils.peer.setting_kinds import (
    Kind,
    is_integer,
)

MAXIMUM_VALUE_LENGTH = 2048
"""Characters; the longest string that the X15.0 command reference declares (`<S:0,2048>`)."""
MAXIMUM_LINE_LENGTH = 4000
"""Bytes; a terminal in line mode cuts input at 4095."""

_REPLY_LINE = re.compile(r"\*c\s+xConfiguration\s+(?P<path>[^:]*?)\s*:[ \t]*(?P<value>.*)", re.I)
_WORD = re.compile(r"[A-Za-z0-9_.\-]+")
_ENUMERATION = re.compile(r"[A-Za-z0-9_.+\-]+")
_NEVER_IN_A_LINE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories: control, format (bidirectional overrides), surrogate, line and paragraph separator."""


class InvalidPath(ValueError):
    """The text cannot be the path of a setting."""


class InvalidValue(ValueError):
    """The value cannot be written as one xConfiguration assignment."""


@dataclass(frozen=True)
class Setting:
    """One line of a reply: the path as the peer spells it, the value without quotes, and whether it was quoted."""

    path: str
    value: str
    quoted: bool


class Configuration:
    """The settings of one or more replies, found by path without regard to case or spacing."""

    def __init__(self, settings: list[Setting] | None = None) -> None:
        self._settings = {path_key(setting.path): setting for setting in settings or []}

    def __iter__(self) -> Iterator[Setting]:
        return iter(self._settings.values())

    def __len__(self) -> int:
        return len(self._settings)

    def get(self, path: str) -> Setting | None:
        """The setting at exactly this path (never an abbreviation), or None."""
        return self._settings.get(path_key(path))

    def value(self, path: str) -> str | None:
        """The value at exactly this path, or None when the peer did not list it."""
        setting = self.get(path)
        return None if setting is None else setting.value


def path_key(path: str) -> str:
    """The form under which two spellings of one path are equal."""
    return " ".join(path.split()).casefold()


def normalise_path(path: str) -> str:
    """The words of `path` with single spaces, without a leading ``xConfiguration``.

    Raises `InvalidPath` for anything that is not a sequence of plain words: a path goes into a command line.
    """
    # Not str.split(): it would take a newline for a harmless space.
    words = [word for word in path.strip(" ").split(" ") if word]
    if words and words[0].casefold() == "xconfiguration":
        words = words[1:]
    if not words:
        raise InvalidPath("the path of a setting is empty")
    for word in words:
        if not _WORD.fullmatch(word):
            raise InvalidPath(
                f"{path!r} is no path of a setting: {word!r} may hold only letters, digits and the characters . _ -"
            )
    normalised = " ".join(words)
    if len(normalised) > 512:
        raise InvalidPath(f"the path {normalised[:40]!r}… is longer than 512 characters")
    return normalised


def parse_configuration(text: str) -> Configuration:
    """The settings in a reply; every other line (echo, ``OK``, ``** end``, blank) is ignored.

    A quoted value may span lines. When a path occurs twice the last line counts.
    """
    settings: list[Setting] = []
    lines = iter(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    for line in lines:
        match = _REPLY_LINE.match(line.strip())
        if match is None or not match["path"]:
            continue
        value = match["value"].strip()
        if value.startswith('"') and not _closes(value):
            value = _continued(value, lines)
        quoted = len(value) >= 2 and value.startswith('"') and value.endswith('"')
        settings.append(
            Setting(" ".join(match["path"].split()), value[1:-1] if quoted else value, quoted)
        )
    return Configuration(settings)


def _closes(value: str) -> bool:
    return len(value) >= 2 and value.endswith('"')


def _continued(value: str, lines: Iterator[str]) -> str:
    for line in lines:
        value += "\n" + line
        if line.rstrip().endswith('"'):
            return value.rstrip()
    return value


def as_text(wanted: object) -> str:
    """A wanted value as the peer spells it: YAML booleans are On and Off, numbers decimal, None the empty string."""
    if isinstance(wanted, bool):
        return "On" if wanted else "Off"
    return "" if wanted is None else str(wanted)


def print_value(value: str, kind: Kind) -> str:
    """`value` as it stands in an assignment.

    Raises `InvalidValue` for whatever could end the line, start another command, or would not come back as it went.
    """
    if len(value) > MAXIMUM_VALUE_LENGTH:
        raise InvalidValue(
            f"the value has {len(value)} characters, more than the {MAXIMUM_VALUE_LENGTH} that the shell takes"
        )
    for position, character in enumerate(value, start=1):
        if unicodedata.category(character) in _NEVER_IN_A_LINE:
            raise InvalidValue(
                f"the value holds the control character U+{ord(character):04X} at position {position}"
            )
    if kind is Kind.INTEGER:
        if not is_integer(value):
            raise InvalidValue("the value must be a decimal number")
        return str(int(value))
    if kind is Kind.ENUMERATION:
        if not _ENUMERATION.fullmatch(value):
            raise InvalidValue("the value must be one word (the setting is an enumeration)")
        return value
    # How the shell escapes a quote is documented nowhere, and a backslash at the end might escape the closing one.
    if '"' in value:
        raise InvalidValue(
            f"the value holds a double quote at position {value.index(chr(34)) + 1}, which the shell cannot represent"
        )
    if value.endswith("\\"):
        raise InvalidValue("the value ends in a backslash, which might escape the closing quote")
    if value != value.strip():
        raise InvalidValue("the value begins or ends with a space")
    return f'"{value}"'


def print_assignment(path: str, value: str, kind: Kind) -> str:
    """The command line that sets `path` to `value`; raises `InvalidPath` or `InvalidValue`."""
    line = f"xConfiguration {normalise_path(path)}: {print_value(value, kind)}"
    if len(line.encode()) > MAXIMUM_LINE_LENGTH:
        raise InvalidValue(
            f"the command line has {len(line.encode())} bytes, more than {MAXIMUM_LINE_LENGTH}"
        )
    return line


def same_value(left: str, right: str, kind: Kind) -> bool:
    """Whether two values mean the same to the peer: "On" and "on" for an enumeration, 020 and 20 for an integer."""
    if kind is Kind.ENUMERATION:
        return left.casefold() == right.casefold()
    if kind is Kind.INTEGER and is_integer(left) and is_integer(right):
        return int(left) == int(right)
    return left == right
