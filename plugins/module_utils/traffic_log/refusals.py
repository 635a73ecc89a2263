# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many refusals become one record per peer, address, port and cause."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.attribution import (
    AMBIGUOUS,
    CERTAINTIES,
    EXACT,
    Attribution,
    Hit,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.grammar import (
    CHAIN,
    HANDSHAKE,
    NAME,
    TERMINATE,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.logged_catalogue import (
    explain_logged_chain,
    explain_logged_handshake,
    explain_logged_name,
    explain_logged_plugin,
)

MOST_RECORDS = 20_000
MOST_USERS = 1000
MOST_REQUESTS = 50
ENOUGH = 3
"""Refused requests that show that a port is refused for one cause."""


class TooManyRefusals(ValueError):
    """More different refusals than any network has: what is read is hardly a log of an Expressway."""


@dataclass(slots=True)
class _Record:
    first_hit: Hit
    address: str
    ports: tuple[int, ...]
    certainty: str = AMBIGUOUS
    count: int = 0
    first: Hit | None = None
    last: Hit | None = None
    users: set[str] = field(default_factory=set)
    requests: dict[str, None] = field(default_factory=dict)
    ips: set[str] = field(default_factory=set)
    samples: list[Hit] = field(default_factory=list)


class Refusals:
    """Collects attributions. `peer` stands in for the host name where lines have none.

    `refused` counts connections that failed, the attempts of one request each by itself.
    """

    def __init__(
        self,
        *,
        peer: str | None = None,
        max_samples: int = 3,
    ) -> None:
        self._peer = peer
        self._max_samples = max_samples
        self._records: dict[tuple[object, ...], _Record] = {}
        self.refused = 0

    def add(self, attribution: Attribution) -> None:
        hits = attribution.hits
        record = self._record(hits[0], attribution)
        record.count += attribution.count
        if record.certainty != attribution.certainty:
            record.certainty = min(record.certainty, attribution.certainty, key=CERTAINTIES.index)
        for request in attribution.requests:
            if request.user and len(record.users) < MOST_USERS:
                record.users.add(request.user)
            if len(record.requests) < MOST_REQUESTS and (text := request.text):
                record.requests.setdefault(text)
        for hit in hits:
            if hit.refusal.origin.ip:
                record.ips.add(hit.refusal.origin.ip)
            _stretch_to(record, hit)
            if len(record.samples) < self._max_samples:
                record.samples.append(hit)
        if hits[0].cause.action == TERMINATE:
            self.refused += len(hits)

    def samples(self) -> list[Hit]:
        """The hits that `records` shows, by file and place."""
        self._settle()
        shown = [hit for record in self._records.values() for hit in record.samples]
        return sorted(shown, key=lambda hit: (hit.file, hit.found.offset))

    def records(self, numbers: dict[tuple[str, int], int]) -> list[dict[str, Any]]:
        """What the module returns, most refused requests first.

        `numbers` gives the lines of those samples, by file and offset, that were not counted while reading.
        """
        self._settle()
        told = [self._told(record, numbers) for record in self._records.values()]
        return sorted(told, key=lambda one: (-one["count"], one["peer"], one["address"]))

    def _settle(self) -> None:
        """Move what is ambiguous to the one port that the exact records of the same peer and address leave.

        A port is left out when at least three requests to it were refused, all of them for one other cause.
        """
        by_port: dict[tuple[str, str, int], list[_Record]] = {}
        for record in self._records.values():
            if record.certainty == EXACT:
                by_port.setdefault((*self._where(record), record.ports[0]), []).append(record)
        for key, record in list(self._records.items()):
            if record.certainty != AMBIGUOUS or len(record.ports) < 2:
                continue
            cause = record.first_hit.cause
            left = []
            for port in record.ports:
                seen = by_port.get((*self._where(record), port), [])
                others = [one for one in seen if one.first_hit.cause != cause]
                if len(seen) == len(others) == 1 and others[0].count >= ENOUGH:
                    continue
                left.append((port, seen))
            if len(left) == 1 and [one.first_hit.cause for one in left[0][1]] == [cause]:
                _merge(left[0][1][0], record, self._max_samples)
                del self._records[key]

    def _where(self, record: _Record) -> tuple[str, str]:
        return self._peer_of(record.first_hit), record.address.lower()

    def _peer_of(self, hit: Hit) -> str:
        return hit.refusal.writer.peer or self._peer or hit.file.rpartition("/")[2]

    def _record(self, hit: Hit, attribution: Attribution) -> _Record:
        origin = hit.refusal.origin
        address = attribution.address
        key = (
            self._peer_of(hit),
            address.lower(),
            attribution.ports,
            origin.name.lower(),
            hit.cause,
        )
        record = self._records.get(key)
        if record is None:
            if len(self._records) >= MOST_RECORDS:
                raise TooManyRefusals(
                    f"more than {MOST_RECORDS} different refusals; give since and until, or fewer paths"
                )
            record = self._records[key] = _Record(hit, address, attribution.ports)
        return record

    def _told(self, record: _Record, numbers: dict[tuple[str, int], int]) -> dict[str, Any]:
        origin, cause = record.first_hit.refusal.origin, record.first_hit.cause
        explained, remedy = _explained(record)
        return {
            "peer": self._peer_of(record.first_hit),
            "address": record.address,
            "ip": origin.ip,
            "ips": sorted(record.ips),
            "ports": list(record.ports),
            "certainty": record.certainty,
            "stage": cause.stage,
            "error": cause.error,
            "error_code": cause.code,
            "depth": cause.depth,
            "action": cause.action,
            "count": max(record.count, 1),
            "first": record.first.refusal.time if record.first else None,
            "last": record.last.refusal.time if record.last else None,
            "users": sorted(record.users),
            "requests": list(record.requests),
            "cause": explained,
            "remedy": remedy,
            "samples": [
                {
                    "file": hit.file,
                    "line": hit.found.number or numbers.get((hit.file, hit.found.offset)),
                    "text": hit.found.text,
                }
                for hit in record.samples
            ],
        }


def _merge(into: _Record, other: _Record, max_samples: int) -> None:
    into.count += other.count
    into.users |= other.users
    into.ips |= other.ips
    into.requests |= other.requests
    into.samples = [*into.samples, *other.samples][:max_samples]
    for hit in (other.first, other.last):
        if hit is not None:
            _stretch_to(into, hit)


def _stretch_to(record: _Record, hit: Hit) -> None:
    at = hit.refusal.at
    if at is None:
        return
    if record.first is None or at < (record.first.refusal.at or 0):
        record.first = hit
    if record.last is None or at >= (record.last.refusal.at or 0):
        record.last = hit


def _explained(record: _Record) -> tuple[str, str]:
    cause = record.first_hit.cause
    if cause.stage == CHAIN:
        return explain_logged_chain(cause.code, cause.error, cause.depth, record.address)
    if cause.stage == NAME:
        return explain_logged_name(record.first_hit.refusal.origin.name)
    if cause.stage == HANDSHAKE:
        return explain_logged_handshake(cause.error, record.address)
    return explain_logged_plugin(record.address)
