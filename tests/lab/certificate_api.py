# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate management API of a UC node, as far as reading goes (CUCM facts 1.1 to 1.4)."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from tests.lab.pki import pem
from tests.lab.web import Reply, Request, page, unauthorized

if TYPE_CHECKING:
    from tests.lab.uc_node import UcNode

ROOT = "/platformcom/api/v1/certmgr/config"
REALM = "CMPlatform Realm"


def reply(node: UcNode, request: Request) -> Reply:
    """Return what `node` answers below the API's root; a failed login is counted."""
    if not node.uc.has_certificate_api:
        return page(404, "Not Found")
    if request.login is None:
        return unauthorized(REALM)
    if node.platform_account(*request.login, channel="certificates") is None:
        return unauthorized(REALM)
    if request.path.removeprefix(ROOT).strip("/") != "snapshot/server":
        return _error(404, "Resource not found")
    if request.method != "GET":
        return _error(405, "Method not allowed")
    return _json(200, snapshot(node))


def snapshot(node: UcNode) -> dict[str, Any]:
    """Everything that the node holds, as the API writes it."""
    suffix = "-trust" if node.switches["certificate_api_trust_name"] == "with_suffix" else ""
    certificates: list[dict[str, str]] = [
        {"service": unit, "certificate": _text(node, pem([node.issued(unit).leaf])), "csr": ""}
        for unit in node.profile.held
    ]
    if node.switches["certificate_api_empty_entry"] == "listed":
        certificates.append({"service": "authz", "certificate": "", "csr": ""})
    return {
        "trackingId": hashlib.sha256(node.name.encode()).hexdigest()[:32],
        "server": node.name,
        "identities": certificates,
        "trusts": [
            {
                "service": f"{name.removesuffix('-trust')}{suffix}",
                "certificate_data": [
                    {"filename": filename, "certificate": _text(node, pem([certificate]))}
                    for filename, certificate in entries.items()
                ],
            }
            for name, entries in node.trust_stores().items()
        ],
        "revokedCertificates": [],
    }


def _text(node: UcNode, text: str) -> str:
    crlf = node.switches["certificate_api_line_end"] == "crlf"
    return text.replace("\n", "\r\n") if crlf else text


def _error(status: int, message: str) -> Reply:
    return _json(status, {"trackingId": "0" * 32, "messages": [message]})


def _json(status: int, value: object) -> Reply:
    return Reply(status, json.dumps(value), "application/json")
