# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways in which a peer can misbehave on demand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

KINDS = {
    "silent": "takes the connection and never says anything, as an address that is dropped",
    "reset": "resets the connection as soon as it is opened",
    "refuse_login": "refuses every login",
    "hang": "lets in and answers nothing",
    "half_answer": "says half of an answer, then nothing more",
    "drop": "says half of an answer and closes the connection; a write is not carried out",
    "slow": "waits `seconds` before each answer",
    "drop_after_write": "carries a write out and closes the connection before it answers",
    "lost_after_upload": "carries an upload over the API out and closes the connection unanswered",
    "cut_download": "sends half of a file that is downloaded over the API and closes the connection",
    "cut_upload": "closes the connection before an upload over the API is complete",
    "fail": "answers that it failed, and carries nothing out (API and SFTP)",
    "half_store": "stores half of an uploaded or renamed trust store and claims success",
}
CHANNELS = ("both", "shell", "api", "root")
"""`root` is its SFTP session; `both`, of old, is all of them."""


class FaultError(ValueError):
    """A fault that cannot be described so; the text says what would do."""


@dataclass
class Fault:
    """One fault. It strikes what `matching` (a regular expression) finds: a shell line, or
    `GET /api/…`, `rename /old /new`; on one `channel`; `times` times and then no more (None: until
    it is mended). `then` describes the fault that follows after `times`. `body` is what an error over
    HTTPS says; `<login>` in it becomes what the client logged in with, as it came and decoded."""

    kinds: ClassVar[Mapping[str, str]] = KINDS
    channels: ClassVar[tuple[str, ...]] = CHANNELS  # the first one is all of them

    kind: str
    seconds: float = 1.0
    times: int | None = None
    matching: str = ""
    channel: str = "both"
    then: Mapping[str, Any] | None = None
    body: str = ""

    def __post_init__(self) -> None:
        if self.kind not in self.kinds:
            raise FaultError(f"no fault {self.kind!r}; there are {', '.join(self.kinds)}")
        if self.channel not in self.channels:
            raise FaultError(f"channel is one of {', '.join(self.channels)}: got {self.channel!r}")
        if isinstance(self.seconds, bool) or not isinstance(self.seconds, int | float):
            raise FaultError(f"seconds is a number: got {self.seconds!r}")
        if self.times is not None and (
            isinstance(self.times, bool) or not isinstance(self.times, int)
        ):
            raise FaultError(f"times is a whole number or null: got {self.times!r}")
        if not isinstance(self.body, str):
            raise FaultError(f"body is text: got {self.body!r}")
        try:
            re.compile(self.matching)
        except (re.error, TypeError) as error:
            raise FaultError(f"matching is a regular expression: {error}") from None

    def strikes(self, channel: str, kinds: tuple[str, ...], text: str = "") -> bool:
        """Whether this fault, if it is one of `kinds`, strikes now; counts it when it does."""
        if (
            self.kind not in kinds
            or self.channel not in (self.channels[0], channel)
            or self.times == 0
            or not re.search(self.matching, text)
        ):
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def says(self, authorization: str, login: tuple[str, str] | None) -> str:
        """The body of an error, for a client that sent this header `authorization` with this login."""
        return self.body.replace("<login>", f"{authorization} {':'.join(login or ())}")

    @property
    def following(self: F) -> F | None:
        """What is broken at the next request: this fault, or the one after it."""
        return describe_fault(self.then, type(self)) if self.then and self.times == 0 else self


F = TypeVar("F", bound=Fault)


def describe_fault(
    description: Mapping[str, Any] | None,
    of: type[F] = Fault,  # type: ignore[assignment]
) -> F | None:
    """Return the fault that a JSON object describes; None (or kind null, "none") for no fault."""
    if not description or description.get("kind") in (None, "none"):
        return None
    known = [field.name for field in fields(of)]
    for name in description:
        if name not in known:
            raise FaultError(f"a fault has {', '.join(known)}: got {name!r}")
    return of(**description)
