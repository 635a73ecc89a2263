# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of a log that is in memory, and the records in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.grammar import (
    BARE_START,
    MARK,
    RECORD_START,
    Line,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.literal_search import (
    search_in,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.usual_shape import (
    DATED,
    Reader,
)

CHUNK = 256 * 1024
"""Bytes that are read at once."""
HISTORY = 512 * 1024
"""Bytes that stay when room is made for the next ones: more than is looked back and ahead from a refusal."""
BUFFER = 4 * 1024 * 1024
LONGEST_RECORD = 16 * 1024
MOST_LINES = 100
"""Lines of one record up to the words in it that are looked for."""


class Stream(Protocol):
    """Bytes that are read once. `readinto` fills a part of the buffer and returns 0 at the end."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...


class Window:
    """Moves over a stream. Positions are those in `buffer`, of which `end` bytes are filled; `base` is the offset of its
    first byte in the stream. `problem`: the `ValueError` with which the stream ended, if any.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.buffer = bytearray(BUFFER)
        self._view = memoryview(self.buffer)
        self.find = search_in(self.buffer)
        self.base = 0
        self.end = 0
        self.ended = False
        self.problem: ValueError | None = None

    @property
    def size(self) -> int:
        """Bytes read so far."""
        return self.base + self.end

    @property
    def whole_to(self) -> int:
        """Where a record may begin that is not read to its end yet."""
        return self.end if self.ended else self.end - LONGEST_RECORD

    def fill(self) -> None:
        """Read one chunk more."""
        wanted = self.end + CHUNK
        while self.end < wanted:
            try:
                count = self._stream.readinto(self._view[self.end : wanted])
            except ValueError as problem:
                # What came before the damage counts, too.
                self.problem = problem
                break
            if not count:
                break
            self.end += count
        self.ended = self.end < wanted

    def hide(self, mark: bytes) -> None:
        """Take what the stream begins with for spaces, so that the first record begins like any other."""
        if self.base == 0 and self.buffer.startswith(mark):
            self._view[: len(mark)] = b" " * len(mark)

    @property
    def is_full(self) -> bool:
        """Is there no room for one chunk more?"""
        return self.end + CHUNK > BUFFER

    def make_room(self) -> int:
        """Forget all but the latest history; how far everything moved."""
        gone = self.end - HISTORY
        self._view[:HISTORY] = self._view[gone : self.end]
        self.base += gone
        self.end = HISTORY
        return gone

    def text(self, start: int, end: int) -> bytes:
        return self._view[start:end].tobytes()

    def line_end(self, start: int, limit: int) -> int:
        """Where the last line ends that ends between two positions; the second one where none does."""
        return self.buffer.rfind(b"\n", start, limit) + 1 or limit

    def line_start(self, position: int) -> int:
        """Where the line around a position starts, wrong only for lines that are longer than any record."""
        lowest = position - LONGEST_RECORD if position > LONGEST_RECORD else 0
        return self.buffer.rfind(b"\n", lowest, position) + 1

    def read(self, position: int, reader: Reader) -> tuple[int, int, Line | None] | None:
        """(start, end, what `reader` tells of it) of the record around a position; None when none starts near before it."""
        start = self.line_start(position)
        plain = reader(self.buffer, start, self.end)
        if plain is not None and plain[1] > position:
            return start, plain[1], plain[0]
        bounds = self.record(position)
        return None if bounds is None else (*bounds, None)

    def record(self, position: int) -> tuple[int, int] | None:
        """(start, end) of the record around a position; None when no record starts near before it."""
        buffer = self.buffer
        lowest = max(0, position - LONGEST_RECORD)
        start = self.line_start(position)
        lines = 1
        while not self.starts_record(start):
            lines += 1
            if start <= lowest or lines > MOST_LINES:
                return None
            start = buffer.rfind(b"\n", lowest, start - 1) + 1
        highest = min(self.end, start + LONGEST_RECORD)
        end = buffer.find(b"\n", position, highest) + 1
        while 0 < end < highest and not self.starts_record(end):
            end = buffer.find(b"\n", end, highest) + 1
        return start, end if end > 0 else highest

    def next_record(self, position: int, limit: int) -> int:
        """Where the next record starts, at most `limit`."""
        start = self.buffer.find(b"\n", position, limit) + 1
        while 0 < start < limit and not self.starts_record(start):
            start = self.buffer.find(b"\n", start, limit) + 1
        return start if start > 0 else limit

    def records(self) -> Iterator[tuple[int, int]]:
        """(start, end) of every record, the first and last of which may be cut off."""
        start = 0
        while start < self.end:
            after = self.next_record(start, self.end)
            yield start, min(after, start + LONGEST_RECORD)
            start = after

    def starts_record(self, start: int) -> bool:
        if DATED.match(self.buffer, start):
            return True
        head = self.text(start, start + 48)
        if RECORD_START.match(head):
            return True
        if not BARE_START.match(head):
            return False
        return not _is_cut_prefix(self.text(max(0, start - 200), start).rstrip())


def _is_cut_prefix(before: bytes) -> bool:
    """Was the line above wrapped right behind the name and pid of the program, or behind its thread?"""
    while before.endswith(MARK):
        before = before.removesuffix(MARK).rstrip()
    last = before[before.rfind(b"\n") + 1 :]
    return bool(RECORD_START.match(last + b" ")) and last.endswith((b"]:", b"]", b":"))
