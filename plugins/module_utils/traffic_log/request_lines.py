# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines of the requests that refusals may belong to.

A refused request is answered with 502, so these answers are looked for near refusals, and from them, backwards, the other
lines of their requests. Requests that were sent twice near a refusal are looked at, too: they may have got through in the
end. What got through at once is never parsed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.answers import (
    ANSWER,
    Answers,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.grammar import (
    Line,
    Refused,
    Step,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.usual_shape import (
    Reader,
    allowed_at,
    step_at,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.window import (
    Window,
)

LOOK_BACK = 256 * 1024
"""Bytes before the answer to a refused request in which its other lines are looked for."""
LOOK_AHEAD = 128 * 1024
"""Bytes after a refusal in which its answer is looked for."""
SENT_BEFORE, SENT_AGAIN = 128 * 1024, 16 * 1024
"""Bytes before and after a refusal in which requests are looked for that were sent before it and once more after it."""
AROUND = 64 * 1024
"""Bytes around a refusal without an answer in which all requests are read."""
MOST_UNANSWERED = 500
"""Refusals without an answer for which that is done."""

STEP, ALLOWED = b'Txn-id="', b'"Request Allowed"'
RECEIVE, SEND = b'"Receive Request"', b'Detail="Sending Request" Txn-id="'
DESTINATION = b'Dst-ip="'

PROGRAM = b" traffic_server"
LONGEST_WRITER = 256
"""Bytes that hold the time, host and program of a line."""

Asked: TypeAlias = tuple[bytes, bytes]
"""Which request it is: who wrote of it, and its transaction."""
Refusal: TypeAlias = tuple[int, int, Line]
"""Where the record of a refusal starts and ends, and what it tells."""
Record: TypeAlias = tuple[int, int, Line | None]
"""The same of any record; what it tells is None as long as it is not read."""
Records: TypeAlias = dict[int, Record]
"""Records by where they start."""


class RequestLines:
    """Finds records in a window, of which `answers` has seen all lines. Ask for rising positions: each answer is told once."""

    def __init__(self, window: Window, answers: Answers) -> None:
        self._window = window
        self._answers = answers
        self._refused: list[tuple[int, int, Asked]] = []
        """Offsets of a refused request and of the end of its answer, and which one it is."""
        self._unanswered = 0

    def around(self, refusals: Sequence[Refusal]) -> Records:
        """The records of the requests that these refusals, in their order, may belong to."""
        records: Records = {}
        base = self._window.base
        self._refused = [refused for refused in self._refused if refused[1] > base]
        for group in _close_together(refusals, LOOK_AHEAD):
            self._add_refused(group[0][0], group[-1][0] + LOOK_AHEAD, records)
        known = {asked for _start, _end, asked in self._refused}
        for group in _close_together(refusals, SENT_AGAIN):
            limit = min(self._window.whole_to, group[-1][0] + SENT_AGAIN)
            for ip in dict.fromkeys(_ip(line) for _start, _end, line in group):
                self._add_sent_again(group[0][0], limit, ip, known, records)
        for position in self._without_answer(refusals):
            if self._unanswered < MOST_UNANSWERED:
                self._unanswered += 1
                limit = min(self._window.whole_to, position + AROUND)
                records.update(self.between(max(0, position - AROUND), limit))
        return records

    def between(self, start: int, limit: int) -> Records:
        """The records of all requests between two positions."""
        find = self._window.find
        records: Records = {}
        for words, reader in ((STEP, step_at), (ALLOWED, allowed_at)):
            position = find(words, start, limit)
            while position >= 0:
                self._add(position, reader, records)
                position = find(words, position + len(words), limit)
        return records

    def _add(self, position: int, reader: Reader, records: Records) -> Record | None:
        """Add the record around a position, which is also returned."""
        found = self._window.read(position, reader)
        if found is not None:
            records[found[0]] = found
        return found

    def _add_refused(self, start: int, limit: int, records: Records) -> None:
        """The requests that are answered with 502 between two positions."""
        base = self._window.base
        limit = min(self._window.whole_to, limit)
        for answer in self._answers.refused_before(base + limit):
            added = self._add(answer - base, step_at, records) if answer >= base + start else None
            if added is not None:
                first, end, line = added
                asked = self._writer(first), self._transaction(first, end, line)
                received = self._add_earlier(asked, first, records)
                self._refused.append((base + received, base + end, asked))

    def _add_sent_again(
        self, start: int, limit: int, ip: str, known: set[Asked], records: Records
    ) -> None:
        """The requests to an address that were sent before a refusal, and are sent once more between two positions: who got
        through in the end. Adds them to those that are known."""
        window = self._window
        to = DESTINATION + (ip.encode() + b'"' if ip else b"")
        place = window.find(to, start, limit)
        while place >= 0:
            line = window.line_start(place)
            transaction = _sent_in(window.text(line, place))
            if transaction:
                asked = self._writer(line), transaction
                if asked not in known and self._was_sent(transaction, start, line):
                    known.add(asked)
                    added = self._add(self._answer(asked, place), step_at, records)
                    if added is not None:
                        self._add_earlier(asked, added[0], records)
            place = window.find(to, place + len(to), limit)

    def _answer(self, asked: Asked, start: int) -> int:
        """Where a request is answered behind a position; the position itself where that is not near."""
        window = self._window
        writer, transaction = asked
        words = ANSWER + transaction + b'"'
        limit = min(window.whole_to, start + LOOK_AHEAD)
        answer = window.find(words, start, limit)
        while answer >= 0 and not self._is_by(writer, window.line_start(answer)):
            answer = window.find(words, answer + len(words), limit)
        return answer if answer >= 0 else start

    def _writer(self, start: int) -> bytes:
        """Host and process as the line that starts at a position has them: each process numbers its transactions by itself."""
        buffer, limit = self._window.buffer, start + LONGEST_WRITER
        program = buffer.find(PROGRAM, start, limit)
        end = buffer.find(b"]", program, limit) + 1 if program >= 0 else 0
        return (
            self._window.text(max(start, buffer.rfind(b" ", start, program)), end) if end else b""
        )

    def _is_by(self, writer: bytes, start: int) -> bool:
        return self._window.buffer.find(writer, start, start + LONGEST_WRITER) >= 0

    def _was_sent(self, transaction: bytes, start: int, limit: int) -> bool:
        """Was it sent before a position, and not first received between both?"""
        window = self._window
        sent = SEND + transaction + b'"'
        received = window.find(RECEIVE + b' Txn-id="' + transaction + b'"', start, limit)
        if received >= 0:
            return window.buffer.find(sent, received, limit) >= 0
        return window.find(sent, max(0, start - SENT_BEFORE), limit) >= 0

    def _transaction(self, start: int, end: int, line: Line | None) -> bytes:
        """That of a record; empty if it has none."""
        if isinstance(line, Step):
            return line.transaction.encode()
        buffer = self._window.buffer
        step = buffer.find(STEP, start, end) + len(STEP)
        quote = buffer.find(b'"', step, end)
        return self._window.text(step, quote) if step >= len(STEP) and quote >= 0 else b""

    def _add_earlier(self, asked: Asked, start: int, records: Records) -> int:
        """The lines before a position that tell of a request; where the first of them starts."""
        writer, transaction = asked
        if not transaction:
            return start
        buffer = self._window.buffer
        mark = STEP + transaction + b'"'
        lowest = max(0, start - LOOK_BACK)
        sent = start
        earlier = buffer.rfind(mark, lowest, start)
        while earlier >= 0:
            added = self._add(earlier, step_at, records)
            if added is None:
                break
            begin, end, _line = added
            if not self._is_by(writer, begin):
                earlier = buffer.rfind(mark, lowest, begin)
                continue
            start = begin
            if buffer.find(RECEIVE, start, earlier) >= 0:
                self._add_allowed(end, sent, records)
                break
            sent = start
            earlier = buffer.rfind(mark, lowest, start)
        return start

    def _add_allowed(self, start: int, limit: int, records: Records) -> None:
        """What the allow list says between a request and its way to the origin."""
        buffer = self._window.buffer
        allowed = buffer.find(ALLOWED, start, limit)
        while allowed >= 0:
            self._add(allowed, allowed_at, records)
            allowed = buffer.find(ALLOWED, allowed + len(ALLOWED), limit)

    def _without_answer(self, refusals: Sequence[Refusal]) -> list[int]:
        """Starts of the refusals that stand between no request and its answer 502."""
        base = self._window.base
        spans, without, reach = iter(sorted(self._refused)), [], 0
        span = next(spans, None)
        for start, end, _line in refusals:
            while span is not None and span[0] < base + start:
                reach = max(reach, span[1])
                span = next(spans, None)
            if reach < base + end:
                without.append(start)
        return without


def _ip(line: Line) -> str:
    """The origin's address in the line of a refusal; empty if it names none."""
    return (line.origin.ip or "") if isinstance(line, Refused) else ""


def _sent_in(line: bytes) -> bytes:
    """The transaction of the request that is sent in a line; empty if it is another line."""
    return line.partition(SEND)[2].partition(b'"')[0]


def _close_together(refusals: Sequence[Refusal], distance: int) -> list[list[Refusal]]:
    """Groups of refusals with no more bytes than `distance` between neighbours."""
    groups: list[list[Refusal]] = []
    for refusal in refusals:
        if groups and refusal[0] - groups[-1][-1][0] <= distance:
            groups[-1].append(refusal)
        else:
            groups.append([refusal])
    return groups
