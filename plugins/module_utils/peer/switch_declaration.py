# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an inventory declares about VerifyOriginServer: on, or off until a day and for a reason."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# YAML 1.1 reads an unquoted on or off as a boolean.
_SPELLINGS = {"on": "on", "true": "on", "yes": "on", "off": "off", "false": "off", "no": "off"}


@dataclass(frozen=True)
class Declaration:
    """`state` is "on", "off" or "" (not understood); `expired` says that Off has outlived its day; `problems` are messages."""

    state: str = ""
    until: str | None = None
    reason: str | None = None
    expired: bool = False
    problems: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """The declaration as JSON types."""
        return asdict(self)


def declaration(state: object, until: object, reason: object, today: date) -> Declaration:
    """Check a declaration; never raises. `until` is inclusive: on that day Off still holds."""
    given = _text(state)
    if given is None:
        return Declaration(
            problems=[
                "no state is given and none is declared: set origin_verification_state to on, or to off with "
                "origin_verification_until and origin_verification_reason (with the playbook: -e state=off -e until=2026-12-01 "
                "-e reason='…')"
            ]
        )
    known = _SPELLINGS.get(given.casefold())
    if known is None:
        return Declaration(
            problems=[f"origin_verification_state is {given!r}; it must be on or off"]
        )
    day, why = _text(until), _text(reason)
    if known == "on":
        return Declaration(known, day, why)
    problems = []
    expired = False
    parsed = _day(day)
    if day is None:
        problems.append(
            "state off needs origin_verification_until, the last day on which unverified connections are acceptable (YYYY-MM-DD)"
        )
    elif parsed is None:
        problems.append(
            f"origin_verification_until is {day!r}; it must be a day such as 2026-12-01"
        )
    else:
        expired = parsed < today
    if why is None:
        problems.append(
            "state off needs origin_verification_reason: a change number, and what is being repaired"
        )
    return Declaration(known, day, why, expired, problems)


def _text(value: object) -> str | None:
    return (str(value).strip() or None) if value is not None else None


def _day(text: str | None) -> date | None:
    if text is None or not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
