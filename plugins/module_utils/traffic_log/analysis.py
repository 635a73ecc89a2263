# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From logs to refusals: scan, tie to requests, collect."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.correlation import (
    Correlation,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.grammar import Refused
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.refusals import (
    Refusals,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.scanner import (
    Scanner,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.window import Stream


class LogFile(Stream, Protocol):
    """A stream with a name for people; `modified` is when it was last written, `rereadable` whether its lines can be
    counted later, so that nobody has to do it while searching."""

    name: str
    modified: datetime | None
    rereadable: bool


LineNumbers = Callable[[str, list[int]], list[int]]
"""(name of a file, offsets in rising order) → the line of each."""


class Unread(ValueError):
    """A file that cannot be read to its end; the text names it, says why and what to do."""


@dataclass(frozen=True)
class Options:
    """`peer`: name for lines without a host. `max_samples`: lines shown of each refusal. `since`, `until`: only refusals
    from and to this moment."""

    peer: str | None = None
    max_samples: int = 3
    since: datetime | None = None
    until: datetime | None = None

    def wants(self, refusal: Refused) -> bool:
        """Is the refusal known to lie between the two moments?"""
        if self.since is None and self.until is None:
            return True
        at = refusal.at
        if at is None or (self.since is not None and at < self.since.timestamp()):
            return False
        return self.until is None or at <= self.until.timestamp()


def analyse(
    files: Iterable[LogFile], options: Options, line_numbers: LineNumbers | None = None
) -> dict[str, Any]:
    """`refusals`, `connections`, `skipped_lines` and `files`, as the module traffic_log_info documents them; `unread`:
    texts about files that could not be read to their end.

    Files are read in the given order, once; the parts of a rotated log belong together, oldest first.
    """
    refusals = Refusals(peer=options.peer, max_samples=options.max_samples)
    correlation = Correlation(refusals.add, options.wants)
    read: list[dict[str, Any]] = []
    unread: list[str] = []
    through = skipped = 0
    rereadable: set[str] = set()
    for file in files:
        counted = not (file.rereadable and line_numbers)
        scanner = Scanner(
            file, waiting=correlation.waiting, year_of=file.modified, count_lines=counted
        )
        try:
            for line in scanner.found():
                correlation.take(line, file.name)
        except Unread as problem:
            unread.append(str(problem))
        if not counted:
            rereadable.add(file.name)
        through += scanner.through
        skipped += scanner.skipped
        read.append({"path": file.name, "bytes": scanner.size, "skipped_lines": scanner.skipped})
    correlation.finish()
    return {
        "refusals": refusals.records(_numbers(refusals, rereadable, line_numbers)),
        "connections": {"ok": through, "refused": refusals.refused},
        "skipped_lines": skipped,
        "files": read,
        "unread": unread,
    }


def _numbers(
    refusals: Refusals, rereadable: set[str], line_numbers: LineNumbers | None
) -> dict[tuple[str, int], int]:
    offsets: dict[str, list[int]] = {}
    for hit in refusals.samples():
        if hit.file in rereadable:
            offsets.setdefault(hit.file, []).append(hit.found.offset)
    if line_numbers is None:
        return {}
    return {
        (name, offset): number
        for name, places in offsets.items()
        for offset, number in zip(places, line_numbers(name, places), strict=True)
    }
