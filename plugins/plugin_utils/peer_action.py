# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base of every action that talks to an Expressway peer."""

from __future__ import annotations

from typing import Any, Protocol

from ansible.plugins.loader import connection_loader, filter_loader
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
    filter_loader.get("collab.expressway.clusters"),
)
"""The connection plugin and its clients, and all filters, of which ansible-core loads none without the others. Ansible loads
actions before it forks its workers, and everything else after: named here, it is loaded once. To compile and to read it takes
longer than most tasks, and each host has a worker of its own for each task."""


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
