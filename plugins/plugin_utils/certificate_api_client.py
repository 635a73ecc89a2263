# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificate management API of one node, release 14 and later (Unified CM facts 1)."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes.snapshot import (
    read_snapshot,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes.stored import (
    StoredCertificates,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import PeerRefused
from ansible_collections.collab.expressway.plugins.plugin_utils.node_https import (
    BasicLogin,
    HttpAnswer,
    NodeHttps,
    refused,
    understood,
)

PORT = "vos_certificate_api_port"
SNAPSHOT = "/platformcom/api/v1/certmgr/config/snapshot/server"


class NoCertificateApi(PeerRefused):
    """The node does not have this API: its release is older than 14."""


class CertificateApiClient:
    """Reads what one node holds; an account of privilege level 0 is enough."""

    def __init__(self, https: NodeHttps, login: BasicLogin) -> None:
        self._https = https
        self._login = login

    def snapshot(self) -> StoredCertificates:
        """Everything that the node holds.

        Raises `NoCertificateApi`, `PeerUnreachable`, `PeerRefused` or `UnexpectedAnswer`.
        """
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        answer = self._https.ask("GET", SNAPSHOT, headers=headers, login=self._login)
        if answer.status == 404:
            raise NoCertificateApi(
                f"{self._https.peer} has no certificate management API at {self._https.origin} (HTTP status 404); it came with "
                "release 14. Before, certificates are read over the platform CLI (source: cli)"
            )
        if answer.status != 200:
            raise refused(answer, self._https, f"GET {SNAPSHOT}", self._why(answer))
        return understood(answer, self._https, f"GET {SNAPSHOT}", read_snapshot, PORT)

    def _why(self, answer: HttpAnswer) -> str:
        if answer.status == 401:
            return (
                f": it refused user {self._login.user} (one try was made). The certificate API takes the platform administrator of this "
                "node (ansible_user, ansible_password: the account of the CLI and of OS Administration), not an application user of AXL"
            )
        if answer.status == 403:
            return f": user {self._login.user} may not read certificates. The account needs privilege level 0 or 1"
        if 300 <= answer.status < 400:
            return (
                f". Redirects are not followed, because they would carry the credentials along. Check that {PORT} is the port of this "
                "API (443 or 8443)"
            )
        said = _message(answer.body)
        return (
            f": {said}" if said else ""
        ) + ". Ask again later, or read the same certificates over the platform CLI (source: cli)"


def _message(body: bytes) -> str | None:
    """The words of an error; which of the three keys is used is not documented."""
    value: Any = None
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(body)
    if not isinstance(value, dict):
        return None
    messages = value.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    said = value.get("message") or first or value.get("error")
    return " ".join(str(said).split())[:300] if said else None
