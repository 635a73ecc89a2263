# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What clients were answered: how many requests got through, and where the others stand that were refused.

Answers are counted and found, never parsed: most of a log's requests got through.
"""

from __future__ import annotations

import re
from collections import deque

ANSWER = b'Detail="Sending Response" Txn-id="'
HEAD = 128
"""Bytes behind `ANSWER` that hold the status of most answers, and never that of the next one, too."""
STATUS = b'" Msg="HTTP/1.1 '
THROUGH = (STATUS + b"2", STATUS + b"3")
REFUSED = STATUS + b"502"
USUAL = re.compile(rb'(\w+)" TrackingID="[^"]*" Dst-ip="[^"]*" Dst-port="\d*" Msg="HTTP/1\.1 (\d)')
ANY_THROUGH = re.compile(rb'(\w+)"[^|\n]{0,2000}?(?: Msg="|\n?HTTPMSG:\s{0,2}\|)HTTP/[\d.]+ [23]')
"""What follows `ANSWER` in its usual shape, and where the status is 200 to 399, in any shape."""
ANY_REFUSED = re.compile(rb"HTTP/1\.1 502")


class Answers:
    """`through` counts the requests that were answered with a status from 200 to 399. At the level DEBUG an answer is logged
    twice, once in each shape."""

    def __init__(self) -> None:
        self.through = 0
        self._refused: deque[int] = deque()
        self._last: bytes | None = None
        self._usual = True  # had all answers of the piece before their usual shape?

    def add(self, text: bytes, offset: int) -> None:
        """Take in the next lines of the log, and where in the stream they begin."""
        before, *answers = text.split(ANSWER)
        heads = b"".join([answer[:HEAD] for answer in answers])
        usual = heads.count(STATUS) == len(answers)
        through = sum(map(heads.count, THROUGH)) if usual else self._through_in(answers)
        self.through += through
        if not usual or not self._usual:
            # A record may go on in the next piece.
            self._refused.extend(offset + found.start() for found in ANY_REFUSED.finditer(text))
        elif through < len(answers):
            place = offset + len(before)
            for answer in answers:
                if answer.find(REFUSED, 0, HEAD) >= 0:
                    self._refused.append(place)
                place += len(ANSWER) + len(answer)
        self._usual = usual
        if answers:
            self._last = answers[-1].partition(b'"')[0]

    def refused_before(self, offset: int) -> list[int]:
        """Places within the answers with 502, in their order, as far as they stand before an offset. Each is told once."""
        told = []
        while self._refused and self._refused[0] < offset:
            told.append(self._refused.popleft())
        return told

    def _through_in(self, answers: list[bytes]) -> int:
        """How many of them got through, whatever their shape; the second one of a transaction is a copy."""
        usual = [found.groups() for answer in answers if (found := USUAL.match(answer))]
        copies = {found[1] for answer in answers if (found := ANY_THROUGH.match(answer))}
        copies.difference_update([self._last, *(transaction for transaction, _status in usual)])
        return len(copies) + sum(status in b"23" for _transaction, status in usual)
