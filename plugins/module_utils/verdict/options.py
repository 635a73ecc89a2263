# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that the modules which judge share, and what is wrong with them, by place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

OPTIONS: dict[str, dict[str, Any]] = {
    "trust_stores": {"type": "dict", "required": True},
    "origins": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "address": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
            "presented": {"type": "str", "required": True},
            "connect_to": {"type": "str"},
            "key_type": {"type": "str", "no_log": False},
        },
    },
    "security_level": {"type": "int", "default": 1, "choices": [0, 1, 2, 3, 4, 5]},
    "at": {"type": "str"},
}
"""Documented in doc_fragments/verdict.py, but for `trust_stores`, whose names return elsewhere in each module."""


def moment(text: str | None, now: datetime, complaints: list[str]) -> datetime:
    """The option `at`, in UTC: an ISO 8601 time, of which one without a zone is UTC; `now` when it is not given."""
    if text is None:
        return now
    try:
        given = datetime.fromisoformat(text)
        return given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)
    except ValueError:
        complaints.append(f"at: '{text}' is no ISO 8601 time such as 2026-12-01T00:00:00Z")
    except OverflowError:
        complaints.append(
            f"at: '{text}' is no time of the years 1 to 9999 in UTC; give one such as 2026-12-01T00:00:00Z"
        )
    return now


def check_places(origins: Sequence[Mapping[str, Any]], complaints: list[str]) -> None:
    """Address and port of each of the option `origins`."""
    for index, origin in enumerate(origins):
        if not origin["address"].strip():
            complaints.append(f"origins[{index}].address: it is empty")
        if not 1 <= origin["port"] <= 65535:
            complaints.append(f"origins[{index}].port: {origin['port']} is no TCP port")
