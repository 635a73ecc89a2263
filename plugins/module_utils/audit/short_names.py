# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names shortened for people: the domain that all of them share is said once."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.collab.expressway.plugins.module_utils.audit.refusal_words import (
    is_ip_address,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import Record


def common_domain(hosts: Iterable[str]) -> str:
    """The longest domain (with its leading dot) that all host names share; "" when they share none.

    IP addresses have no domain and do not count; a name never loses its first label.
    """
    labels = [host.split(".") for host in hosts if not is_ip_address(host)]
    if not labels:
        return ""
    shared: list[str] = []
    for column in zip(*(reversed(parts[1:]) for parts in labels), strict=False):
        if len(set(column)) > 1:
            break
        shared.insert(0, column[0])
    return f".{'.'.join(shared)}" if len(shared) > 1 else ""


def short(host: str, domain: str) -> str:
    """The host without that domain."""
    return host[: -len(domain)] if domain and host.endswith(domain) else host


def cluster_domain(audit: Record) -> str:
    """The domain that peers and origins of an audit share."""
    peers = [peer["name"] for peer in audit["peers"]]
    return common_domain([*peers, *(origin["address"] for origin in audit["origins"])])
