# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.dependencies import (
    missing_dependencies,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes.stored import (
    UNITS_OF_MRA,
    certificate_records,
    product_of,
)
from ansible_collections.collab.expressway.plugins.module_utils.unexpected_answer import (
    UnexpectedAnswer,
)
from ansible_collections.collab.expressway.plugins.modules.uc_certificates_info import (
    ARGUMENT_SPEC,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import (
    PeerError,
    PeerRefused,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.node_action import (
    NodeAction,
    NodeConnection,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.stored_certificates import (
    stored_over,
)


class ActionModule(NodeAction):
    """See the module of the same name."""

    argument_spec = ARGUMENT_SPEC

    def perform(self, options: dict[str, Any], connection: NodeConnection) -> dict[str, Any]:
        missing = missing_dependencies()
        if missing:
            raise PeerRefused(
                f"certificates cannot be described without {' and '.join(missing)} on the controller"
            )
        units, trust = options["units"], options["trust"]
        source, stored, api_error = stored_over(
            options["source"], connection, units or UNITS_OF_MRA, trust=trust
        )
        host = connection.get_option("host")
        node = connection.get_option("inventory_name") or host
        product = product_of(stored.units)
        return {
            "changed": False,
            "node": node,
            "server": stored.server,
            "product": product,
            "release": stored.release or (_told_by_uds(connection) if product == "cucm" else None),
            "source": source,
            "api_error": api_error,
            **certificate_records(stored, node=node, host=host, units=units, trust=trust),
        }


def _told_by_uds(connection: NodeConnection) -> str | None:
    """The API does not say the release, UDS says it to everybody; nothing depends on it."""
    try:
        return connection.uds().version()
    except (PeerError, UnexpectedAnswer):
        return None
