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
  - Ordinary modules, M(ansible.builtin.command) and M(ansible.builtin.copy) among them, cannot run over this connection.
requirements:
  - paramiko >= 3.4
notes:
  - Host keys are looked up in C(~/.ssh/known_hosts), C(/etc/ssh/ssh_known_hosts) and the file in O(known_hosts_file). A key for a port
    other than 22 stands there as C([host]:port). Nothing is ever written to these files.
options:
  host:
    description: Name or address of the peer.
    type: string
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: ansible_host
      - name: ansible_ssh_host
  inventory_name:
    description: How messages name the peer.
    type: string
    default: ""
    vars:
      - name: inventory_hostname
  port:
    description: Port of the SSH service. Some virtual machines are deployed with 5022.
    type: integer
    default: 22
    ini:
      - {section: defaults, key: remote_port}
    env:
      - name: ANSIBLE_REMOTE_PORT
    vars:
      - name: ansible_port
      - name: ansible_ssh_port
    keyword:
      - name: port
  remote_user:
    description: Administrator to log in as.
    type: string
    default: admin
    ini:
      - {section: defaults, key: remote_user}
    env:
      - name: ANSIBLE_REMOTE_USER
    vars:
      - name: ansible_user
      - name: ansible_ssh_user
    keyword:
      - name: remote_user
    cli:
      - name: user
  password:
    description: Password of the administrator. Not sent over SSH when O(private_key_file) is given.
    type: string
    vars:
      - name: ansible_password
      - name: ansible_ssh_pass
      - name: ansible_ssh_password
  private_key_file:
    description: Private key to log in with instead of a password.
    type: string
    ini:
      - {section: defaults, key: private_key_file}
    env:
      - name: ANSIBLE_PRIVATE_KEY_FILE
    vars:
      - name: ansible_private_key_file
      - name: ansible_ssh_private_key_file
    cli:
      - name: private_key_file
        option: "--private-key"
  private_key_passphrase:
    description: Passphrase of O(private_key_file).
    type: string
    vars:
      - name: ansible_private_key_passphrase
      - name: ansible_ssh_private_key_passphrase
  host_key_checking:
    description: Whether an unknown host key is refused. A key that differs from a known one is always refused.
    type: boolean
    default: true
    ini:
      - {section: defaults, key: host_key_checking}
    env:
      - name: ANSIBLE_HOST_KEY_CHECKING
      - name: ANSIBLE_SSH_HOST_KEY_CHECKING
    vars:
      - name: ansible_host_key_checking
      - name: ansible_ssh_host_key_checking
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

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.connection import ConnectionBase
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import PeerUnreachable

# Every task of a host loads its connection, in a worker of its own, also one that only debugs or asserts. So what is
# costly to import (paramiko, Ansible's HTTP client, our own clients) is imported where it is used: that made such tasks three times cheaper.
if TYPE_CHECKING:
    from ansible_collections.collab.expressway.plugins.plugin_utils.rest_client import RestClient
    from ansible_collections.collab.expressway.plugins.plugin_utils.shell_session import (
        ShellSession,
    )
    from ansible_collections.collab.expressway.plugins.plugin_utils.ssh_login import SshLogin


class Connection(ConnectionBase):
    """Shell and REST client of one peer, each opened when it is first asked for."""

    transport = "collab.expressway.expressway"
    has_pipelining = False
    has_tty = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._login: SshLogin | None = None
        self._root_login: SshLogin | None = None
        self._session: ShellSession | None = None
        self._api: RestClient | None = None

    @property
    def peer(self) -> str:
        """How messages name the peer: the inventory name, and the address where that differs."""
        name, host = self.get_option("inventory_name"), self.get_option("host")
        return f"{name} ({host})" if name and name != host else str(host)

    def _connect(self) -> Connection:
        try:
            self.shell()
        except PeerUnreachable as error:
            raise AnsibleConnectionFailure(str(error)) from None
        return self

    def shell(self) -> ShellSession:
        """The session, after login and greeting; raises `PeerUnreachable`."""
        if self._session is None:
            from ansible_collections.collab.expressway.plugins.plugin_utils.shell_session import (
                ShellSession,
            )

            self._display.vvv(
                f"SSH login as {self.get_option('remote_user')}, port {self.get_option('port')}",
                host=self.peer,
            )
            self._login = self._ssh_login(
                user=self.get_option("remote_user"),
                password=self.get_option("password"),
                private_key_file=self.get_option("private_key_file"),
                private_key_passphrase=self.get_option("private_key_passphrase"),
            )
            session = ShellSession(
                self._login.open_shell(), self.peer, self.get_option("command_timeout")
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

    def _ssh_login(self, **credential: Any) -> SshLogin:
        from ansible_collections.collab.expressway.plugins.plugin_utils.ssh_login import (
            Login,
            SshLogin,
        )

        return SshLogin(
            Login(
                peer=self.peer,
                host=self.get_option("host"),
                port=self.get_option("port"),
                host_key_checking=self.get_option("host_key_checking"),
                known_hosts_file=self.get_option("known_hosts_file"),
                proxy_command=self.get_option("proxy_command"),
                timeout=self.get_option("connect_timeout"),
                **credential,
            )
        )

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
                self.get_option("api_port"),
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

    def reset(self) -> None:
        """Nothing outlives a task, so there is nothing to reset but this one."""
        self.close()

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> Any:
        raise self._refusal("run programs (use collab.expressway.command)")

    def put_file(self, in_path: str, out_path: str) -> None:
        raise self._refusal("take files")

    def fetch_file(self, in_path: str, out_path: str) -> None:
        raise self._refusal("give files")

    def _refusal(self, what: str) -> AnsibleError:
        return AnsibleError(
            f"{self.peer} is reached with ansible_connection collab.expressway.expressway, which cannot {what}: the peer's shell takes "
            "Expressway commands only. Run other modules on the controller (delegate_to: localhost, connection: local), and set "
            "gather_facts: false"
        )
