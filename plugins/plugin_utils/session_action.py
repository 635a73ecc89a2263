# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base of every action that talks to an appliance: options in, one session, result out."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase
from ansible_collections.collab.expressway.plugins.module_utils.unexpected_answer import (
    UnexpectedAnswer,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import (
    PeerError,
    PeerRefused,
    PeerUnreachable,
)

SHORTEST_ANYWHERE = 8
"""Characters of a secret of the connection that is looked for everywhere. Shorter ones are found by chance: in names and PEM text, which
would then be wrong, and in half the words of a message. They are taken out of messages where they stand alone."""
HIDDEN = "*" * 8
"""What Ansible puts in the place of a secret."""


class SessionAction(ActionBase):
    """Validates options, runs `perform`, turns errors into one message, censors secrets and always logs out.

    A subclass sets `argument_spec` (the one of its module file) and implements `perform`. Inside, `PeerRefused` (and
    `UnexpectedAnswer`) fails the task and `PeerUnreachable` makes the host UNREACHABLE.
    """

    _supports_check_mode = True
    _supports_async = False

    transport: ClassVar[str]
    """The connection that it needs."""
    talks_to: ClassVar[str]
    """What is at the other end of it, for messages."""
    argument_spec: ClassVar[dict[str, Any]]
    spec_rules: ClassVar[dict[str, Any]] = {}
    """Further arguments of `validate_argument_spec`, `required_if` for one."""

    def perform(self, options: dict[str, Any], connection: Any) -> dict[str, Any]:
        """Do the work and return the result; `changed` must be in it."""
        raise NotImplementedError

    def hide(self, *values: str) -> None:
        """Keep `values` out of the result and of every message of this task."""
        self._hidden |= {value for value in values if value}

    def run(
        self, tmp: str | None = None, task_vars: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        super().run(tmp, task_vars)
        self._task_vars: dict[str, Any] = task_vars or {}
        validation, options = self.validate_argument_spec(
            argument_spec=self.argument_spec, **self.spec_rules
        )
        self._hidden: set[str] = set(validation._no_log_values)
        self._secrets: set[str] = set()
        connection: Any = self._connection
        try:
            if getattr(connection, "transport", None) != self.transport:
                raise PeerRefused(
                    f"{self._task.action} talks to {self.talks_to} and needs ansible_connection: {self.transport} "
                    f"(the connection is {getattr(connection, 'transport', None)})"
                )
            if self._task.delegate_to:
                # The variables of a delegated task name the host that it was delegated from.
                connection.set_option("inventory_name", str(self._task.delegate_to))
            self._secrets = set(connection.secrets)
            result = self.perform(options, connection)
        except PeerUnreachable as error:
            # Returned, not raised: Ansible would put its own words before the message and an excerpt of the playbook behind it.
            result = {"unreachable": True, "changed": False, **_said(error)}
        except PeerRefused as error:
            result = {"failed": True, "changed": error.changed, **_said(error)}
        except UnexpectedAnswer as error:
            result = {"failed": True, "changed": False, "msg": f"{connection.peer}: {error}"}
        finally:
            connection.close()
        return self._censored(result)

    def _censored(self, result: dict[str, Any]) -> Any:
        # A node or a peer may say back what it was asked with.
        short = {secret for secret in self._secrets if len(secret) < SHORTEST_ANYWHERE}
        censored = remove_values(result, self._hidden | self._secrets - short)
        if short and "msg" in censored:
            words = "|".join(re.escape(secret) for secret in short)
            censored["msg"] = re.sub(rf"(?<!\w)(?:{words})(?!\w)", HIDDEN, censored["msg"])
        return censored


def _said(error: PeerError) -> dict[str, Any]:
    # Whoever tries again must know, because the appliance blocks addresses.
    return {"msg": str(error), "login_refused": error.login_refused}
