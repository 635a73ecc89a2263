# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings about the cluster: the switch and its date, releases, and peers that differ from each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ansible_collections.collab.expressway.plugins.module_utils.audit.finding import (
    CRITICAL,
    INFO,
    WARNING,
    finding,
    which,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import (
    Record,
    Situation,
    day,
    names,
)

LIFT = (
    "Repair what this report lists, then turn it On: "
    "ansible-playbook collab.expressway.workaround -e state=on"
)
OPEN_TO = "While it is Off, nobody checks whom the Expressway talks to (CVE-2022-20814)."


def verification_off(situation: Situation) -> Iterator[Record]:
    """VerifyOriginServer Off is a workaround with an end: its date, its reason, and whether it is over."""
    declared: dict[tuple[str | None, str | None], list[str]] = {}
    for peer in situation.reached():
        if peer["verification"] == "off":
            declared.setdefault((peer["until"], peer["reason"]), []).append(peer["name"])
    for (until, reason), peers in declared.items():
        severity, title, evidence, remedy = _off(until, situation.at.date())
        yield finding(
            severity,
            f"VerifyOriginServer is Off on {which(peers, situation.peers)}{title}",
            [
                *evidence,
                f"Reason given: {reason}." if reason else "No reason is given in the inventory.",
                OPEN_TO,
            ],
            remedy,
            about=[until or "without-date"],
            peers=peers,
        )


def _off(until: str | None, today: date) -> tuple[str, str, list[str], str]:
    """(severity, end of the title, evidence, remedy) of Off with this date."""
    if until is None:
        return (
            CRITICAL,
            " without an end date",
            ["The inventory has no origin_verification_until for these peers."],
            f"Set origin_verification_until and origin_verification_reason. {LIFT}",
        )
    try:
        end = date.fromisoformat(until)
    except ValueError:
        return (
            CRITICAL,
            " with an end date that is none",
            [f"origin_verification_until is {until!r}."],
            f"Write origin_verification_until as YYYY-MM-DD. {LIFT}",
        )
    if end < today:
        return (
            CRITICAL,
            f", its date {end} is past",
            [f"It was to end on {end}."],
            f"{LIFT} - or give a new date with its reason.",
        )
    return WARNING, f" until {end}", [f"It is to end on {end}."], LIFT


def trust_stores_differ(situation: Situation) -> Iterator[Record]:
    """A trust store is never replicated: peers that trust different CAs break some logins, sometimes."""
    peers = situation.with_trust_store()
    held = {peer["name"]: peer["trust_store"]["certificates"] for peer in peers}
    missing: dict[tuple[str, ...], list[str]] = {}
    for digest in dict.fromkeys(digest for store in held.values() for digest in store):
        without = tuple(name for name, store in held.items() if digest not in store)
        if without:
            missing.setdefault(without, []).append(digest)
    if not missing:
        return
    yield finding(
        WARNING,
        "Trust stores differ between the peers of the cluster",
        [
            f"Missing on {which(list(without), peers)}: {_subject(situation, digest)}"
            for without, digests in missing.items()
            for digest in digests
        ],
        "A login works or breaks with the peer that serves it. Upload what is missing to every peer, or remove it "
        "from all (Maintenance > Security > Trusted CA certificate).",
        peers=held,
    )


def _subject(situation: Situation, digest: str) -> str:
    record = situation.certificates[digest]
    return f"{record['subject']} (expires {day(record['not_after'])}, SHA-256 {digest[:16]}…)"


def switches_differ(situation: Situation) -> Iterator[Record]:
    """Peers of one cluster with different VerifyOriginServer."""
    yield from _differ(
        situation,
        "verification",
        "VerifyOriginServer differs between the peers of the cluster",
        "Set it alike on every peer; the documents leave open whether it is replicated: "
        "ansible-playbook collab.expressway.workaround",
    )


def cipher_lists_differ(situation: Situation) -> Iterator[Record]:
    """Peers with different cipher lists meet different certificates at the same origin."""
    yield from _differ(
        situation,
        "minimum_tls",
        "Minimum TLS versions differ between the peers of the cluster",
        "Set Ciphers UcClientTLSProtocol alike on every peer.",
    )
    yield from _differ(
        situation,
        "cipher_list",
        "Cipher lists differ between the peers of the cluster",
        "The order decides which certificate an origin presents. Set Ciphers UcClientTLSCiphers alike on every peer.",
    )


def releases_differ(situation: Situation) -> Iterator[Record]:
    """All peers of a cluster run one release, save during an upgrade."""
    yield from _differ(
        situation,
        "version",
        "Releases differ between the peers of the cluster",
        "Finish the upgrade; all peers of a cluster must run the same release.",
    )


def _differ(situation: Situation, key: str, title: str, remedy: str) -> Iterator[Record]:
    values: dict[str, list[str]] = {}
    for peer in situation.reached():
        if peer[key] is not None and peer[key] != "unknown":
            values.setdefault(peer[key], []).append(peer["name"])
    if len(values) > 1:
        yield finding(
            WARNING,
            title,
            [f"{which(peers, situation.peers)}: {value}" for value, peers in values.items()],
            remedy,
            about=[key],
            peers=[name for peers in values.values() for name in peers],
        )


def may_verify(situation: Situation) -> Iterator[Record]:
    """Releases and peers of which nobody can say whether they verify."""
    by_note: dict[str, list[str]] = {}
    for peer in situation.reached():
        if peer["verifies"] is None:
            by_note.setdefault(peer["verification_note"], []).append(peer["name"])
    for note, peers in by_note.items():
        yield finding(
            WARNING,
            f"{which(peers, situation.peers)} may verify origins already",
            [note, *_versions(situation, peers)],
            "Treat what would break as what breaks: repair it before users call. A refused login shows as 502 in the "
            "event log of the peer.",
            about=peers,
            peers=peers,
        )


def before_the_switch(situation: Situation) -> Iterator[Record]:
    """Releases before X14.2 verify nothing: the upgrade turns verification on."""
    peers = names(
        peer
        for peer in situation.reached()
        if peer["verifies"] is False and peer["verification"] == "unsupported"
    )
    if peers:
        yield finding(
            INFO,
            f"{which(peers, situation.peers)} will begin to verify origins with the upgrade to X14.2 or later",
            [
                *_versions(situation, peers),
                "VerifyOriginServer is On by default, also after an upgrade.",
            ],
            "Repair what would break before the upgrade; -e mra_audit_fail_on=refused makes this audit a gate for it.",
            peers=peers,
        )


def _versions(situation: Situation, peers: list[str]) -> list[str]:
    return [
        f"{peer['name']} runs {peer['version']}."
        for peer in situation.peers
        if peer["name"] in peers and peer["version"]
    ]


def cipher_list_assumed(situation: Situation) -> Iterator[Record]:
    """Where a peer does not tell its cipher list, the documented default stands in for it."""
    peers = names(peer for peer in situation.peers if peer["cipher_list_assumed"])
    if peers:
        yield finding(
            INFO,
            f"The cipher list of {which(peers, situation.peers)} is assumed",
            [
                f"{peer['name']}: {peer['cipher_list']}"
                for peer in situation.peers
                if peer["name"] in peers
            ],
            "This is the default of the X15.0 command reference. Both key types are judged anyway; read "
            "`xConfiguration Ciphers UcClientTLSCiphers` on the peer to know which one comes.",
            peers=peers,
        )
