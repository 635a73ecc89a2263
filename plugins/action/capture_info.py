# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.capture.archive import redacted
from ansible_collections.collab.expressway.plugins.module_utils.capture.questions import API, SHELL
from ansible_collections.collab.expressway.plugins.module_utils.capture.redaction import Redaction
from ansible_collections.collab.expressway.plugins.modules.capture_info import ARGUMENT_SPEC
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import PeerUnreachable
from ansible_collections.collab.expressway.plugins.plugin_utils.peer_action import (
    PeerAction,
    PeerConnection,
)

SECRETS = ("password", "remote_user", "api_password", "api_user", "root_password", "root_user")
UNAUTHORIZED = 401


class ActionModule(PeerAction):
    """See the module of the same name."""

    argument_spec = ARGUMENT_SPEC

    def perform(self, options: dict[str, Any], connection: PeerConnection) -> dict[str, Any]:
        own = [connection.get_option(name) for name in ("inventory_name", "host")]
        redaction = Redaction(
            [str(value) for name in SECRETS if (value := connection.get_option(name))],
            [name for name in dict.fromkeys([*options["names"], *own]) if name],
        )
        shell = connection.shell()
        observation: dict[str, Any] = {
            "greeting": shell.heard.decode("utf-8", "replace"),
            "shell": {},
            "api": {},
            "not_read": [],
        }
        for command in SHELL:
            answer = shell.run(command)
            observation["shell"][command] = {
                "raw": shell.heard.decode("utf-8", "replace"),
                "text": answer.text,
                "refusal": answer.refusal,
            }
        observation["api"], observation["not_read"] = _api(connection)
        return {"changed": False, "capture": redacted(observation, redaction)}


def _api(connection: PeerConnection) -> tuple[dict[str, Any], list[str]]:
    read: dict[str, Any] = {}
    reason = ""
    for path in API:
        try:
            answer = connection.api().get_answer(path)
        except PeerUnreachable as error:
            reason = f": {error}"
            break
        read[path] = {
            "status": answer.status,
            "headers": {name.lower(): value for name, value in answer.headers},
            "body": answer.body.decode("utf-8", "replace"),
        }
        if answer.status == UNAUTHORIZED:
            # Another try could get this address blocked.
            reason = ", as the login was refused"
            break
    return read, [f"GET {left} was not asked{reason}" for left in API if left not in read]
