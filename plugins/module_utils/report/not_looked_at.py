# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was not looked at, for one screen: each reason once, with all that it kept from view."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ansible_collections.collab.expressway.plugins.module_utils.audit.gaps import where
from ansible_collections.collab.expressway.plugins.module_utils.audit.short_names import (
    cluster_domain,
    short,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import Record
from ansible_collections.collab.expressway.plugins.module_utils.report.printable_text import (
    printable,
)

PLACES = 5
"""How many peers or origins one reason names; the report has them all."""
# One refusal of the REST API is one reason, whatever was asked for.
_RESOURCE = re.compile(r"/api/[\w/.?=&%-]*\w")


def reasons_in_short(audit: Record) -> list[str]:
    """One line of text a reason, of any length: what was not read, where, and why."""
    domain = cluster_domain(audit)
    places: dict[tuple[str, str], list[str]] = {}
    for gap in audit["summary"]["not_looked_at"]:
        places.setdefault((_subject(gap), _reason(gap)), []).append(_place(gap, domain))
    subjects: dict[tuple[str, str], list[str]] = {}
    for (subject, reason), found in places.items():
        subjects.setdefault((_few(found), reason), []).append(subject)
    return [printable(_text(found, place, reason)) for (place, reason), found in subjects.items()]


def _text(subjects: Iterable[str], place: str, reason: str) -> str:
    subject = ", ".join(filter(None, subjects))
    unread = " of ".join(filter(None, (subject, place)))
    return f"{unread} not read: {reason}" if unread else reason


def _subject(gap: Record) -> str:
    """The source of addresses or the subset of facts; "" where a peer or an origin itself was not read."""
    return str(gap["error_kind"]) if gap["what"] in ("source", "subset") else ""


def _place(gap: Record, domain: str) -> str:
    """A peer or an origin; "" where there is none, or where the reason is a sentence about the address."""
    hosts = {key: short(gap[key], domain) for key in ("peer", "address") if gap[key]}
    return where({**gap, **hosts}) if hosts and gap["what"] != "address" else ""


def _reason(gap: Record) -> str:
    """The reason without the place that it begins with, so that it is the same for all places."""
    reason = str(gap["reason"]).removeprefix(f"{_subject(gap)}: ")
    if _place(gap, ""):
        named = re.escape(where({**gap, "key_type": None}))
        reason = re.sub(rf"^{named}(?: \([^()]*\))?:? ", "", reason)
    return " ".join(_RESOURCE.sub("/api/…", reason).split())


def _few(places: list[str]) -> str:
    known = list(dict.fromkeys(filter(None, places)))
    more = f" +{len(known) - PLACES} more" if len(known) > PLACES else ""
    return ", ".join(known[:PLACES]) + more
