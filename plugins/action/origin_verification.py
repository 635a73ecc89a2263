# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import time
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.peer.configuration_plan import (
    Wanted,
    plan_change,
)
from ansible_collections.collab.expressway.plugins.module_utils.peer.facts import (
    SWITCH,
    origin_verification_facts,
    release_of,
    switch_state,
)
from ansible_collections.collab.expressway.plugins.module_utils.peer.xconfiguration import Setting
from ansible_collections.collab.expressway.plugins.modules.origin_verification import ARGUMENT_SPEC
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import PeerRefused
from ansible_collections.collab.expressway.plugins.plugin_utils.peer_action import (
    PeerAction,
    PeerConnection,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.setting_writer import (
    find_setting,
    write_changes,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.shell_session import ShellSession

POLL_SECONDS = 2.0


class ActionModule(PeerAction):
    """See the module of the same name."""

    argument_spec = ARGUMENT_SPEC

    def perform(self, options: dict[str, Any], connection: PeerConnection) -> dict[str, Any]:
        session = connection.shell()
        release = release_of(session.system_unit)
        setting = find_setting(session, SWITCH)
        facts = origin_verification_facts(setting, release)
        result = {
            "changed": False,
            "supported": facts["supported"],
            "note": facts["note"],
            "release": None if release is None else str(release),
        }
        wanted = options["state"]
        if setting is None:
            if wanted is not None:
                message = f"{connection.peer}: state {wanted} was asked for, but {facts['note']} Nothing was changed."
                return result | {"failed": True, "msg": message}
            return result | _states(None, None, options, followed=False)
        # Between the earlier read and this login replication may have been at work already.
        followed = wanted == facts["state"] and options["before"] not in (None, wanted)
        if wanted is not None and facts["state"] != wanted and not self._task.check_mode:
            followed = _wait_for_replication(session, wanted, options["replication_wait"])
            if not followed:
                _write(session, wanted)
        before = options["before"] or facts["state"]
        after = wanted or facts["state"]
        if wanted == "off":
            verb = "would be" if self._task.check_mode and before != after else "is"
            result["warnings"] = [_warning(connection.peer, verb, options)]
        return result | {
            "changed": before != after,
            "diff": {
                "before_header": connection.peer,
                "after_header": connection.peer,
                "before": _line(before),
                "after": _line(after),
            },
            **_states(before, after, options, followed=followed),
        }


def _states(
    before: str | None, after: str | None, options: dict[str, Any], *, followed: bool
) -> dict[str, Any]:
    return {
        "before": before,
        "after": after,
        "followed": followed,
        "until": options["until"],
        "reason": options["reason"],
    }


def _wait_for_replication(session: ShellSession, wanted: str, seconds: float) -> bool:
    """Whether the wanted state arrived by itself within `seconds`."""
    deadline = time.monotonic() + seconds
    while (remaining := deadline - time.monotonic()) > 0:
        time.sleep(min(POLL_SECONDS, remaining))
        if switch_state(_listed(session)) == wanted:
            return True
    return False


def _write(session: ShellSession, wanted: str) -> None:
    # Read once more: replication may have brought it a moment ago.
    change = plan_change(Wanted(SWITCH, wanted), _listed(session))
    write_changes(session, [] if change is None else [change])


def _listed(session: ShellSession) -> Setting:
    setting = find_setting(session, SWITCH)
    if setting is None:
        raise PeerRefused(f"{session.peer} listed {SWITCH} a moment ago and does no longer")
    return setting


def _line(state: str) -> str:
    return f"xConfiguration {SWITCH}: {state.capitalize()}\n"


def _warning(peer: str, verb: str, options: dict[str, Any]) -> str:
    until = f" until {options['until']}" if options["until"] else ""
    reason = f" ({options['reason']})" if options["reason"] else ""
    return (
        f"{peer}: VerifyOriginServer {verb} Off{until}{reason}. The traffic server then accepts any certificate of a UC node "
        "(CVE-2022-20814); repair the certificates or the trust store and set it On again"
    )
