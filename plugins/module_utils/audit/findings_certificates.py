# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings about certificates, presented or trusted: names, dates, strength."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from ansible_collections.collab.expressway.plugins.module_utils.audit.finding import (
    INFO,
    WARNING,
    finding,
    listed,
    which,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.refusal_words import (
    is_ip_address,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import (
    Record,
    Situation,
    called,
    day,
    expiry,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import login


def ip_address_target(situation: Situation) -> Iterator[Record]:
    """An IP address as advertised name: covered only by its text in a dNSName or the CN, which no CA should issue."""
    ports: dict[str, list[Record]] = {}
    for origin in situation.origins:
        if is_ip_address(origin["address"]):
            ports.setdefault(origin["address"], []).append(origin)
    for address, origins in ports.items():
        yield finding(
            WARNING,
            f"Clients ask for the IP address {address}, not for a name",
            [
                f"{origin['node'] or address} advertises it; audited at "
                f"{login(address, origin['port'])} (source: {origin['source']})."
                for origin in origins
            ]
            + [
                "The traffic server compares the address as text with dNSName entries and the common name; an "
                "iPAddress entry never counts (upstream source; whether Cisco's build differs is unknown)."
            ],
            "Advertise the FQDN in CUCM System > Server (or the UC service), then refresh the UC servers on the "
            "Expressway-C.",
            address=address,
        )


def common_name_only(situation: Situation) -> Iterator[Record]:
    """Accepted by the traffic server's fallback to the CN, refused by every stricter reading (RFC 9525)."""
    for (address, port, digest), verdicts in _named(
        situation, "covered_only_by_common_name"
    ).items():
        leaf = situation.certificates[digest]
        yield finding(
            WARNING,
            f"{login(address, port)} is named only by the common name of its {leaf['key_type'].upper()} certificate",
            [
                f"Common name: {leaf['common_name']}.",
                f"dNSName entries: {listed(leaf['san']['dns']) or 'none'}.",
                "The traffic server falls back to the common name; RFC 9525 forbids it, and a later build may too.",
            ],
            f"Reissue the certificate with {address} as subject alternative name.",
            about=[digest[:8]],
            peers=[verdict["peer"] for verdict in verdicts],
            address=address,
            port=port,
            key_type=leaf["key_type"],
        )


def loosely_named(situation: Situation) -> Iterator[Record]:
    """Names that the traffic server takes by rules of its own: partial wildcards, trailing dots, an IP as text."""
    for code in ("wildcard_or_dot", "ip_only_as_text"):
        for (address, port, digest), verdicts in _named(situation, code).items():
            leaf = situation.certificates[digest]
            yield finding(
                WARNING,
                f"{login(address, port)} is named by its {leaf['key_type'].upper()} certificate only in the traffic "
                "server's own reading",
                [
                    *dict.fromkeys(
                        item["text"]
                        for item in verdicts[0]["name_findings"]
                        if item["code"] == code
                    )
                ],
                "Reissue the certificate with exactly the name that clients ask for.",
                about=[code, digest[:8]],
                peers=[verdict["peer"] for verdict in verdicts],
                address=address,
                port=port,
                key_type=leaf["key_type"],
            )


def _named(situation: Situation, code: str) -> dict[tuple[str, int, str], list[Record]]:
    """(address, port, leaf) → verdicts whose name findings have this code."""
    seen: dict[tuple[str, int, str], list[Record]] = {}
    for verdict in situation.verdicts:
        if verdict["chain"] and any(item["code"] == code for item in verdict["name_findings"]):
            key = (verdict["address"], verdict["port"], verdict["chain"][0])
            seen.setdefault(key, []).append(verdict)
    return seen


def expiring(situation: Situation) -> Iterator[Record]:
    """Valid today, over soon: presented certificates by origin, trusted ones by peer; one finding a certificate."""
    presented: dict[str, list[str]] = {}
    leafs: set[str] = set()
    for origin, _entry, chain in situation.presented_chains():
        place = login(origin["address"], origin["port"])
        leafs.add(chain[0]["sha256"])
        for record in chain:
            places = presented.setdefault(record["sha256"], [])
            if place not in places:
                places.append(place)
    trusted: dict[str, list[str]] = {}
    for peer in situation.with_trust_store():
        for record in situation.trust_store(peer):
            trusted.setdefault(record["sha256"], []).append(peer["name"])
    issuers = {situation.certificates[digest]["issuer"] for digest in presented}
    for digest in dict.fromkeys([*presented, *trusted]):
        record = situation.certificates[digest]
        ends = expiry(record)
        if ends is None or not timedelta() < ends - situation.at <= situation.expiring_within:
            continue
        needed = digest in presented or record["subject"] in issuers
        peers = trusted.get(digest, [])
        yield finding(
            WARNING if needed else INFO,
            f"{called(record)} expires on {day(record['not_after'])}",
            [
                f"Subject {record['subject']}, issued by {record['issuer']}, serial {record['serial']}.",
                f"Presented by {listed(presented[digest])}." if digest in presented else "",
                f"In the trust store of {which(peers, situation.peers)}." if peers else "",
                "" if needed else "No origin of this audit presents or needs it.",
            ],
            "Renew it before that day; a peer refuses it from then on."
            if digest in leafs
            else "Upload its successor to every peer before that day, and have the certificates below it reissued.",
            about=[digest[:16]],
            peers=peers,
        )


def weak(situation: Situation) -> Iterator[Record]:
    """Accepted at this security level, refused at a stricter one; which one Cisco's build has is unknown."""
    seen: dict[tuple[str, int, tuple[str, ...], tuple[str, ...]], list[Record]] = {}
    for verdict in situation.verdicts:
        if verdict["weak"]:
            key = (
                verdict["address"],
                verdict["port"],
                tuple(verdict["chain"]),
                tuple(verdict["weak"]),
            )
            seen.setdefault(key, []).append(verdict)
    for (address, port, chain, weakness), verdicts in seen.items():
        key_type = verdicts[0]["leaf_key_type"] or verdicts[0]["key_type"]
        yield finding(
            WARNING,
            f"{login(address, port)} ({key_type.upper()} certificate) has a weak key or digest",
            [*weakness, "The security level of the Expressway's OpenSSL is not known."],
            "Reissue with RSA 2048 bits or more (or P-256 and larger) and SHA-256.",
            about=[chain[0][:8] if chain else "no-chain"],
            peers=[verdict["peer"] for verdict in verdicts],
            address=address,
            port=port,
            key_type=key_type,
        )
