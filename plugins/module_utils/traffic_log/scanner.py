# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the lines that matter in a log of any size, in constant memory.

A refusal is rare, so nothing is parsed until `bytearray.find` meets one of its sentences; then the lines of requests
around it are read: a stretch before it, and what follows as long as somebody waits for an answer. A short text is read
record by record instead, because what people paste may be wrapped in the middle of a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.grammar import (
    BARE_START,
    RECORD_START,
    Line,
    Unreadable,
    read_line,
)

CHUNK = 256 * 1024
HISTORY = 2 * CHUNK
BUFFER = 8 * CHUNK
LOOK_BACK = CHUNK
"""Bytes before a refusal in which its request is looked for."""
LOOK_AHEAD = 4 * CHUNK
"""Bytes after a refusal in which its answer is waited for."""
LONGEST_RECORD = 16 * 1024
LONGEST_SAMPLE = 1000

REFUSALS = (
    b"certificate verification failed for",
    b") not in certificate",
    b"SSL connection failed for",
    b"plugin failed the origin certificate check for",
)
STEP, ALLOWED = b'Txn-id="', b'"Request Allowed"'
ANSWER = b'Detail="Sending Response"'


class Stream(Protocol):
    """Bytes that are read once. `readinto` fills a part of the buffer and returns 0 at the end."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Found:
    """A line that matters; `offset` is where its record starts, `number` its line (from 1) if lines are counted.

    Lines of one `stretch` were read without a gap. The first stretch of a stream is 0 only when it starts where the
    stream does.
    """

    line: Line
    offset: int
    number: int | None
    record: bytes
    stretch: int

    @property
    def text(self) -> str:
        """The record as one line for people, cut to a bearable length."""
        return " ".join(self.record.decode("utf-8", "replace").split())[:LONGEST_SAMPLE]


class Scanner:
    """One pass over one stream. After `found()` has ended, `size`, `answers` and `skipped` are final.

    `answers`: answers to clients in the log, of whatever status. `skipped`: refusals that are cut off or damaged.
    `waiting` tells whether the lines of requests after a refusal are still wanted.
    """

    def __init__(
        self,
        stream: Stream,
        *,
        waiting: Callable[[], bool] = lambda: False,
        year_of: datetime | None = None,
        count_lines: bool = True,
    ) -> None:
        self._stream = stream
        self._waiting = waiting
        self._year_of = year_of
        self._count_lines = count_lines
        self._buffer = bytearray(BUFFER)
        self._view = memoryview(self._buffer)
        self._base = 0  # offset in the stream of the first byte of the buffer
        self._end = 0  # how much of the buffer is filled
        self._read_to = 0  # position in the buffer up to which records were read
        self._stretch = 0
        self._wait_to = LOOK_AHEAD
        self._counted_to = 0
        self._newlines = 0
        self.answers = 0
        self.skipped = 0

    @property
    def size(self) -> int:
        """Bytes read so far."""
        return self._base + self._end

    def found(self) -> Iterator[Found]:
        """Every line that matters, in the order of the stream."""
        ended = self._fill()
        if ended and self._end <= CHUNK:
            yield from self._short()
            return
        searched = 0
        while True:
            limit = self._end if ended else self._whole_lines(searched)
            yield from self._search(searched, limit)
            searched = limit
            if self._count_lines:
                self._count_to(limit)
            if ended:
                break
            gone = self._make_room()
            searched -= gone
            ended = self._fill()
        # A rotation may lie between a request and its refusal.
        yield from self._requests(max(self._read_to, self._end - LOOK_BACK), self._end)
        self._last_record()

    def _fill(self) -> bool:
        """Read one chunk; True at the end of the stream."""
        wanted = self._end + CHUNK
        start = self._end
        while self._end < wanted:
            count = self._stream.readinto(self._view[self._end : wanted])
            if not count:
                break
            self._end += count
        self.answers += self._buffer.count(ANSWER, max(0, start - len(ANSWER) + 1), self._end)
        return self._end < wanted

    def _make_room(self) -> int:
        """Forget all but the latest history when the buffer is full; how far everything moved."""
        if self._end + CHUNK <= BUFFER:
            return 0
        gone = self._end - HISTORY
        self._view[:HISTORY] = self._view[gone : self._end]
        self._base += gone
        self._end = HISTORY
        self._read_to -= gone  # negative: what was read is long gone
        self._wait_to -= gone
        self._counted_to -= gone
        return gone

    def _whole_lines(self, searched: int) -> int:
        """How far to search: a record at the end may be incomplete until more is read."""
        limit = max(searched, self._end - LONGEST_RECORD)
        return self._buffer.rfind(b"\n", searched, limit) + 1 or limit

    def _search(self, start: int, limit: int) -> Iterator[Found]:
        nothing_before = 0
        for position in self._refusals(start, limit):
            if position < max(self._read_to, nothing_before):
                continue  # within a record that was read, or in a line that is none
            bounds = self._record(position)
            if bounds is None:
                line_end = self._buffer.find(b"\n", position, limit)
                nothing_before = line_end if line_end >= 0 else limit
                continue
            yield from self._requests(max(self._read_to, position - LOOK_BACK, 0), bounds[0])
            yield from self._read(*bounds)
            self._wait_to = bounds[1] + LOOK_AHEAD
        if self._waiting() and 0 <= self._read_to < min(limit, self._wait_to):
            yield from self._requests(
                self._read_to, min(limit, self._wait_to), only_while_waiting=True
            )

    def _refusals(self, start: int, limit: int) -> list[int]:
        positions = []
        for sentence in REFUSALS:
            step = len(sentence)
            position = self._buffer.find(sentence, max(0, start - step + 1), limit)
            while position >= 0:
                positions.append(position)
                position = self._buffer.find(sentence, position + step, limit)
        return sorted(positions)

    def _requests(
        self, start: int, limit: int, *, only_while_waiting: bool = False
    ) -> Iterator[Found]:
        """The lines of requests in a stretch that is not read yet."""
        if start > self._read_to:
            self._stretch += 1
        find = self._buffer.find
        step, allowed = find(STEP, start, limit), find(ALLOWED, start, limit)
        while step >= 0 or allowed >= 0:
            position = step if allowed < 0 or 0 <= step < allowed else allowed
            bounds = self._record(position)
            after = position + 1
            if bounds is not None:
                yield from self._read(*bounds)
                after = max(after, self._read_to)
                if only_while_waiting and not self._waiting():
                    return
            if step < after:
                step = find(STEP, after, limit) if step >= 0 else -1
            if allowed < after:
                allowed = find(ALLOWED, after, limit) if allowed >= 0 else -1
        self._read_to = max(self._read_to, limit)

    def _record(self, position: int) -> tuple[int, int] | None:
        """(start, end) of the record around a position; None when no record starts near before it."""
        lowest = max(0, position - LONGEST_RECORD)
        start = self._buffer.rfind(b"\n", lowest, position) + 1
        while not self._starts_record(start):
            if start <= lowest or (start == 0 and self._base + lowest > 0):
                return None
            start = self._buffer.rfind(b"\n", lowest, start - 1) + 1
        highest = min(self._end, start + LONGEST_RECORD)
        end = self._buffer.find(b"\n", position, highest) + 1
        while 0 < end < highest and not self._starts_record(end):
            end = self._buffer.find(b"\n", end, highest) + 1
        return start, end if end > 0 else highest

    def _starts_record(self, start: int) -> bool:
        head = bytes(self._view[start : start + 48])
        if RECORD_START.match(head):
            return True
        if not BARE_START.match(head):
            return False
        before = bytes(self._view[max(0, start - 200) : start]).rstrip()
        return not _is_cut_prefix(before)

    def _read(self, start: int, end: int) -> Iterator[Found]:
        self._read_to = max(self._read_to, end)
        record = bytes(self._view[start:end])
        line = self._line(record)
        if line is not None:
            number = self._number(start) if self._count_lines else None
            yield Found(line, self._base + start, number, record, self._stretch)

    def _line(self, record: bytes) -> Line | None:
        try:
            return _read_wrapped(record, self._year_of)
        except Unreadable:
            self.skipped += 1
            return None

    def _number(self, start: int) -> int:
        self._count_to(start)
        return self._newlines - self._buffer.count(b"\n", start, self._counted_to) + 1

    def _count_to(self, position: int) -> None:
        if position > self._counted_to:
            self._newlines += self._buffer.count(b"\n", self._counted_to, position)
            self._counted_to = position

    def _short(self) -> Iterator[Found]:
        """Every record of a text that fits into one chunk."""
        starts = [0] if self._end else []
        position = self._buffer.find(b"\n", 0, self._end) + 1
        while 0 < position < self._end:
            if self._starts_record(position):
                starts.append(position)
            position = self._buffer.find(b"\n", position, self._end) + 1
        for start, end in zip(starts, [*starts[1:], self._end], strict=True):
            yield from self._read(start, min(end, start + LONGEST_RECORD))

    def _last_record(self) -> None:
        """A refusal that breaks off before its sentence is complete counts as skipped, too."""
        start = self._buffer.rfind(b"\n", max(0, self._end - LONGEST_RECORD), self._end) + 1
        if start >= self._read_to:
            self._line(bytes(self._view[start : self._end]))


def _is_cut_prefix(before: bytes) -> bool:
    """Was the line above wrapped right behind the name and pid of the program, or behind its thread?"""
    last = before[before.rfind(b"\n") + 1 :]
    return bool(RECORD_START.match(last + b" ")) and last.endswith((b"]:", b"]", b":"))


def _read_wrapped(record: bytes, year_of: datetime | None) -> Line | None:
    """The record read as it is, and if that gives nothing, with words joined that were broken at a line's end."""
    try:
        line = read_line(record, year_of)
    except Unreadable:
        line = None
    lines = record.split(b"\n")
    if line is not None or len(lines) < 2:
        return line if line is not None else read_line(record, year_of)
    return read_line(b"".join(part.rstrip(b"\r") for part in lines), year_of)
