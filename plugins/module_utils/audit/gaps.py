# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the audit did not look at, and why. Nothing listed here is counted as accepted.

`error_kind` is what presented_certificates_info says, or not_asked, nothing_presented, unreached, not_audited, or the
name of the subset, of the source or of the check. An entry is {what: source|address|peer|subset|origin, peer, peers, address,
port, key_type, error_kind, reason, remedy}; keys that do not apply are null (`peers` is empty).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ansible_collections.collab.expressway.plugins.module_utils.audit.discovered import (
    NOT_AUDITABLE,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.origins import (
    KEY_TYPES,
    OFFERED,
    offered_to,
    without_such_certificate,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import (
    Record,
    Situation,
    names,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import login

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
SOURCE, ADDRESS = "source", "address"
NOT_ASKED = "not_asked"
OTHERWISE = "Find out why the handshake failed, then audit again."


def not_looked_at(situation: Situation) -> list[Record]:
    """Everything that was asked for and not seen: sources of addresses, then peers, subsets and origins."""
    return [
        *_discovery(situation),
        *_peers(situation),
        *_unlisted_peers(situation),
        *_subsets(situation),
        *_origins(situation),
    ]


def _gap(what: str, kind: str, reason: str, remedy: str, **place: object) -> Record:
    nowhere: Record = {"peer": None, "peers": [], "address": None, "port": None, "key_type": None}
    said = {"error_kind": kind, "reason": reason, "remedy": remedy}
    return {"what": what, **nowhere, **place, **said}


def _discovery(situation: Situation) -> Iterator[Record]:
    """Sources that were not read, and what is advertised but cannot be audited as it stands."""
    discovery = situation.discovery or {"not_read": [], "findings": []}
    for missed in discovery["not_read"]:
        reason = f"{missed['source']}: {missed['error']}"
        yield _gap(SOURCE, missed["source"], reason, missed["remedy"])
    for found in discovery["findings"]:
        if found["check"] in NOT_AUDITABLE:
            place = {"address": found["address"]} if found["address"] else {}
            yield _gap(ADDRESS, found["check"], found["title"], found["remedy"], **place)


def _peers(situation: Situation) -> Iterator[Record]:
    for peer in situation.peers:
        if not peer["reached"]:
            yield _gap(
                "peer",
                "unreached",
                peer["error"],
                "Make the peer reachable and audit again; what it refuses is unknown.",
                peer=peer["name"],
            )


def _unlisted_peers(situation: Situation) -> Iterator[Record]:
    """The cluster's own configuration may know peers that the inventory (or --limit) left out."""
    configured: list[str] = max(
        (peer["configured_peers"] for peer in situation.peers), key=len, default=[]
    )
    missing = len(configured) - len(situation.peers)
    if missing > 0:
        yield _gap(
            "peer",
            "not_audited",
            f"the cluster configuration lists {len(configured)} peers "
            f"({', '.join(configured)}), {len(situation.peers)} were audited",
            "Add every peer of the cluster to the inventory and audit without --limit.",
        )


def _subsets(situation: Situation) -> Iterator[Record]:
    for peer in situation.reached():
        for subset, message in peer["not_read"].items():
            yield _subset(subset, message, peer)
        if peer["trust_store"] is None and "trust_store" not in peer["not_read"]:
            yield _subset("trust_store", "not among the facts of this peer", peer)


def _subset(subset: str, message: str, peer: Record) -> Record:
    remedy = "Repair what the message names and audit again."
    if subset == "trust_store":
        remedy += " Without its trust store this peer gets no verdict."
    return _gap("subset", subset, f"{subset}: {message}", remedy, peer=peer["name"])


def _origins(situation: Situation) -> Iterator[Record]:
    for origin in situation.origins:
        yield from _origin(origin, situation)


def _origin(origin: Record, situation: Situation) -> Iterator[Record]:
    place = {"address": origin["address"], "port": origin["port"]}
    entries = origin["presented"]
    if not entries:
        yield _gap(
            "origin", NOT_ASKED, "no handshake was made with this origin", OTHERWISE, **place
        )
        return
    if not any(entry["chain"] for entry in entries):
        # One cause is said once; a handshake as offered tells most about it.
        entry = entries[-1]
        kind = _kind(entry)
        yield _gap("origin", kind, entry["error"], REMEDIES.get(kind, OTHERWISE), **place)
        return
    for key_type in KEY_TYPES[:-1]:
        entry = next((entry for entry in entries if entry["key_type"] == key_type), None)
        if entry is None:
            reason, kind = f"no {key_type} handshake was made", NOT_ASKED
        elif entry["chain"] or without_such_certificate(origin, entry):
            continue
        else:
            reason, kind = entry["error"], _kind(entry)
        remedy = REMEDIES.get(kind, OTHERWISE)
        yield _gap("origin", kind, reason, remedy, key_type=key_type, **place)
    yield from _offered(origin, situation)


def _kind(entry: Record) -> str:
    return str(entry["error_kind"] or "nothing_presented")


def _offered(origin: Record, situation: Situation) -> Iterator[Record]:
    """Handshakes as a peer offers them that gave no chain, one entry for all peers with the same cipher list."""
    missed: dict[tuple[str, str], list[Record]] = {}
    for peer in situation.reached():
        entry = offered_to(origin, peer)
        if entry is None:
            reason = "no handshake was made with the cipher list of this peer"
            missed.setdefault((reason, NOT_ASKED), []).append(peer)
        elif not entry["chain"]:
            missed.setdefault((entry["error"], _kind(entry)), []).append(peer)
    for (reason, kind), peers in missed.items():
        yield _gap(
            "origin",
            kind,
            reason,
            REMEDIES.get(kind, OTHERWISE),
            key_type=OFFERED,
            peers=names(peers),
            address=origin["address"],
            port=origin["port"],
        )


def told(gap: Record) -> str:
    """The entry in one line. Most errors name their peer or origin themselves."""
    place = where({**gap, "key_type": None})
    if not gap["reason"].startswith(place):
        return f"{where(gap)}: {gap['reason']}"
    return f"{gap['key_type']}: {gap['reason']}" if gap["key_type"] else str(gap["reason"])


def in_short(gaps: Iterable[Record], most: int = 3) -> list[str]:
    """A few lines for people: what was missed for one reason is told once, with how many there are like it and the remedy."""
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for gap in gaps:
        groups.setdefault((gap["what"], gap["error_kind"], gap["remedy"]), []).append(gap)
    lines = []
    for first, *others in list(groups.values())[:most]:
        more = f" (and {len(others)} more like it)" if others else ""
        lines.append(f"{told(first).rstrip('.')}{more} → {first['remedy'].rstrip('.')}")
    rest = sum(len(group) for group in list(groups.values())[most:])
    return [*lines, f"{rest} more, which the audit lists"] if rest else lines


def where(gap: Record) -> str:
    """The place of an entry, for people: a peer, or host:port with its key type."""
    if gap["address"] is None:
        return str(gap["peer"] or "cluster")
    if gap["port"] is None:
        return str(gap["address"])
    place = login(gap["address"], gap["port"])
    return f"{place} ({gap['key_type']})" if gap["key_type"] else place
