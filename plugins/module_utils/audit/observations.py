# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether what is to be audited was observed by the modules that observe it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import Record
from ansible_collections.collab.expressway.plugins.module_utils.records import (
    NUMBER,
    TEXT,
    Shape,
    misfit,
    misfits,
)

PRESENTED: Shape = {"address": str, "port": int, "key_type": str, "chain": TEXT}
TRUST_STORE: Shape = {"pem": str, "sha256": str, "certificates": list}
SUBSETS = ("system", "cluster", "origin_verification", "ciphers", "trust_store", "uc_servers")
CERTIFICATE: Shape = {
    "sha256": str,
    "subject": TEXT,
    "common_name": TEXT,
    "not_after": TEXT,
    "self_signed": bool,
    "ski": TEXT,
    "pem": str,
}
DISCOVERY: dict[str, Shape] = {
    "addresses": {
        "address": str,
        "product": TEXT,
        "node": TEXT,
        "role": TEXT,
        "ports": list,
        "sources": list,
    },
    "excluded": {"address": str, "port": NUMBER, "node": TEXT},
    "not_read": {"source": str, "error": TEXT, "remedy": TEXT},
    "findings": {
        "id": str,
        "check": str,
        "severity": str,
        "title": str,
        "evidence": list,
        "remedy": TEXT,
        "peers": list,
        "address": TEXT,
        "port": NUMBER,
        "key_type": TEXT,
        "reproduce": TEXT,
    },
}
"""Lists of a discovery; beside them stands `complete`."""


def observation_problems(
    peers: Iterable[Record], presented: Iterable[Record], discovery: Record | None
) -> list[str]:
    """One complaint for each observation that cannot be audited, by its place."""
    return [
        *misfits(
            "presented", presented, PRESENTED, "give what presented_certificates_info returned"
        ),
        *_peer_problems(peers),
        *_discovery_problems(discovery),
    ]


def _peer_problems(peers: Iterable[Record]) -> Iterator[str]:
    for index, peer in enumerate(peers):
        facts = peer.get("facts") or {}
        give = "give ansible_facts.expressway as facts returned it"
        for subset in SUBSETS:
            if not isinstance(facts.get(subset), dict | None):
                yield f"peers[{index}].facts.{subset} is no dictionary; {give}"
        store = facts.get("trust_store")
        if isinstance(store, dict):
            place = f"peers[{index}].facts.trust_store"
            yield from misfit(place, store, TRUST_STORE, give) or misfits(
                f"{place}.certificates", store["certificates"], CERTIFICATE, give
            )


def _discovery_problems(discovery: Record | None) -> list[str]:
    give = "give what uc_addresses_info returned"
    if not discovery:
        return []
    if missing := [key for key in (*DISCOVERY, "complete") if key not in discovery]:
        return [f"discovery has no {', '.join(missing)}; {give}"]
    return [
        complaint
        for key, shape in DISCOVERY.items()
        for complaint in misfits(f"discovery.{key}", discovery[key], shape, give)
    ]
