# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base of every action that talks to an Expressway peer."""

from __future__ import annotations

from typing import Any, Protocol

from ansible.plugins.loader import connection_loader
from ansible_collections.collab.expressway.plugins.plugin_utils.rest_client import RestClient
from ansible_collections.collab.expressway.plugins.plugin_utils.session_action import SessionAction
from ansible_collections.collab.expressway.plugins.plugin_utils.shell_session import ShellSession
from ansible_collections.collab.expressway.plugins.plugin_utils.ssh_login import SshLogin

CONNECTION = "collab.expressway.expressway"

BEFORE_FORKING = (
    RestClient,
    ShellSession,
    SshLogin,
    connection_loader.get(CONNECTION, class_only=True),
)
"""The connection plugin and its clients. Ansible loads actions before it forks its workers, connections after: named here,
they and paramiko are imported once, not by each worker, and so is the documentation of the plugin, which takes longer to read
than most tasks to run."""


class PeerConnection(Protocol):
    """The part of the connection plugin that actions use."""

    @property
    def peer(self) -> str: ...
    def shell(self) -> ShellSession: ...
    def api(self) -> RestClient: ...
    def root_files(self) -> Any: ...
    def get_option(self, option: str) -> Any: ...
    def close(self) -> None: ...


class PeerAction(SessionAction):
    """See `SessionAction`; `perform` gets a `PeerConnection`."""

    transport = CONNECTION
    talks_to = "an Expressway peer"
