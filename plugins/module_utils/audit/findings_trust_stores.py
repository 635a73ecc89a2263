# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings about what the trust stores hold: pairs whose order decides, and CAs that are past their time."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.collab.expressway.plugins.module_utils.audit.finding import (
    INFO,
    WARNING,
    finding,
    listed,
    which,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import (
    Record,
    Situation,
    called,
    day,
    expiry,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import login


def same_subject_order(situation: Situation) -> Iterator[Record]:
    """Two trusted certificates, one subject, different keys: without a key identifier the first in the store wins."""
    pairs: dict[tuple[str, frozenset[str]], list[str]] = {}
    for peer in situation.with_trust_store():
        by_subject: dict[str, list[Record]] = {}
        for record in situation.trust_store(peer):
            if record["subject"]:
                by_subject.setdefault(record["subject"], []).append(record)
        for subject, records in by_subject.items():
            if len({_key(record) for record in records}) > 1:
                digests = frozenset(record["sha256"] for record in records)
                pairs.setdefault((subject, digests), []).append(peer["name"])
    for (subject, digests), peers in pairs.items():
        children = _without_identifier(situation, subject)
        yield finding(
            WARNING if children else INFO,
            f"{len(digests)} trusted certificates with different keys share the subject {subject}",
            [
                *(_order(situation, peer, digests) for peer in peers),
                f"Presented without authority key identifier, so the order decides: {listed(children)}."
                if children
                else "Every certificate presented under this subject names its issuer's key, so the order does not matter yet.",
                "Cisco documents that only one certificate of a common name can be trusted (CSCwa12905); the upstream "
                "traffic server copes when a key identifier is there. Believe the device.",
            ],
            "Leave the right one in the store, or have the certificates signed by a CA. On CUCM 14 and later "
            "CallManager can reuse the multi-server tomcat certificate.",
            about=[subject, *sorted(digest[:8] for digest in digests)],
            peers=peers,
        )


def _key(record: Record) -> str:
    """Identity of the key as far as a certificate tells it: a renewed CA keeps its subject key identifier."""
    return record["ski"] or record["sha256"]


def _order(situation: Situation, name: str, digests: frozenset[str]) -> str:
    peer = next(peer for peer in situation.peers if peer["name"] == name)
    held = [digest for digest in peer["trust_store"]["certificates"] if digest in digests]
    return f"Order on {name}: " + ", ".join(
        f"{digest[:16]}… (serial {situation.certificates[digest]['serial']})" for digest in held
    )


def _without_identifier(situation: Situation, subject: str) -> list[str]:
    """Where a certificate is presented that this subject issued and that does not say with which key."""
    return list(
        dict.fromkeys(
            login(origin["address"], origin["port"])
            for origin, _entry, chain in situation.presented_chains()
            if any(record["issuer"] == subject and not record["aki"] for record in chain)
        )
    )


def expired_in_trust_store(situation: Situation) -> Iterator[Record]:
    """An expired intermediate in the store wins over the valid one that a server sends, and breaks good servers."""
    expired: dict[str, list[str]] = {}
    for peer in situation.with_trust_store():
        for record in situation.trust_store(peer):
            ends = expiry(record)
            if ends is not None and ends <= situation.at:
                expired.setdefault(record["sha256"], []).append(peer["name"])
    for digest, peers in expired.items():
        record = situation.certificates[digest]
        intermediate = record["is_ca"] and not record["self_signed"]
        below = _issued_below(situation, record["subject"])
        yield finding(
            WARNING if intermediate or below else INFO,
            f"Trusted {'intermediate CA' if intermediate else 'certificate'} "
            f"{called(record)} has expired",
            [
                f"Subject {record['subject']}, expired on {day(record['not_after'])}, SHA-256 {digest[:16]}….",
                f"In the trust store of {which(peers, situation.peers)}.",
                "What the store holds wins over what the origin sends, even when the origin sends a valid one."
                if intermediate
                else "",
                f"Certificates issued under this subject are presented by {listed(below)}."
                if below
                else "No origin of this audit presents a certificate below it.",
            ],
            "Remove it from the trust store of these peers; where it is still needed, upload its successor.",
            about=[digest[:16]],
            peers=peers,
        )


def not_a_certificate(situation: Situation) -> Iterator[Record]:
    """Blocks of a trust store that are no certificates; some of them keep the whole store from being loaded."""
    problems: dict[tuple[str, ...], list[str]] = {}
    for peer in situation.with_trust_store():
        if peer["trust_store"]["problems"]:
            problems.setdefault(tuple(peer["trust_store"]["problems"]), []).append(peer["name"])
    for texts, peers in problems.items():
        yield finding(
            WARNING,
            f"The trust store of {which(peers, situation.peers)} holds what is no certificate",
            texts,
            "Remove these blocks (Maintenance > Security > Trusted CA certificate); a private key among them is "
            "compromised: replace it.",
            about=peers,
            peers=peers,
        )


def _issued_below(situation: Situation, subject: str) -> list[str]:
    return list(
        dict.fromkeys(
            login(origin["address"], origin["port"])
            for origin, _entry, chain in situation.presented_chains()
            if any(record["issuer"] == subject for record in chain)
        )
    )
