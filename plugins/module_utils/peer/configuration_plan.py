# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From wanted settings and what a peer has to the assignments that are still needed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.collab.expressway.plugins.module_utils.peer.setting_kinds import (
    Kind,
    kind_of,
    looks_secret,
)
from ansible_collections.collab.expressway.plugins.module_utils.peer.xconfiguration import (
    Configuration,
    InvalidPath,
    InvalidValue,
    Setting,
    as_text,
    normalise_path,
    path_key,
    print_assignment,
    print_value,
    same_value,
)

HIDDEN = "********"


class InvalidSettings(ValueError):
    """The wanted settings cannot be asked for; the message names the path and the remedy."""


@dataclass(frozen=True)
class Wanted:
    """One wanted setting, its path normalised. `raw` is the YAML value, `kind` what the user declared, if anything."""

    path: str
    raw: object
    kind: Kind | None = None
    secret: bool = False

    @property
    def text(self) -> str:
        """The value as the peer spells it."""
        return as_text(self.raw)


@dataclass(frozen=True)
class Change:
    """One assignment: from `before` to `after`, and the command line that makes it."""

    path: str
    before: str
    after: str
    kind: Kind
    line: str
    secret: bool

    def shown(self, value: str) -> str:
        """`value` as output may show it."""
        return HIDDEN if self.secret else value

    def shown_line(self, value: str) -> str:
        """The assignment of `value` as output may show it; also for values that could not be written."""
        if self.secret:
            return f"xConfiguration {self.path}: {HIDDEN}"
        quoted = f'"{value}"' if self.kind is Kind.STRING else value
        return f"xConfiguration {self.path}: {quoted}"


def wanted_settings(
    settings: Mapping[str, object], kinds: Mapping[str, str], secrets: Iterable[str]
) -> list[Wanted]:
    """Check what can be checked without the peer; raises `InvalidSettings` with the first thing that is wrong."""
    declared = {
        path_key(_checked_path(path)): _declared_kind(path, kind) for path, kind in kinds.items()
    }
    secret_keys = {path_key(_checked_path(path)) for path in secrets}
    wanted: dict[str, Wanted] = {}
    for path, raw in settings.items():
        normalised = _checked_path(str(path))
        key = path_key(normalised)
        if key in wanted:
            raise InvalidSettings(
                f"settings name {normalised!r} twice (case and spacing do not count)"
            )
        if isinstance(raw, (Mapping, list, tuple, set)):
            raise InvalidSettings(
                f"the value of {normalised!r} must be one text, number or boolean"
            )
        setting = Wanted(
            normalised, raw, declared.get(key), key in secret_keys or looks_secret(normalised)
        )
        try:
            print_value(setting.text, setting.kind or Kind.STRING)
        except InvalidValue as error:
            raise InvalidSettings(f"{normalised!r} cannot be set: {error}") from None
        wanted[key] = setting
    strangers = sorted((declared.keys() | secret_keys) - wanted.keys())
    if strangers:
        raise InvalidSettings(f"kinds or secrets name {strangers[0]!r}, which settings do not")
    return list(wanted.values())


def _declared_kind(path: str, kind: str) -> Kind:
    try:
        return Kind(kind)
    except ValueError:
        raise InvalidSettings(
            f"the kind of {path!r} is {kind!r}; it must be one of {', '.join(Kind)}"
        ) from None


def _checked_path(path: str) -> str:
    try:
        return normalise_path(path)
    except InvalidPath as error:
        raise InvalidSettings(str(error)) from None


def plan_change(wanted: Wanted, current: Setting) -> Change | None:
    """The assignment that makes `current` what is wanted, or None; raises `InvalidSettings` for a value of the wrong kind.

    The path is written as the peer spells it, On and Off with a capital: whether the shell takes other spellings is a guess.
    """
    kind = wanted.kind or kind_of(current.path, wanted.raw, current.value, current.quoted)
    after = wanted.text
    if kind is Kind.ENUMERATION and after.casefold() in ("on", "off"):
        after = after.capitalize()
    try:
        line = print_assignment(current.path, after, kind)
    except InvalidValue as error:
        raise InvalidSettings(f"{current.path!r} cannot be set: {error}") from None
    if same_value(current.value, after, kind):
        return None
    return Change(current.path, current.value, after, kind, line, wanted.secret)


def explain_absence(path: str, listed: Configuration, nearby: Configuration) -> str:
    """Why `path` names no setting, judging by what the peer listed for it and for its first word."""
    if len(listed) == 1:
        return f"{path!r} looks like an abbreviation; write it in full: {next(iter(listed)).path!r}"
    if listed:
        some = ", ".join(repr(setting.path) for setting in list(listed)[:6])
        return (
            f"{path!r} is not one setting but has several: {some}{' …' if len(listed) > 6 else ''}"
        )
    names = {setting.path.casefold(): setting.path for setting in nearby}
    close = difflib.get_close_matches(path.casefold(), names, n=3, cutoff=0.6)
    if close:
        return f"there is no setting {path!r}. Near it are " + ", ".join(
            repr(names[name]) for name in close
        )
    return (
        f"there is no setting {path!r}. It may not exist in this release: `xConfiguration {path.split()[0]}` on the peer lists "
        "what does"
    )
