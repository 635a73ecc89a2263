# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Before the first write of a roll-out: what was read, what every peer is to hold, and what that would change.

A read is one of `read_of`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.audit.refusal_words import (
    in_few_words,
)
from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import login
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.candidates import (
    PRESENTED,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.change import (
    EXACT,
    KEPT,
    PRESENT,
    TrustStore,
    TrustStoreChange,
    namesakes,
    plan_change,
    shown,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.reads import (
    Record,
    essence,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.refusals import (
    digest,
    read_given,
    refused_additions,
    refused_removals,
)

CLASHES = ("fail", "skip", "upload")
BEFORE, AFTER = "before", "after"
MOST_PEERS = 6


def unread_peers(reads: Mapping[str, Record], *, allow_unreachable: bool) -> list[str]:
    """Why nothing may be written in this cluster; empty when something may."""
    if len(reads) > MOST_PEERS:
        return [
            f"it has {len(reads)} peers in the inventory, and a cluster has at most {MOST_PEERS}: {', '.join(reads)}. "
            "Give every cluster an expressway_cluster of its own"
        ]
    unread = [
        f"{name} could not be read: {read['error']}"
        for name, read in reads.items()
        if read["error"]
    ]
    if len(unread) == len(reads):
        return unread
    if unread and not allow_unreachable:
        return [*unread, "set trust_store_allow_unreachable=true to leave such peers as they are"]
    return []


def presented_origins(audit: Mapping[str, Any], key_types: Iterable[str]) -> list[Record]:
    """The chains of an audit as origins of trust_plan_info: [{address, port, key_type, connect_to, presented}].

    Each distinct chain of an address and port once, whichever handshakes brought it. `key_types`: rsa, ecdsa and
    offered; only handshakes of these count.
    """
    wanted = set(key_types)
    found: dict[tuple[str, int, tuple[str, ...]], Record] = {}
    for origin in audit["origins"]:
        for entry in origin["presented"]:
            if not entry["chain"] or entry["key_type"] not in wanted:
                continue
            found.setdefault(
                (origin["address"], origin["port"], tuple(entry["chain"])),
                {
                    "address": origin["address"],
                    "port": origin["port"],
                    "key_type": entry["leaf_key_type"] or entry["key_type"],
                    "connect_to": entry["connected_to"],
                    "presented": "".join(
                        audit["certificates"][digest]["pem"] for digest in entry["chain"]
                    ),
                },
            )
    return list(found.values())


def planned_uploads(
    plans: Mapping[str, Record],
    reads: Mapping[str, Record],
    *,
    on_clash: str = "fail",
    accept_presented: bool = False,
    stale_at: datetime | None = None,
) -> dict[str, Record]:
    """Peer → upload, from the plans of trust_plan_info.

    An upload is {state, order, certificates, expected, adds, removes, reorders, namesakes, before_pem, after_pem, left_out,
    problems, reasons}: PEM texts to send, the digests that the store will hold afterwards (in its order), what comes, goes and gets
    another place as `shown`, the digests before and after by common name where it has several, the store's text before and after,
    [{subject, sha256, why}] of what is not sent, messages that forbid the roll-out, and
    [{subject, sha256, seen_in, reason}] of what is sent. `on_clash`: fail, skip or upload where certificates share a common name.
    `stale_at`: take out what a plan advises to remove, has expired by then and no origin needs; None takes nothing out.
    """
    if on_clash not in CLASHES:
        raise ValueError(f"trust_store_on_clash is one of {', '.join(CLASHES)}: got {on_clash!r}")
    return {
        peer: _planned(peer, plan, reads[peer], on_clash, accept_presented, stale_at)
        for peer, plan in plans.items()
        if not reads[peer]["error"]
    }


def _planned(
    peer: str,
    plan: Mapping[str, Any],
    read: Record,
    on_clash: str,
    accept_presented: bool,
    stale_at: datetime | None,
) -> Record:
    clashing = {one["sha256"]: clash for clash in plan["conflicts"] for one in clash["wanted"]}
    send, left_out, problems = [], [], []
    for certificate in plan["add"]:
        clash = clashing.get(certificate["sha256"])
        if clash is not None and on_clash != "upload":
            why = (
                f"another certificate has the common name {clash['common_name']!r}, and Cisco documents that only one of "
                f"them can be trusted (CSCwa12905). Ways out: {' / '.join(clash['remedies'])}"
            )
            left_out.append(_named(certificate, why))
            if on_clash == "fail":
                problems.append(
                    f"{peer}: '{certificate['subject']}' ({certificate['sha256'][:16]}…) clashes: {why} "
                    "Or set trust_store_on_clash to skip or upload"
                )
        elif not accept_presented and all(
            place.startswith(PRESENTED) for place in certificate["seen_in"]
        ):
            left_out.append(
                _named(
                    certificate,
                    f"only {' and '.join(certificate['seen_in'])}, nobody vouches for it. Compare its SHA-256 with its owner "
                    "and give it in trust_store_candidates, or set trust_store_accept_presented",
                )
            )
        else:
            send.append(certificate)
    send, incomplete = _complete(send, plan)
    left_out += incomplete
    reasons = [
        {key: one.get(key) for key in ("subject", "sha256", "seen_in", "reason")} for one in send
    ]
    texts = [one["pem"] for one in send]
    stale = _stale(plan, stale_at)
    if not stale:
        return _upload(PRESENT, texts, read, left_out, problems, reasons)
    held = dict.fromkeys(read_bundle(read["pem"]).certificates)
    staying = [one.pem for one in held if one.sha256 not in stale]
    return _upload(EXACT, staying + texts, read, left_out, problems, reasons)


def _complete(
    send: Sequence[Mapping[str, Any]], plan: Mapping[str, Any]
) -> tuple[list[Mapping[str, Any]], list[Record]]:
    """Of `send` what repairs something without the rest of the plan, and the others as left out: a part of a repair never helps."""
    sent = {one["sha256"] for one in send}
    missing = [one for one in plan["add"] if one["sha256"] not in sent]
    if not missing:
        return list(send), []
    cases = [[frozenset(way) for way in ways] for ways in plan.get("ways") or []]
    possible = [[way for way in ways if way <= sent] for ways in cases]
    needed = frozenset[str]().union(*(way for ways in possible for way in ways))
    # Where one of several ways is gone, what was there for it may be too much.
    for one in reversed(send):
        rest = needed - {one["sha256"]}
        if all(any(way <= rest for way in ways) for ways in possible if ways):
            needed = rest
    kept, left = [], []
    for one in send:
        with_it = [way for ways in cases for way in ways if one["sha256"] in way]
        if one["sha256"] in needed or not with_it:
            kept.append(one)
            continue
        lacks = " and ".join(
            f"'{other['subject']}' ({other['sha256'][:16]}…)"
            for other in missing
            if any(other["sha256"] in way for way in with_it)
        )
        why = f"it repairs nothing without {lacks}" if lacks else "what it repairs, others repair"
        left.append(_named(one, f"{why}, which is not sent" if lacks else why))
    return kept, left


def _stale(plan: Mapping[str, Any], at: datetime | None) -> set[str]:
    """The digests of what has expired, keeps an origin from being accepted, and is needed by none."""
    if at is None:
        return set()
    return {
        one["sha256"]
        for one in plan.get("remove") or []
        if not one["needed_by"] and datetime.fromisoformat(one["not_after"]) <= at
    }


def _named(certificate: Mapping[str, Any], why: str) -> Record:
    return {"subject": certificate["subject"], "sha256": certificate["sha256"], "why": why}


def given_uploads(
    texts: Sequence[str],
    reads: Mapping[str, Record],
    *,
    state: str = PRESENT,
    order: str = KEPT,
    unreadable: Sequence[str] = (),
) -> dict[str, Record]:
    """Peer → upload (see `planned_uploads`) of certificates that somebody chose: PEM texts, each with one or more.

    `unreadable`: why some that were chosen are not among the texts, which forbids the roll-out.
    """
    _given, refused = read_given(texts, "trust_store_certificates")
    problems = [*unreadable, *(refusal.text for refusal in refused)]
    return {
        peer: _upload(state, list(texts), read, [], problems, order=order)
        for peer, read in reads.items()
        if not read["error"]
    }


def _upload(
    state: str,
    texts: list[str],
    read: Record,
    left_out: list[Record],
    problems: list[str],
    reasons: Sequence[Record] = (),
    order: str = KEPT,
) -> Record:
    change = _change(state, texts, read["pem"], order)
    return {
        "state": state,
        "order": order,
        "certificates": texts,
        "expected": [one.sha256 for one in change.wanted],
        "adds": [shown(one) for one in change.added],
        "removes": [shown(one) for one in change.removed],
        "reorders": [shown(one) for one in change.reordered],
        "namesakes": [
            [one.sha256 for one in several]
            for several in namesakes(dict.fromkeys(change.before.certificates + change.wanted))
        ],
        "before_pem": read["pem"],
        "after_pem": change.file_text() if change.changes else read["pem"],
        "left_out": left_out,
        "problems": problems,
        "reasons": list(reasons),
    }


def _change(
    state: str, texts: Iterable[str], before_pem: str, order: str = KEPT
) -> TrustStoreChange:
    given = [certificate for text in texts for certificate in read_bundle(text).certificates]
    return plan_change(TrustStore.read(before_pem), given, state, order)


def stores_to_judge(uploads: Mapping[str, Record]) -> dict[str, str]:
    """The stores before and after, by the names that `forecast` knows them by."""
    return {
        f"{when} {peer}": upload[f"{when}_pem"]
        for peer, upload in uploads.items()
        for when in (BEFORE, AFTER)
    }


def forecast(
    uploads: Mapping[str, Record],
    verdicts: Sequence[Mapping[str, Any]],
    origins: Sequence[Mapping[str, Any]],
) -> dict[str, Record]:
    """Peer → {verdicts, repaired, broken, refused, refused_before}: what its traffic server will say once the upload has arrived.

    `verdicts` of origin_verdict_info on `stores_to_judge` and `origins`. `verdicts` of the result are those after; the
    others list texts for people: accepted by the upload, refused by it, still refused; and refused as long as it has not arrived.
    """
    by_store: dict[str, list[Mapping[str, Any]]] = {}
    for verdict in verdicts:
        by_store.setdefault(verdict["trust_store"], []).append(verdict)
    leaves = [_leaf(origin) for origin in origins]
    result = {}
    for peer, upload in uploads.items():
        before, after = by_store.get(f"{BEFORE} {peer}", []), by_store.get(f"{AFTER} {peer}", [])
        held = {one.sha256 for one in read_bundle(upload["before_pem"]).certificates}
        pairs = [
            (
                {**old, "leaf_trusted": leaf in held},
                {**new, "leaf_trusted": leaf in upload["expected"]},
            )
            for old, new, leaf in zip(before, after, leaves if after else [], strict=True)
        ]
        result[peer] = {
            "verdicts": [essence(verdict) for verdict in after],
            "repaired": _texts(new for old, new in pairs if _worse(old) > _worse(new) == 0),
            "broken": _texts(new for old, new in pairs if _worse(new) > _worse(old)),
            "refused": _texts(new for old, new in pairs if _worse(old) >= _worse(new) > 0),
            "refused_before": _texts(old for old, _new in pairs if _worse(old)),
        }
    return result


def _leaf(origin: Mapping[str, Any]) -> str | None:
    certificates = read_bundle(origin["presented"]).certificates
    return certificates[0].sha256 if certificates else None


def _worse(verdict: Mapping[str, Any]) -> int:
    """How far a verdict is from accepted: a chain that is no longer trusted is worse than a name that never fitted."""
    if verdict["outcome"] != "refused":
        return 0
    return 1 if verdict["stage"] == "name" else 2


def _texts(verdicts: Iterable[Record]) -> list[str]:
    """One text for each address and port: "cucm2:6972 (ecdsa)", a refusal with what is wrong and what to do."""
    key_types: dict[tuple[str, str], list[str]] = {}
    for verdict in verdicts:
        place = login(verdict["address"], verdict["port"])
        said = f": {' → '.join(in_few_words(verdict))}" if _worse(verdict) else ""
        key_types.setdefault((place, said), []).append(str(verdict.get("key_type")))
    return [
        f"{place} ({', '.join(dict.fromkeys(types))}){said}"
        for (place, said), types in key_types.items()
    ]


def problems_before_writing(
    uploads: Mapping[str, Record],
    forecasts: Mapping[str, Record],
    at: datetime,
    *,
    allow: Iterable[str] = (),
    allow_removal_of: Iterable[str] = (),
    allow_breaking: bool = False,
) -> list[str]:
    """Everything that must be settled before the first write of a cluster; empty when it may begin.

    `allow` and `allow_removal_of` as in trusted_ca, which would refuse the same.
    """
    problems, told = [], []
    for text in allow_removal_of:
        try:
            told.append(digest(text))
        except ValueError as error:
            problems.append(f"trust_store_allow_removal_of: {error}")
    allowed = list(allow)
    for peer, upload in uploads.items():
        problems += [text if peer in text else f"{peer}: {text}" for text in upload["problems"]]
        problems += [f"{peer}: {text}" for text in _refusals(upload, at, allowed, told)]
        if not upload["problems"] and not allow_breaking:
            problems += [
                f"{peer} would begin to refuse {text}. Set trust_store_allow_breaking=true if that is meant"
                for text in (forecasts.get(peer) or {}).get("broken", [])
            ]
    return problems


def _refusals(
    upload: Mapping[str, Any], at: datetime, allow: list[str], told: list[str]
) -> list[str]:
    change = _change(upload["state"], upload["certificates"], upload["before_pem"], upload["order"])
    kept = [one for text in upload.get("protected") or [] for one in read_bundle(text).certificates]
    found = []
    for refusal in refused_additions(change, at, allow):
        found.append(
            f"{refusal.text}. To send it all the same: trust_store_allow: [{refusal.allow}]"
        )
    for refusal in refused_removals(change, kept, told):
        who = (upload.get("needed_by") or {}).get(refusal.record["sha256"])
        found.append(
            f"{refusal.record['subject']} (SHA-256 {refusal.record['sha256']}) must not be removed: it is needed by "
            f"{', '.join(who)}. List its SHA-256 in trust_store_allow_removal_of to remove it all the same"
            if who
            else refusal.text
        )
    return found
