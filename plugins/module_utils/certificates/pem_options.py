# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Module options that hold PEM text or the path of a PEM file, and what was wrong with them, by place."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def pem_text(value: Any, place: str, complaints: list[str]) -> str | None:
    """The text itself or the text of the file. None after a complaint `place: what to give`.

    What the text holds is no matter of this function: an empty trust store is a trust store.
    """
    if not isinstance(value, str):
        complaints.append(f"{place}: expected PEM text or a path, not {type(value).__name__}")
        return None
    if _is_text(value):
        return value
    try:
        return Path(value).expanduser().read_text(errors="surrogateescape")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        complaints.append(f"{place}: neither PEM text nor a readable file: {value} ({reason})")
        return None


def _is_text(value: str) -> bool:
    return not value.strip() or "\n" in value or "-----" in value


def absolute(value: Any) -> list[Any]:
    """One value or a list of them as a list, paths made absolute: not everybody who reads them runs in the current folder.

    Nothing is read and nothing left out: what is no text stays as it is, for `pem_text` to complain about.
    """
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [
        one if not isinstance(one, str) or _is_text(one) else str(Path(one).expanduser().absolute())
        for one in values
    ]


def pem_texts(value: Any, place: str, complaints: list[str]) -> list[str]:
    """The same for one value or a list of values; a list item's place is `place[0]`."""
    if value is None:
        return []
    several = isinstance(value, list)
    texts = [
        pem_text(item, f"{place}[{index}]" if several else place, complaints)
        for index, item in enumerate(value if several else [value])
    ]
    return [text for text in texts if text is not None]
