# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases of Expressway: how they are ordered and what they print about themselves."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

# Month of release (Expressway facts 9); the day is invented.
RELEASE_DATES = {
    "X14.0.7": "2022-05-01",
    "X14.0.8": "2022-07-01",
    "X14.2.5": "2023-02-01",
    "X15.0": "2023-12-01",
    "X15.2": "2024-10-01",
    "X15.5": "2026-04-01",
}
SUPPORTED = tuple(RELEASE_DATES)


@functools.total_ordering
@dataclass(frozen=True)
class Release:
    """A release such as `X14.2.5`, ordered by its numbers (`X15.0` is above `X14.2.5`)."""

    text: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"X\d+(\.\d+)+", self.text):
            raise ValueError(f"a release looks like X14.2.5: got {self.text!r}")

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(int(number) for number in self.text[1:].split("."))

    @property
    def date(self) -> str:
        return RELEASE_DATES.get(self.text, "2026-01-01")

    def __lt__(self, other: Release) -> bool:
        return self.numbers < other.numbers

    def __str__(self) -> str:
        return self.text
