# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base of the connection plugins: SSH logins from options, and no programs or files.

Every task of a host loads its connection, in a worker of its own, also one that only debugs or asserts. So what is costly to import
(paramiko, HTTP, our own clients) is imported where it is used: that made such tasks three times cheaper.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, ClassVar

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.connection import ConnectionBase
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import (
    OptionRefused,
    PeerError,
)

if TYPE_CHECKING:
    from ansible_collections.collab.expressway.plugins.plugin_utils.ssh_login import SshLogin


class ApplianceConnection(ConnectionBase):
    """One task is one login at most, and always a logout: nothing outlives a task."""

    has_pipelining = False
    has_tty = False

    prefix: ClassVar[str]
    """What the plugin's own inventory variables begin with."""
    takes: ClassVar[str]
    """Whose commands the shell takes, for messages."""
    account: ClassVar[str] = ""
    """What kind of account the shell takes, where there is another one to mix it up with."""
    instead: ClassVar[str]
    """How to do what the shell does not."""
    user_options: ClassVar[tuple[str, ...]] = ("remote_user",)
    secret_options: ClassVar[tuple[str, ...]] = ("password", "private_key_passphrase")

    @property
    def secrets(self) -> list[str]:
        """What no result may show: each secret of the options, and the logins that HTTP makes of it."""
        secrets = self._given(self.secret_options)
        users = self._given(self.user_options)
        logins = [f"{user}:{secret}" for user in users for secret in secrets]
        headers = [base64.b64encode(login.encode()).decode("ascii") for login in logins]
        return [*secrets, *logins, *headers]

    def _given(self, options: tuple[str, ...]) -> list[str]:
        return [str(value) for option in options if (value := self.get_option(option))]

    @property
    def peer(self) -> str:
        """How messages name the host: the inventory name, and the address where that differs."""
        name, host = self.get_option("inventory_name"), self.get_option("host")
        return f"{name} ({host})" if name and name != host else str(host)

    def shell(self) -> Any:
        """The session, after login and greeting; raises `PeerUnreachable`."""
        raise NotImplementedError

    def _connect(self) -> ApplianceConnection:
        try:
            self.shell()
        except PeerError as error:
            raise AnsibleConnectionFailure(str(error)) from None
        return self

    def _port(self, option: str, variable: str) -> int:
        """A port of the options, checked: sockets take one that is too large for another one. Raises `OptionRefused`."""
        port = int(self.get_option(option))
        if not 0 < port < 65536:
            raise OptionRefused(
                f"{variable} of {self.peer} is {port}, which is no port (1 to 65535)"
            )
        return port

    def _administrator_login(self) -> SshLogin:
        self._display.vvv(
            f"SSH login as {self.get_option('remote_user')}, port {self.get_option('port')}",
            host=self.peer,
        )
        return self._ssh_login(
            user=self.get_option("remote_user"),
            password=self.get_option("password"),
            private_key_file=self.get_option("private_key_file"),
            private_key_passphrase=self.get_option("private_key_passphrase"),
        )

    def _ssh_login(self, **credential: Any) -> SshLogin:
        from ansible_collections.collab.expressway.plugins.plugin_utils.ssh_login import (
            Login,
            SshLogin,
        )

        return SshLogin(
            Login(
                peer=self.peer,
                host=self.get_option("host"),
                port=self._port("port", "ansible_port"),
                host_key_checking=self.get_option("host_key_checking"),
                known_hosts_file=self.get_option("known_hosts_file"),
                known_hosts_variable=f"{self.prefix}_known_hosts_file",
                account=self.account,
                proxy_command=self.get_option("proxy_command"),
                timeout=self.get_option("connect_timeout"),
                **credential,
            )
        )

    def reset(self) -> None:
        """Nothing outlives a task, so there is nothing to reset but this one."""
        self.close()

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> Any:
        raise self._refusal(f"run programs{self.instead}")

    def put_file(self, in_path: str, out_path: str) -> None:
        raise self._refusal("take files")

    def fetch_file(self, in_path: str, out_path: str) -> None:
        raise self._refusal("give files")

    def _refusal(self, what: str) -> AnsibleError:
        return AnsibleError(
            f"{self.peer} is reached with ansible_connection {self.transport}, which cannot {what}: its shell takes {self.takes} "
            "only. Run other modules on the controller (delegate_to: localhost, connection: local), and set gather_facts: false"
        )
