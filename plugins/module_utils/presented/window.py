# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds many TLS conversations at once, in one thread, and ends in time whatever the origins do.

Two bounds on concurrency. Only `FRESH` young conversations run at once: more would share one processor
here, or one behind many origins, and all would be late together. An older one waits for a silent
origin, costs nothing, and leaves the window to others; only `max_connections` bounds those. Young
is twice as long as answers take of late, and `GRACE` seconds at least: where everything is slow, slow
is not silent.
"""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from ansible_collections.collab.expressway.plugins.module_utils.presented import outcomes
from ansible_collections.collab.expressway.plugins.module_utils.presented.endpoints import (
    Conversation,
    Endpoint,
    Limits,
    Reading,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.outcomes import Outcome

FRESH = 128
GRACE = 0.2

_SMOOTHING = 1 / 8  # of the time that answers take, as TCP smooths round trips (RFC 6298)
_CHUNK = 1 << 16
_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
_UNDER_WAY = (0, errno.EINPROGRESS, errno.EWOULDBLOCK)


class _Node:
    """Everything that waits for its turn at one IP address."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[Endpoint, Reading]] = deque()
        self.open = 0
        self.queued = False


class _Attempt:
    """One connection for one conversation."""

    __slots__ = (
        "connected", "conversation", "endpoint", "fresh", "node", "over", "reading", "registered",
        "sock", "started", "unsent",
    )  # fmt: skip

    def __init__(
        self, node: _Node, endpoint: Endpoint, reading: Reading, conversation: Conversation
    ) -> None:
        self.node = node
        self.endpoint = endpoint
        self.reading = reading
        self.conversation = conversation
        self.sock: socket.socket
        self.started = 0.0
        self.unsent = b""
        self.connected = self.registered = self.fresh = self.over = False


class Window:
    """Runs the readings of endpoints, once. `clock` counts seconds and never goes back."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._nodes: dict[str, _Node] = {}
        self._runnable: deque[_Node] = deque()
        self._by_age: deque[_Attempt] = deque()
        self._newcomers: deque[_Attempt] = deque()
        self._open = self._fresh = 0
        self._answer_time = 0.0
        self._ending = False

    def run(self, endpoints: Iterable[Endpoint], until: float) -> None:
        """Gives every reading its outcome, by `until` on the clock."""
        endpoints = tuple(endpoints)
        for endpoint in endpoints:
            self._enqueue(endpoint, endpoint.held_back.popleft())
        with self._selector:
            while (self._open or self._runnable) and self._clock() < until:
                self._start_some(until)
                for key, events in self._selector.select(self._patience(until)):
                    self._serve(key.data, events)
                    if self._clock() >= until:
                        break
                # Only now: an answer that has arrived in time is not thrown away.
                self._expire()
            self._end(endpoints)

    def _enqueue(self, endpoint: Endpoint, reading: Reading) -> None:
        node = self._nodes.setdefault(endpoint.ip, _Node())
        node.waiting.append((endpoint, reading))
        self._queue(node)

    def _queue(self, node: _Node) -> None:
        may_open = node.open < self._limits.max_connections_per_host
        if may_open and node.waiting and not node.queued:
            node.queued = True
            self._runnable.append(node)

    def _has_room(self) -> bool:
        return self._fresh < FRESH and self._open < self._limits.max_connections

    def _start_some(self, until: float) -> None:
        for _connection in range(FRESH):
            if not self._runnable or not self._has_room() or self._clock() >= until:
                return
            node = self._runnable.popleft()
            node.queued = False
            endpoint, reading = node.waiting.popleft()
            node.open += 1
            self._open += 1
            self._queue(node)
            self._connect(_Attempt(node, endpoint, reading, reading.first()))

    def _connect(self, attempt: _Attempt) -> None:
        ip, port = attempt.endpoint.ip, attempt.endpoint.port
        attempt.started = self._clock()
        try:
            attempt.sock = socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET)
        except OSError as error:
            self._close(attempt, outcomes.no_socket(error.strerror))
            return
        attempt.sock.setblocking(False)
        code = attempt.sock.connect_ex((ip, port))
        if code not in _UNDER_WAY:
            attempt.sock.close()
            self._close(attempt, outcomes.connection_failed(code))
            return
        self._selector.register(attempt.sock, _WRITE, attempt)
        attempt.registered = attempt.fresh = True
        self._fresh += 1
        self._newcomers.append(attempt)
        self._by_age.append(attempt)

    def _serve(self, attempt: _Attempt, events: int) -> None:
        try:
            if not attempt.connected:
                self._greet(attempt)
            elif events & _READ:
                self._receive(attempt)
            elif events & _WRITE:
                self._send(attempt, b"")
        except BlockingIOError:
            return
        except OSError:
            self._close(attempt, outcomes.connection_reset())

    def _greet(self, attempt: _Attempt) -> None:
        code = attempt.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code not in (0, errno.ECONNRESET):  # a reset comes from a host that had answered
            self._close(attempt, outcomes.connection_failed(code))
            return
        attempt.connected = True
        while attempt.endpoint.held_back:
            self._enqueue(attempt.endpoint, attempt.endpoint.held_back.popleft())
        self._selector.modify(attempt.sock, _READ, attempt)
        self._send(attempt, attempt.conversation.opening())
        if attempt.conversation.outcome is not None:
            self._close(attempt)

    def _receive(self, attempt: _Attempt) -> None:
        data = attempt.sock.recv(_CHUNK)
        if not data:
            self._close(attempt, outcomes.connection_closed())
            return
        self._send(attempt, attempt.conversation.received(data))
        if attempt.conversation.outcome is not None:
            self._close(attempt)

    def _send(self, attempt: _Attempt, data: bytes) -> None:
        was_blocked = bool(attempt.unsent)
        unsent = attempt.unsent + data
        if not unsent:
            return
        try:
            attempt.unsent = unsent[attempt.sock.send(unsent) :]
        except BlockingIOError:
            attempt.unsent = unsent
        if was_blocked != bool(attempt.unsent):
            events = _READ | _WRITE if attempt.unsent else _READ
            self._selector.modify(attempt.sock, events, attempt)

    def _close(self, attempt: _Attempt, failure: Outcome | None = None) -> None:
        """Ends the connection, and gives its place to another conversation of the reading or away.

        `failure`: why the connection ended, if the conversation may be undecided.
        """
        outcome = attempt.conversation.outcome
        if outcome is not None:
            took = self._clock() - attempt.started
            self._answer_time += _SMOOTHING * (took - self._answer_time)
        else:
            outcome = attempt.conversation.interrupted(failure)
        attempt.over = True
        self._leave_window(attempt)
        self._hang_up(attempt)
        endpoint, reading = attempt.endpoint, attempt.reading
        following = reading.conclude(attempt.conversation, outcome)
        del attempt.conversation  # the attempt itself stays queued by age for a while
        if self._ending:
            return
        if not attempt.connected:
            while endpoint.held_back:
                endpoint.held_back.popleft().outcome = outcome
        if following is not None:
            self._connect(_Attempt(attempt.node, endpoint, reading, following))
            return
        attempt.node.open -= 1
        self._open -= 1
        self._queue(attempt.node)

    def _hang_up(self, attempt: _Attempt) -> None:
        if attempt.connected:
            with contextlib.suppress(OSError):
                attempt.sock.send(attempt.conversation.parting())
        if attempt.registered:
            self._selector.unregister(attempt.sock)
            attempt.sock.close()

    def _leave_window(self, attempt: _Attempt) -> None:
        if attempt.fresh:
            attempt.fresh = False
            self._fresh -= 1

    def _grace(self) -> float:
        """How many seconds a conversation stays in the window."""
        return max(GRACE, 2 * self._answer_time)

    def _patience(self, until: float) -> float:
        """Seconds until something is due, whatever the network does."""
        if self._runnable and self._has_room():
            return 0.0
        due = [until]
        if self._by_age:
            due.append(self._by_age[0].started + self._limits.timeout)
        if self._newcomers and self._runnable:
            due.append(self._newcomers[0].started + self._grace())
        return max(0.0, min(due) - self._clock())

    def _expire(self) -> None:
        now = self._clock()
        for attempt in _older(self._newcomers, now - self._grace()):
            self._leave_window(attempt)
        for attempt in _older(self._by_age, now - self._limits.timeout):
            seconds = self._limits.timeout
            late = outcomes.no_answer if attempt.connected else outcomes.no_connection
            self._close(attempt, late(seconds))

    def _end(self, endpoints: tuple[Endpoint, ...]) -> None:
        """Nothing is begun any more: what is open ends, what was not begun says so."""
        self._ending = True
        for attempt in self._by_age:
            if not attempt.over:
                self._close(attempt, outcomes.deadline_passed(self._limits.deadline))
        for endpoint in endpoints:
            for reading in endpoint.readings:
                if reading.outcome is None:
                    reading.outcome = outcomes.not_started(self._limits.deadline)


def _older(attempts: deque[_Attempt], started: float) -> Iterator[_Attempt]:
    """Takes those begun by `started` off the queue, and passes over those that have ended."""
    while attempts and (attempts[0].over or attempts[0].started <= started):
        attempt = attempts.popleft()
        if not attempt.over:
            yield attempt
