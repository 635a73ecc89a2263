# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's UC nodes, and the collection's own plugins run against them in this process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.lab.estate import RunningEstate
from tests.unit.one_task import connection_plugin, run_task, wait_until_logged_out

PLATFORM_PASSWORD = "lab-platform-password"
AXL_PASSWORD = "lab-axl-password"

EMEA = "cucm1.emea.example.test"
APAC = "cucm1.apac.example.test"
"""Publishers: release 14, and 12.5 with a certificate that no TLS client accepts by name."""


@dataclass
class NodeClient:
    """Runs tasks against one node as ansible-playbook would, and says what the node saw of it."""

    estate: RunningEstate
    name: str = EMEA
    variables: dict[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return str(self.estate.node(self.name).profile.address)

    def connection(self, **variables: Any) -> Any:
        """The connection plugin with inventory variables; `variables` on top of the usual ones."""
        usual = {
            "inventory_hostname": self.name,
            "ansible_host": self.address,
            "ansible_port": self.estate.profile.vos_port,
            "ansible_user": "admin",
            "ansible_password": PLATFORM_PASSWORD,
            "vos_axl_user": "expressway-axl",
            "vos_axl_password": AXL_PASSWORD,
            "vos_known_hosts_file": str(self.estate.state / "known_hosts"),
            "vos_ca_path": str(self.estate.state / "uc-ca.pem"),
            "vos_certificate_api_port": 8443,
            "vos_command_timeout": 10,
            "vos_connect_timeout": 5,
        }
        return connection_plugin("vos", usual | self.variables | variables)

    def task(
        self,
        module: str,
        *,
        check: bool = False,
        variables: dict[str, Any] | None = None,
        delegated_from: str | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """The result of one task, with the connection's `variables`; `delegated_from` another host, as Ansible does it."""
        if delegated_from is not None:
            variables = {"inventory_hostname": delegated_from} | (variables or {})
        return run_task(
            module,
            options,
            self.connection(**(variables or {})),
            check=check,
            delegate_to=None if delegated_from is None else self.name,
        )

    @property
    def seen(self) -> dict[str, Any]:
        """What the node has recorded: logins, failed_logins, failed_by_channel, sessions, lines, requests."""
        return self.estate.node_report(self.name)

    def wait_until_logged_out(self) -> None:
        """Wait until the node holds no session; the end of a connection arrives a moment after it was closed."""
        wait_until_logged_out(lambda: self.seen)

    def set(self, **switches: Any) -> None:
        """Put switches of the lab."""
        self.estate.set_switches(switches)

    def fault(self, kind: str, **details: Any) -> None:
        """Break the node."""
        self.estate.set_node_fault(self.name, {"kind": kind, **details})

    def node(self, name: str, **variables: Any) -> NodeClient:
        """The same for another node."""
        return NodeClient(self.estate, name, self.variables | variables)
