# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the lines that matter in a log of any size, in constant memory.

A refusal is rare, so nothing is parsed until `bytearray.find` meets one of its sentences. A refused request is answered
with 502, so then these answers are looked for, and from them, backwards, the lines of their requests: what got through
is never parsed. A short text is read record by record instead, because what people paste may be wrapped in the middle of
a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.grammar import (
    BARE_START,
    MARK,
    RECORD_START,
    SENT_BACK,
    TERMINATE,
    Line,
    Refused,
    Step,
    Unreadable,
    plain_line,
    read_line,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.sent_again import (
    SentAgain,
)

CHUNK = 256 * 1024
HISTORY = 2 * CHUNK
BUFFER = 8 * CHUNK
LOOK_BACK = CHUNK
"""Bytes before the answer to a refused request in which its other lines are looked for."""
LOOK_AHEAD = CHUNK // 2
"""Bytes after a refusal in which its answer is looked for."""
SENT_BEFORE, SENT_AGAIN = CHUNK // 2, CHUNK // 16
"""Bytes before and after a refusal in which requests are looked for that were sent before it and once more after it."""
EDGE = CHUNK // 4
"""Bytes at the end of a file of which all requests are read, because a rotation may lie between request and answer."""
NEAR = CHUNK // 16
MOST_UNANSWERED = 500
"""Refusals without such an answer for which all requests just before them are read."""
LONGEST_RECORD = 16 * 1024
MOST_LINES = 100
"""Lines of one record up to the sentence in it."""
LONGEST_SAMPLE = 1000

REFUSALS = (
    b"Core server certificate verification failed for (",
    b") not in certificate. Action=",
    b"SSL connection failed for '",
    b"plugin failed the origin certificate check for ",
)
"""As the program prints them; the longer, the faster they are found. Only a short text may have other spaces."""
STEP, ALLOWED = b'Txn-id="', b'"Request Allowed"'
RECEIVED = b'"Receive Request"'
REFUSED_ANSWER = b"HTTP/1.1 502"
DATED = re.compile(rb"2\d\d\d-\d\d-\d\dT")
"""How every line of an Expressway begins."""
ANSWER = b'Detail="Sending Response" Txn-id="'
OK, HEAD = b'" Msg="HTTP/1.1 2', 200
"""The status in most answers, and within how many bytes behind `ANSWER`: the next line would have its own further on."""
USUAL = re.compile(rb'\w+" TrackingID="[^"]*" Dst-ip="[^"]*" Dst-port="\d*" Msg="HTTP/1\.1 [23]')
THROUGH = re.compile(rb'(\w+)"[^|\n]{0,400}?(?: Msg="|\n?HTTPMSG:\s{0,2}\|)HTTP/[\d.]+ [23]')
"""What follows `ANSWER` in an answer with a status from 200 to 399, in its usual shape and in any."""


class Stream(Protocol):
    """Bytes that are read once. `readinto` fills a part of the buffer and returns 0 at the end."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...


@dataclass(slots=True, eq=False)
class Found:
    """A line that matters; `offset` is where its record starts, `number` its line (from 1) if lines are counted."""

    line: Line
    offset: int
    number: int | None
    record: bytes

    @property
    def text(self) -> str:
        """The record as one line for people, cut to a bearable length."""
        return " ".join(self.record.decode("utf-8", "replace").split())[:LONGEST_SAMPLE]


class Scanner:
    """One pass over one stream. After `found()` has ended, `size`, `through` and `skipped` are final.

    `through`: requests that were answered with a status from 200 to 399. `skipped`: refusals that are cut off or damaged.
    `waiting` tells at the beginning whether requests in the file before this one still lack their answers.
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
        self._answers_to = 0  # the same for the answers 502
        self._sends = SentAgain()
        self._told: set[int] = set()  # offsets of records that were handed out
        self._answered: list[tuple[int, int]] = []  # from a request to its answer 502
        self._ahead: dict[int, int] = {}  # records that are known, but not handed out yet
        self._lines: dict[int, Line] = {}  # refusals by offset, until they are handed out
        self._unanswered = 0
        self._ended = False
        self._problem: ValueError | None = None
        self._last_through: bytes | None = None
        self._counted_to = 0
        self._newlines = 0
        self.through = 0
        self.skipped = 0

    @property
    def size(self) -> int:
        """Bytes read so far."""
        return self._base + self._end

    def found(self) -> Iterator[Found]:
        """Every line that matters, in the order of the stream; then raises what the stream raised, a `ValueError`."""
        yield from self._found()
        if self._problem is not None:
            raise self._problem

    def _found(self) -> Iterator[Found]:
        ended = self._fill()
        if ended and self._end <= CHUNK:
            yield from self._short()
            return
        if self._waiting():
            yield from self._requests(0, min(self._end, EDGE))
        searched = 0
        while True:
            limit = self._end if ended else self._whole_lines(searched)
            self._count_through(searched, limit)
            yield from self._search(searched, limit)
            searched = limit
            if self._count_lines:
                self._count_to(limit)
            if ended:
                break
            searched -= self._make_room()
            ended = self._fill()
        yield from self._requests(max(0, self._end - EDGE), self._end)
        self._last_record()

    def _fill(self) -> bool:
        """Read one chunk; True at the end of the stream."""
        wanted = self._end + CHUNK
        while self._end < wanted:
            try:
                count = self._stream.readinto(self._view[self._end : wanted])
            except ValueError as problem:
                # What came before the damage counts; `found` raises this when it is handed out.
                self._problem = problem
                break
            if not count:
                break
            self._end += count
        self._ended = self._end < wanted
        return self._ended

    def _make_room(self) -> int:
        """Forget all but the latest history when the buffer is full; how far everything moved."""
        if self._end + CHUNK <= BUFFER:
            return 0
        gone = self._end - HISTORY
        self._view[:HISTORY] = self._view[gone : self._end]
        self._base += gone
        self._end = HISTORY
        self._read_to -= gone  # negative: what was read is long gone
        self._answers_to -= gone
        lowest = self._base
        self._told = {offset for offset in self._told if offset >= lowest}
        self._counted_to -= gone
        return gone

    def _whole_lines(self, searched: int) -> int:
        """How far to search: the answer to a refusal further on may not be read yet."""
        limit = max(searched, self._end - LOOK_AHEAD)
        return self._buffer.rfind(b"\n", searched, limit) + 1 or limit

    def _count_through(self, start: int, limit: int) -> None:
        """Count who got through. At the level DEBUG an answer is logged twice, once in each shape."""
        answers = self._view[start:limit].tobytes().split(ANSWER)
        del answers[0]
        last = None
        if answers:
            last, self._last_through = self._last_through, answers[-1].partition(b'"')[0]
        if b"".join([answer[:HEAD] for answer in answers]).count(OK) == len(answers):
            self.through += len(answers)  # nothing else in a whole chunk, as nearly always
            return
        others = [answer for answer in answers if not USUAL.match(answer)]
        self.through += len(answers) - len(others)
        copies = {found[1] for answer in others if (found := THROUGH.match(answer))}
        if copies:
            copies -= {answer.partition(b'"')[0] for answer in answers if USUAL.match(answer)}
            self.through += len(copies - {last})

    def _search(self, start: int, limit: int) -> Iterator[Found]:
        """The refusals between two positions, and the lines of the requests that they may belong to."""
        refusals = self._refusals(start, limit)
        if not refusals and not self._ahead:
            return
        records = {first - self._base: last - self._base for first, last in self._ahead.items()}
        for first, last in _close_together(refusals, LOOK_AHEAD):
            self._answered_requests(first, last + LOOK_AHEAD, records)
        for first, last in _close_together(refusals, SENT_AGAIN):
            self._sent_again(max(0, first - SENT_BEFORE), last + SENT_AGAIN, records)
        records.update(refusals)
        for position in self._without_answer(refusals):
            self._requests_before(position, records)
        # What lies ahead has to wait for the refusals between.
        self._ahead = {
            first + self._base: last + self._base
            for first, last in records.items()
            if first >= limit
        }
        for position in sorted(position for position in records if position < limit):
            found = self._read(position, records[position])
            if found is not None:
                yield found

    def _refusals(self, start: int, limit: int) -> list[tuple[int, int]]:
        """(start, end) of the records that speak of a refusal."""
        positions = []
        for sentence in REFUSALS:
            step = len(sentence)
            position = self._buffer.find(sentence, max(0, start - step + 1), limit)
            while position >= 0:
                positions.append(position)
                position = self._next(sentence, position + step, limit)
        records: list[tuple[int, int]] = []
        line: Line | None = None
        beyond = 0
        for position in sorted(positions):
            if position < beyond:
                continue  # within a record that is known, or in a line that is none
            bounds = self._record(position)
            if bounds is None:
                beyond = self._next_start(position, limit)
            else:
                follows = bounds[0] == beyond
                beyond = bounds[1]
                record = bytes(self._view[bounds[0] : bounds[1]])
                if follows and _is_echo(record, line):
                    continue
                line = self._line(record)
                if line is not None:
                    self._lines[self._base + bounds[0]] = line
                    records.append(bounds)
        return records

    def _next(self, words: bytes, start: int, limit: int) -> int:
        """Like `find`, which prepares a table first where there is much to search: what comes soon is found without."""
        near = min(limit, start + NEAR)
        position = self._buffer.find(words, start, near)
        if position >= 0 or near == limit:
            return position
        return self._buffer.find(words, near - len(words) + 1, limit)

    def _without_answer(self, refusals: list[tuple[int, int]]) -> list[int]:
        """Starts of the refusals that stand between no request and its answer 502."""
        self._answered = sorted(span for span in self._answered if span[1] > self._base)
        spans, without, reach = iter(self._answered), [], 0
        span = next(spans, None)
        for start, end in refusals:
            while span is not None and span[0] < self._base + start:
                reach = max(reach, span[1])
                span = next(spans, None)
            if reach < self._base + end:
                without.append(start)
        return without

    def _next_start(self, position: int, limit: int) -> int:
        """Where the next record starts; nothing before it can belong to one."""
        start = self._buffer.find(b"\n", position, limit) + 1
        while 0 < start < limit and not self._starts_record(start):
            start = self._buffer.find(b"\n", start, limit) + 1
        return start if start > 0 else limit

    def _answered_requests(self, start: int, limit: int, records: dict[int, int]) -> None:
        """Add the lines of requests that are answered with 502 between two positions, once."""
        start = max(start, self._answers_to)
        # A record at the very end may not be whole yet.
        whole = self._end if self._ended else self._end - LONGEST_RECORD
        limit = min(whole, limit)
        answer = self._buffer.find(REFUSED_ANSWER, start, limit)
        while answer >= 0:
            bounds = self._record(answer)
            if bounds is not None:
                records[bounds[0]] = bounds[1]
                first = self._lines_of_request(bounds[0], answer, records)
                self._answered.append((self._base + first, self._base + bounds[1]))
            answer = self._next(REFUSED_ANSWER, answer + len(REFUSED_ANSWER), limit)
        self._answers_to = max(self._answers_to, limit - len(REFUSED_ANSWER) + 1)

    def _sent_again(self, start: int, limit: int, records: dict[int, int]) -> None:
        """Add the lines of requests that were sent twice between two positions: who got through in the end may have been
        refused before."""
        whole = self._end if self._ended else self._end - LONGEST_RECORD
        limit = min(whole, limit)
        for transaction, place, again in self._sends.between(
            self._buffer, self._base, start, limit
        ):
            first = self._record(place)
            if first is None or first[0] in records or self._base + first[0] in self._told:
                continue
            answer = self._buffer.find(
                ANSWER + transaction + b'"', again, min(whole, again + LOOK_AHEAD)
            )
            bounds = self._record(answer if answer >= 0 else again)
            if bounds is not None:
                records[bounds[0]] = bounds[1]
                self._lines_of_request(bounds[0], bounds[1], records)

    def _lines_of_request(self, start: int, answer: int, records: dict[int, int]) -> int:
        """Add the earlier lines of the request with this answer; where the first of them starts."""
        step = self._buffer.find(STEP, start, answer)
        end = self._buffer.find(b'"', step + len(STEP), answer)
        if step < 0 or end < 0:
            return start
        mark = bytes(self._view[step : end + 1])
        lowest = max(0, start - LOOK_BACK)
        earlier = self._buffer.rfind(mark, lowest, start)
        sent = start
        while earlier >= 0:
            bounds = self._record(earlier)
            if bounds is None:
                break
            records[bounds[0]] = bounds[1]
            start = bounds[0]
            if self._buffer.find(RECEIVED, start, earlier) >= 0:
                self._allowed_between(bounds[1], sent, records)
                break
            sent = start
            earlier = self._buffer.rfind(mark, lowest, start)
        return start

    def _allowed_between(self, start: int, limit: int, records: dict[int, int]) -> None:
        allowed = self._buffer.find(ALLOWED, start, limit)
        while allowed >= 0:
            bounds = self._record(allowed)
            if bounds is not None:
                records[bounds[0]] = bounds[1]
            allowed = self._buffer.find(ALLOWED, allowed + len(ALLOWED), limit)

    def _requests_before(self, position: int, records: dict[int, int]) -> None:
        """Add all requests around a refusal to which no answer belongs."""
        if self._unanswered < MOST_UNANSWERED:
            self._unanswered += 1
            whole = self._end if self._ended else self._end - LONGEST_RECORD
            limit = min(whole, position + EDGE)
            records.update(self._request_records(max(0, position - EDGE), limit))

    def _requests(self, start: int, limit: int) -> Iterator[Found]:
        """The lines of all requests between two positions."""
        for bounds in self._request_records(start, limit):
            found = self._read(*bounds)
            if found is not None:
                yield found

    def _request_records(self, start: int, limit: int) -> list[tuple[int, int]]:
        records: dict[int, int] = {}
        for words in (STEP, ALLOWED):
            position = self._buffer.find(words, start, limit)
            while position >= 0:
                bounds = self._record(position)
                if bounds is not None:
                    records[bounds[0]] = bounds[1]
                position = self._buffer.find(words, position + len(words), limit)
        return sorted(records.items())

    def _record(self, position: int) -> tuple[int, int] | None:
        """(start, end) of the record around a position; None when no record starts near before it."""
        buffer = self._buffer
        lowest = max(0, position - LONGEST_RECORD)
        start = buffer.rfind(b"\n", lowest, position) + 1
        end = buffer.find(b"\n", position, min(self._end, start + LONGEST_RECORD)) + 1
        if DATED.match(buffer, start) and DATED.match(buffer, end) and end > 0:
            return start, end  # one line, as nearly always
        lines = 1
        while not self._starts_record(start):
            lines += 1
            if start <= lowest or lines > MOST_LINES:
                return None
            start = buffer.rfind(b"\n", lowest, start - 1) + 1
        highest = min(self._end, start + LONGEST_RECORD)
        end = buffer.find(b"\n", position, highest) + 1
        while 0 < end < highest and not self._starts_record(end):
            end = buffer.find(b"\n", end, highest) + 1
        return start, end if end > 0 else highest

    def _starts_record(self, start: int) -> bool:
        if DATED.match(self._buffer, start):
            return True
        head = bytes(self._view[start : start + 48])
        if RECORD_START.match(head):
            return True
        if not BARE_START.match(head):
            return False
        before = bytes(self._view[max(0, start - 200) : start]).rstrip()
        return not _is_cut_prefix(before)

    def _read(self, start: int, end: int) -> Found | None:
        if end > self._read_to:
            self._read_to = end
        offset = self._base + start
        if offset in self._told:
            return None
        self._told.add(offset)
        record = self._view[start:end].tobytes()
        line = self._lines.pop(offset, None) or self._line(record)
        if line is None:
            return None
        return Found(line, offset, self._number(start) if self._count_lines else None, record)

    def _line(self, record: bytes) -> Line | None:
        try:
            return plain_line(record) or _read_wrapped(record, self._year_of)
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
        starts = [0]
        position = self._buffer.find(b"\n", 0, self._end) + 1
        while 0 < position < self._end:
            if self._starts_record(position):
                starts.append(position)
            position = self._buffer.find(b"\n", position, self._end) + 1
        through = set()
        for start, end in zip(starts, [*starts[1:], self._end], strict=True):
            found = self._read(start, min(end, start + LONGEST_RECORD))
            if found is None:
                continue
            if (answered := _got_through(found.line)) is not None:
                through.add(answered)
            yield found
        self.through += len(through)

    def _last_record(self) -> None:
        """A refusal that breaks off before its sentence is complete counts as skipped, too."""
        start = self._buffer.rfind(b"\n", max(0, self._end - LONGEST_RECORD), self._end) + 1
        if start >= self._read_to:
            self._line(bytes(self._view[start : self._end]))


def _got_through(line: Line) -> tuple[object, ...] | None:
    """Which request this line says was answered with a status from 200 to 399."""
    if isinstance(line, Step) and line.detail == SENT_BACK and 200 <= (line.status or 0) < 400:
        return line.writer.peer, line.writer.process, line.transaction
    return None


def _close_together(records: Sequence[tuple[int, int]], distance: int) -> list[tuple[int, int]]:
    """(first start, last start) of groups of records with no more bytes than `distance` between neighbours."""
    groups: list[tuple[int, int]] = []
    for start, _end in records:
        if groups and start - groups[-1][1] <= distance:
            groups[-1] = (groups[-1][0], start)
        else:
            groups.append((start, start))
    return groups


def _is_echo(record: bytes, before: Line | None) -> bool:
    """Is it the second line about the refusal right before it? Then it tells nothing new."""
    if not isinstance(before, Refused) or before.echoed or before.thread is None:
        return False
    words = f"[{before.thread}] ERROR: SSL connection failed for '{before.name}': ".encode()
    before.echoed = before.action == TERMINATE and words in record
    return before.echoed


def _is_cut_prefix(before: bytes) -> bool:
    """Was the line above wrapped right behind the name and pid of the program, or behind its thread?"""
    while before.endswith(MARK):
        before = before.removesuffix(MARK).rstrip()
    last = before[before.rfind(b"\n") + 1 :]
    return bool(RECORD_START.match(last + b" ")) and last.endswith((b"]:", b"]", b":"))


def _read_wrapped(record: bytes, year_of: datetime | None) -> Line | None:
    """The record read as it is, and if that gives nothing, with words joined that were broken at a line's end."""
    wrapped = record.rstrip().count(b"\n")
    try:
        line = read_line(record, year_of)
    except Unreadable:
        if not wrapped:
            raise
        line = None
    if line is not None or not wrapped:
        return line
    return read_line(b"".join(part.rstrip(b"\r") for part in record.split(b"\n")), year_of)
