# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of a change of a trust store. Only what was read back counts, never what an answer promised."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ansible_collections.collab.expressway.plugins.module_utils.trust_store.change import (
    TrustStore,
    TrustStoreChange,
)
from ansible_collections.collab.expressway.plugins.module_utils.unexpected_answer import (
    UnexpectedAnswer,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import PeerError

READ_BACK_PAUSES = (1.0, 3.0)
"""Seconds before each further try to read back: a web server that lost a connection may be restarting."""


@dataclass(frozen=True)
class Outcome:
    """`now`: what the peer holds afterwards, None when it could not be read. `detail`: whether the API
    appended or replaced, where that showed. `problem`: why the change is not made, None when it is."""

    now: TrustStore | None
    detail: str | None = None
    notes: tuple[str, ...] = ()
    problem: str | None = None


class Transport(Protocol):
    """A way to the trust store of one peer."""

    def read(self) -> TrustStore:
        """The store; raises `PeerError` or `UnexpectedAnswer`, never returns an empty one in their place."""

    def refusal(self, change: TrustStoreChange) -> str | None:
        """Why this way is known not to make this change, before anything is sent."""

    def unproven(self, change: TrustStoreChange) -> str | None:
        """What about this change only making it shows."""

    def apply(self, change: TrustStoreChange) -> Outcome:
        """Make the change. Errors after the first write are told in the outcome, not raised."""


def read_back(read: Callable[[], TrustStore]) -> tuple[TrustStore | None, str]:
    """The store, or None and why it cannot be read."""
    pauses = iter(READ_BACK_PAUSES)
    while True:
        try:
            return read(), ""
        except (PeerError, UnexpectedAnswer) as error:
            pause = next(pauses, None)
            if pause is None or getattr(error, "login_refused", False):
                return None, str(error)
        time.sleep(pause)


def unknown(why: str) -> Outcome:
    return Outcome(
        None,
        problem=f"the store cannot be read back, so whether the change was made is unknown; run the task again: {why}",
    )


def foreign(now: TrustStore, change: TrustStoreChange) -> str | None:
    """A problem when somebody else changed the store meanwhile; nothing is restored over their work."""
    strangers = change.strangers(now)
    if not strangers:
        return None
    names = ", ".join(sorted(str(one.record["subject"]) for one in strangers))
    return f"somebody else changes this trust store at the same time (new in it: {names}); nothing was restored"
