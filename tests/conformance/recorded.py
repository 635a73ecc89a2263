# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verdicts that real Traffic Servers gave on stored certificates; see recorded_verdicts.json.

The certificates are valid until 2047, so the cases need a moment before that, not today's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

EXPRESSWAY_8_1 = "ats8.1-openssl1.1.1-level1"
LEVEL_1_9_2 = "ats9.2-openssl3.0-level1"
LEVEL_2_9_2 = "ats9.2-openssl3.0-level2"

AT = datetime(2026, 11, 23, tzinfo=UTC)

# OpenSSL 3 changed words, not meanings.
SINCE_OPENSSL_3 = {
    "self-signed certificate": "self signed certificate",
    "self-signed certificate in certificate chain": "self signed certificate in certificate chain",
    "unsuitable certificate purpose": "unsupported certificate purpose",
}


@dataclass(frozen=True)
class Answer:
    """accepted, or refused at `stage` with the words of OpenSSL 1.1.1 and the depth (chain only)."""

    stage: str | None
    error: str | None = None
    depth: int | None = None


@dataclass(frozen=True)
class Case:
    name: str
    description: str
    address: str
    trust_store: str
    presented: str
    recorded: dict[str, Answer]

    def __str__(self) -> str:
        return self.name


def recorded_cases() -> list[Case]:
    data = json.loads(Path(__file__).with_name("recorded_verdicts.json").read_text())
    return [
        Case(
            case["name"],
            case["description"],
            case["address"],
            case["trust_store"],
            case["presented"],
            {server: recorded_answer(answer) for server, answer in case["traffic_server"].items()},
        )
        for case in data["cases"]
    ]


def recorded_answer(answer: dict[str, Any]) -> Answer:
    if answer["outcome"] == "chain":
        error = SINCE_OPENSSL_3.get(answer["error"], answer["error"])
        return Answer("chain", error, answer["depth"])
    return Answer(None if answer["outcome"] == "accepted" else "name")


def answer_of(verdict: dict[str, Any]) -> Answer:
    """A verdict in the terms of the recordings; the words of a name error are the address's own."""
    if verdict["stage"] == "chain":
        return Answer("chain", verdict["error"], verdict["depth"])
    assert (verdict["outcome"] == "accepted") == (verdict["stage"] is None)
    return Answer(verdict["stage"])
