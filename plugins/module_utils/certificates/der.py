# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Elements of DER data, for the few fields that must be read byte for byte. Errors are ValueError."""

from __future__ import annotations

from collections.abc import Iterator


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(tag, content) of the elements that follow each other in `data`."""
    position = 0
    while position < len(data):
        tag, start, end = _element(data, position)
        yield tag, data[start:end]
        position = end


def first_content(data: bytes) -> bytes:
    """The content of the first element."""
    _tag, start, end = _element(data, 0)
    return data[start:end]


def first_element(data: bytes) -> bytes:
    """The first element with its tag and length."""
    return data[: _element(data, 0)[2]]


def whole(data: bytes) -> bool:
    """Is `data` exactly one element?"""
    try:
        return _element(data, 0)[2] == len(data)
    except ValueError:
        return False


def _element(data: bytes, position: int) -> tuple[int, int, int]:
    """(tag, start, end) of the content of the element at `position`."""
    if len(data) - position < 2:
        raise ValueError("DER element is cut off")
    tag, length = data[position], data[position + 1]
    start = position + 2
    if length & 0x80:
        size = length & 0x7F
        if not 1 <= size <= 4 or len(data) - start < size:
            raise ValueError("length is not DER")
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    if len(data) - start < length:
        raise ValueError("DER element is cut off")
    return tag, start, start + length
