# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Can the diagnostic log of a cluster be started, and on which peer?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.peer.cluster import (
    ClusterConfiguration,
    locate_peer,
)


def capture_readiness(reads: Mapping[str, Mapping[str, Any]], cluster: str) -> dict[str, Any]:
    """Judge the reads of one cluster; `reads`: inventory name → registered result of the facts task.

    Returns {primary: inventory name or None, problem: why nothing can be started, or None, unread: {name: error}, absent: addresses
    of peers that the primary names and that are not among `reads`}.
    """
    facts = {
        name: (result.get("ansible_facts") or {}).get("expressway")
        for name, result in reads.items()
    }
    unread = {
        name: str(reads[name].get("msg") or "it gave no facts")
        for name, fact in facts.items()
        if fact is None
    }
    roles = {name: fact["cluster"]["is_primary"] for name, fact in facts.items() if fact}
    primary = [name for name, role in roles.items() if role]
    return {
        "primary": primary[0] if len(primary) == 1 else None,
        "problem": _problem(cluster, roles, primary, unread),
        "unread": unread,
        "absent": _absent(facts, primary[0]) if len(primary) == 1 else [],
    }


def _absent(facts: Mapping[str, Any], primary: str) -> list[str]:
    peers = {peer["index"]: peer["address"] for peer in facts[primary]["cluster"]["peers"]}
    if len(peers) <= len(facts):
        return []
    configuration = ClusterConfiguration(peers=peers)
    met = {
        fact["cluster"]["peer_index"] if fact else locate_peer(configuration, [name])
        for name, fact in facts.items()
    }
    return [address for index, address in peers.items() if index not in met]


def _problem(
    cluster: str, roles: Mapping[str, bool | None], primary: list[str], unread: Mapping[str, str]
) -> str | None:
    if len(primary) == 1:
        return None
    if primary:
        return f"more than one peer says that it is the primary: {', '.join(primary)}"
    reasons = "; ".join(f"{name} could not be read: {error}" for name, error in unread.items())
    unknown = [name for name, role in roles.items() if role is None]
    if unknown:
        return (
            f"which peer of its cluster {', '.join(unknown)} is cannot be told from its name and address; set "
            "expressway_peer_index (1 to 6) for it"
        )
    return (
        f"the log is started on the primary peer, and the primary of {cluster} is not among the peers that were read"
        + (f" ({reasons})" if reasons else "; look at --limit")
    )
