# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The answer of the certificate management API to GET config/snapshot/server (Unified CM facts 1.3)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes.stored import (
    Stored,
    StoredCertificates,
)
from ansible_collections.collab.expressway.plugins.module_utils.unexpected_answer import (
    ForeignAnswer,
    UnexpectedAnswer,
)

TRUST = "-trust"
ABSENT = "the node lists the unit without a certificate"


def read_snapshot(body: bytes) -> StoredCertificates:
    """The certificates of one node. Raises `UnexpectedAnswer` when `body` is no snapshot, or one without a certificate: every node has
    that of tomcat.

    Tolerant where reports of the format differ: entries without a certificate go to `not_given`, trust stores are named with and
    without `-trust`, and lines may end in any way.
    """
    try:
        snapshot = json.loads(body)
    # RecursionError: lists in lists in lists.
    except (ValueError, RecursionError):
        raise ForeignAnswer(f"the snapshot is no complete JSON ({len(body)} bytes)") from None
    if not isinstance(snapshot, Mapping) or not isinstance(snapshot.get("identities"), list):
        raise ForeignAnswer("the snapshot has no list `identities`")
    not_given: list[dict[str, str]] = []
    own = []
    for identity in _records(snapshot, "identities"):
        unit, pem = _text(identity, "service"), _text(identity, "certificate")
        if unit and pem:
            own.append(Stored(unit, pem, f"{unit}.pem"))
        elif unit:
            not_given.append({"unit": unit, "reason": ABSENT})
    trust = tuple(_trust(snapshot))
    if not own:
        raise UnexpectedAnswer(
            "the snapshot lists no certificate, and every node has one of tomcat; see whether the platform CLI gives it (source: cli)"
        )
    return StoredCertificates(
        server=_text(snapshot, "server") or None,
        release=None,
        units=tuple(one.unit for one in own),
        own=tuple(own),
        trust=trust,
        not_given=tuple(not_given),
    )


def _trust(snapshot: Mapping[str, Any]) -> Iterator[Stored]:
    for store in _records(snapshot, "trusts"):
        unit = _text(store, "service")
        if not unit:
            continue
        name = unit if unit.endswith(TRUST) else unit + TRUST
        for entry in _records(store, "certificate_data"):
            if pem := _text(entry, "certificate"):
                yield Stored(name, pem, _text(entry, "filename"))


def _records(value: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    entries = value.get(key) or []
    if not isinstance(entries, list):
        raise UnexpectedAnswer(f"`{key}` in the snapshot is no list")
    return (entry for entry in entries if isinstance(entry, Mapping))


def _text(record: Mapping[str, Any], key: str) -> str:
    value = record.get(key)
    # JSON can spell half a character, which can be neither printed nor kept.
    return value.strip().encode("utf-8", "replace").decode() if isinstance(value, str) else ""
