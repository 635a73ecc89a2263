# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verdict of every peer on every chain it may meet, and what that verdict means for logins."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from ansible_collections.collab.expressway.plugins.module_utils.audit.origins import (
    OFFERED,
    offered_to,
    seen_by,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import (
    ACCEPTED,
    BREAKS_AFTER_CHANGE,
    BREAKS_TODAY,
    BREAKS_WHEN_VERIFIED,
    Record,
)

Judge = Callable[..., list[Record]]
"""`judge_origins(trust_stores, origins, security_level=, at=)`: one verdict for each store and origin."""


def judged(
    peers: list[Record],
    trust_stores: Mapping[str, str],
    origins: list[Record],
    pem: Callable[[Record], str],
    *,
    judge: Judge,
    security_level: int,
    at: datetime,
) -> list[Record]:
    """`audit.verdicts`, by peer and origin in the given order.

    `trust_stores` maps peer name → PEM text; peers that are not in it get no verdict. `pem` gives the PEM text of a
    presented entry's chain.
    """
    verdicts: list[Record] = []
    by_list: dict[str, list[Record]] = {}
    for peer in peers:
        if peer["name"] in trust_stores:
            by_list.setdefault(peer["cipher_list"], []).append(peer)
    # Peers with the same cipher list meet the same chains: one call then shares every parsed certificate.
    for group in by_list.values():
        met = [
            (origin, entry)
            for origin in origins
            for entry in seen_by(origin, group[0])
            if entry["chain"]
        ]
        answers = judge(
            {peer["name"]: trust_stores[peer["name"]] for peer in group},
            [
                {
                    "address": origin["address"],
                    "port": origin["port"],
                    "presented": pem(entry),
                    "key_type": entry["key_type"],
                    "connect_to": entry["connected_to"],
                }
                for origin, entry in met
            ],
            security_level=security_level,
            at=at,
        )
        by_name = {peer["name"]: peer for peer in group}
        by_origin = {
            (origin["address"], origin["port"], entry["key_type"]): (origin, entry)
            for origin, entry in met
        }
        for answer in answers:
            origin, entry = by_origin[answer["address"], answer["port"], answer["key_type"]]
            verdicts.append(_verdict(answer, by_name[answer["trust_store"]], origin, entry))
    place = {peer["name"]: index for index, peer in enumerate(peers)}
    return sorted(verdicts, key=lambda verdict: place[verdict["peer"]])


def _verdict(answer: Record, peer: Record, origin: Record, entry: Record) -> Record:
    said = {
        key: value for key, value in answer.items() if key not in ("trust_store", "store_problems")
    }
    # Only a refusal has to be believed; and at no fixed second, so that an unchanged cluster gives an unchanged model.
    said["reproduce"] = (
        re.sub(r" -attime \d+", "", answer["reproduce"]) if answer["outcome"] == "refused" else None
    )
    return {
        "peer": peer["name"],
        "leaf_key_type": entry["leaf_key_type"],
        "chain": entry["chain"],
        "leaf_trusted": entry["chain"][0] in peer["trust_store"]["certificates"],
        "as_offered": _met_as_offered(peer, origin, entry),
        "standing": standing(answer["outcome"], peer, _met_as_offered(peer, origin, entry)),
        **said,
    }


def _met_as_offered(peer: Record, origin: Record, entry: Record) -> bool:
    """Is this the chain that the peer's own cipher list brings today?"""
    if entry["key_type"] == OFFERED:
        return True
    offered = offered_to(origin, peer)
    return offered is not None and offered["chain"] == entry["chain"]


def standing(outcome: str, peer: Record, as_offered: bool) -> str:
    """What a verdict means for logins: accepted, breaks today, when verified, or after another change."""
    if outcome != "refused":
        return ACCEPTED
    if not as_offered:
        return BREAKS_AFTER_CHANGE
    return BREAKS_TODAY if peer["verifies"] else BREAKS_WHEN_VERIFIED
