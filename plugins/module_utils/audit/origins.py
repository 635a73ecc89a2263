# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Origins as the audit sees them: every audited address with what it presented, key type by key type."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import Record

OFFERED = "offered"
KEY_TYPES = ("rsa", "ecdsa", OFFERED)

NOT_ITS_KEY_TYPE = frozenset({"key_type_not_offered", "no_common_cipher"})
"""Errors that are an answer: this origin has no certificate of the key type that was asked for."""

CLOSED_PORT = "refused"
HUNG_UP = frozenset({"closed", "reset"})

ADDRESS_OPTIONS = {
    "address": {"type": "str", "required": True},
    "port": {"type": "int", "required": True},
    "product": {"type": "str"},
    "node": {"type": "str"},
    "connect_to": {"type": "str"},
    "source": {"type": "str", "default": "inventory"},
    "optional": {"type": "bool", "default": False},
}
"""One address as modules take it."""

Chain = list[Record]
ReadChain = Callable[[str], Chain]
"""PEM text → certificate records, leaf first."""


def audited_origins(
    addresses: Iterable[Record], presented: Iterable[Record], read_chain: ReadChain
) -> tuple[list[Record], dict[str, Record]]:
    """Join addresses and presented chains; return `audit.origins` and the certificates that were seen.

    Every address is an origin, also one that nobody looked at: its `presented` is then empty.
    """
    certificates: dict[str, Record] = {}
    entries: dict[tuple[str, int], list[Record]] = {}
    for entry in presented:
        chain = read_chain(entry["chain"]) if entry.get("chain") else []
        certificates.update((record["sha256"], record) for record in chain)
        entries.setdefault((entry["address"], entry["port"]), []).append(_entry(entry, chain))
    origins = [
        {
            "address": address["address"],
            "port": address["port"],
            "product": address.get("product"),
            "node": address.get("node"),
            "connect_to": address.get("connect_to"),
            "source": address.get("source") or "inventory",
            "presented": sorted(
                entries.get((address["address"], address["port"]), []), key=_in_order
            ),
        }
        for address in addresses
    ]
    return origins, certificates


def served_origins(
    origins: list[Record], addresses: Iterable[Record]
) -> tuple[list[Record], list[Record]]:
    """(origins to judge, optional origins that refused every connection).

    An address is optional where its port is one that not every node of the product serves; asking for it in vain tells
    that it is not served, not that something was not looked at.
    """
    optional = {(entry["address"], entry["port"]) for entry in addresses if entry.get("optional")}
    closed = [
        origin
        for origin in origins
        if (origin["address"], origin["port"]) in optional
        and origin["presented"]
        and all(entry["error_kind"] == CLOSED_PORT for entry in origin["presented"])
    ]
    return [origin for origin in origins if origin not in closed], closed


def _entry(entry: Record, chain: Chain) -> Record:
    return {
        "key_type": entry["key_type"],
        "cipher_list": entry.get("cipher_list") if entry["key_type"] == OFFERED else None,
        "leaf_key_type": chain[0]["key_type"] if chain else None,
        "chain": [record["sha256"] for record in chain],
        "tls_version": entry.get("tls_version"),
        "cipher": entry.get("cipher"),
        "connected_to": entry.get("connected_to"),
        "error": entry.get("error") or (None if chain else "no certificate was presented"),
        "error_kind": entry.get("error_kind"),
    }


def _in_order(entry: Record) -> tuple[int, str]:
    key_type = entry["key_type"]
    position = KEY_TYPES.index(key_type) if key_type in KEY_TYPES else len(KEY_TYPES)
    return position, entry["cipher_list"] or ""


def without_such_certificate(origin: Record, entry: Record) -> bool:
    """Does this answer to a handshake for one key type mean that the origin has no certificate of that type?

    Some servers close or reset the connection instead of saying so. Where the origin answered another handshake with
    a certificate of another type, that is taken for the same answer.
    """
    if entry["chain"] or entry["key_type"] == OFFERED:
        return False
    seen = {other["leaf_key_type"] for other in origin["presented"] if other["chain"]}
    said_so = entry["error_kind"] in NOT_ITS_KEY_TYPE
    hung_up = entry["error_kind"] in HUNG_UP and entry["key_type"] not in seen
    return bool(seen) and (said_so or hung_up)


def offered_to(origin: Record, peer: Record) -> Record | None:
    """The handshake made with this peer's cipher list; None when none was made."""
    for entry in origin["presented"]:
        if entry["key_type"] == OFFERED and entry["cipher_list"] == peer["cipher_list"]:
            return entry
    return None


def seen_by(origin: Record, peer: Record) -> list[Record]:
    """What this peer may meet at this origin: both key types, and what its own cipher list brings."""
    return [
        entry
        for entry in origin["presented"]
        if entry["key_type"] != OFFERED or entry["cipher_list"] == peer["cipher_list"]
    ]
