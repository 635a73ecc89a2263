# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Releases of the Expressway and what each knows of origin verification."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

_RELEASE = re.compile(r"\s*X?(?P<numbers>[0-9]+(?:\.[0-9]+)*)(?P<suffix>.*)", re.I | re.S)


@total_ordering
@dataclass(frozen=True, eq=False)
class Release:
    """A release, ordered by its numbers; X14.2 and X14.2.0 are the same release."""

    text: str
    numbers: tuple[int, ...]

    def _key(self) -> tuple[int, ...]:
        numbers = self.numbers
        while numbers and numbers[-1] == 0:
            numbers = numbers[:-1]
        return numbers

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Release) and self._key() == other._key()

    def __lt__(self, other: Release) -> bool:
        return self._key() < other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __str__(self) -> str:
        return self.text


def parse_release(text: str) -> Release:
    """ "X14.2.5", "14.2.5" or "X14.2.5 (Release)" → Release; raises `ValueError` for anything else."""
    match = _RELEASE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no Expressway release (expected for example X14.2.5)")
    numbers = match["numbers"]
    return Release("X" + numbers, tuple(int(number) for number in numbers.split(".")))


FIRST_WITH_SWITCH = parse_release("X14.2")
"""`xConfiguration EdgeConfigServer VerifyOriginServer` is there, On by default (release note X14.2.5)."""
FIRST_THAT_MAY_VERIFY = parse_release("X14.0.8")
"""TAC 225476 lets verification begin here, every other source with X14.2: the switch may be missing."""


def has_switch(release: Release) -> bool:
    """Whether the documents promise the switch VerifyOriginServer in this release."""
    return release >= FIRST_WITH_SWITCH


def note_on_missing_switch(release: Release) -> str:
    """What it means that a peer of this release does not list the switch, in one or two sentences."""
    if has_switch(release):
        return (
            f"{release} should have EdgeConfigServer VerifyOriginServer (X14.2 and later do), but this peer does not list it. "
            "Treat it as verifying, and ask Cisco TAC."
        )
    if release >= FIRST_THAT_MAY_VERIFY:
        return (
            f"{release} has no EdgeConfigServer VerifyOriginServer (it came with X14.2), but Cisco's documents disagree on "
            "whether X14.0.8 and later verify all the same: audit it as verifying."
        )
    return (
        f"{release} is older than X14.2: it has no EdgeConfigServer VerifyOriginServer and does not verify origin servers "
        "(CVE-2022-20814)."
    )
