# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit in one sentence, in counts, and as a list of logins: which break, why, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.audit.finding import SEVERITIES
from ansible_collections.collab.expressway.plugins.module_utils.audit.gaps import not_looked_at
from ansible_collections.collab.expressway.plugins.module_utils.audit.refusal_words import (
    in_few_words,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import (
    BREAKS_AFTER_CHANGE,
    BREAKS_TODAY,
    BREAKS_WHEN_VERIFIED,
    Record,
    Situation,
)

Origin = tuple[str, int]


def summary(situation: Situation, findings: list[Record]) -> Record:
    """`audit.summary`.

    `breaks_today` and `refused` count origins (address and port) that at least one peer refuses as offered: the
    first where that peer verifies now, the second whatever its switch says. `complete` is false as soon as
    anything is in `not_looked_at`.
    """
    unseen = not_looked_at(situation)
    today = _origins(situation, BREAKS_TODAY)
    refused = today | _origins(situation, BREAKS_WHEN_VERIFIED)
    after_change = _origins(situation, BREAKS_AFTER_CHANGE)
    counts = {
        "peers": len(situation.peers),
        "peers_judged": len(situation.with_trust_store()),
        "origins": len(situation.origins),
        "origins_seen": sum(
            any(entry["chain"] for entry in origin["presented"]) for origin in situation.origins
        ),
        "verdicts_accepted": len(situation.verdicts) - len(situation.refused()),
        "verdicts_refused": len(situation.refused()),
        "breaks_when_verified": len(_origins(situation, BREAKS_WHEN_VERIFIED)),
        "breaks_after_change": len(after_change),
        "only_after_change": len(after_change - refused),
        "findings": {
            severity: sum(found["severity"] == severity for found in findings)
            for severity in SEVERITIES
        },
        "not_looked_at": len(unseen),
    }
    return {
        "answer": _answer(situation, counts, today, refused),
        "complete": not unseen,
        "breaks_today": len(today),
        "refused": len(refused),
        "counts": counts,
        "logins": _logins(situation),
        "not_looked_at": unseen,
    }


def _origins(situation: Situation, standing: str) -> set[Origin]:
    return {
        (verdict["address"], verdict["port"])
        for verdict in situation.refused()
        if verdict["standing"] == standing
    }


def _answer(
    situation: Situation, counts: dict[str, Any], today: set[Origin], refused: set[Origin]
) -> str:
    """One sentence (two with a gap); a login is one address and port that clients use."""
    seen, gaps = counts["origins_seen"], counts["not_looked_at"]
    if not counts["peers_judged"] or not seen:
        said = "Nothing could be judged"
    elif today:
        said = f"{len(today)} of {seen} logins {_plural(len(today), 'breaks', 'break')} today"
        if refused - today:
            said += f", {len(refused - today)} more would when origins are verified everywhere"
    elif refused:
        said = f"No login is known to break today, but {len(refused)} of {seen} would as soon as origins are verified"
    else:
        said = (
            f"No login breaks: {_plural(counts['peers_judged'], 'the peer accepts', 'the peers accept')} "
            + (_plural(seen, "the only origin", f"all {seen} origins"))
        )
        said += " that were seen" if gaps else ""
    if counts["only_after_change"]:
        said += f"; {counts['only_after_change']} {'more ' if refused else ''}would break after a cipher or release change"
    ending = f". {gaps} {_plural(gaps, 'thing was', 'things were')} not looked at." if gaps else "."
    return f"{situation.cluster}: {said}{ending}"


def _plural(count: int, one: str, many: str) -> str:
    return one if count == 1 else many


def _logins(situation: Situation) -> list[Record]:
    """Refusals as offered that one repair ends, worst first: {standing, origins, peers, key_types, why, remedy}."""
    groups: dict[tuple[str, str, str], dict[Origin, list[Record]]] = {}
    for verdict in situation.refused():
        if verdict["standing"] != BREAKS_AFTER_CHANGE:
            key = (verdict["standing"], *in_few_words(verdict))
            origin = (verdict["address"], verdict["port"])
            groups.setdefault(key, {}).setdefault(origin, []).append(verdict)
    lines: dict[tuple[object, ...], Record] = {}
    for (standing, why, remedy), origins in groups.items():
        for (address, port), verdicts in origins.items():
            peers = _once(verdict["peer"] for verdict in verdicts)
            key_types = _once(
                verdict["leaf_key_type"] or verdict["key_type"] for verdict in verdicts
            )
            line = lines.setdefault(
                (standing, why, remedy, *peers),
                {
                    "standing": standing,
                    "origins": [],
                    "peers": peers,
                    "key_types": [],
                    "why": why,
                    "remedy": remedy,
                },
            )
            line["origins"].append({"address": address, "port": port})
            line["key_types"] = _once([*line["key_types"], *key_types])
    return sorted(lines.values(), key=lambda line: line["standing"] != BREAKS_TODAY)


def _once(items: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(items))
