# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP as the pages of UC nodes see it: a request, a reply, and nothing of the wire."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Request:
    """`path` without the query; names of `headers` in lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def login(self) -> tuple[str, str] | None:
        """User and password of Basic authentication, None when there is none."""
        kind, _space, value = self.headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return None
        try:
            text = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None
        user, colon, password = text.partition(":")
        return (user, password) if colon else None


@dataclass(frozen=True)
class Reply:
    status: int
    body: str
    content_type: str = "text/html;charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


def page(status: int, text: str, headers: Mapping[str, str] | None = None) -> Reply:
    """An error page as Tomcat has them."""
    html = (
        f'<!doctype html><html lang="en"><head><title>HTTP Status {status}</title></head>'
        f"<body><h1>HTTP Status {status}</h1><p>{text}</p></body></html>"
    )
    return Reply(status, html, headers=headers or {})


def unauthorized(realm: str) -> Reply:
    return page(401, "Unauthorized", {"WWW-Authenticate": f'Basic realm="{realm}"'})
