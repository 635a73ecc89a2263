# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order in which the parts of a rotated log were written, by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

ROTATED = re.compile(
    r"(?P<base>.+?)(?:\.(?P<number>\d{1,4})|-(?P<date>\d{8}(?:[-T]?\d{2,6})?))(?P<packed>\.\w+)?"
)
Order: TypeAlias = tuple[str, str, int, str, str]


def age_order(path: str) -> Order:
    """Sorts `messages.2.gz`, `messages.1`, `messages-20261119`, `messages-20261120`, `messages`: a higher number is older, a
    date says when a part ended, and what has neither is still written to."""
    folder, _slash, name = path.rpartition("/")
    rotated = ROTATED.fullmatch(name)
    if rotated is None:
        return folder, name, 1, "", name
    return folder, rotated["base"], -int(rotated["number"] or 0), rotated["date"] or "", name


def oldest_first(paths: Sequence[str]) -> list[str]:
    """The paths in their order, but that the parts of each rotated log among them change places until the oldest is first."""
    places: dict[tuple[str, str], list[int]] = {}
    for place, path in enumerate(paths):
        places.setdefault(age_order(path)[:2], []).append(place)
    ordered = list(paths)
    for parts in places.values():
        for place, path in zip(
            parts, sorted((paths[part] for part in parts), key=age_order), strict=True
        ):
            ordered[place] = path
    return ordered
