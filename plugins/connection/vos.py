# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: vos
short_description: Platform CLI, AXL, UDS and certificate API of Unified CM, IM and Presence and Unity Connection
version_added: 0.1.0
author:
  - The collab.expressway authors (@collab)
description:
  - Talks to one UC node over SSH (the platform CLI with the prompt C(admin:)) and over HTTPS (AXL, UDS, the certificate management API).
    Each is opened when a task needs it; a task that reads over HTTPS only does not log in over SSH.
  - One task is one login at most, and it always ends with a logout. Nothing stays open between tasks.
  - The platform administrator (O(remote_user), O(password)) is the account of the CLI and of the certificate management API. The
    application user (O(axl_user), O(axl_password)) is the account of AXL. They are different things and never stand in for each other.
  - A wrong password is tried once.
  - The host key must be known and the certificate must be trusted, or be the one in O(certificate_sha256), before anything secret is
    sent, unless checking is switched off for the host.
extends_documentation_fragment:
  - collab.expressway.ssh_login
options:
  known_hosts_file:
    description: One more known_hosts file, read after those of the user and the system.
    type: path
    vars:
      - name: vos_known_hosts_file
  proxy_command:
    description: >-
      Command whose standard input and output reach the SSH port, for example V(ssh -W %h:%p jump.example.com). C(%h), C(%p) and C(%r)
      stand for host, port and user. HTTPS does not go through it.
    type: string
    vars:
      - name: vos_proxy_command
  connect_timeout:
    description: Seconds until TCP, key exchange and login must each be done.
    type: float
    default: 15
    vars:
      - name: vos_connect_timeout
  command_timeout:
    description: >-
      Seconds until the answer to one command, or to one request, must be complete, waiting for a throttled AXL included. The shell
      alone may take half a minute to start.
    type: float
    default: 120
    vars:
      - name: vos_command_timeout
  https_port:
    description: Port of AXL and UDS.
    type: integer
    default: 8443
    vars:
      - name: vos_https_port
  certificate_api_port:
    description: Port of the certificate management API. V(8443) is the alternative where 443 is not reachable.
    type: integer
    default: 443
    vars:
      - name: vos_certificate_api_port
  axl_user:
    description: Application user with AXL access. There is no default, because the platform administrator is no such user.
    type: string
    vars:
      - name: vos_axl_user
  axl_password:
    description: Password of O(axl_user).
    type: string
    vars:
      - name: vos_axl_password
  validate_certs:
    description: Whether the certificate of the node must be trusted and hold O(tls_server_name).
    type: boolean
    default: true
    vars:
      - name: vos_validate_certs
  ca_path:
    description: >-
      PEM file with the CA certificates (or self-signed certificates) that the node's certificate is verified with, instead of those of
      the system.
    type: path
    vars:
      - name: vos_ca_path
  tls_server_name:
    description: >-
      Name that the node's certificate must hold (its common name counts where it has no alternative names). When not given, it is the
      inventory name where that is a host name and C(ansible_host) is an IP address, else O(host).
    type: string
    vars:
      - name: vos_tls_server_name
  certificate_sha256:
    description: >-
      SHA-256 of the certificates to accept from this node whatever CA and name they have, in hexadecimal digits, colons allowed. For a
      node whose certificate is just what has to be repaired; C(show cert own tomcat) shows what to compare it with.
    type: list
    elements: string
    default: []
    vars:
      - name: vos_certificate_sha256
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.collab.expressway.plugins.plugin_utils.appliance_connection import (
    ApplianceConnection,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import OptionRefused

if TYPE_CHECKING:
    from ansible_collections.collab.expressway.plugins.plugin_utils.axl_client import AxlClient
    from ansible_collections.collab.expressway.plugins.plugin_utils.certificate_api_client import (
        CertificateApiClient,
    )
    from ansible_collections.collab.expressway.plugins.plugin_utils.node_https import NodeHttps
    from ansible_collections.collab.expressway.plugins.plugin_utils.platform_shell import (
        PlatformShell,
    )
    from ansible_collections.collab.expressway.plugins.plugin_utils.ssh_login import SshLogin
    from ansible_collections.collab.expressway.plugins.plugin_utils.uds_client import UdsClient


class Connection(ApplianceConnection):
    """Platform CLI and HTTPS clients of one node, each made when it is first asked for."""

    transport = "collab.expressway.vos"
    prefix = "vos"
    takes = "commands of the platform CLI"
    account = "The CLI takes the platform administrator of this node (the account of OS Administration), not an application user of AXL"
    instead = ""
    user_options = ("remote_user", "axl_user")
    secret_options = ("password", "private_key_passphrase", "axl_password")

    _login: SshLogin | None = None
    _session: PlatformShell | None = None

    def shell(self) -> PlatformShell:
        """The session, after login and greeting; raises `PeerUnreachable`."""
        if self._session is None:
            from ansible_collections.collab.expressway.plugins.plugin_utils.platform_shell import (
                TERMINAL_HEIGHT,
                TERMINAL_WIDTH,
                PlatformShell,
            )

            self._login = self._administrator_login()
            session = PlatformShell(
                self._login.open_shell(TERMINAL_WIDTH, TERMINAL_HEIGHT),
                self.peer,
                self.get_option("command_timeout"),
            )
            # Kept before it is open, so that close() logs out of a session that fails to start.
            self._session = session
            session.open()
            self._connected = True
        return self._session

    def axl(self) -> AxlClient:
        """AXL with the application user; nothing is sent until it is used. Raises `OptionRefused` when options do not suffice."""
        from ansible_collections.collab.expressway.plugins.plugin_utils.axl_client import AxlClient
        from ansible_collections.collab.expressway.plugins.plugin_utils.node_https import (
            BasicLogin,
        )

        user, password = self.get_option("axl_user"), self.get_option("axl_password")
        if not user or not password:
            raise OptionRefused(
                f"there is no application user for AXL of {self.peer}: set vos_axl_user and vos_axl_password. The platform administrator "
                "(ansible_user) is no application user and is not tried"
            )
        return AxlClient(self._https("https_port"), BasicLogin(user, password))

    def uds(self) -> UdsClient:
        """UDS, which needs no login."""
        from ansible_collections.collab.expressway.plugins.plugin_utils.uds_client import UdsClient

        return UdsClient(self._https("https_port"))

    def certificate_api(self) -> CertificateApiClient:
        """The certificate management API with the platform administrator. Raises `OptionRefused` when options do not suffice."""
        from ansible_collections.collab.expressway.plugins.plugin_utils.certificate_api_client import (
            CertificateApiClient,
        )
        from ansible_collections.collab.expressway.plugins.plugin_utils.node_https import (
            BasicLogin,
        )

        password = self.get_option("password")
        if not password:
            raise OptionRefused(
                f"there is no password of the platform administrator for the certificate API of {self.peer}: set ansible_password"
            )
        login = BasicLogin(self.get_option("remote_user"), password)
        return CertificateApiClient(self._https("certificate_api_port"), login)

    def close(self) -> None:
        """Log out and close; safe to call at any time, any number of times."""
        if self._session is not None:
            self._session.close()
        if self._login is not None:
            self._login.close()
        self._session = self._login = None
        self._connected = False

    def _https(self, port: str) -> NodeHttps:
        from ansible_collections.collab.expressway.plugins.plugin_utils.node_https import (
            NodeHttps,
            NodeIdentity,
        )

        ca_path = self.get_option("ca_path")
        if ca_path and not Path(ca_path).is_file():
            raise OptionRefused(f"vos_ca_path of {self.peer} names no file: {ca_path}")
        identity = NodeIdentity(
            peer=self.peer,
            host=self.get_option("host"),
            server_name=self._server_name(),
            ca_path=ca_path,
            pins=frozenset(self._pins()),
            validate=self.get_option("validate_certs"),
            connect_timeout=self.get_option("connect_timeout"),
        )
        number = self._port(port, f"vos_{port}")
        return NodeHttps(identity, number, self.get_option("command_timeout"))

    def _server_name(self) -> str:
        given = self.get_option("tls_server_name")
        if given:
            return str(given)
        from ansible_collections.collab.expressway.plugins.plugin_utils.dns_client import is_ip

        name, host = self.get_option("inventory_name"), self.get_option("host")
        return str(name if name and is_ip(host) and not is_ip(name) else host)

    def _pins(self) -> list[str]:
        pins = [
            str(pin).replace(":", "").strip().lower()
            for pin in self.get_option("certificate_sha256")
        ]
        for pin in pins:
            if not re.fullmatch("[0-9a-f]{64}", pin):
                raise OptionRefused(
                    f"vos_certificate_sha256 of {self.peer} holds {pin!r}, which is no SHA-256 (64 hexadecimal digits)"
                )
        return pins
