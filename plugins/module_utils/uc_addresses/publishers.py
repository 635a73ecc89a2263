# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several publishers behind one Expressway cluster: what each was asked for, joined before anything is compared.

One publisher alone would take the nodes of the other, in the inventory and on the Expressway-C, for addresses that nobody
advertises.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.audit.peers import audited_peer
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.model import (
    advertised_addresses,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.ports import ByProduct
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.sources import (
    DNS_SRV,
    EXPRESSWAY,
    INVENTORY,
    PUBLISHER,
    TRUSTED,
    Record,
    merged,
)

REFUSED_BEFORE = "it refused the platform administrator before and was not asked again, because appliances block addresses"
"""Why the task passed over a publisher."""


def addresses_of_publishers(
    *,
    cluster: str,
    results: Iterable[Mapping[str, Any]],
    nodes: Iterable[Record] = (),
    peers: Iterable[Record] = (),
    held: Iterable[Mapping[str, Any]] = (),
    ports: ByProduct | None = None,
    optional_ports: ByProduct | None = None,
    resolved: Mapping[str, str | None] | None = None,
    resolver_error: str | None = None,
) -> Record:
    """What advertised_addresses returns, for all publishers together.

    `results`: those of uc_addresses_info, one for each publisher (`item`); a failed one has `msg` and no `readings`.
    `nodes`: inventory items, see audit/nodes.py. `peers`: observed peers, see mra_audit_info. `held`: results of
    uc_certificates_info, where they were asked for; a failed one makes the discovery incomplete. `resolved`: what a DNS
    server says of names that no publisher told of, and `resolver_error` why it did not say all.
    """
    answers = list(results)
    unasked = {DNS_SRV: {"read": False, "error": resolver_error}} if resolver_error else {}
    readings = merged([*map(_readings, answers), unasked])
    items = list(nodes)
    if items:
        readings[INVENTORY] = {"read": True, "items": items}
    configured = [
        {**server, "peer": peer["name"]}
        for peer in map(audited_peer, peers)
        for server in peer["uc_servers"] or ()
        if server["publisher"]
    ]
    if configured:
        readings[EXPRESSWAY] = {"read": True, "items": configured}
    failed = [_error(answer) for answer in held if "trust_certificates" not in answer]
    if failed:
        readings[TRUSTED] = {"read": False, "error": "; ".join(failed)}
    known = dict(resolved or {})
    for answer in answers:
        known.update(answer.get("resolved") or {})
    return advertised_addresses(
        cluster=cluster,
        readings=readings,
        resolved=known,
        ports=ports,
        optional_ports=optional_ports,
    )


def _readings(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    if "readings" in answer:
        readings: Mapping[str, Any] = answer["readings"]
        return readings
    return {PUBLISHER: {"read": False, "error": _error(answer)}}


def _error(answer: Mapping[str, Any]) -> str:
    """Why there is no answer, on one line that names the publisher."""
    publisher = str(answer.get("item") or "a publisher")
    told = answer.get("msg") or (REFUSED_BEFORE if answer.get("skipped") is True else "no answer")
    error = " ".join(str(told).split())
    return error if publisher in error else f"{publisher}: {error}"
