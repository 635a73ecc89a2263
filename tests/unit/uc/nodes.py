# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's UC nodes, and the collection's own plugins run against them in this process."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import action_loader, connection_loader
from ansible.template import Templar

from tests.lab.estate import RunningEstate

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
        merged = usual | self.variables | variables
        connection = connection_loader.get("collab.expressway.vos", PlayContext())
        connection.set_options(
            var_options={key: value for key, value in merged.items() if value is not None}
        )
        return connection

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
        action = f"collab.expressway.{module}"
        task = {action: options, "check_mode": check, "diff": True}
        if delegated_from is not None:
            task["delegate_to"] = self.name
            variables = {"inventory_hostname": delegated_from} | (variables or {})
        loader = DataLoader()
        plugin = action_loader.get(
            action,
            task=Task.load(task),
            connection=self.connection(**(variables or {})),
            play_context=PlayContext(),
            loader=loader,
            templar=Templar(loader=loader),
            shared_loader_obj=None,
        )
        return plugin.run(task_vars={})

    @property
    def seen(self) -> dict[str, Any]:
        """What the node has recorded: logins, failed_logins, failed_by_channel, sessions, lines, requests."""
        return self.estate.node_report(self.name)

    def wait_until_logged_out(self) -> None:
        """Wait until the node holds no session; the end of a connection arrives a moment after it was closed."""
        deadline = time.monotonic() + 5
        while self.seen["sessions"]:
            assert time.monotonic() < deadline, "a session stayed open"
            time.sleep(0.02)

    def set(self, **switches: Any) -> None:
        """Put switches of the lab."""
        self.estate.set_switches(switches)

    def fault(self, kind: str, **details: Any) -> None:
        """Break the node."""
        self.estate.set_node_fault(self.name, {"kind": kind, **details})

    def node(self, name: str, **variables: Any) -> NodeClient:
        """The same for another node."""
        return NodeClient(self.estate, name, self.variables | variables)
