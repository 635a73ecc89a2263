# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the audit did not look at, and why. Nothing listed here is counted as accepted.

An entry is {what: peer|subset|origin, peer, peers, address, port, key_type, error_kind, reason, remedy}; keys that do not apply
are null (`peers` is empty).
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.collab.expressway.plugins.module_utils.audit_origins import (
    KEY_TYPES,
    OFFERED,
    offered_to,
    without_such_certificate,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit_situation import (
    Record,
    Situation,
    login,
    names,
)

REMEDIES = {
    "refused": (
        "Not served here? Then leave this port out of `ports` of the node in mra_audit_nodes. "
        "Otherwise start the service and audit again."
    ),
    "timeout": "Let mra_audit_probe_host reach this port (firewall, routing), then audit again.",
    "unresolved": (
        "Make the name resolve on mra_audit_probe_host, or set `connect_to` of the node in mra_audit_nodes."
    ),
    "not_started": "Raise mra_audit_deadline; the audit ended before this handshake began.",
    "plaintext": "This port does not speak TLS: correct `ports` of the node in mra_audit_nodes.",
}
OTHERWISE = "Find out why the handshake failed, then audit again."


def not_looked_at(situation: Situation) -> list[Record]:
    """Everything that was asked for and not seen: peers, then subsets, then origins."""
    return [
        *_peers(situation),
        *_unlisted_peers(situation),
        *_subsets(situation),
        *_origins(situation),
    ]


def _gap(what: str, reason: str, remedy: str, **where: object) -> Record:
    nowhere = {
        "peer": None,
        "peers": [],
        "address": None,
        "port": None,
        "key_type": None,
        "error_kind": None,
    }
    return {"what": what, **nowhere, **where, "reason": reason, "remedy": remedy}


def _peers(situation: Situation) -> Iterator[Record]:
    for peer in situation.peers:
        if not peer["reached"]:
            yield _gap(
                "peer",
                peer["error"],
                "Make the peer reachable and audit again; what it refuses is unknown.",
                peer=peer["name"],
            )


def _unlisted_peers(situation: Situation) -> Iterator[Record]:
    """The cluster's own configuration may know peers that the inventory (or --limit) left out."""
    configured = max((peer["configured_peers"] for peer in situation.peers), key=len, default=[])
    missing = len(configured) - len(situation.peers)
    if missing > 0:
        yield _gap(
            "peer",
            f"the cluster configuration lists {len(configured)} peers "
            f"({', '.join(configured)}), {len(situation.peers)} were audited",
            "Add every peer of the cluster to the inventory and audit without --limit.",
        )


def _subsets(situation: Situation) -> Iterator[Record]:
    for peer in situation.reached():
        for subset, message in peer["not_read"].items():
            yield _gap(
                "subset",
                f"{subset}: {message}",
                "Repair what the message names and audit again."
                + (
                    " Without its trust store this peer gets no verdict."
                    if subset == "trust_store"
                    else ""
                ),
                peer=peer["name"],
            )
        if peer["trust_store"] is None and "trust_store" not in peer["not_read"]:
            yield _gap(
                "subset",
                "trust_store: not among the facts of this peer",
                "Gather the subset trust_store; without it this peer gets no verdict.",
                peer=peer["name"],
            )


def _origins(situation: Situation) -> Iterator[Record]:
    for origin in situation.origins:
        yield from _origin(origin, situation)


def _origin(origin: Record, situation: Situation) -> Iterator[Record]:
    where = {"address": origin["address"], "port": origin["port"]}
    entries = origin["presented"]
    if not entries:
        yield _gap("origin", "no handshake was made with this origin", OTHERWISE, **where)
        return
    if not any(entry["chain"] for entry in entries):
        # One cause is said once; a handshake as offered tells most about it.
        entry = entries[-1]
        yield _gap(
            "origin",
            entry["error"],
            REMEDIES.get(entry["error_kind"], OTHERWISE),
            error_kind=entry["error_kind"],
            **where,
        )
        return
    for key_type in KEY_TYPES[:-1]:
        entry = next((entry for entry in entries if entry["key_type"] == key_type), None)
        if entry is None:
            reason, kind = f"no {key_type} handshake was made", None
        elif entry["chain"] or without_such_certificate(origin, entry):
            continue
        else:
            reason, kind = entry["error"], entry["error_kind"]
        remedy = REMEDIES.get(kind or "", OTHERWISE)
        yield _gap("origin", reason, remedy, key_type=key_type, error_kind=kind, **where)
    yield from _offered(origin, situation)


def _offered(origin: Record, situation: Situation) -> Iterator[Record]:
    """Handshakes as a peer offers them that gave no chain, one entry for all peers with the same cipher list."""
    missed: dict[tuple[str, str | None], list[Record]] = {}
    for peer in situation.reached():
        entry = offered_to(origin, peer)
        if entry is None:
            reason = "no handshake was made with the cipher list of this peer"
            missed.setdefault((reason, None), []).append(peer)
        elif not entry["chain"]:
            missed.setdefault((entry["error"], entry["error_kind"]), []).append(peer)
    for (reason, kind), peers in missed.items():
        yield _gap(
            "origin",
            reason,
            REMEDIES.get(kind or "", OTHERWISE),
            key_type=OFFERED,
            peers=names(peers),
            error_kind=kind,
            address=origin["address"],
            port=origin["port"],
        )


def told(gap: Record) -> str:
    """The entry in one line. Errors of handshakes name their origin themselves."""
    place = where(gap)
    if gap["address"] and gap["reason"].startswith(login(gap["address"], gap["port"])):
        return f"{gap['key_type']}: {gap['reason']}" if gap["key_type"] else gap["reason"]
    return f"{place}: {gap['reason']}"


def where(gap: Record) -> str:
    """The place of an entry, for people: a peer, or host:port with its key type."""
    if gap["address"] is None:
        return str(gap["peer"] or "cluster")
    place = login(gap["address"], gap["port"])
    return f"{place} ({gap['key_type']})" if gap["key_type"] else place
