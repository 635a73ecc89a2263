# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a release (`configuration.yml`): their kinds, defaults, limits and words."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.lab.releases import Release
from tests.lab.words import Node, Value

CATALOGUE = Path(__file__).with_name("configuration.yml")


class Refused(ValueError):
    """A value that a setting does not take; the text is what the shell says about it."""


@dataclass(frozen=True)
class Spelling:
    """Other words for a setting, used while `switch` stands at `position`."""

    switch: str
    position: str
    path: str


@dataclass(frozen=True)
class Setting:
    """One setting of xConfiguration. Its value is always held as text, an integer too."""

    path: str
    kind: str
    default: str
    least: int
    most: int
    values: tuple[str, ...]
    replicated: bool
    documented: bool
    spellings: tuple[Spelling, ...]

    def accept(self, value: Value, switches: Mapping[str, Any]) -> str:
        """Return the text to store for a typed `value`; raise `Refused` when it is not allowed."""
        if self.kind == "string":
            if not value.quoted and switches["bare_string"] == "refused":
                raise Refused("Invalid value: a string stands in double quotes")
            if self.values and value.text not in self.values:
                raise Refused(f"Invalid value: one of {'/'.join(self.values)}")
            if not self.values and not self.least <= len(value.text) <= self.most:
                raise Refused(f"Invalid length: {self.least} to {self.most} characters")
            return value.text
        if value.quoted and switches["quoted_enumeration"] == "refused":
            raise Refused("Invalid value: not in quotes")
        if self.kind == "integer":
            if not re.fullmatch(r"[0-9]{1,12}", value.text):
                raise Refused("Invalid value: a number is expected")
            if not self.least <= int(value.text) <= self.most:
                raise Refused(f"Value out of range: {self.least} to {self.most}")
            return str(int(value.text))
        for allowed in self.values:
            if value.text == allowed or (
                switches["enumeration_case"] == "any" and value.text.lower() == allowed.lower()
            ):
                return allowed
        raise Refused(f"Invalid value: one of {'/'.join(self.values)}")

    def words(self, switches: Mapping[str, Any]) -> str:
        """Return the path as the device spells it under these switches."""
        for spelling in self.spellings:
            if switches[spelling.switch] == spelling.position:
                return spelling.path
        return self.path

    def printed(self, value: str, switches: Mapping[str, Any]) -> str:
        """Return `value` as a configuration read prints it."""
        style = switches["value_quoting"]
        bare = style == "bare" or (style == "bare_integers" and self.kind == "integer")
        return value if bare else f'"{value}"'

    @property
    def usage(self) -> str:
        """What may be written, as the command reference prints it."""
        if self.kind == "integer":
            return f"<{self.least}..{self.most}>"
        if self.values:
            return f"<{'/'.join(self.values)}>"
        return f"<S: {self.least},{self.most}>"


def _numbered(path: str) -> Iterator[tuple[str, str]]:
    """Yield (number, path) for `Peer {1..6} Address`; ("", path) for a path without numbers."""
    match = re.search(r"\{(\d+)\.\.(\d+)\}", path)
    if not match:
        yield "", path
        return
    for number in range(int(match[1]), int(match[2]) + 1):
        yield str(number), path.replace(match[0], str(number))


def _default(entry: Any, release: Release) -> str | None:
    """Return the default of `release`, or None when the setting does not exist in it."""
    if Release(entry.get("since", "X0.0")) > release:
        return None
    default = entry["default"]
    if isinstance(default, list):
        default = [one["value"] for one in default if Release(one["since"]) <= release][-1]
    return str(default)


@functools.cache
def _entries() -> list[dict[str, Any]]:
    return yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))


@functools.cache
def settings(release: Release) -> dict[str, Setting]:
    """Return the settings of `release` by path, in the order in which a peer prints them."""
    found = {}
    for entry in _entries():
        default = _default(entry, release)
        if default is None:
            continue
        least, most = entry.get("range", (0, 0))
        for number, path in _numbered(entry["path"]):
            spellings = tuple(
                Spelling(
                    other["switch"], other["position"], re.sub(r"\{.*\}", number, other["path"])
                )
                for other in entry.get("spelled", ())
            )
            found[path] = Setting(
                path=path,
                kind=entry["kind"],
                default=default,
                least=least,
                most=most,
                values=tuple(entry.get("values", ())),
                replicated=entry.get("scope", "replicated") == "replicated",
                documented=entry.get("documented", True),
                spellings=spellings,
            )
    return found


def _spelling_switches() -> tuple[str, ...]:
    names = {other["switch"] for entry in _entries() for other in entry.get("spelled", ())}
    return tuple(sorted(names))


@functools.cache
def _tree(release: Release, positions: tuple[tuple[str, str], ...]) -> Node[Setting]:
    root: Node[Setting] = Node()
    switches = dict(positions)
    for setting in settings(release).values():
        root.add(setting.words(switches).split(), setting)
    return root


def tree(release: Release, switches: Mapping[str, Any]) -> Node[Setting]:
    """Return the words below xConfiguration for `release`; equal questions share one tree."""
    positions = tuple((name, str(switches[name])) for name in _spelling_switches())
    return _tree(release, positions)
