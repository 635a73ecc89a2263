# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""UDS of one Unified CM node: what it says without a login."""

from __future__ import annotations

from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes.uds import (
    uds_servers,
    uds_version,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.node_https import (
    NodeHttps,
    refused,
)


class UdsClient:
    """Reads from UDS; raises `PeerUnreachable`, `PeerRefused` or `UnexpectedAnswer`."""

    def __init__(self, https: NodeHttps) -> None:
        self._https = https

    def version(self) -> str:
        """The release, `14.0.1`."""
        return uds_version(self._get("version"))

    def servers(self) -> list[dict[str, Any]]:
        """The `host` of each Unified CM node of the cluster."""
        return uds_servers(self._get("servers"))

    def _get(self, resource: str) -> bytes:
        path = f"/cucm-uds/{resource}"
        answer = self._https.ask("GET", path, headers={"Accept": "application/xml"})
        if answer.status != 200:
            why = ". UDS runs on Unified CM only (Cisco UDS on port 8443)"
            raise refused(answer, self._https, f"GET {path}", why)
        return answer.body
