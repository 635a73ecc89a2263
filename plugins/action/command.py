# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.peer.shell_commands import (
    InvalidCommand,
    check_command,
    group_of,
    only_reads,
)
from ansible_collections.collab.expressway.plugins.module_utils.peer.xconfiguration import (
    parse_configuration,
)
from ansible_collections.collab.expressway.plugins.module_utils.peer.xstatus import parse_status
from ansible_collections.collab.expressway.plugins.modules.command import ARGUMENT_SPEC
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import (
    PeerRefused,
    PeerUnreachable,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.peer_action import (
    PeerAction,
    PeerConnection,
)


class ActionModule(PeerAction):
    """See the module of the same name."""

    argument_spec = ARGUMENT_SPEC

    def perform(self, options: dict[str, Any], connection: PeerConnection) -> dict[str, Any]:
        commands = _checked(options["commands"], options["allow_writes"], connection.peer)
        result: dict[str, Any] = {"stdout": [], "parsed": [], "not_run": [], "changed": False}
        for command in commands:
            writes = not only_reads(command)
            result["changed"] |= writes
            if writes and self._task.check_mode:
                result["not_run"].append(command)
                text = ""
            else:
                try:
                    answer = connection.shell().run(command)
                except PeerUnreachable as error:
                    if writes or any(
                        not only_reads(sent) for sent in commands[: len(result["stdout"])]
                    ):
                        raise PeerRefused(
                            f"{error}. A command that may write was sent before", changed=True
                        ) from None
                    raise
                if answer.refusal is not None:
                    shown = command.partition(":")[0]
                    result |= {
                        "failed": True,
                        "msg": f"{connection.peer} refused `{shown}`: {answer.refusal}",
                    }
                    break
                text = answer.text.strip("\n")
            result["stdout"].append(text)
            result["parsed"].append(_parsed(command, text))
        result["stdout_lines"] = [text.split("\n") for text in result["stdout"]]
        return result


def _checked(commands: list[str], allow_writes: bool, peer: str) -> list[str]:
    checked = []
    for number, command in enumerate(commands, start=1):
        try:
            line = check_command(command)
        except InvalidCommand as error:
            raise PeerRefused(
                f"commands, entry {number}: {error}. Nothing was sent to {peer}"
            ) from None
        if not allow_writes and not only_reads(line):
            raise PeerRefused(
                f"commands, entry {number}: `{line.partition(':')[0]}` may write. Use collab.expressway.configuration to set values, "
                f"or allow_writes: true. Nothing was sent to {peer}"
            )
        checked.append(line)
    return checked


def _parsed(command: str, text: str) -> dict[str, Any]:
    group = group_of(command)
    settings = status = None
    if group == "xconfiguration":
        settings = {setting.path: setting.value for setting in parse_configuration(text)}
    elif group == "xstatus":
        try:
            status = parse_status(text)
        except ValueError:
            # The text is there to be read; only the data is missing.
            status = None
    return {"settings": settings, "status": status}
