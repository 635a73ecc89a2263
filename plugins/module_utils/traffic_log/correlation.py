# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which request a refusal belongs to, and so which port was asked for.

A refusal carries neither port nor transaction. It is tied to a request that the same process was about to send to that
address at that moment. Refusals of one origin host whose requests are under way together are kept until these are
answered, and then resolved together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.attribution import (
    AMBIGUOUS,
    Attribution,
    Hit,
    Pending,
    attributions,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.grammar import (
    HANDSHAKE,
    TERMINATE,
    Allowed,
    Cause,
    ConnectionFailed,
    Origin,
    Refused,
    Step,
    Writer,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.requests import (
    Process,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.scanner import Found

RETRIES_WITHIN = 1.0
"""Seconds between the attempts of one request, where the log holds no requests to count."""
MOST_PENDING = 256
MOST_ECHOES = 1024
MOST_RECENT = 32768
"""Refusals that are remembered at least, and at most twice as many."""
MOST_PROCESSES = 1024

Place: TypeAlias = tuple[str, str | None]
"""Name and address of an origin host."""


class Correlation:
    """Takes the lines of all files in their order and hands out attributions through `attributed`, for those refusals that
    are `wanted`."""

    def __init__(
        self,
        attributed: Callable[[Attribution], None],
        wanted: Callable[[Refused], bool] = lambda _refusal: True,
    ) -> None:
        self._attributed = attributed
        self._wanted = wanted
        self._processes: dict[Writer, Process] = {}
        self._pending: dict[tuple[Writer, Place], list[Pending]] = {}
        self._echoes: dict[tuple[Writer, str | None, str], int] = {}
        self._without_request: dict[tuple[object, ...], float | None] = {}
        self._recent: dict[int, str] = {}
        self._before: dict[int, str] = {}

    def waiting(self) -> bool:
        """Are there requests that are not answered yet?"""
        return any(process.open for process in self._processes.values())

    def take(self, line: Found | Step | Allowed, file: str) -> None:
        if isinstance(line, Step):
            process = self._process(line.writer)
            answered = process.step(line)
            if answered is not None and answered.met and not process.just_begun(line.at):
                self._resolve_closed(line.writer)
        elif isinstance(line, Allowed):
            self._process(line.writer).allowed(line)
        elif isinstance(line.line, Refused):
            self._refused(Hit(line.line, line, file, self._wanted(line.line)))
        else:
            self._failed(line.line, line, file)

    def finish(self) -> None:
        """The end of the last file: what is not answered by now never will be."""
        for process in self._processes.values():
            process.end()
        for pending in self._pending.values():
            self._resolve(pending)
        self._pending.clear()

    def _process(self, writer: Writer) -> Process:
        process = self._processes.get(writer)
        if process is None:
            if len(self._processes) >= MOST_PROCESSES:
                self._processes.pop(next(iter(self._processes)))
            process = self._processes[writer] = Process()
        return process

    def _refused(self, hit: Hit) -> None:
        refusal = hit.refusal
        writer = refusal.writer
        origin, cause = refusal.origin, refusal.cause
        if cause.action == TERMINATE and cause.stage != HANDSHAKE and not refusal.echoed:
            echo = (writer, refusal.thread, origin.name)
            self._echoes[echo] = self._echoes.get(echo, 0) + 1
            if len(self._echoes) > MOST_ECHOES:
                self._echoes.pop(next(iter(self._echoes)))
        if self._is_copy(hit):
            return
        process = self._process(writer)
        candidates, just_before = process.candidates(refusal), process.just_before(refusal)
        late = [request for request in just_before if request.lacks_refusals]
        for request in (*candidates, *late):
            request.met += 1
        if not candidates and not late:
            self._alone(hit)
            return
        place = (writer, (origin.name.lower(), origin.ip))
        pending = self._pending.setdefault(place, [])
        pending.append(Pending(hit, candidates, late, just_before, process, process.unseen_refused))
        young = process.just_begun(refusal.at)
        if len(pending) > MOST_PENDING or not (young or _is_open(pending)):
            self._resolve(self._pending.pop(place))

    def _failed(self, line: ConnectionFailed, found: Found, file: str) -> None:
        """The second line about one refusal, or the only one about a handshake that failed otherwise."""
        echo = (line.writer, line.thread, line.name)
        if self._echoes.get(echo):
            self._echoes[echo] -= 1
            return
        who = (line.writer, line.time, line.at, line.thread)
        cause = Cause(HANDSHAKE, TERMINATE, line.reason)
        refusal = Refused(*who, Origin(line.name, None, None), cause)
        self._refused(Hit(refusal, found, file, self._wanted(refusal)))

    def _is_copy(self, hit: Hit) -> bool:
        """The same line in two files, as in two downloads that overlap."""
        if hit.refusal.time is None:
            return False
        mark = hash(hit.found.record)
        known = self._before.get(mark) or self._recent.setdefault(mark, hit.file)
        if len(self._recent) >= MOST_RECENT:
            # All at once: a dictionary that loses its first entry each time becomes slow.
            self._before, self._recent = self._recent, {}
        return known != hit.file

    def _alone(self, hit: Hit) -> None:
        """No request is known: one at least, and lines close together are the attempts of one."""
        if not hit.wanted:
            return
        refusal = hit.refusal
        origin = refusal.origin
        same = (refusal.writer, refusal.thread, origin.name, origin.ip, refusal.cause)
        at, before = refusal.at, self._without_request.get(same)
        again = at is not None and before is not None and 0 <= at - before <= RETRIES_WITHIN
        self._without_request[same] = at
        if len(self._without_request) > MOST_ECHOES:
            self._without_request.pop(next(iter(self._without_request)))
        address = origin.server or origin.name
        self._attributed(Attribution((hit,), address, (), AMBIGUOUS, (), 0 if again else 1))

    def _resolve(self, pending: Sequence[Pending]) -> None:
        for attribution in attributions(pending):
            self._attributed(attribution)

    def _resolve_closed(self, writer: Writer) -> None:
        closed = [
            place
            for place, pending in self._pending.items()
            if place[0] == writer and not _is_open(pending)
        ]
        for place in closed:
            self._resolve(self._pending.pop(place))


def _is_open(pending: Sequence[Pending]) -> bool:
    """Is one of the requests still under way that these refusals may belong to?"""
    for item in pending:
        for request in item.candidates:
            if item.process.open.get(request.transaction) is request:
                return True
    return False
