# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One task of the collection's own action plugins, run in this process as ansible-playbook would."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import action_loader, connection_loader
from ansible.template import Templar


def connection_plugin(name: str, variables: Mapping[str, Any]) -> Any:
    """The connection plugin `name` with inventory variables; one that is None counts as not set."""
    connection = connection_loader.get(f"collab.expressway.{name}", PlayContext())
    connection.set_options(
        var_options={key: value for key, value in variables.items() if value is not None}
    )
    return connection


def run_task(
    module: str,
    options: Mapping[str, Any],
    connection: Any,
    *,
    check: bool = False,
    delegate_to: str | None = None,
) -> dict[str, Any]:
    """The result of one task over `connection`."""
    action = f"collab.expressway.{module}"
    task = {action: dict(options), "check_mode": check, "diff": True}
    if delegate_to is not None:
        task["delegate_to"] = delegate_to
    loader = DataLoader()
    plugin = action_loader.get(
        action,
        task=Task.load(task),
        connection=connection,
        play_context=PlayContext(),
        loader=loader,
        templar=Templar(loader=loader),
        shared_loader_obj=None,
    )
    return plugin.run(task_vars={})


def wait_until_logged_out(seen: Callable[[], Mapping[str, Any]]) -> None:
    """Wait until no session is held; the end of a connection arrives a moment after it was closed."""
    deadline = time.monotonic() + 5
    while seen()["sessions"]:
        assert time.monotonic() < deadline, "a session stayed open"
        time.sleep(0.02)
