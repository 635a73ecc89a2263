# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of refusals that share the requests that they may belong to.

* `exact`: every refused request that it may belong to asked for one origin. A request that got through was not refused,
  unless it was sent once more after the refusal.
* `probable`: an attempt has one refusal only, and so one origin is left; or the answer or the request is not in the log.
* `ambiguous`: several origins are possible, no request is known, or at that moment a request was refused of which the log
  does not hold the beginning. All possible ports are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.grammar import (
    TERMINATE,
    Cause,
    Refused,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.requests import (
    Process,
    Request,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.scanner import Found

EXACT, PROBABLE, AMBIGUOUS = "exact", "probable", "ambiguous"
CERTAINTIES = (EXACT, PROBABLE, AMBIGUOUS)


@dataclass(slots=True, eq=False)
class Hit:
    """A refusal where it was found: `file` and line. One that is not `wanted` is tied to its request, but not told."""

    refusal: Refused
    found: Found
    file: str
    wanted: bool = True

    @property
    def cause(self) -> Cause:
        return self.refusal.cause


@dataclass(slots=True, eq=False)
class Attribution:
    """Hits of one cause, the requests that they belong to (those of them that are known), the possible ports.

    `count`: refused requests that these hits add. `address`: what clients asked for.
    """

    hits: tuple[Hit, ...]
    address: str
    ports: tuple[int, ...]
    certainty: str
    requests: tuple[Request, ...]
    count: int


@dataclass(eq=False, slots=True)
class Pending:
    """A hit whose candidates are not all answered yet."""

    hit: Hit
    candidates: list[Request]
    late: list[Request]
    """Requests that were answered with 502 a moment before, with a refusal missing: it may come late."""
    just_before: list[Request]
    process: Process
    unseen_before: int
    attempts: dict[Request, int] = field(init=False)
    """Which attempt of each candidate it may be."""

    def __post_init__(self) -> None:
        self.attempts = {request: request.attempts for request in (*self.candidates, *self.late)}

    def may_have_refused(self, request: Request) -> bool:
        """It failed, it is not known how it ended, or it was sent once more after this refusal."""
        return (
            request.status is None
            or request.refused
            or request.attempts > self.attempts.get(request, request.attempts)
        )

    def nothing_unseen(self) -> bool:
        """Was no request answered with 502 since, of which the log does not hold the beginning?"""
        return self.process.unseen_refused == self.unseen_before


def attributions(pending: Sequence[Pending]) -> list[Attribution]:
    """What these hits of one process and one origin host belong to, as far as the requests are known by now.

    Counts the requests as refused for the causes of those hits that are wanted.
    """
    undisputed = _undisputed(pending)
    if undisputed is not None:
        return undisputed
    crowded = _too_many(pending)
    doubtful = {*_of_two_minds(pending), *crowded}
    left: list[Pending] = []
    decided: list[tuple[Pending, list[Request], str]] = []
    taken = _one_for_each_attempt(pending)
    for item in pending:
        possible = crowded.get(item, taken[item])
        certainty = AMBIGUOUS if item in crowded else _certainty(item, possible)
        if certainty is None:
            left.append(item)
        else:
            decided.append((item, possible, AMBIGUOUS if item in doubtful else certainty))
    shares = _by_attempts(left, taken, decided)
    certainty = PROBABLE if shares else AMBIGUOUS
    return _grouped([*decided, *((item, taken[item], certainty) for item in left)], shares)


def _grouped(
    decided: Sequence[tuple[Pending, list[Request], str]], shares: Sequence[tuple[Request, int]]
) -> list[Attribution]:
    """One attribution for the hits of one cause, of the same origins, equally sure."""
    groups: dict[tuple[object, ...], tuple[list[Hit], dict[Request, None], str]] = {}
    remaining = [request for request, share in shares for _attempt in range(share)]
    for item, possible, sure in decided:
        if len(_origins(possible)) > 1 and remaining:
            possible = [remaining.pop()]
        if not item.hit.wanted:
            continue
        origins = tuple(sorted(_origins(possible), key=str))
        hits, requests, _sure = groups.setdefault((origins, sure, item.hit.cause), ([], {}, sure))
        hits.append(item.hit)
        requests.update(dict.fromkeys(possible))
    return [
        _attribution(hits, list(requests), certainty)
        for hits, requests, certainty in groups.values()
    ]


def _undisputed(pending: Sequence[Pending]) -> list[Attribution] | None:
    """What becomes of hits that are one for each attempt of one refused request: most are. None for others."""
    first = pending[0]
    if len(first.candidates) != 1:
        return None
    (request,) = first.candidates
    asked, cause = request.asked, first.hit.refusal.cause
    if not request.refused or asked is None or asked.port != request.target_port:
        return None
    attempts = set()
    for item in pending:
        refusal = item.hit.refusal
        if item.late or item.candidates != first.candidates or not item.nothing_unseen():
            return None
        if refusal.cause != cause or refusal.origin.ip is None:
            return None
        attempts.add(item.attempts[request])
    if 0 in attempts or len(attempts) < len(pending):
        return None
    hits = tuple([item.hit for item in pending if item.hit.wanted])
    if not hits:
        return []
    fresh = () if cause in request.counted else (request,)
    if fresh:
        request.counted += (cause,)
    return [Attribution(hits, asked.host, (asked.port,), EXACT, fresh, len(fresh))]


def _attribution(hits: Sequence[Hit], requests: Sequence[Request], certainty: str) -> Attribution:
    origin = hits[0].refusal.origin
    asked = next((request.asked for request in requests if request.asked), None)
    ports = {port for request in requests if (port := request.target_port) is not None}
    mark = hits[0].cause
    # Requests of which the answer is unseen count too; there are never more of them than refusals.
    refused = [request for request in requests if request.refused] or requests
    fresh = [request for request in refused if mark not in request.counted][: len(hits)]
    for request in fresh:
        request.counted += (mark,)
    return Attribution(
        tuple(hits),
        asked.host if asked else origin.server or origin.name,
        tuple(sorted(ports)),
        certainty,
        tuple(fresh),
        len(fresh) if requests else 1,
    )


def _origins(requests: Iterable[Request]) -> set[tuple[str | None, int | None]]:
    return {
        (request.asked.host.lower() if request.asked else None, request.target_port)
        for request in requests
    }


def _possible(item: Pending) -> list[Request]:
    """Candidates that the answers leave: who got through was not refused at the last attempt."""
    everyone = [*item.candidates, *item.late]
    if item.hit.cause.action != TERMINATE:
        return everyone
    left = [request for request in everyone if item.may_have_refused(request)]
    return left or everyone


def _certainty(item: Pending, possible: Sequence[Request]) -> str | None:
    """None where several origins are possible."""
    terminated = item.hit.cause.action == TERMINATE
    if terminated and not any(map(item.may_have_refused, possible)):
        return AMBIGUOUS
    if len(_origins(possible)) > 1:
        return None
    if not item.nothing_unseen():
        return AMBIGUOUS
    if item.hit.refusal.origin.ip is None:
        return PROBABLE
    answered = any(
        request.refused or not terminated or request.attempts > item.attempts[request]
        for request in possible
    )
    sure = (
        bool(item.candidates)
        and answered
        and all(request.attempts and request.asked is not None for request in possible)
        and all(
            request.asked is not None and request.asked.port == request.target_port
            for request in possible
        )
        and len(_origins(_possible(item))) == 1
    )
    if not answered and item.process.just_begun(item.hit.refusal.at):
        return AMBIGUOUS
    return EXACT if sure else PROBABLE


def _too_many(pending: Sequence[Pending]) -> dict[Pending, list[Request]]:
    """Hits of one attempt of a lone request, where one of them may be the late one of another origin, or that of a request
    that was sent before the log begins; and all requests that they may belong to."""
    attempts: dict[tuple[Request, int], list[Pending]] = {}
    for item in pending:
        if len(item.candidates) == 1:
            (request,) = item.candidates
            attempts.setdefault((request, item.attempts[request]), []).append(item)
    crowded: dict[Pending, list[Request]] = {}
    for items in attempts.values():
        everyone = list(
            dict.fromkeys(one for item in items for one in (*item.candidates, *item.just_before))
        )
        begun = any(item.process.just_begun(item.hit.refusal.at) for item in items)
        if len(items) > 1 and (begun or len(_origins(everyone)) > 1):
            crowded |= dict.fromkeys(items, everyone)
    return crowded


def _one_for_each_attempt(pending: Sequence[Pending]) -> dict[Pending, list[Request]]:
    """The requests that each hit may belong to, when an attempt has one refusal at most.

    Where that leads to a contradiction, attempts are missing in the log, and only the answers count.
    """
    by_answers = {item: _possible(item) for item in pending}
    if not all(item.nothing_unseen() for item in pending):
        return by_answers
    taken = dict(by_answers)
    claimed: dict[tuple[Request, int], Pending] = {}
    changed = True
    while changed:
        changed = False
        for item in pending:
            if item.hit.cause.action != TERMINATE:
                continue
            free = [
                request
                for request in taken[item]
                if claimed.get((request, item.attempts[request]), item) is item
            ]
            if not free:
                return by_answers
            if len(free) < len(taken[item]):
                taken[item], changed = free, True
            if len(free) == 1 and (free[0], item.attempts[free[0]]) not in claimed:
                claimed[free[0], item.attempts[free[0]]] = item
                changed = True
    return taken


def _of_two_minds(pending: Sequence[Pending]) -> list[Pending]:
    """Hits of a lone request that differ in their cause: one of them belongs to a request that is not in the log."""
    causes: dict[Request, set[Cause]] = {}
    for item in pending:
        if item.hit.cause.action == TERMINATE and len(item.candidates) == 1:
            causes.setdefault(item.candidates[0], set()).add(item.hit.cause)
    return [
        item
        for item in pending
        if len(item.candidates) == 1 and len(causes.get(item.candidates[0], ())) > 1
    ]


def _by_attempts(
    left: Sequence[Pending],
    taken: Mapping[Pending, Sequence[Request]],
    decided: Sequence[tuple[Pending, list[Request], str]],
) -> list[tuple[Request, int]]:
    """How many of the hits that are left each request takes, when that is beyond doubt; else nothing.

    An enforcing traffic server writes one refusal for each attempt. So when all of them have the same cause, and there
    are as many as attempts of requests that ended in 502, each of these had its own.
    """
    if not left or len({item.hit.cause for item in left}) > 1:
        return []
    if any(item.hit.cause.action != TERMINATE or not item.nothing_unseen() for item in left):
        return []
    requests = list(dict.fromkeys(request for item in left for request in taken[item]))
    if not all(request.refused and request.attempts for request in requests):
        return []
    used: dict[Request, int] = {}
    for _item, possible, _certainty_of_item in decided:
        if len(possible) > 1:
            return []
        used[possible[0]] = used.get(possible[0], 0) + 1
    shares = [(request, request.attempts - used.get(request, 0)) for request in requests]
    if any(share < 0 for _request, share in shares):
        return []
    return shares if sum(share for _request, share in shares) == len(left) else []
