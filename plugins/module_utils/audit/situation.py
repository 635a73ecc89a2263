# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was observed of one cluster, joined and judged: the ground on which every finding stands.

Peers, origins, verdicts and certificates are plain dicts of JSON types, so that a situation is what the audit
publishes; this class adds only the questions that several findings ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Record = dict[str, Any]

BREAKS_TODAY = "breaks_today"
BREAKS_WHEN_VERIFIED = "breaks_when_verified"
BREAKS_AFTER_CHANGE = "breaks_after_change"
ACCEPTED = "accepted"
STANDINGS = (BREAKS_TODAY, BREAKS_WHEN_VERIFIED, BREAKS_AFTER_CHANGE, ACCEPTED)
"""What a verdict means for the people who log in, worst first."""


@dataclass(frozen=True)
class Situation:
    """One cluster at one time. `certificates` maps SHA-256 (hex of the DER) → CertificateRecord."""

    cluster: str
    at: datetime
    expiring_within: timedelta
    peers: list[Record]
    origins: list[Record]
    verdicts: list[Record]
    certificates: dict[str, Record]
    known: list[str] = field(default_factory=list)
    """SHA-256 of CA certificates known from elsewhere, which a remedy may name."""
    discovery: Record | None = None
    """What uc_addresses_info made of the publishers; None where the inventory lists every address."""
    not_served: list[Record] = field(default_factory=list)
    """Optional origins that refused the connection; they are not among `origins`."""

    def reached(self) -> list[Record]:
        return [peer for peer in self.peers if peer["reached"]]

    def with_trust_store(self) -> list[Record]:
        """Peers whose trust store was read; an empty store is one, an unread one is not."""
        return [peer for peer in self.peers if peer["trust_store"] is not None]

    def trust_store(self, peer: Record) -> list[Record]:
        return [self.certificates[digest] for digest in peer["trust_store"]["certificates"]]

    def refused(self) -> list[Record]:
        return [verdict for verdict in self.verdicts if verdict["outcome"] == "refused"]

    def presented_chains(self) -> Iterator[tuple[Record, Record, list[Record]]]:
        """(origin, presented entry, chain leaf first) of everything an origin did present."""
        for origin in self.origins:
            for entry in origin["presented"]:
                if entry["chain"]:
                    yield origin, entry, [self.certificates[digest] for digest in entry["chain"]]


def names(peers: Iterable[Record]) -> list[str]:
    return [peer["name"] for peer in peers]


def expiry(record: Record) -> datetime | None:
    """When a certificate ends; None when its time cannot be read."""
    return datetime.fromisoformat(record["not_after"]) if record["not_after"] else None


def day(text: str | None) -> str:
    """The date of a certificate record's time, for people."""
    return text[:10] if text else "an unreadable date"


def called(record: Record) -> str:
    """How people call a certificate: its common name, else its subject, else its digest."""
    return record["common_name"] or record["subject"] or f"certificate {record['sha256'][:16]}"
