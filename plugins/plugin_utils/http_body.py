# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The body of an HTTP answer: all of it, within a time and a size, or an error."""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass
from typing import Any

MAXIMUM_BODY = 32 * 1024 * 1024
"""Bytes; a trust store of a thousand certificates has about two million."""


@dataclass(frozen=True)
class HttpAnswer:
    """An answer as it came; `headers` in its order."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def read_body(response: Any, deadline: float) -> bytes:
    """The whole body, never a part of it; `deadline` is of `time.monotonic`. Raises `OSError` or `http.client.HTTPException`."""
    parts: list[bytes] = []
    size = 0
    # The time-out of a socket holds for each read: without a deadline a slow drip would hold for ever.
    while part := response.read1(65536):
        parts.append(part)
        size += len(part)
        if size > MAXIMUM_BODY:
            raise OSError(f"the body is longer than {MAXIMUM_BODY} bytes")
        if time.monotonic() > deadline:
            raise TimeoutError("the body did not end in time")
    # read1() takes a connection that ended early for the end of the body.
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    return b"".join(parts)


def first_line(text: object) -> str:
    """300 characters of the first line, for messages."""
    return str(text).partition("\n")[0][:300]
