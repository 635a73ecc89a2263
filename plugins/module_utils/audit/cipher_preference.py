# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which certificate a peer asks UC nodes for, as its cipher list says it, and where the list does not decide.

From X14.2, upgrades from X14.0 and later put one RSA suite in front of the list, so that UC nodes present their RSA
certificates; other systems ask for ECDSA first (release note of X14.2). The list that counts toward UC nodes is
UcClientTLSCiphers by its name; no document says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.audit.origins import (
    OFFERED,
    offered_to,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.refusal_words import (
    in_few_words,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import login

Record = dict[str, Any]

RSA_FIRST, ECDSA_FIRST, UNMANAGED = "rsa_first", "ecdsa_first", "unmanaged"
STATES = (RSA_FIRST, ECDSA_FIRST, UNMANAGED)
RSA_IN_FRONT = "ECDHE-RSA-AES256-GCM-SHA384:"
ASKED_FOR = {RSA_FIRST: "rsa", ECDSA_FIRST: "ecdsa"}
"""The key type that each state asks for."""


def preferred(cipher_list: str, state: str) -> str:
    """The list with that preference: `RSA_IN_FRONT` once in front of it, or not. Raises `ValueError`."""
    if state not in STATES:
        raise ValueError(f"cipher_preference_state is one of {', '.join(STATES)}: got {state!r}")
    if state == UNMANAGED:
        return cipher_list
    rest = cipher_list
    while rest.startswith(RSA_IN_FRONT):
        rest = rest.removeprefix(RSA_IN_FRONT)
    if not rest:
        raise ValueError(
            f"the cipher list {cipher_list!r} holds nothing but the RSA suite in front"
        )
    if state == ECDSA_FIRST:
        against = [word for word in rest.split(":") if word in ("!ECDSA", "-ECDSA", "+ECDSA")]
        if against:
            raise ValueError(
                f"the cipher list itself speaks against ECDSA ({', '.join(against)}); set it as a whole with "
                "collab.expressway.configuration"
            )
        return rest
    return cipher_list if cipher_list.startswith(RSA_IN_FRONT) else RSA_IN_FRONT + rest


def changes_for_logins(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[str]]:
    """{repaired, broken, refused}: what two audits of one cluster say differently about logins, one line each.

    Both are models of mra_audit_info; what a peer's own cipher list brings counts. repaired: accepted now; broken: refused
    now, or no handshake brings a certificate any more; refused: refused by both, with what is wrong and what to do.
    """
    earlier = {_place(one): one for one in _as_offered(before)}
    result: dict[str, dict[str, list[str]]] = {"repaired": {}, "broken": {}, "refused": {}}
    for verdict in _as_offered(after):
        old = earlier.get(_place(verdict))
        was, is_now = (
            old is not None and old["outcome"] == "refused",
            verdict["outcome"] == "refused",
        )
        if not was and not is_now:
            continue
        kind = "repaired" if not is_now else "refused" if was else "broken"
        text = login(verdict["address"], verdict["port"])
        if is_now:
            text += f": {' → '.join(in_few_words(verdict))}"
        result[kind].setdefault(text, []).append(verdict["peer"])
    judged = {_place(verdict) for verdict in _as_offered(after)}
    for place, old in earlier.items():
        if old["outcome"] != "refused" and place not in judged:
            peer, address, port = place
            error = _failed_handshake(after, peer, address, port)
            if error is not None:
                # Most of these texts name the origin already.
                named = error.startswith(login(address, port))
                text = error if named else f"{login(address, port)}: {error}"
                result["broken"].setdefault(text, []).append(peer)
    return {
        kind: [f"{text} [{', '.join(peers)}]" for text, peers in texts.items()]
        for kind, texts in result.items()
    }


def _as_offered(audit: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [verdict for verdict in audit["verdicts"] if verdict["key_type"] == OFFERED]


def _place(verdict: Mapping[str, Any]) -> tuple[str, str, int]:
    return verdict["peer"], verdict["address"], verdict["port"]


def _failed_handshake(audit: Mapping[str, Any], name: str, address: str, port: int) -> str | None:
    """Why the handshake with the peer's own list brought no certificate; None where it did or where none was made."""
    peer = next((one for one in audit["peers"] if one["name"] == name and one["reached"]), None)
    for origin in audit["origins"]:
        if peer and (origin["address"], origin["port"]) == (address, port):
            entry = offered_to(origin, peer)
            return str(entry["error"]) if entry and not entry["chain"] else None
    return None


def where_it_cannot_help(audit: Mapping[str, Any], state: str) -> list[str]:
    """Origins that present the other key type all the same, one line a reason; `audit` holds the wanted cipher lists."""
    wanted = ASKED_FOR.get(state)
    if wanted is None:
        return []
    found: dict[str, dict[str, None]] = {}
    for origin in audit["origins"]:
        for peer in audit["peers"]:
            entry = offered_to(origin, peer) if peer["reached"] else None
            if entry and entry["chain"] and entry["leaf_key_type"] != wanted:
                place = login(origin["address"], origin["port"])
                found.setdefault(_why(origin, entry, wanted), {})[place] = None
    return [f"{', '.join(places)}: {why}" for why, places in found.items()]


def _why(origin: Mapping[str, Any], entry: Mapping[str, Any], wanted: str) -> str:
    own = next((one for one in origin["presented"] if one["key_type"] == wanted), None)
    if own is None or not own["chain"]:
        return f"no {wanted.upper()} certificate there"
    if entry["tls_version"] == "TLSv1.3":
        return (
            "TLS 1.3 is negotiated, where the signature algorithms choose the certificate and not the cipher list "
            "(X15.2 made RSA the default there)"
        )
    return f"it orders by its own preference and presents {str(entry['leaf_key_type']).upper()} whatever comes first"


def with_cipher_lists(
    observed: Sequence[Mapping[str, Any]], cipher_lists: Mapping[str, str]
) -> list[Record]:
    """Observed peers (of the filter observed_peers) as they will be with these cipher lists (peer → list)."""
    return [
        dict(peer)
        if peer["name"] not in cipher_lists or not peer["facts"]
        else _with_fact(
            peer,
            ciphers={
                **(peer["facts"].get("ciphers") or {}),
                "uc_client_tls": {
                    **((peer["facts"].get("ciphers") or {}).get("uc_client_tls") or {}),
                    "cipher_list": cipher_lists[peer["name"]],
                },
            },
        )
        for peer in observed
    ]


def _with_fact(peer: Mapping[str, Any], **facts: Any) -> Record:
    return {**peer, "facts": {**peer["facts"], **facts}}
