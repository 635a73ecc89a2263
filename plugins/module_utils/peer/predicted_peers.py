# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Observed peers as they will be after a repair, for the audit that a dry run ends with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    bundle_digest,
    describe,
    read_bundle,
)

Record = dict[str, Any]


def after_repair(
    observed: Sequence[Mapping[str, Any]],
    trust_stores: Mapping[str, str],
    *,
    verification: str | None = None,
) -> list[Record]:
    """`observed` (of the filter observed_peers) with the given stores (peer → PEM text) and, where the peer has the switch,
    with that `verification` (on or off). What is not given stays; a peer that was not reached stays unreached."""
    return [_after(peer, trust_stores.get(peer["name"]), verification) for peer in observed]


def _after(peer: Mapping[str, Any], pem: str | None, verification: str | None) -> Record:
    facts = peer["facts"]
    if not facts:
        return dict(peer)
    changed = dict(facts)
    if pem:
        bundle = read_bundle(pem)
        changed["trust_store"] = {
            "pem": pem,
            "sha256": bundle_digest(bundle.certificates),
            "certificates": [describe(certificate) for certificate in bundle.certificates],
            "problems": list(bundle.problems),
        }
    switch = facts.get("origin_verification") or {}
    if verification and switch.get("supported"):
        changed["origin_verification"] = {**switch, "state": verification}
    return {**peer, "facts": changed}
