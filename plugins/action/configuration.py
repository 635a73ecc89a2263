# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.peer.configuration_plan import (
    HIDDEN,
    Change,
    InvalidSettings,
    Wanted,
    plan_change,
    wanted_settings,
)
from ansible_collections.collab.expressway.plugins.module_utils.peer.xconfiguration import Setting
from ansible_collections.collab.expressway.plugins.modules.configuration import ARGUMENT_SPEC
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import PeerRefused
from ansible_collections.collab.expressway.plugins.plugin_utils.peer_action import (
    PeerAction,
    PeerConnection,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.setting_writer import (
    read_setting,
    write_changes,
)


class ActionModule(PeerAction):
    """See the module of the same name."""

    argument_spec = ARGUMENT_SPEC

    def perform(self, options: dict[str, Any], connection: PeerConnection) -> dict[str, Any]:
        try:
            wanted = wanted_settings(options["settings"], options["kinds"], options["secrets"])
        except InvalidSettings as error:
            raise PeerRefused(
                f"settings for {connection.peer}: {error}. Nothing was sent"
            ) from None
        self.hide(*(setting.text for setting in wanted if setting.secret))
        session = connection.shell()
        found = [(setting, read_setting(session, setting.path)) for setting in wanted]
        self.hide(*(current.value for setting, current in found if setting.secret))
        try:
            planned = [
                (setting, current, plan_change(setting, current)) for setting, current in found
            ]
        except InvalidSettings as error:
            raise PeerRefused(f"{connection.peer}: {error}. Nothing was changed") from None
        changes = [change for _setting, _current, change in planned if change is not None]
        if not self._task.check_mode:
            write_changes(session, changes)
        return {
            "changed": bool(changes),
            "before": {
                current.path: _shown(setting, current.value)
                for setting, current, _change in planned
            },
            "after": {
                current.path: _after(setting, current, change)
                for setting, current, change in planned
            },
            "commands": [change.shown_line(change.after) for change in changes],
            "diff": _difference(changes, connection.peer),
        }


def _shown(setting: Wanted, value: str) -> str:
    return HIDDEN if setting.secret else value


def _after(setting: Wanted, current: Setting, change: Change | None) -> str:
    return _shown(setting, current.value if change is None else change.after)


def _difference(changes: list[Change], peer: str) -> dict[str, str]:
    return {
        "before_header": peer,
        "after_header": peer,
        "before": "".join(f"{change.shown_line(change.before)}\n" for change in changes),
        "after": "".join(
            f"{change.shown_line(change.after)}{' (changed)' if change.secret else ''}\n"
            for change in changes
        ),
    }
