# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings about refusals: what breaks today, what would break, and what a repair would uncover."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.collab.expressway.plugins.module_utils.audit.finding import (
    CRITICAL,
    WARNING,
    finding,
    which,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.origins import (
    NOT_ITS_KEY_TYPE,
    OFFERED,
    offered_to,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.refusal_words import (
    in_few_words,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import (
    BREAKS_AFTER_CHANGE,
    BREAKS_TODAY,
    BREAKS_WHEN_VERIFIED,
    Record,
    Situation,
    names,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import login

AGREEMENT_FAILED = NOT_ITS_KEY_TYPE | {"alert", "protocol"}
"""Errors of a handshake that the origin answered: it is there, but it and the peer do not agree on TLS."""

MISSING_ISSUER = frozenset({2, 20})
"""OpenSSL: the issuer of the last certificate in the path is neither sent nor stored."""

WHY_IT_MAY_COME = (
    "The other certificate comes as soon as the peer's cipher list prefers it, the origin orders by its own "
    "preference, or TLS 1.3 is negotiated: there the signature algorithms choose the certificate, not the cipher list "
    "(releases differ; X15.2 made RSA the default in TLS 1.3)."
)
ONLY_LASTING_REPAIR = (
    "Trusting this certificate too is the only repair that does not depend on what is negotiated."
)


def breaks_today(situation: Situation) -> Iterator[Record]:
    """As this peer offers today, to a peer that verifies today: these logins get 502 now."""
    for group in _by_cause(situation, BREAKS_TODAY):
        peers = _peers(group)
        yield _refusal(
            situation,
            group,
            CRITICAL,
            f"breaks today on {which(peers, situation.peers)}",
            [],
            group[0]["remedy"],
        )


def breaks_when_verified(situation: Situation) -> Iterator[Record]:
    """As this peer offers today, to a peer that does not verify yet: switched off, or before X14.2."""
    for group in _by_cause(situation, BREAKS_WHEN_VERIFIED):
        peers = _peers(group)
        reasons = _why_not_verified(situation, peers)
        yield _refusal(
            situation,
            group,
            WARNING,
            f"would break on {which(peers, situation.peers)} as soon as origins are verified",
            reasons,
            group[0]["remedy"],
        )


def breaks_after_change(situation: Situation) -> Iterator[Record]:
    """The certificate of the other key type: not met today, refused when it is."""
    met = _met_as_offered(situation)
    for group in _by_cause(situation, BREAKS_AFTER_CHANGE):
        peers = _peers(group)
        yield _refusal(
            situation,
            group,
            WARNING,
            f"would break on {which(peers, situation.peers)} after a cipher or release change",
            [_met_today(situation, group, met), WHY_IT_MAY_COME],
            " ".join(
                [
                    group[0]["remedy"],
                    *([ONLY_LASTING_REPAIR] if group[0]["stage"] == "chain" else []),
                ]
            ),
        )


def masked_failure(situation: Situation) -> Iterator[Record]:
    """The traffic server logs one error at a time: what still fails once the first is repaired."""
    for group in _by_cause(situation, None):
        hidden = _revealed(group)
        verdict = group[0]
        if hidden:
            yield finding(
                WARNING,
                f"{_place(group)}: repairing the refusal will uncover another one",
                [
                    f"The peer reports only the first error: {verdict['error']}.",
                    *(f"Once that is repaired: {text}" for text in hidden),
                ],
                "Repair both at once, or people will be told twice that it works.",
                about=_about(group),
                peers=_peers(group),
                address=verdict["address"],
                port=verdict["port"],
                key_type=_key_type(verdict),
            )


def no_agreement_on_tls(situation: Situation) -> Iterator[Record]:
    """The origin answers, but not to the cipher list and TLS versions of a peer: 502 whatever the certificate."""
    for origin in situation.origins:
        if not any(entry["chain"] for entry in origin["presented"]):
            continue
        failed: dict[str, list[Record]] = {}
        for peer in situation.reached():
            entry = offered_to(origin, peer)
            if entry and not entry["chain"] and entry["error_kind"] in AGREEMENT_FAILED:
                failed.setdefault(entry["error"], []).append(peer)
        for error, peers in failed.items():
            yield finding(
                CRITICAL,
                f"{login(origin['address'], origin['port'])} and {which(names(peers), situation.peers)} "
                "do not agree on TLS",
                [
                    f"As offered: {error}.",
                    *dict.fromkeys(
                        f"Cipher list of the peer: {peer['cipher_list']}" for peer in peers
                    ),
                ],
                "Let the cipher list and the minimum TLS version of the Expressway (Ciphers UcClientTLSCiphers, "
                "UcClientTLSProtocol) and those of this node meet.",
                about=[error],
                peers=names(peers),
                address=origin["address"],
                port=origin["port"],
                key_type=OFFERED,
            )


def _by_cause(situation: Situation, standing: str | None) -> list[list[Record]]:
    """Refused verdicts (of one standing) that one repair ends: same origin, chain and error, on whatever peers."""
    groups: dict[tuple[object, ...], list[Record]] = {}
    for verdict in situation.refused():
        if standing in (None, verdict["standing"]):
            key = (verdict["address"], verdict["port"], tuple(verdict["chain"]), *_error(verdict))
            groups.setdefault(key, []).append(verdict)
    return list(groups.values())


def _error(verdict: Record) -> tuple[object, ...]:
    return verdict["stage"], verdict["error_code"], verdict["depth"]


def _about(group: list[Record]) -> list[object]:
    verdict = group[0]
    leaf = verdict["chain"][0][:8] if verdict["chain"] else "no-chain"
    return [part for part in (*_error(verdict), leaf) if part is not None]


def _peers(group: list[Record]) -> list[str]:
    return list(dict.fromkeys(verdict["peer"] for verdict in group))


def _key_type(verdict: Record) -> str:
    """The key type that was really presented; the one asked for when the leaf could not be read."""
    return verdict["leaf_key_type"] or verdict["key_type"]


def _place(group: list[Record]) -> str:
    verdict = group[0]
    return (
        f"{login(verdict['address'], verdict['port'])} ({_key_type(verdict).upper()} certificate)"
    )


def _revealed(group: list[Record]) -> list[str]:
    """`reveals` of all verdicts of the group, each text once."""
    texts: dict[str, None] = {}
    for verdict in group:
        texts.update(dict.fromkeys(verdict["reveals"]))
    return list(texts)


def _at_hand(situation: Situation, verdict: Record) -> list[str]:
    """The missing issuer among the certificates that are known from elsewhere."""
    if verdict["error_code"] not in MISSING_ISSUER or not verdict["chain"]:
        return []
    last = situation.certificates[verdict["chain"][-1]]
    issuers = (situation.certificates[digest] for digest in situation.known)
    return [
        f"At hand among the certificates given: {record['subject']}, SHA-256 {record['sha256']}."
        for record in issuers
        if record["subject"] == last["issuer"]
        and (not last["aki"] or not record["ski"] or last["aki"] == record["ski"])
    ]


def _refusal(
    situation: Situation,
    group: list[Record],
    severity: str,
    what: str,
    more_evidence: list[str],
    remedy: str,
) -> Record:
    verdict = group[0]
    why, _remedy = in_few_words(verdict)
    return finding(
        severity,
        f"{_place(group)} {what}: {why}",
        [
            verdict["cause"],
            f"Log line of the peer: {verdict['log_line']}" if verdict.get("log_line") else "",
            *more_evidence,
            *_at_hand(situation, verdict),
        ],
        remedy,
        about=_about(group),
        peers=_peers(group),
        address=verdict["address"],
        port=verdict["port"],
        key_type=_key_type(verdict),
        reproduce=verdict.get("reproduce"),
    )


def _why_not_verified(situation: Situation, peers: list[str]) -> list[str]:
    """One line a reason: switched off, release before X14.2, or nobody knows."""
    reasons: dict[str, list[str]] = {}
    for peer in situation.peers:
        if peer["name"] not in peers:
            continue
        reason = (
            "VerifyOriginServer is Off"
            if peer["verification"] == "off"
            else peer["verification_note"] or "it is unknown whether this peer verifies"
        )
        reasons.setdefault(reason, []).append(peer["name"])
    return [f"{which(some, situation.peers)}: {reason}" for reason, some in reasons.items()]


def _met_as_offered(situation: Situation) -> dict[tuple[str, str, int], Record]:
    """(peer, address, port) → the verdict on what that peer's own cipher list brings."""
    return {
        (verdict["peer"], verdict["address"], verdict["port"]): verdict
        for verdict in situation.verdicts
        if verdict["key_type"] == OFFERED
    }


def _met_today(
    situation: Situation, group: list[Record], met: dict[tuple[str, str, int], Record]
) -> str:
    """What the peers of the group meet at this origin today instead."""
    texts: dict[str, list[str]] = {}
    for peer in _peers(group):
        other = met.get((peer, group[0]["address"], group[0]["port"]))
        if other:
            key_type = (other["leaf_key_type"] or "other").upper()
            texts.setdefault(f"the {key_type} certificate, {other['outcome']}", []).append(peer)
    if not texts:
        return "What this origin presents to the peers' own cipher list was not seen."
    said = (f"{text} by {which(peers, situation.peers)}" for text, peers in texts.items())
    return f"As offered today: {'; '.join(said)}."
