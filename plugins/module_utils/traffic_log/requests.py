# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requests that are under way in each traffic server process, as far as the log has been read."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.grammar import (
    RECEIVED,
    SENT_BACK,
    Allowed,
    Cause,
    Refused,
    Step,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.tokens import (
    AskedFor,
    split_url,
    user_in,
    without_query,
)

BAD_GATEWAY = 502
MOST_OPEN = 1024
MOST_REMEMBERED = 1024
MOST_JUST_REFUSED = 16
LONGEST_REQUEST = 120.0
"""Seconds after which a request without an answer is no longer taken for the one that a refusal belongs to."""
CLOCK_TOLERANCE = 2.0
BEGINNING = 5.0
"""Seconds in which a request that was sent before the log begins is refused, at the latest."""
LATE = 1.0
"""Seconds by which a refusal may stand behind the answer that it caused, where two writers share a log."""


@dataclass(eq=False, slots=True)
class Request:
    """One request of a client. `status` is that of the answer, None while it is under way (or its answer unseen).

    `attempts` counts how often it was sent to the origin: the traffic server tries again after a refusal. `met` counts
    refusals that may be its own. `counted`: causes for which it is counted as refused.
    """

    transaction: str
    asked: AskedFor | None = None
    method: str | None = None
    path: str | None = None
    user: str | None = None
    ip: str | None = None
    port: int | None = None
    attempts: int = 0
    at: float | None = None
    status: int | None = None
    met: int = 0
    counted: tuple[Cause, ...] = ()

    @property
    def target_port(self) -> int | None:
        return self.port if self.port is not None else self.asked and self.asked.port

    @property
    def text(self) -> str | None:
        return f"{self.method} {without_query(self.path)}" if self.method and self.path else None

    @property
    def refused(self) -> bool:
        return self.status == BAD_GATEWAY

    @property
    def lacks_refusals(self) -> bool:
        """Was it sent more often than there were refusals that may be its own?"""
        return self.met < self.attempts

    def may_have_met(self, refusal: Refused, *, sent: bool) -> bool:
        """Could this refusal be its own? `sent`: the log says that it was sent to an origin."""
        if sent != bool(self.attempts):
            return False
        since, at = self.at, refusal.at
        known = since is not None and at is not None
        if known and not -CLOCK_TOLERANCE <= at - since <= LONGEST_REQUEST:
            return False
        name, server, ip = refusal.origin
        if sent and self.ip and ip and self.ip != ip:
            return False
        if self.asked is None:
            return sent and bool(ip)
        return self.asked.name in (name.lower(), (server or name).lower())


class Process:
    """Requests of one traffic server process.

    `unseen_refused` counts requests that were refused, or may have been, and whose beginning the log does not hold.
    """

    def __init__(self) -> None:
        self.open: OrderedDict[str, Request] = OrderedDict()
        self._sent: dict[str | None, dict[str, Request]] = {}
        self.just_refused: list[Request] = []
        self.unseen_refused = 0
        self._begins: float | None = None
        self._ends: float | None = None
        self._cut = False  # was there a request of which the log does not hold the beginning?
        self._allowed: OrderedDict[str, str] = OrderedDict()
        self._closed: OrderedDict[str, None] = OrderedDict()

    def step(self, step: Step) -> Request | None:
        """Take a line in; the request, when this line answered it."""
        at = self._ends = step.at
        if self._begins is None:
            self._begins = at
        request = self.open.get(step.transaction)
        if request is None and step.detail != RECEIVED and step.transaction not in self._closed:
            self._cut = True
        if step.detail == SENT_BACK:
            return self._answered(step, request)
        if step.detail == "Receive Response":
            return None
        if request is None:
            request = self.open[step.transaction] = Request(step.transaction)
            if len(self.open) > MOST_OPEN:
                self._forget(self.open.popitem(last=False)[1])
        request.at = at
        if step.detail == RECEIVED:
            if step.url is not None:
                request.asked, request.path = split_url(step.url)
                request.method, request.user = step.method, user_in(step.url)
        else:
            if request.attempts:
                self._forget(request)
            request.attempts += 1
            request.ip, request.port = step.ip, step.port
            self._sent.setdefault(step.ip, {})[request.transaction] = request
            self._name_user(request)
        return None

    def just_begun(self, at: float | None) -> bool:
        """May requests still be under way that were sent before the log begins? Their answers are waited for."""
        return at is None or self._begins is None or at - self._begins < BEGINNING

    def end(self) -> None:
        """The end of the log. Where it is cut at both ends within a few seconds, a request may be in it of which only the
        refusal is left."""
        if (self._cut or self.open) and self.just_begun(self._ends):
            self.unseen_refused += 1

    def allowed(self, allowed: Allowed) -> None:
        """The allow list comes between the request and its way to the origin, and repeats its URL there."""
        self._allowed[allowed.url.partition("://")[2]] = allowed.user
        if len(self._allowed) > MOST_REMEMBERED:
            self._allowed.popitem(last=False)

    def candidates(self, refusal: Refused) -> list[Request]:
        """Requests under way that this refusal may belong to; those that were sent first of all."""
        ip = refusal.origin.ip
        sent = self._sent.get(ip, {}) if ip else self.open
        found = [request for request in sent.values() if request.may_have_met(refusal, sent=True)]
        return found or [
            request for request in self.open.values() if request.may_have_met(refusal, sent=False)
        ]

    def just_before(self, refusal: Refused) -> list[Request]:
        """Requests answered with 502 a moment ago."""
        if not self.just_refused:
            return []
        at = refusal.at
        self.just_refused = [
            request
            for request in self.just_refused
            if (not request.counted or request.lacks_refusals)
            and (at is None or request.at is None or at - request.at <= LATE)
        ]
        return [
            request for request in self.just_refused if request.may_have_met(refusal, sent=True)
        ]

    def _answered(self, step: Step, request: Request | None) -> Request | None:
        if request is None:
            if step.transaction not in self._closed and step.status == BAD_GATEWAY:
                self.unseen_refused += 1
            return None
        del self.open[step.transaction]
        self._forget(request)
        request.status = step.status
        self._closed[step.transaction] = None
        if len(self._closed) > MOST_REMEMBERED:
            self._closed.popitem(last=False)
        if request.path is None:  # it was sent before, too, where the log does not show it
            self.unseen_refused += 1
        if request.refused:
            request.at = step.at
            self.just_refused = [*self.just_refused[1 - MOST_JUST_REFUSED :], request]
        return request

    def _forget(self, request: Request) -> None:
        """It is not under way to that address any more."""
        sent = self._sent.get(request.ip, {})
        sent.pop(request.transaction, None)
        if not sent:
            self._sent.pop(request.ip, None)

    def _name_user(self, request: Request) -> None:
        if request.asked is None or request.path is None:
            return
        asked = request.asked
        user = self._allowed.pop(f"{asked.host}:{asked.port}{request.path}", None)
        if user:
            request.user = user
