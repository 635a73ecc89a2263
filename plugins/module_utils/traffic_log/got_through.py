# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many requests got through: they are counted, never parsed."""

from __future__ import annotations

import re

ANSWER = b'Detail="Sending Response" Txn-id="'
HEAD = 128
"""Bytes behind `ANSWER` that hold the status of most answers, and never that of the next one, too."""
STATUS = b'" Msg="HTTP/1.1 '
THROUGH = (STATUS + b"2", STATUS + b"3")
USUAL = re.compile(rb'(\w+)" TrackingID="[^"]*" Dst-ip="[^"]*" Dst-port="\d*" Msg="HTTP/1\.1 (\d)')
ANY_THROUGH = re.compile(rb'(\w+)"[^|\n]{0,400}?(?: Msg="|\n?HTTPMSG:\s{0,2}\|)HTTP/[\d.]+ [23]')
"""What follows `ANSWER` in its usual shape, and where the status is 200 to 399, in any shape."""


class GotThrough:
    """Counts answers with a status from 200 to 399. At the level DEBUG an answer is logged twice, once in each shape."""

    def __init__(self) -> None:
        self.count = 0
        self._last: bytes | None = None

    def add(self, text: bytes) -> None:
        """Take in the next lines of the log."""
        answers = text.split(ANSWER)
        del answers[0]
        if not answers:
            return
        last, self._last = self._last, answers[-1].partition(b'"')[0]
        heads = b"".join([answer[:HEAD] for answer in answers])
        if heads.count(STATUS) == len(answers):
            self.count += sum(map(heads.count, THROUGH))
            return
        usual = [found.groups() for answer in answers if (found := USUAL.match(answer))]
        copies = {found[1] for answer in answers if (found := ANY_THROUGH.match(answer))}
        copies.difference_update([last, *(transaction for transaction, _status in usual)])
        self.count += len(copies) + sum(status in b"23" for _transaction, status in usual)
