# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.model import (
    advertised_addresses,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.sources import (
    EXPRESSWAY,
    INVENTORY,
    UDS_VERSION,
    items,
)
from ansible_collections.collab.expressway.plugins.modules.uc_addresses_info import ARGUMENT_SPEC
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import (
    PeerError,
    PeerRefused,
    PeerUnreachable,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.node_action import (
    NodeAction,
    NodeConnection,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.uc_address_readings import (
    Gathered,
    read_dns,
    read_publisher,
)


class ActionModule(NodeAction):
    """See the module of the same name."""

    argument_spec = ARGUMENT_SPEC

    def perform(self, options: dict[str, Any], connection: NodeConnection) -> dict[str, Any]:
        gathered = read_publisher(connection, options["sources"])
        if options["expressway_servers"] is not None:
            gathered.add(EXPRESSWAY, options["expressway_servers"])
        if options["nodes"] is not None:
            gathered.add(INVENTORY, [_listed(node) for node in options["nodes"]])
        resolved: dict[str, str | None] = {}
        if options["resolver"]:
            resolved = read_dns(gathered, options["resolver"], options["domains"])
        result = advertised_addresses(
            cluster=options["cluster"] or connection.get_option("inventory_name"),
            readings=gathered.readings,
            resolved=resolved,
            ports=_given(options["ports"]),
            optional_ports=_given(options["optional_ports"]),
        )
        if gathered.errors and not (options["allow_unread"] and result["addresses"]):
            raise _unread(gathered, nothing=options["allow_unread"])
        release = next((item["version"] for item in items(gathered.readings, UDS_VERSION)), None)
        return {
            "changed": False,
            **result,
            "readings": gathered.readings,
            "resolved": resolved,
            "release": release,
            "login_refused": gathered.login_refused,
        }


def _given(ports: dict[str, list[int] | None] | None) -> dict[str, list[int]] | None:
    """The products that were named; None where none were asked about."""
    if ports is None:
        return None
    return {product: held for product, held in ports.items() if held is not None}


def _listed(node: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": node["name"],
        "product": node["product"],
        "addresses": node["addresses"],
        "connect_to": node["connect_to"],
        "ports": node["ports"],
        "excluded": node["exclude"],
    }


def _unread(gathered: Gathered, *, nothing: bool) -> PeerError:
    """`nothing`: going on without these sources was allowed, and the others know no address either."""
    missed = [source for source, reading in gathered.readings.items() if not reading["read"]]
    begin, end = (
        ("no source of addresses could be read", "Repair one of them; nothing is known otherwise")
        if nothing
        else (
            f"not every source of addresses could be read ({', '.join(missed)}), so addresses may be missing",
            "Leave a way that this site does not have out of the option sources, or set allow_unread: true to go on with what is known",
        )
    )
    message = f"{begin}:\n- " + "\n- ".join(gathered.errors) + f"\n{end}"
    error: PeerError = PeerUnreachable(message) if gathered.unreachable else PeerRefused(message)
    error.login_refused = gathered.login_refused
    return error
