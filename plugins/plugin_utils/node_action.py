# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base of every action that talks to a UC node."""

from __future__ import annotations

from typing import Any, Protocol

from ansible_collections.collab.expressway.plugins.plugin_utils.axl_client import AxlClient
from ansible_collections.collab.expressway.plugins.plugin_utils.certificate_api_client import (
    CertificateApiClient,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.platform_shell import PlatformShell
from ansible_collections.collab.expressway.plugins.plugin_utils.session_action import SessionAction
from ansible_collections.collab.expressway.plugins.plugin_utils.ssh_login import SshLogin
from ansible_collections.collab.expressway.plugins.plugin_utils.uds_client import UdsClient

BEFORE_FORKING = (AxlClient, CertificateApiClient, PlatformShell, SshLogin, UdsClient)
"""The clients of the connection plugin, imported before Ansible forks its workers."""


class NodeConnection(Protocol):
    """The part of the connection plugin that actions use."""

    @property
    def peer(self) -> str: ...
    def shell(self) -> PlatformShell: ...
    def axl(self) -> AxlClient: ...
    def uds(self) -> UdsClient: ...
    def certificate_api(self) -> CertificateApiClient: ...
    def get_option(self, option: str) -> Any: ...
    def close(self) -> None: ...


class NodeAction(SessionAction):
    """See `SessionAction`; `perform` gets a `NodeConnection`."""

    transport = "collab.expressway.vos"
    talks_to = "a UC node"
