# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a client asks the proxy for: the origin in the token of the URL, and the user where the URL names one.

The first path element of a mobile and remote access request is base64 without padding of `domain/protocol/host/port`.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from urllib.parse import unquote

DECODED = re.compile(r"[^/\s]+/https?/(?P<host>[^/\s]+)/(?P<port>\d{1,5})")
URL = re.compile(r"(?:https?://[^/\s]+)?/(?P<token>[A-Za-z0-9_+=-]{8,})(?P<path>/\S*)?")
USER = re.compile(r"/cucm-uds/user/(?P<path>[^/?\s]+)|[?&]username=(?P<query>[^&\s]+)")


@dataclass(frozen=True)
class AskedFor:
    """The origin that a client wants to reach: host text as it asks for it, and port."""

    host: str
    port: int

    @cached_property
    def name(self) -> str:
        """The host as names and addresses are compared."""
        return self.host.lower().strip("[]")


@lru_cache(maxsize=1024)
def decoded_token(token: str) -> AskedFor | None:
    """The origin in a token; None when the text is no such token.

    >>> decoded_token("c3RldmVuLmxhYi9odHRwcy9jdWNtLnN0ZXZlbi5sYWIvNjk3Mg")
    AskedFor(host='cucm.steven.lab', port=6972)
    """
    text = token.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    found = DECODED.fullmatch(decoded)
    if found is None or not 1 <= int(found["port"]) <= 65535:
        return None
    return AskedFor(found["host"], int(found["port"]))


def split_url(url: str) -> tuple[AskedFor | None, str]:
    """(origin, path behind the token) of the URL in a request to the proxy; (None, url) without a token."""
    found = URL.match(url)
    asked = decoded_token(found["token"]) if found else None
    if found is None or asked is None:
        return None, url
    return asked, found["path"] or "/"


def user_in(url: str) -> str | None:
    """The user whom a UDS request names, else None."""
    if "/cucm-uds/user/" not in url and "username=" not in url:
        return None
    found = USER.search(url)
    return unquote(found["path"] or found["query"]) if found else None


def without_query(path: str) -> str:
    """The path alone: what follows `?` may be personal and tells nothing about a certificate."""
    return path.partition("?")[0]
