# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit of one cluster: what was observed in, one plain model out.

`docs/audit.schema.json` describes the model; `docs/` explains it. Nothing here opens a socket or reads a clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from ansible_collections.collab.expressway.plugins.module_utils.audit.discovered import discovered
from ansible_collections.collab.expressway.plugins.module_utils.audit.findings import findings
from ansible_collections.collab.expressway.plugins.module_utils.audit.origins import (
    Chain,
    ReadChain,
    audited_origins,
    served_origins,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.peers import audited_peer
from ansible_collections.collab.expressway.plugins.module_utils.audit.plan import (
    Planner,
    repair_plan,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import (
    Record,
    Situation,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.summary import summary
from ansible_collections.collab.expressway.plugins.module_utils.audit.verdicts import Judge, judged

SCHEMA_VERSION = "1.2"
"""Raised in its first part when a key changes its meaning, in its second when keys are added."""


def audit_cluster(
    *,
    cluster: str,
    peers: Iterable[Record],
    addresses: Iterable[Record],
    presented: Iterable[Record],
    at: datetime,
    read_chain: ReadChain,
    judge: Judge,
    planner: Planner | None = None,
    certificates: Chain | None = None,
    discovery: Record | None = None,
    expiring_within_days: int = 30,
    security_level: int = 1,
) -> Record:
    """Join, judge and sum up one cluster; return the model {schema_version, cluster, audited_on, …, summary}.

    `peers`: [{name, reached, error, facts, origin_verification_until, origin_verification_reason}], facts as the
    facts module returns them. `addresses`: [{address, port, product, node, connect_to, source, optional}]. `presented`:
    entries of presented_certificates_info. `planner`: without it the plan is empty. `certificates`: records of CA
    certificates known from elsewhere. `discovery`: what uc_addresses_info returned for these addresses. `at`: aware time of
    the judgement; the model keeps its date only, so that an unchanged cluster gives an unchanged model.
    """
    observed = list(peers)
    audited = [audited_peer(peer) for peer in observed]
    asked = list(addresses)
    origins, seen = audited_origins(asked, presented, read_chain)
    origins, not_served = served_origins(origins, asked)
    trust_stores: dict[str, str] = {}
    for peer, raw in zip(audited, observed, strict=True):
        if peer["trust_store"] is not None:
            store = raw["facts"]["trust_store"]
            trust_stores[peer["name"]] = store["pem"]
            seen.update((record["sha256"], record) for record in store["certificates"])
    known = certificates or []
    for record in known:
        seen.setdefault(record["sha256"], record)
    situation = Situation(
        cluster=cluster,
        at=at,
        expiring_within=timedelta(days=expiring_within_days),
        peers=audited,
        origins=origins,
        verdicts=judged(
            audited,
            trust_stores,
            origins,
            lambda entry: "".join(seen[digest]["pem"] for digest in entry["chain"]),
            judge=judge,
            security_level=security_level,
            at=at,
        ),
        certificates=dict(sorted(seen.items())),
        known=[record["sha256"] for record in known],
        discovery=discovery,
        not_served=not_served,
    )
    found = findings(situation)
    return {
        "schema_version": SCHEMA_VERSION,
        "cluster": cluster,
        "audited_on": at.date().isoformat(),
        "security_level": security_level,
        "discovery": discovered(situation),
        "peers": audited,
        "origins": origins,
        "certificates": situation.certificates,
        # The commands that reproduce a refusal are long; each stands once, in its finding.
        "verdicts": [
            {key: value for key, value in verdict.items() if key != "reproduce"}
            for verdict in situation.verdicts
        ],
        "findings": found,
        "plan": {}
        if planner is None
        else repair_plan(situation, trust_stores, planner=planner, security_level=security_level),
        "summary": summary(situation, found),
    }
