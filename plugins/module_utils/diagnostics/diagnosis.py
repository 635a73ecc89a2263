# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person reads of captured logs: each origin that was refused, why, and what to do.

A diagnosis is {cluster (None for loose files), is_edge: whether it is of Expressway-E, files, refusals, connections,
skipped_lines, joined, problem: why not all was read (or None), not_collected: [{peer, error}]}; the rest is as
traffic_log_info returns it. What stands in a log is text of strangers: control characters are made visible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.report.printable_text import (
    printable,
)

MOST_USERS = 5
TERMINATE = "Terminate"
_UNSURE = {
    "probable": "which request this belongs to is probable, not certain",
    "ambiguous": "the log does not tell which of several requests this belongs to",
}


def diagnosis_lines(diagnoses: Iterable[Mapping[str, Any]]) -> list[str]:
    """Lines of text, cluster by cluster, most refused origins first."""
    return [line for diagnosis in diagnoses for line in _of_one(diagnosis)]


def _of_one(diagnosis: Mapping[str, Any]) -> list[str]:
    name = printable(diagnosis["cluster"] or "logs")
    refusals = diagnosis["refusals"]
    not_seen = [
        f"  not looked at: {printable(one['peer'])}: {printable(one['error'])}"
        for one in diagnosis["not_collected"]
    ]
    if diagnosis["problem"]:
        not_seen.append(f"  not looked at: {printable(diagnosis['problem'])}")
    if not diagnosis["files"]:
        return [f"{name}: no log was analysed.", *not_seen]
    lines = [f"{name}: {_in_short(diagnosis)}"]
    planned = _planned(diagnosis)
    if planned:
        lines.append(
            f"  First: the audit plans uploads for {planned} of these requests; playbook remediate with --check shows what it would do."
        )
    for records in _culprits(refusals):
        lines += _culprit(records, diagnosis["joined"].get("explained", []))
    lines += [
        f"  ? {printable(found['title'])}" for found in diagnosis["joined"].get("unpredicted", [])
    ]
    if diagnosis["cluster"] and refusals and not diagnosis["is_edge"] and not diagnosis["joined"]:
        lines.append(
            "  Not compared with an audit, so no upload is planned: it needs the group uc_publishers or mra_audit_nodes in the inventory."
        )
    not_met = len(diagnosis["joined"].get("not_in_log", []))
    if not_met:
        lines.append(
            f"  The audit predicts {_many(not_met, 'more refusal')} that nobody met meanwhile; playbook audit lists what breaks."
        )
    return [*lines, *not_seen]


def _in_short(diagnosis: Mapping[str, Any]) -> str:
    refusals = diagnosis["refusals"]
    refused = sum(one["count"] for one in refusals if one["action"] == TERMINATE)
    answered = diagnosis["connections"].get("ok", 0)
    others = f", {answered} answered" if answered else ""
    if refused:
        causes = _many(len(_culprits(refusals)), "cause")
        return f"{_many(refused, 'request')} refused by {causes}{others}."
    if diagnosis["is_edge"]:
        return "the logs are there; an Expressway-E verifies no UC node."
    if refusals:
        return f"no request was refused{others}; verification is not enforced, or some would be."
    if answered:
        return f"no request was refused{others}."
    return "no request was seen. Did somebody log in through these peers while the log ran?"


def _planned(diagnosis: Mapping[str, Any]) -> int:
    """How many of the refused requests the audit plans uploads for."""
    explained = [one for one in diagnosis["joined"].get("explained", []) if one["plan"]]
    keys = {_identity(one) for one in explained if one["stage"] == "chain"}
    return sum(
        record["count"]
        for record in diagnosis["refusals"]
        if record["action"] == TERMINATE and _identity(record) in keys
    )


def _culprits(refusals: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """The records of each address and cause, whichever peers and ports they are of; most refused requests first."""
    grouped: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for record in refusals:
        # The ports of an address that break alike are one thing to repair.
        key = (_host(record), record["stage"], record["error"], record["cause"], record["action"])
        grouped.setdefault(key, []).append(record)
    return sorted(grouped.values(), key=lambda records: -sum(one["count"] for one in records))


def _culprit(
    records: Sequence[Mapping[str, Any]], explained: Iterable[Mapping[str, Any]]
) -> list[str]:
    first = records[0]
    count = sum(record["count"] for record in records)
    peers = list(dict.fromkeys(printable(record["peer"]) for record in records))
    users = list(dict.fromkeys(printable(user) for record in records for user in record["users"]))
    passed = (
        "" if first["action"] == TERMINATE else " (let through, as verification is not enforced)"
    )
    line = f"  x {_place(records)} on {', '.join(peers)}: {_many(count, 'request')}{passed}"
    if users:
        more = f" and {len(users) - MOST_USERS} more" if len(users) > MOST_USERS else ""
        line += f", users {', '.join(users[:MOST_USERS])}{more}"
    lines = [
        line,
        f"      why: {printable(first['cause'])}",
        f"      do: {printable(first['remedy'])}",
    ]
    lines += [f"      plan: {text}" for text in _uploads(records, explained)]
    unsure = [_UNSURE[record["certainty"]] for record in records if record["certainty"] in _UNSURE]
    return lines + [f"      note: {text}" for text in dict.fromkeys(unsure)]


def _uploads(
    records: Sequence[Mapping[str, Any]], explained: Iterable[Mapping[str, Any]]
) -> list[str]:
    """What the audit's plan would upload to repair these refusals; a wrong name is not repaired by any upload."""
    keys = [_identity(record) for record in records if record["stage"] == "chain"]
    return list(
        dict.fromkeys(
            f"upload {printable(entry['common_name'] or entry['subject'])} (SHA-256 {entry['sha256']}). {printable(entry['reason'])}"
            for one in explained
            if _identity(one) in keys
            for entry in one["plan"]
        )
    )


def _identity(record: Mapping[str, Any]) -> tuple[Any, ...]:
    ports = tuple(record["ports"])
    return record["peer"], record["address"], ports, record["stage"], record["error"]


def _place(records: Iterable[Mapping[str, Any]]) -> str:
    records = list(records)
    ports = sorted({port for record in records for port in record["ports"]})
    return _host(records[0]) + (f":{','.join(map(str, ports))}" if ports else "")


def _host(record: Mapping[str, Any]) -> str:
    return printable(record["address"] or record["ip"] or "an origin that the log does not name")


def _many(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")
