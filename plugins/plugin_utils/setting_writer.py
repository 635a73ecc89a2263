# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading and writing single settings in a session."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.collab.expressway.plugins.module_utils.peer.configuration_plan import (
    Change,
    explain_absence,
)
from ansible_collections.collab.expressway.plugins.module_utils.peer.setting_kinds import Kind
from ansible_collections.collab.expressway.plugins.module_utils.peer.xconfiguration import (
    Configuration,
    Setting,
    parse_configuration,
    same_value,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import (
    PeerRefused,
    PeerUnreachable,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.shell_session import ShellSession


def find_setting(session: ShellSession, path: str) -> Setting | None:
    """The setting at `path`, None when the peer does not know or does not list it."""
    answer = session.run(f"xConfiguration {path}")
    return parse_configuration(answer.text).get(path) if answer.ok else None


def read_setting(session: ShellSession, path: str) -> Setting:
    """The setting at `path`; raises `PeerRefused` that says why there is none and what is near."""
    answer = session.run(f"xConfiguration {path}")
    listed = parse_configuration(answer.text) if answer.ok else Configuration()
    setting = listed.get(path)
    if setting is not None:
        return setting
    nearby = session.run(f"xConfiguration {path.split()[0]}")
    reason = explain_absence(
        path, listed, parse_configuration(nearby.text) if nearby.ok else Configuration()
    )
    said = f" It answered: {answer.refusal}" if answer.refusal else ""
    raise PeerRefused(f"{session.peer}: {reason}. Nothing was changed.{said}")


def write_changes(session: ShellSession, changes: Sequence[Change]) -> None:
    """Make `changes` in order and read each back; stops at the first that fails.

    Raises `PeerRefused` with what was written before, also when the session breaks down: from the first write on, the state
    of the peer is what matters, not that it cannot be reached. A write without an answer counts as a change.
    """
    written: list[Change] = []
    for change in changes:
        try:
            answer = session.run(change.line)
        except PeerUnreachable as error:
            raise PeerRefused(
                f"{error}. Whether {change.path!r} was set is unknown: read it before you go on.{_before_that(written)}",
                changed=True,
            ) from None
        if answer.refusal is not None:
            # The peer may quote what it was sent.
            said = (
                answer.refusal.replace(change.after, "********")
                if change.secret and change.after
                else answer.refusal
            )
            raise PeerRefused(
                f"{session.peer} refused `{change.shown_line(change.after)}`: {said}.{_so_far(written)}",
                changed=bool(written),
            )
        written.append(change)
    for change in changes:
        _verify(session, change, written)


def _verify(session: ShellSession, change: Change, written: Sequence[Change]) -> None:
    try:
        setting = find_setting(session, change.path)
    except PeerUnreachable as error:
        raise PeerRefused(
            f"{error}. {change.path!r} was set, but could not be read back.{_so_far(written)}",
            changed=True,
        ) from None
    # A secret may be shown encrypted or not at all.
    if change.secret and setting is not None:
        return
    if setting is None or not same_value(setting.value, change.after, change.kind):
        now = "no longer listed" if setting is None else _shown(setting.value, change.kind)
        raise PeerRefused(
            f"{session.peer} answered OK to `{change.shown_line(change.after)}`, but the setting is now {now}."
            f"{_so_far(written)}",
            changed=True,
        )


def _shown(value: str, kind: Kind) -> str:
    return f'"{value}"' if kind is Kind.STRING else value


def _so_far(written: Sequence[Change]) -> str:
    return _before_that(written) or " Nothing was changed."


def _before_that(written: Sequence[Change]) -> str:
    if not written:
        return ""
    return " Changed before that: " + "; ".join(
        f"{change.path} (it was {_shown(change.shown(change.before), change.kind)})"
        for change in written
    )
