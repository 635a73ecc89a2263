# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""For each peer the smallest set of certificates that gets every origin accepted that trust can repair.

Enough and smallest are decided by the judge of verdicts (OpenSSL, `chain_judgement`), at each step of
the search and once more at its end, with the complete store: origin by origin through `judge_origins`,
and without each certificate in turn. Only where to look for candidates is decided by names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.candidates import (
    gather_candidates,
    refused_record,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.draft import (
    Draft,
    Record,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.origins import (
    PresentedOrigins,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.verdicts import (
    judge_origins,
)


def plan_trust(
    trust_stores: Mapping[str, str],
    origins: Sequence[Mapping[str, Any]],
    candidates: Sequence[str] = (),
    *,
    at: datetime,
    security_level: int = 1,
) -> Record:
    """{plans: {name: plan}, refused_candidates: [{place, reason, sha256, subject, common_name}]}.

    `trust_stores` (name → PEM text), `origins` (dicts with address, port, presented PEM text, optional
    key_type), `at` and `security_level` as for `judge_origins`. `candidates`: PEM texts of certificates known from
    elsewhere; what origins present and what the other trust stores hold is known as well.

    A plan holds
    `add`, in the order of upload: [{sha256, subject, common_name, not_after, pem, reason, seen_in, repairs}],
    `ways`, for each case that differs: the sets of `add` (SHA-256), any of which repairs an origin, as far as they depend on each other,
    `conflicts`: see `clashes`,
    `remove`: [{sha256, subject, common_name, not_after, repairs, needed_by}], advice for what adding cannot repair,
    `unrepaired`: [{address, port, kind, stage, error_code, why, remedy, reveals}], all that is refused afterwards,
    `not_found`: [{issuer, common_name, aki, needed_by, where_to_look}], issuers that were never seen,
    `smallest` (proven that no smaller set does it) and `at_least` (so many are needed),
    `accepted_before`, `accepted_after`: origins accepted at stage chain.
    `repairs` and `needed_by` list {address, port} and key_type where the origin has one.

    The order of all inputs does not matter, except that of the certificates in a store.
    """
    known: dict[str, Certificate] = {}
    stores = {name: read_bundle(text, known) for name, text in trust_stores.items()}
    presented = PresentedOrigins(origins, known)
    candidates_known, refused = gather_candidates(
        candidates,
        presented.certificates_by_login(),
        {name: bundle.certificates for name, bundle in stores.items()},
        at,
        known,
    )
    # Peers with the same store share one plan: 200 of them cost what one does.
    first_with: dict[tuple[Any, ...], str] = {}
    for name, bundle in stores.items():
        first_with.setdefault((bundle.certificates, bundle.unloadable), name)
    drafts = {
        name: Draft(stores[name], candidates_known, refused, presented, at, security_level)
        for name in first_with.values()
    }
    verdicts = judge_origins(
        {name: _with(trust_stores[name], draft.added_pem) for name, draft in drafts.items()},
        origins,
        security_level,
        at=at,
    )
    finished = {
        name: draft.finished(verdicts[place * len(origins) : (place + 1) * len(origins)])
        for place, (name, draft) in enumerate(drafts.items())
    }
    return {
        "plans": {
            name: finished[first_with[bundle.certificates, bundle.unloadable]]
            for name, bundle in stores.items()
        },
        "refused_candidates": [refused_record(one) for one in refused],
    }


def _with(store: str, added: str) -> str:
    """The store's text after the upload: what is appended comes last."""
    return f"{store.rstrip()}\n{added}" if added else store
