# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""UDS of one Unified CM node: what it says without a login."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes.uds import (
    uds_servers,
    uds_version,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.node_https import (
    NodeHttps,
    refused,
    understood,
)

PORT = "vos_https_port"
T = TypeVar("T")


class UdsClient:
    """Reads from UDS; raises `PeerUnreachable`, `PeerRefused` or `UnexpectedAnswer`."""

    def __init__(self, https: NodeHttps) -> None:
        self._https = https

    def version(self) -> str:
        """The release, `14.0.1`."""
        return self._get("version", uds_version)

    def servers(self) -> list[dict[str, Any]]:
        """The `host` of each Unified CM node of the cluster."""
        return self._get("servers", uds_servers)

    def _get(self, resource: str, read: Callable[[bytes], T]) -> T:
        path = f"/cucm-uds/{resource}"
        answer = self._https.ask("GET", path, headers={"Accept": "application/xml"})
        if answer.status != 200:
            why = ". UDS runs on Unified CM only (Cisco UDS on port 8443)"
            raise refused(answer, self._https, f"GET {path}", why)
        return understood(answer, self._https, f"GET {path}", read, PORT)
