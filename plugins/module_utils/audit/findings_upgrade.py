# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What if the other certificate comes: each upgrade path asks UC nodes for another key type first.

From the release notes of X14.2 and X15.2. Which suite stands first decides only up to TLS 1.2, and only where the
node follows the order of its client; there the certificate that an origin presents to both is the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.collab.expressway.plugins.module_utils.audit.finding import (
    INFO,
    finding,
    which,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.origins import OFFERED
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import (
    Record,
    Situation,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import login

PATHS = (
    (
        "Upgrade from below X14.0 to X14.2 or later, and a new X14.2: ECDSA is asked for first",
        "ecdsa",
    ),
    ("Upgrade from X14.0 or later to X14.2 or later: RSA is put in front", "rsa"),
    (
        "X15.2 or later: the default lists change, and RSA comes first in TLS 1.3 (the facts leave TLS 1.2 open)",
        "rsa",
    ),
)
LEVER = (
    "Trust both certificates (ansible-playbook collab.expressway.trust), so that no path matters. The role "
    "cipher_preference sets the order, after asking every origin with the wanted list."
)
LIMITS = (
    "No list decides where TLS 1.3 is negotiated below X15.2, where the node follows its own order, or where it has one "
    "certificate only."
)

Place = tuple[str, str, int]


def which_certificate_comes(situation: Situation) -> Iterator[Record]:
    """Origins of which a peer accepts one certificate and refuses the other: an upgrade decides which one comes."""
    outcomes: dict[Place, dict[str, str]] = {}
    for verdict in situation.verdicts:
        if verdict["key_type"] != OFFERED:
            place = (verdict["peer"], verdict["address"], verdict["port"])
            outcomes.setdefault(place, {})[verdict["key_type"]] = verdict["outcome"]
    decided = {
        place: both
        for place, both in outcomes.items()
        if {"rsa", "ecdsa"} <= both.keys() and both["rsa"] != both["ecdsa"]
    }
    if not decided:
        return
    yield finding(
        INFO,
        "Which certificate the peers ask for first decides over logins, and an upgrade may change that",
        [
            *(f"{path}. {_refused(decided, key_type, situation)}" for path, key_type in PATHS),
            LIMITS,
        ],
        LEVER,
        peers=[peer for peer, _address, _port in decided],
    )


def _refused(decided: dict[Place, dict[str, str]], key_type: str, situation: Situation) -> str:
    refused: dict[str, list[str]] = {}
    for (peer, address, port), both in decided.items():
        if both[key_type] == "refused":
            refused.setdefault(login(address, port), []).append(peer)
    if not refused:
        return "Of the origins with two certificates, none is refused that the other order lets through."
    told = (f"{place} by {which(peers, situation.peers)}" for place, peers in refused.items())
    return f"Refused then, and not with the other order: {'; '.join(told)}."
