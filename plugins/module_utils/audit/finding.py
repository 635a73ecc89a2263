# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shape of a finding, and how findings are put in order."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import Record

CRITICAL = "critical"
WARNING = "warning"
INFO = "info"
SEVERITIES = (CRITICAL, WARNING, INFO)
"""critical: logins break today or protection is off without an end. warning: will bite. info: worth knowing."""


def finding(
    severity: str,
    title: str,
    evidence: Iterable[str],
    remedy: str,
    *,
    about: Iterable[object] = (),
    peers: Iterable[str] = (),
    address: str | None = None,
    port: int | None = None,
    key_type: str | None = None,
    reproduce: str | None = None,
) -> Record:
    """One thing that a person should act on; `about` makes its id unique and stable among those of the same check."""
    return {
        "severity": severity,
        "title": title,
        "evidence": [line for line in evidence if line],
        "remedy": remedy,
        "peers": list(dict.fromkeys(peers)),
        "address": address,
        "port": port,
        "key_type": key_type,
        "reproduce": reproduce,
        "about": [str(part) for part in about],
    }


def slug(*parts: object) -> str:
    """Lower-case words joined by hyphens: an id that survives URLs, file names and ticket systems."""
    return "-".join(
        word
        for part in parts
        if (word := re.sub(r"[^a-z0-9.]+", "-", str(part).lower()).strip("-"))
    )


def identified(check: str, found: Record) -> Record:
    """The finding with its `check` and its `id`: the check, then what it is about."""
    about = found.pop("about")
    place = [found["address"], found["port"], found["key_type"]]
    parts = [part for part in (*place, *about) if part is not None]
    return {"id": slug(check.replace("_", "-"), *parts), "check": check, **found}


def in_order(findings: Iterable[Record]) -> list[Record]:
    """By severity; within one severity in the order of the checks and of the observation."""
    return sorted(findings, key=lambda found: SEVERITIES.index(found["severity"]))


def which(some: list[str], everyone: Iterable[object]) -> str:
    """Peers for people: "all 3 peers", "both peers", "expc2", "expc1 and expc2"."""
    total = len(list(everyone))
    if len(some) == total and total > 1:
        return "both peers" if total == 2 else f"all {total} peers"
    return listed(some)


def listed(items: Iterable[str], *, most: int = 8) -> str:
    """ "a, b and c"; a long list ends in how many more there are."""
    items = list(items)
    if len(items) > most:
        return f"{', '.join(items[:most])} and {len(items) - most} more"
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))
