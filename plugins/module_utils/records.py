# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Option values that should be what another module returned: where one is something else, and what to give."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any, TypeAlias

TEXT, NUMBER = (str, NoneType), (int, NoneType)
Shape: TypeAlias = Mapping[str, type | tuple[type, ...]]
"""The keys that are read of a record, with the types of their values."""
_SAID: dict[Any, str] = {
    str: "text",
    TEXT: "text",
    int: "number",
    NUMBER: "number",
    bool: "boolean",
    list: "list",
    dict: "dictionary",
}


def misfits(place: str, value: Any, shape: Shape, source: str) -> list[str]:
    """At most one complaint about a list of records: about the first that is not of this shape."""
    if not isinstance(value, list):
        return [f"{place} is no list; {source}"]
    for index, record in enumerate(value):
        if found := misfit(f"{place}[{index}]", record, shape, source):
            return found
    return []


def misfit(place: str, record: Any, shape: Shape, source: str) -> list[str]:
    """At most one complaint about a record."""
    if not isinstance(record, dict):
        return [f"{place} is no dictionary; {source}"]
    if missing := [key for key in shape if key not in record]:
        return [f"{place} has no {', '.join(missing)}; {source}"]
    return [
        f"{place}.{key} is no {_SAID[kind]}; {source}"
        for key, kind in shape.items()
        if not isinstance(record[key], kind)
    ][:1]
