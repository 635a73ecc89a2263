# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the lines that matter in a log of any size, in constant memory.

A refusal is rare, so nothing is parsed until a sign of one is met; then the lines of the requests around it are looked
for. A short text is read record by record instead, because what people paste may be wrapped in the middle of a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.answers import (
    Answers,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.encodings import (
    UTF_8_MARK,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.grammar import (
    SENT_BACK,
    TERMINATE,
    Allowed,
    ConnectionFailed,
    Line,
    Refused,
    Step,
    Unreadable,
    read_line,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.request_lines import (
    LOOK_AHEAD,
    Record,
    Records,
    Refusal,
    RequestLines,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.usual_shape import (
    refusal_at,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.window import (
    LONGEST_RECORD,
    Stream,
    Window,
)

SHORT = 256 * 1024
"""Bytes up to which a text is read record by record."""
EDGE = LOOK_AHEAD
"""Bytes at the ends of a file of which all requests are read, because a rotation may lie between request and answer."""
LONGEST_SAMPLE = 1000
MOST_TOLD = 8192
"""Records that are remembered before those that have left the window are forgotten."""
OF_A_REQUEST = (Step, Allowed)
SIGNS = (b"Action=Terminate", b"Action=Continue", b"SSL connection failed for")
"""What every line about a refusal has in it, whatever the spaces around; only a short text may break within these words."""


@dataclass(slots=True, eq=False)
class Found:
    """A line about a refusal; `offset` is where its record starts, `number` its line (from 1) if lines are counted."""

    line: Refused | ConnectionFailed
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
        self._window = Window(stream)
        self._answers = Answers()
        self._requests = RequestLines(self._window, self._answers)
        self._waiting = waiting
        self._year_of = year_of
        self._count_lines = count_lines
        # All of these are offsets in the stream.
        self._read_to = 0  # up to which records were read
        self._beyond = 0  # behind the last refusal and what repeats it
        self._told: set[int] = set()  # records that were handed out
        self._ahead: list[Record] = []  # records that are known, but not handed out yet
        self._counted_to = 0  # up to which lines were counted
        self._newlines = 0
        self._numbered = 0, 0
        """The last place whose line was asked for, and how many lines end before it."""
        self._width = 0
        """Columns of the terminal from which a short text was copied."""
        self.skipped = 0

    @property
    def size(self) -> int:
        """Bytes read so far."""
        return self._window.size

    @property
    def through(self) -> int:
        return self._answers.through

    def found(self) -> Iterator[Found | Step | Allowed]:
        """Every line that matters, in the order of the stream; then raises what the stream raised, a `ValueError`."""
        window = self._window
        window.fill()
        window.hide(UTF_8_MARK)
        if window.ended and window.end <= SHORT:
            yield from self._short()
        else:
            yield from self._long()
        if window.problem is not None:
            raise window.problem

    def _long(self) -> Iterator[Found | Step | Allowed]:
        window = self._window
        edge = self._requests.between(0, min(window.end, EDGE)) if self._waiting() else {}
        signs: list[int] = []
        searched = 0
        while True:
            # What was just read is looked through while it is in the processor's cache.
            limit = window.end if window.ended else window.line_end(searched, window.end)
            self._answers.add(window.text(searched, limit), window.base + searched)
            signs += self._signs(searched, limit)
            searched = limit
            if self._count_lines:
                self._count_to(limit)
            if window.ended:
                edge |= self._requests.between(max(0, window.end - EDGE), window.end)
                yield from self._search(signs, window.end, edge)
                break
            if window.is_full:
                # The answer to a refusal further on may not be read yet.
                limit = window.line_end(0, window.end - LOOK_AHEAD)
                yield from self._search([sign for sign in signs if sign < limit], limit, edge)
                edge = {}
                gone = window.make_room()
                signs = [sign - gone for sign in signs if sign >= limit]
                searched -= gone
                self._answers.refused_before(window.base)  # nobody will ask for them
                if len(self._told) > MOST_TOLD:
                    self._told = {offset for offset in self._told if offset >= window.base}
            window.fill()
        self._last_record()

    def _signs(self, start: int, limit: int) -> list[int]:
        """Where something between two positions looks like a refusal."""
        find = self._window.find
        places = []
        for sign in SIGNS:
            place = find(sign, start, limit)
            while place >= 0:
                places.append(place)
                place = find(sign, place + len(sign), limit)
        return places

    def _search(
        self, signs: list[int], limit: int, edge: Records
    ) -> Iterator[Found | Step | Allowed]:
        """The refusals at these signs, and the lines of the requests that they may belong to, in their order up to a
        position."""
        base = self._window.base
        refusals = self._refusals(sorted(signs), limit)
        if not refusals and not self._ahead and not edge:
            return
        records = edge | {
            first - base: (first - base, last - base, line) for first, last, line in self._ahead
        }
        records.update(self._requests.around(refusals))
        records.update({refusal[0]: refusal for refusal in refusals})
        # What lies ahead has to wait for the refusals between.
        self._ahead = [
            (first + base, last + base, line)
            for first, last, line in records.values()
            if first >= limit
        ]
        yield from self._read_all(records, limit)

    def _refusals(self, signs: list[int], limit: int) -> list[Refusal]:
        """(start, end, line) of the records that tell of a refusal, but for those that only repeat the one above."""
        window = self._window
        refusals: list[Refusal] = []
        beyond = self._beyond - window.base
        for position in signs:
            if position < beyond:
                continue  # within a record that is known, or in a line that is none
            found = window.read(position, refusal_at)
            if found is None:
                beyond = window.next_record(position, limit)
                continue
            start, beyond, line = found
            line = line or self._line(window.text(start, beyond))
            if line is not None:
                refusals.append((start, beyond, line))
                beyond = self._behind_echo(line, beyond)
        self._beyond = window.base + beyond
        return refusals

    def _behind_echo(self, line: Line, end: int) -> int:
        """The end of the line at this position, if it is the second one about this refusal, which tells nothing new."""
        if not isinstance(line, Refused) or line.thread is None or line.cause.action != TERMINATE:
            return end
        window = self._window
        after = window.buffer.find(b"\n", end, min(window.end, end + LONGEST_RECORD)) + 1
        words = f"[{line.thread}] ERROR: SSL connection failed for '{line.origin.name}': "
        if line.writer.peer is not None:
            words = f" {line.writer.peer} traffic_server[{line.writer.process}]: {words}"
        line.echoed = after > 0 and window.buffer.find(words.encode(), end, after) >= 0
        return after if line.echoed else end

    def _read_all(self, records: Records, limit: int) -> Iterator[Found | Step | Allowed]:
        """Hand out each record that starts before a position, once."""
        window, told = self._window, self._told
        base, end = window.base, 0
        for start in sorted(start for start in records if start < limit):
            offset = base + start
            if offset in told:
                continue
            told.add(offset)
            _start, end, line = records[start]
            if line is None:
                line = self._line(window.text(start, end))
            if isinstance(line, OF_A_REQUEST):
                yield line
            elif line is not None:
                number = self._number(start) if self._count_lines else None
                yield Found(line, offset, number, window.text(start, end))
        self._read_to = max(self._read_to, base + end)

    def _line(self, record: bytes) -> Line | None:
        try:
            return _read_wrapped(record, self._year_of, self._width)
        except Unreadable:
            self.skipped += 1
            return None

    def _number(self, start: int) -> int:
        window = self._window
        base, count = window.base, window.buffer.count
        self._count_to(start)
        place, lines = self._numbered
        if base <= place <= base + start:
            lines += count(b"\n", place - base, start)
        else:
            lines = self._newlines - count(b"\n", start, self._counted_to - base)
        self._numbered = base + start, lines
        return lines + 1

    def _count_to(self, position: int) -> None:
        window = self._window
        counted = self._counted_to - window.base
        if position > counted:
            self._newlines += window.buffer.count(b"\n", counted, position)
            self._counted_to = window.base + position

    def _short(self) -> Iterator[Found | Step | Allowed]:
        """Every record of the text."""
        through = set()
        window = self._window
        self._width = _width(window.text(0, window.end))
        records: Records = {start: (start, end, None) for start, end in window.records()}
        for line in self._read_all(records, window.end):
            if isinstance(line, Step) and _got_through(line):
                through.add((line.writer, line.transaction))
            yield line
        self._answers.through += len(through)

    def _last_record(self) -> None:
        """A refusal that breaks off before its sentence is complete counts as skipped, too."""
        window = self._window
        lowest = max(0, window.end - LONGEST_RECORD)
        start = window.buffer.rfind(b"\n", lowest, window.end) + 1
        if window.base + start >= max(self._read_to, self._beyond):
            self._line(window.text(start, window.end))


def _got_through(step: Step) -> bool:
    """Was a request answered with a status from 200 to 399?"""
    return step.detail == SENT_BACK and 200 <= (step.status or 0) < 400


def _width(text: bytes) -> int:
    """The columns of the terminal that broke the lines of a text wherever its edge was; 0 for a text that was not."""
    lengths = [len(line.rstrip(b"\r")) for line in text.split(b"\n")]
    longest = max(lengths)
    return longest if lengths.count(longest) > 1 else 0


def _read_wrapped(record: bytes, year_of: datetime | None, width: int) -> Line | None:
    """The record read as it is, and if that gives nothing, with words joined that were broken at a line's end. Where all its
    lines reach the terminal's edge, the other way round."""
    lines = [line.rstrip(b"\r") for line in record.rstrip().split(b"\n")]
    if len(lines) == 1:
        return read_line(record, year_of)
    ways = [record, b"".join(lines)]
    if width and all(len(line) == width for line in lines[:-1]):
        ways.reverse()
    try:
        return read_line(ways[0], year_of) or read_line(ways[1], year_of)
    except Unreadable:
        return read_line(ways[1], year_of)
