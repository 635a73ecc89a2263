# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which requests were sent more than once within a distance, each byte of the log searched once."""

from __future__ import annotations

SENT = b'Detail="Sending Request" Txn-id="'
LONGEST_ID = 40
MOST_KEPT = 4096
"""Transactions that are kept before those too far back are forgotten; so many never stand within one distance."""


class SentAgain:
    """Places are offsets in the stream. Ask for rising windows: what lies before the latest one is never told."""

    def __init__(self) -> None:
        self._places: dict[bytes, list[int]] = {}
        self._searched_to = 0

    def between(
        self, buffer: bytearray, base: int, start: int, limit: int
    ) -> list[tuple[bytes, int, int]]:
        """(transaction, first place, last place) of each that was sent twice between two positions and was not told before.

        `base` is the offset of the buffer's first byte; the positions and the places told are those in the buffer.
        """
        lowest = base + start
        begin = max(start, self._searched_to - base)
        # Whole lines, so that none is cut in two by two windows.
        limit = buffer.rfind(b"\n", begin, limit) + 1
        if limit <= begin:
            return []
        self._searched_to = base + limit
        fresh: dict[bytes, None] = {}
        place = buffer.find(SENT, begin, limit)
        while place >= 0:
            head = place + len(SENT)
            transaction = bytes(buffer[head : head + LONGEST_ID]).partition(b'"')[0]
            self._places.setdefault(transaction, []).append(base + place)
            fresh[transaction] = None
            place = buffer.find(SENT, head, limit)
        if len(self._places) > MOST_KEPT:
            self._places = {one: at for one, at in self._places.items() if at[-1] >= lowest}
        again = []
        for transaction in fresh:
            places = self._places[transaction]
            while places[0] < lowest:
                del places[0]
            if len(places) > 1:
                again.append((transaction, places[0] - base, places[-1] - base))
        return again
