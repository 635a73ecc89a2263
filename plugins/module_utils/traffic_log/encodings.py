# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logs that were saved again on somebody's desk: in UTF-16, as Windows does, or as something that is no text."""

from __future__ import annotations

import codecs
from typing import Protocol

PIECE = 64 * 1024
NOT_IN_TEXT = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\x1b")
UTF_8_MARK = codecs.BOM_UTF8


class Reader(Protocol):
    """Bytes in order; `read` returns up to `size` bytes, and none at the end."""

    def read(self, size: int, /) -> bytes: ...


def utf_16_in(head: bytes) -> str | None:
    """The name of the UTF-16 in which a log with this beginning is written; None for any other."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    half = len(head) // 2
    for other, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        # Every second byte of what is mostly ASCII, and no other.
        if half and head[other::2].count(0) > 0.9 * half and not head[1 - other :: 2].count(0):
            return name
    return None


def is_text(head: bytes) -> bool:
    """May something with this beginning be a log? Damaged UTF-8 does not matter."""
    return sum(byte in NOT_IN_TEXT for byte in head) <= len(head) // 20


class Recoded:
    """A reader of UTF-16, as UTF-8."""

    def __init__(self, reader: Reader, encoding: str) -> None:
        self._reader = reader
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._left = b""

    def read(self, size: int, /) -> bytes:
        while not self._left:
            piece = self._reader.read(PIECE)
            self._left = self._decoder.decode(piece, final=not piece).encode("utf-8", "replace")
            if not piece:
                break
        told, self._left = self._left[:size], self._left[size:]
        return told
