# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base of every action that talks to an Expressway peer."""

from __future__ import annotations

from typing import Any, Protocol

from ansible_collections.collab.expressway.plugins.plugin_utils.rest_client import RestClient
from ansible_collections.collab.expressway.plugins.plugin_utils.session_action import SessionAction
from ansible_collections.collab.expressway.plugins.plugin_utils.shell_session import ShellSession
from ansible_collections.collab.expressway.plugins.plugin_utils.ssh_login import SshLogin

BEFORE_FORKING = (RestClient, ShellSession, SshLogin)
"""The clients of the connection plugin. Ansible loads actions before it forks its workers, connections after: named here,
they and paramiko are imported once, not by each worker."""


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

    transport = "collab.expressway.expressway"
    talks_to = "an Expressway peer"
