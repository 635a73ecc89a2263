# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the window works with: endpoints, what to read there, and the conversations that read it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from ansible_collections.collab.expressway.plugins.module_utils.presented.outcomes import Outcome


class Conversation(Protocol):
    """One connection's worth of TLS, without the connection."""

    outcome: Outcome | None
    """None while undecided."""

    def opening(self) -> bytes:
        """What to send first."""

    def received(self, data: bytes) -> bytes:
        """Takes what has arrived (never empty); what to send in answer."""

    def interrupted(self, failure: Outcome) -> Outcome:
        """The outcome when the connection ends with `failure` while undecided."""

    def parting(self) -> bytes:
        """What to send before the connection is closed."""


class Reading(Protocol):
    """One thing to learn from an endpoint. It may take several conversations."""

    outcome: Outcome | None

    def first(self) -> Conversation:
        """The conversation to begin with."""

    def conclude(self, conversation: Conversation, outcome: Outcome) -> Conversation | None:
        """Records the best outcome known by now; a conversation that may better it, or None."""


class Endpoint:
    """An IP address and a port, with what is to be read there.

    The first reading goes ahead. If its connection is answered the others follow, else they share
    its outcome: a host that drops packets is waited for once.
    """

    def __init__(self, ip: str, port: int, readings: Iterable[Reading]) -> None:
        self.ip = ip
        self.port = port
        self.readings = tuple(readings)
        self.held_back = deque(self.readings)


class Limits(NamedTuple):
    """Seconds and counts: `timeout` bounds one connection, `deadline` the whole run."""

    timeout: float
    deadline: float
    max_connections: int
    max_connections_per_host: int
