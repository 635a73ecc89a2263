# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Peers as the audit sees them: does this one verify today, with which cipher list, against which trust store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import Record
from ansible_collections.collab.expressway.plugins.module_utils.peer.releases import (
    FIRST_THAT_MAY_VERIFY,
    Release,
    has_switch,
    parse_release,
)

DOCUMENTED_CIPHER_LIST = "EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL"
"""Default of `Ciphers UcClientTLSCiphers` in the X15.0 command reference; used for a peer that does not tell its own."""


def release_of(version: str | None) -> Release | None:
    """The release of a peer; None when it was not read or is none."""
    try:
        return parse_release(version or "")
    except ValueError:
        return None


def verification(facts: Record) -> Record:
    """Does this peer verify origins: {verification: on|off|unsupported|unknown, verifies: bool|null, verification_note}.

    `verifies` is null where nobody can say; the audit then never counts a refusal as one of today.
    """
    switch = facts.get("origin_verification") or {}
    release = release_of((facts.get("system") or {}).get("version"))
    if switch.get("state") in ("on", "off"):
        return _standing(switch["state"], switch["state"] == "on", switch.get("note"))
    if release is None:
        return _standing("unknown", None, "neither the switch nor the release could be read")
    if has_switch(release):
        return _standing(
            "unknown", True, "the switch could not be read; the default of this release is On"
        )
    if release >= FIRST_THAT_MAY_VERIFY:
        return _standing(
            "unsupported",
            None,
            "no switch in this release; Cisco's texts disagree whether it verifies already",
        )
    return _standing("unsupported", False, "releases before X14.2 do not verify origins")


def _standing(state: str, verifies: bool | None, note: str | None) -> Record:
    return {"verification": state, "verifies": verifies, "verification_note": note}


def audited_peer(observed: Record) -> Record:
    """One entry of `audit.peers` from one entry of the observation.

    A subset that was not read is null here and named in `not_read`: never an empty store, never an empty list.
    """
    facts: Record = (observed.get("facts") or {}) if observed.get("reached") else {}
    reached = bool(facts)
    client_tls = (facts.get("ciphers") or {}).get("uc_client_tls") or {}
    store = facts.get("trust_store")
    cipher_list = client_tls.get("cipher_list")
    return {
        "name": observed["name"],
        "reached": reached,
        "error": observed.get("error")
        or (None if reached else "no facts were read from this peer"),
        "version": (facts.get("system") or {}).get("version"),
        **(verification(facts) if reached else _standing("unknown", None, "not reached")),
        "until": _text(observed.get("origin_verification_until")),
        "reason": _text(observed.get("origin_verification_reason")),
        "cipher_list": (cipher_list or DOCUMENTED_CIPHER_LIST) if reached else None,
        "cipher_list_assumed": reached and not cipher_list,
        "minimum_tls": client_tls.get("protocol"),
        "trust_store": None
        if store is None
        else {
            "sha256": store["sha256"],
            "certificates": [record["sha256"] for record in store["certificates"]],
            "problems": list(store.get("problems") or []),
        },
        "uc_servers": _uc_servers(facts.get("uc_servers")),
        "configured_peers": _configured_peers(facts),
        "not_read": dict(sorted((facts.get("not_read") or {}).items())),
    }


def offers(observed: Iterable[Record]) -> list[tuple[str, str]]:
    """(cipher list, lowest TLS version) of every distinct cipher list among observed peers.

    Peers that share a list but not the lowest version count with the version of the first; that they differ is a
    finding. Without any reached peer the documented default stands alone: origins are then looked at all the same.
    """
    found: dict[str, str] = {}
    for peer in map(audited_peer, observed):
        if peer["reached"]:
            found.setdefault(peer["cipher_list"], _minimum_tls(peer["minimum_tls"]))
    return list(found.items()) or [(DOCUMENTED_CIPHER_LIST, _minimum_tls(None))]


def _minimum_tls(protocol: str | None) -> str:
    """`minTLSv1.2` → `1.2`, which is the documented default as well."""
    version = (protocol or "").removeprefix("minTLSv")
    return version if version in ("1.0", "1.1", "1.2", "1.3") else "1.2"


def _text(value: Any) -> str | None:
    """Inventory text; YAML turns an unquoted date into a date object, which says itself in ISO form."""
    return str(value).strip() or None if value is not None else None


def _uc_servers(servers: Record | None) -> list[Record] | None:
    if servers is None:
        return None
    return [
        {
            "product": product,
            "publisher": server["publisher"],
            "tls_verify": server.get("tls_verify"),
        }
        for product in sorted(servers)
        for server in servers[product] or []
    ]


def _configured_peers(facts: Record) -> list[str]:
    peers = (facts.get("cluster") or {}).get("peers") or []
    return [peer["address"] for peer in peers if peer.get("address")]
