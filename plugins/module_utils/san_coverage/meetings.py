# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every certificate that can be met at every origin: the presented ones, and the stored ones that may come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.collab.expressway.plugins.module_utils.audit.gaps import (
    OTHERWISE,
    REMEDIES,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.origins import (
    OFFERED,
    audited_origins,
    served_origins,
    without_such_certificate,
)
from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
    describe,
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.san_coverage.units import (
    KEY_TYPES,
    sibling,
    unit_at,
)

Record = dict[str, Any]
Own = Mapping[str, Certificate]
"""What one node stores, by unit."""
PRESENTED, STORED = "presented", "stored"
NOT_SEEN = "Read what this origin presents, or the certificates of its node, and assert again."


class Meeting(NamedTuple):
    """One certificate that can be met under one address at one port."""

    origin: Record
    certificate: Certificate
    where: str
    unit: str | None
    stored_instead: Certificate | None = None
    """What the node stores for this port and key type, where that is another certificate than the presented one."""
    stored_read: bool = True
    """Is anything known of what the node stores?"""

    @property
    def address(self) -> str:
        return str(self.origin["address"])

    @property
    def port(self) -> int:
        return int(self.origin["port"])

    @property
    def node(self) -> str:
        return str(self.origin["node"] or self.address)

    @property
    def key_type(self) -> str:
        return str(self.certificate.record["key_type"])


class Seen(NamedTuple):
    """`gaps`: [{address, port, key_type, reason, remedy}], what nobody looked at; `strangers`: nodes of certificates without an origin."""

    meetings: list[Meeting]
    gaps: list[Record]
    strangers: list[str]


def seen(
    origins: Sequence[Record], presented: Iterable[Record], certificates: Iterable[Record]
) -> Seen:
    """Join origins with presented_certificates_info and uc_certificates_info entries."""
    known: dict[str, Certificate] = {}
    by_digest: dict[str, Certificate] = {}

    def read(pem: str) -> list[Record]:
        chain = read_bundle(pem, known).certificates
        by_digest.update((certificate.sha256, certificate) for certificate in chain)
        return [describe(certificate) for certificate in chain]

    audited, _closed = served_origins(audited_origins(origins, presented, read)[0], origins)
    held = list(certificates)
    stored = _by_place(held, known)
    meetings: list[Meeting] = []
    gaps: list[Record] = []
    for origin in audited:
        own = _own(origin, stored)
        shown = list(_presented(origin, by_digest, own))
        kept = list(_stored(origin, shown, own))
        meetings += [*shown, *kept]
        gaps += _gaps(origin, [*shown, *kept])
    places = {_text(name) for origin in audited for name in _names(origin)}
    strangers = {
        record["node"]: None
        for record in held
        if places.isdisjoint(map(_text, (record["node"], record.get("host"))))
    }
    return Seen(meetings, gaps, list(strangers))


def _by_place(held: list[Record], known: dict[str, Certificate]) -> dict[str, Own]:
    """Node → what it stores; also by the host that it was read at, unless several nodes share one."""
    stored: dict[str, dict[str, Certificate]] = {}
    at: dict[str, set[str]] = {}
    for record in held:
        at.setdefault(_text(record.get("host")), set()).add(record["node"])
    for place in ("host", "node"):
        for record in held:
            name = _text(record.get(place))
            if not name or (place == "host" and len(at[name]) > 1):
                continue
            for certificate in read_bundle(record["pem"], known).certificates[:1]:
                stored.setdefault(name, {})[record["unit"]] = certificate
    return dict(stored)


def _names(origin: Record) -> tuple[str | None, ...]:
    return origin["node"], origin["address"], origin["connect_to"]


def _own(origin: Record, stored: Mapping[str, Own]) -> Own:
    own: dict[str, Certificate] = {}
    for name in reversed(_names(origin)):
        own.update(stored.get(_text(name), {}))
    return own


def _presented(origin: Record, by_digest: Mapping[str, Certificate], own: Own) -> Iterator[Meeting]:
    """What is stored as another unit of the node than the one that is expected at this port is no older copy of that.

    Sources disagree about the unit that port 6972 presents (Unified CM facts 8).
    """
    leafs = dict.fromkeys(entry["chain"][0] for entry in origin["presented"] if entry["chain"])
    for digest in leafs:
        certificate = by_digest[digest]
        unit = unit_at(origin["port"], certificate.record["key_type"])
        if own.get(unit) != certificate:
            unit = next((other for other, kept in own.items() if kept == certificate), unit)
        kept = own.get(unit)
        instead = kept if kept != certificate else None
        yield Meeting(origin, certificate, PRESENTED, unit, instead, stored_read=bool(own))


def _stored(origin: Record, shown: list[Meeting], own: Own) -> Iterator[Meeting]:
    """What the node stores for this port and has not shown: it comes after a restart, or was not asked for.

    A key type that the origin says it does not have is left out: HTTPS ciphers are RSA only by default.
    """
    # The other key type comes for the same service.
    units = {sibling(meeting.unit or "", "rsa") for meeting in shown}
    like = units.pop() if len(units) == 1 else unit_at(origin["port"], "rsa")
    for key_type in KEY_TYPES:
        unit = sibling(like, key_type)
        certificate = own.get(unit)
        if certificate is None or any(meeting.certificate == certificate for meeting in shown):
            continue
        answered = any(
            without_such_certificate(origin, entry)
            for entry in origin["presented"]
            if entry["key_type"] == key_type
        )
        if not answered:
            yield Meeting(origin, certificate, STORED, unit)


def _gaps(origin: Record, met: list[Meeting]) -> Iterator[Record]:
    """Handshakes without an answer, and origins that nothing at all is known of."""
    entries = origin["presented"]
    if not entries and not met:
        yield _gap(origin, None, "neither presented nor stored certificates are known", NOT_SEEN)
    answered = any(entry["chain"] for entry in entries)
    if entries and not answered:
        # One cause is said once.
        entry = entries[-1]
        yield _gap(origin, None, entry["error"], REMEDIES.get(entry["error_kind"], OTHERWISE))
        return
    for entry in entries:
        if entry["key_type"] == OFFERED or entry["chain"]:
            continue
        if not without_such_certificate(origin, entry):
            remedy = REMEDIES.get(entry["error_kind"], OTHERWISE)
            yield _gap(origin, entry["key_type"], entry["error"], remedy)


def _gap(origin: Record, key_type: str | None, reason: str, remedy: str) -> Record:
    place = {"address": origin["address"], "port": origin["port"], "node": origin["node"]}
    return {**place, "key_type": key_type, "reason": reason, "remedy": remedy}


def _text(name: str | None) -> str:
    return (name or "").casefold().rstrip(".")
