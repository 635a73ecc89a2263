# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a peer answers when a publisher is entered over the API (Expressway facts 5): it looks the cluster up over AXL.

Nothing is connected to: the peer takes the password that the estate's AXL user has, and no other.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.lab.peer import Peer

REQUIRED = ("Publisher", "AxlUsername", "AxlPassword", "TlsVerify")


class LookupRefused(Exception):
    """Nothing was looked up; the text is the peer's message."""


def look_up(peer: Peer, product: str, body: bytes) -> str:
    """Carry out the lookup that `body` (JSON) asks for; returns the publisher. Raise LookupRefused."""
    try:
        entered: dict[str, Any] = json.loads(body)
        missing = [key for key in REQUIRED if not isinstance(entered[key], str) or not entered[key]]
    except (ValueError, TypeError, KeyError):
        missing = list(REQUIRED)
    if missing:
        raise LookupRefused(f"Missing value: {', '.join(missing)}")
    publisher = entered["Publisher"]
    known = next((one for one in peer.uc_servers[product] if one["Publisher"] == publisher), None)
    if known is not None and peer.switches["uc_server_again"] == "refused":
        raise LookupRefused(f"Publisher {publisher} already exists")
    if entered["AxlPassword"] != peer.axl_password:
        raise LookupRefused("CommandError: AXL authentication failed")
    if known is None:
        record = {key: value for key, value in entered.items() if key != "AxlPassword"}
        peer.uc_servers[product] = [*peer.uc_servers[product], record]
    return str(publisher)
