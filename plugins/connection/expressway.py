# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: expressway
short_description: Administrator's shell and REST API of a Cisco Expressway peer
version_added: 0.1.0
author:
  - The collab.expressway authors (@collab)
description:
  - Talks to one peer over SSH (the administrator's shell, C(xConfiguration), C(xStatus), C(xCommand)) and over its REST API.
  - One task is one login, and it always ends with a logout. Nothing stays open between tasks.
  - A wrong password is tried once. The appliance blocks addresses after repeated failures, so neither an SSH agent nor the keys in
    C(~/.ssh) are tried.
  - The host key must be known and the API certificate must be trusted, unless checking is switched off for the host.
extends_documentation_fragment:
  - collab.expressway.ssh_login
options:
  known_hosts_file:
    description: One more known_hosts file, read after those of the user and the system.
    type: path
    vars:
      - name: expressway_known_hosts_file
  proxy_command:
    description: >-
      Command whose standard input and output reach the SSH port, for example V(ssh -W %h:%p jump.example.com). C(%h), C(%p) and C(%r)
      stand for host, port and user. The REST API is not reached through it.
    type: string
    vars:
      - name: expressway_proxy_command
  connect_timeout:
    description: Seconds until TCP, key exchange and login must each be done.
    type: float
    default: 15
    vars:
      - name: expressway_connect_timeout
  command_timeout:
    description: Seconds until the answer to one command, or to one API request, must be complete.
    type: float
    default: 30
    vars:
      - name: expressway_command_timeout
  api_port:
    description: Port of the REST API.
    type: integer
    default: 443
    vars:
      - name: expressway_api_port
  api_user:
    description: Administrator with API access. O(remote_user) when not given.
    type: string
    vars:
      - name: expressway_api_user
  api_password:
    description: Password for the API. O(password) when not given.
    type: string
    vars:
      - name: expressway_api_password
  api_validate_certs:
    description: Whether the certificate of the REST API must be trusted and hold the name in O(host).
    type: boolean
    default: true
    vars:
      - name: expressway_api_validate_certs
  api_ca_path:
    description: PEM file with the CA certificates that the API certificate is verified with, instead of those of the system.
    type: path
    vars:
      - name: expressway_api_ca_path
  root_user:
    description: Account that reaches the trust store's file over SFTP. Used by tasks that ask for it only (C(via=root_ssh)).
    type: string
    default: root
    vars:
      - name: expressway_root_user
  root_password:
    description: Password of O(root_user). Not sent when O(root_private_key_file) is given.
    type: string
    vars:
      - name: expressway_root_password
  root_private_key_file:
    description: Private key to log in as O(root_user) with, instead of a password.
    type: string
    vars:
      - name: expressway_root_private_key_file
  root_private_key_passphrase:
    description: Passphrase of O(root_private_key_file).
    type: string
    vars:
      - name: expressway_root_private_key_passphrase
  peer_index:
    description: >-
      Which peer of its cluster (1 to 6) this host is. Needed only where it cannot be told from the cluster's list of peers, the inventory
      name and O(host).
    type: integer
    vars:
      - name: expressway_peer_index
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.collab.expressway.plugins.plugin_utils.appliance_connection import (
    ApplianceConnection,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import PeerUnreachable

if TYPE_CHECKING:
    from ansible_collections.collab.expressway.plugins.plugin_utils.rest_client import RestClient
    from ansible_collections.collab.expressway.plugins.plugin_utils.shell_session import (
        ShellSession,
    )
    from ansible_collections.collab.expressway.plugins.plugin_utils.ssh_login import SshLogin


class Connection(ApplianceConnection):
    """Shell and REST client of one peer, each opened when it is first asked for."""

    transport = "collab.expressway.expressway"
    prefix = "expressway"
    takes = "Expressway commands"
    instead = " (use collab.expressway.command)"
    user_options = ("remote_user", "api_user", "root_user")
    secret_options = (
        "password",
        "private_key_passphrase",
        "api_password",
        "root_password",
        "root_private_key_passphrase",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._login: SshLogin | None = None
        self._root_login: SshLogin | None = None
        self._session: ShellSession | None = None
        self._api: RestClient | None = None

    def shell(self) -> ShellSession:
        """The session, after login and greeting; raises `PeerUnreachable`."""
        if self._session is None:
            from ansible_collections.collab.expressway.plugins.plugin_utils.shell_session import (
                TERMINAL_WIDTH,
                ShellSession,
            )

            self._login = self._administrator_login()
            session = ShellSession(
                self._login.open_shell(TERMINAL_WIDTH, 24),
                self.peer,
                self.get_option("command_timeout"),
            )
            # Kept before it is open, so that close() logs out of a session that fails to start.
            self._session = session
            session.open()
            self._connected = True
        return self._session

    def root_files(self) -> Any:
        """A new SFTP session of root (`paramiko.SFTPClient`); the one before is closed. Raises `PeerUnreachable`."""
        self._close_root()
        user = self.get_option("root_user")
        self._display.vvv(f"SFTP login as {user}, port {self.get_option('port')}", host=self.peer)
        self._root_login = self._ssh_login(
            user=user,
            password=self.get_option("root_password"),
            private_key_file=self.get_option("root_private_key_file"),
            private_key_passphrase=self.get_option("root_private_key_passphrase"),
            variables=(
                "expressway_root_user",
                "expressway_root_password",
                "expressway_root_private_key_file",
                "expressway_root_private_key_passphrase",
            ),
        )
        return self._root_login.open_sftp(self.get_option("command_timeout"))

    def _close_root(self) -> None:
        if self._root_login is not None:
            self._root_login.close()
        self._root_login = None

    def api(self) -> RestClient:
        """The REST client; nothing is sent until it is used. Raises `PeerUnreachable` when options do not suffice."""
        if self._api is None:
            from ansible_collections.collab.expressway.plugins.plugin_utils.rest_client import (
                RestClient,
            )

            password = self.get_option("api_password") or self.get_option("password")
            if not password:
                raise PeerUnreachable(
                    f"there is no password for the REST API of {self.peer}: set expressway_api_password or ansible_password"
                )
            ca_path = self.get_option("api_ca_path")
            if ca_path and not Path(ca_path).is_file():
                raise PeerUnreachable(
                    f"expressway_api_ca_path of {self.peer} names no file: {ca_path}"
                )
            self._api = RestClient(
                self.get_option("host"),
                self._port("api_port", "expressway_api_port"),
                self.get_option("api_user") or self.get_option("remote_user"),
                password,
                peer=self.peer,
                validate_certs=self.get_option("api_validate_certs"),
                ca_path=ca_path,
                timeout=self.get_option("command_timeout"),
            )
        return self._api

    def close(self) -> None:
        """Log out and close; safe to call at any time, any number of times."""
        if self._session is not None:
            self._session.close()
        if self._login is not None:
            self._login.close()
        self._close_root()
        self._session = self._login = self._api = None
        self._connected = False
