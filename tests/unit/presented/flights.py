# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server's first answer, by the book (RFC 5246) and independent of the code under test."""

from __future__ import annotations

import struct
from collections.abc import Iterable

ALERT, HANDSHAKE = 21, 22
SERVER_HELLO, CERTIFICATE, SERVER_HELLO_DONE = 2, 11, 14


def message(kind: int, body: bytes) -> bytes:
    return struct.pack("!I", kind << 24 | len(body)) + body


def server_hello(suite: int = 0xC030, version: int = 0x0303, session_id: bytes = b"") -> bytes:
    body = struct.pack("!H32sB", version, b"r" * 32, len(session_id)) + session_id
    return message(
        SERVER_HELLO, body + struct.pack("!HB", suite, 0) + b"\x00\x05\xff\x01\x00\x01\x00"
    )


def certificate(chain: Iterable[bytes]) -> bytes:
    listed = b"".join(struct.pack("!I", len(der))[1:] + der for der in chain)
    return message(CERTIFICATE, struct.pack("!I", len(listed))[1:] + listed)


def record(fragment: bytes, content: int = HANDSHAKE, version: int = 0x0303) -> bytes:
    return struct.pack("!BHH", content, version, len(fragment)) + fragment


def records(stream: bytes, sizes: Iterable[int] = ()) -> bytes:
    """The handshake stream in records of these sizes, then of the largest size allowed."""
    out, position = b"", 0
    for size in sizes:
        out += record(stream[position : position + size]) if stream[position:] else b""
        position += size
    for start in range(position, len(stream), 1 << 14):
        out += record(stream[start : start + (1 << 14)])
    return out


def alert(number: int, level: int = 2) -> bytes:
    return record(bytes((level, number)), ALERT)


def flight(chain: Iterable[bytes], suite: int = 0xC030, version: int = 0x0303) -> bytes:
    """ServerHello, Certificate, ServerHelloDone, one record each."""
    return b"".join(
        map(
            record,
            (server_hello(suite, version), certificate(chain), message(SERVER_HELLO_DONE, b"")),
        )
    )
