# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The smallest repair: what each peer would have to trust, and whether that is all that it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import (
    Record,
    Situation,
)

Planner = Callable[..., Record]
"""`plan_trust(trust_stores, origins, candidates, at=, security_level=)`: see trust_plan."""

OF_A_CERTIFICATE = ("sha256", "subject", "common_name", "not_after", "reason", "seen_in", "repairs")
OF_A_PLAN = ("smallest", "accepted_before", "accepted_after")


def repair_plan(
    situation: Situation,
    trust_stores: Mapping[str, str],
    *,
    planner: Planner,
    security_level: int,
) -> Record:
    """`audit.plan`: peer → {add, smallest, accepted_before, accepted_after}.

    `add` names each certificate by its digest, which is a key of `certificates`; why it is in, and what it repairs. Peers
    whose trust store was not read have no plan, and without a presented chain nobody has.
    """
    chains: dict[tuple[str, int, tuple[str, ...]], Record] = {}
    for origin, entry, chain in situation.presented_chains():
        chains.setdefault(
            (origin["address"], origin["port"], tuple(entry["chain"])),
            {
                "address": origin["address"],
                "port": origin["port"],
                "key_type": entry["leaf_key_type"],
                "presented": "".join(record["pem"] for record in chain),
            },
        )
    if not chains or not trust_stores:
        return {}
    planned = planner(
        trust_stores,
        list(chains.values()),
        [situation.certificates[digest]["pem"] for digest in situation.known],
        at=situation.at,
        security_level=security_level,
    )
    return {
        peer: {
            "add": [{key: one[key] for key in OF_A_CERTIFICATE} for one in plan["add"]],
            **{key: plan[key] for key in OF_A_PLAN},
        }
        for peer, plan in planned["plans"].items()
    }
