# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Before the first write of a roll-out: what was read, what every peer is to hold, and what that would change.

A read is {pem, certificates, error}: the store's text, its digests in the order of the store, and why there is neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.audit.refusal_words import (
    in_few_words,
)
from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
    describe,
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import login
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.candidates import (
    PRESENTED,
)

Record = dict[str, Any]

PRESENT, EXACT = "present", "exact"
CLASHES = ("fail", "skip", "upload")
BEFORE, AFTER = "before", "after"
MOST_PEERS = 6


def read_of(result: Mapping[str, Any] | None) -> Record:
    """The registered result of trusted_ca_info as a read; whatever is no whole store is an error, never an empty one."""
    result = result or {}
    pem = result.get("pem")
    broken = result.get("failed") or result.get("unreachable") or not pem
    return {
        "pem": None if broken else pem,
        "certificates": []
        if broken
        else [record["sha256"] for record in result.get("certificates") or []],
        "error": (str(result.get("msg") or "it was not read")) if broken else None,
    }


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
) -> dict[str, Record]:
    """Peer → upload, from the plans of trust_plan_info.

    An upload is {state, certificates, expected, before_pem, after_pem, left_out, problems}: PEM texts to send, the
    digests that the store will hold afterwards, the store's text before and after, [{subject, sha256, why}] of what is not
    sent, and messages that forbid the roll-out. `on_clash`: fail, skip or upload where certificates share a common name.
    """
    if on_clash not in CLASHES:
        raise ValueError(f"trust_store_on_clash is one of {', '.join(CLASHES)}: got {on_clash!r}")
    return {
        peer: _planned(peer, plan, reads[peer], on_clash, accept_presented)
        for peer, plan in plans.items()
        if not reads[peer]["error"]
    }


def _planned(
    peer: str, plan: Mapping[str, Any], read: Record, on_clash: str, accept_presented: bool
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
    return _upload(PRESENT, [one["pem"] for one in send], read, left_out, problems)


def _named(certificate: Mapping[str, Any], why: str) -> Record:
    return {"subject": certificate["subject"], "sha256": certificate["sha256"], "why": why}


def given_uploads(
    texts: Sequence[str], reads: Mapping[str, Record], *, state: str = PRESENT
) -> dict[str, Record]:
    """Peer → upload (see `planned_uploads`) of certificates that somebody chose: PEM texts, each with one or more."""
    return {
        peer: _upload(state, list(texts), read, [], [])
        for peer, read in reads.items()
        if not read["error"]
    }


def _upload(
    state: str, texts: list[str], read: Record, left_out: list[Record], problems: list[str]
) -> Record:
    given = [certificate for text in texts for certificate in read_bundle(text).certificates]
    held = list(dict.fromkeys(read["certificates"]))
    new = [one for one in dict.fromkeys(given) if one.sha256 not in held]
    if state == EXACT:
        expected = list(dict.fromkeys(one.sha256 for one in given))
        after = _pem(dict.fromkeys(given))
    else:
        expected = [*held, *(one.sha256 for one in new)]
        after = f"{read['pem'].rstrip()}\n{_pem(new)}" if new else read["pem"]
    return {
        "state": state,
        "certificates": texts,
        "expected": expected,
        "before_pem": read["pem"],
        "after_pem": after,
        "left_out": left_out,
        "problems": problems,
    }


def _pem(certificates: Iterable[Certificate]) -> str:
    return "".join(describe(one)["pem"] for one in certificates)


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
    """Peer → {verdicts, repaired, broken, refused}: what its traffic server will say once the upload has arrived.

    `verdicts` of origin_verdict_info on `stores_to_judge` and `origins`. `verdicts` of the result are those after; the
    other three list texts for people: accepted by the upload, refused by it, still refused.
    """
    by_store: dict[str, list[Mapping[str, Any]]] = {}
    for verdict in verdicts:
        by_store.setdefault(verdict["trust_store"], []).append(verdict)
    leaves = [_leaf(origin) for origin in origins]
    result = {}
    for peer, upload in uploads.items():
        before, after = by_store.get(f"{BEFORE} {peer}", []), by_store.get(f"{AFTER} {peer}", [])
        pairs = [
            (old, {**new, "leaf_trusted": leaf in upload["expected"]})
            for old, new, leaf in zip(before, after, leaves if after else [], strict=True)
        ]
        result[peer] = {
            "verdicts": [essence(verdict) for verdict in after],
            "repaired": _texts(new for old, new in pairs if _worse(old) > _worse(new) == 0),
            "broken": _texts(new for old, new in pairs if _worse(new) > _worse(old)),
            "refused": _texts(new for old, new in pairs if _worse(old) >= _worse(new) > 0),
        }
    return result


def _leaf(origin: Mapping[str, Any]) -> str | None:
    certificates = read_bundle(origin["presented"]).certificates
    return certificates[0].sha256 if certificates else None


def essence(verdict: Mapping[str, Any]) -> Record:
    """The part of a verdict in which prediction and deed are compared."""
    keys = ("address", "port", "key_type", "outcome", "stage", "error_code")
    return {key: verdict.get(key) for key in keys}


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
    predicted: Mapping[str, Mapping[str, Any]],
    forecasts: Mapping[str, Record],
    *,
    allow_breaking: bool = False,
) -> list[str]:
    """Everything that must be settled before the first write of a cluster; empty when it may begin.

    `predicted`: peer → registered result of trusted_ca in check mode.
    """
    problems = [problem for upload in uploads.values() for problem in upload["problems"]]
    for peer, upload in uploads.items():
        result = predicted.get(peer) or {"failed": True, "msg": "the check gave no answer"}
        if result.get("failed") or result.get("unreachable"):
            problems.append(f"{peer}: {result.get('msg') or 'the check gave no answer'}")
            continue
        problems += [
            f"{peer}: '{one.get('subject')}' must not go into a trust store: {one.get('reason')}"
            for one in result.get("refused") or []
        ]
        if not upload["problems"] and not allow_breaking:
            problems += [
                f"{peer} would begin to refuse {text}. Set trust_store_allow_breaking=true if that is meant"
                for text in (forecasts.get(peer) or {}).get("broken", [])
            ]
    return problems
