# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What UDS says without a login (Unified CM facts 3.5)."""

from __future__ import annotations

from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes.safe_xml import (
    read_xml,
    text_of,
)
from ansible_collections.collab.expressway.plugins.module_utils.unexpected_answer import (
    ForeignAnswer,
    UnexpectedAnswer,
)


def uds_version(body: bytes) -> str:
    """The release in the answer to GET /cucm-uds/version, `14.0.1`."""
    root = read_xml(body)
    version = text_of(root, "version") or root.get("version", "").strip()
    if root.tag != "versionInformation" or not version:
        raise ForeignAnswer(f"/cucm-uds/version answered with <{root.tag}>, which names no version")
    return version


def uds_servers(body: bytes) -> list[dict[str, Any]]:
    """The `host` of each server in the answer to GET /cucm-uds/servers.

    Raises `UnexpectedAnswer` when it names none: the server that answers is one.
    """
    root = read_xml(body)
    if root.tag != "servers":
        raise ForeignAnswer(f"/cucm-uds/servers answered with <{root.tag}>, not with <servers>")
    hosts = ((server.text or "").strip() for server in root.iter("server"))
    found = [{"host": host} for host in hosts if host]
    if not found:
        raise UnexpectedAnswer("/cucm-uds/servers names no server")
    return found
