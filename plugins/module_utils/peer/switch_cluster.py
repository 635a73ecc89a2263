# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""May VerifyOriginServer be set in a cluster, on which peer first, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

OVERRIDE = "origin_verification_allow_partial_cluster"


@dataclass(frozen=True)
class Readiness:
    """`problems` that keep every peer of the cluster untouched; peers to write first; state of each peer that was read."""

    problems: list[str] = field(default_factory=list)
    primary: list[str] = field(default_factory=list)
    states: dict[str, str | None] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The answer as JSON types."""
        return asdict(self)


def readiness(
    cluster: str,
    reads: Mapping[str, Mapping[str, Any]],
    declared: Mapping[str, str],
    left_out: Iterable[str],
    *,
    allow_partial: bool = False,
) -> Readiness:
    """Judge the reads of one cluster.

    `reads`: inventory name → registered result of the facts task; `declared`: inventory name → wanted state;
    `left_out`: peers of the cluster in the inventory that are not part of this run.
    """
    facts = {
        name: (result.get("ansible_facts") or {}).get("expressway")
        for name, result in reads.items()
    }
    problems = [
        f"{name} could not be read: {reads[name].get('msg') or 'it gave no facts'}"
        for name, fact in facts.items()
        if fact is None
    ]
    read = {name: fact for name, fact in facts.items() if fact is not None}
    problems += [
        f"{name}: {fact['origin_verification']['note']}"
        for name, fact in read.items()
        if not fact["origin_verification"]["supported"]
    ]
    if len(set(declared.values())) > 1:
        problems.append(
            "the peers of one cluster must have one origin_verification_state: "
            + ", ".join(f"{name} {state}" for name, state in declared.items())
        )
    if not allow_partial:
        problems += _incomplete(cluster, len(facts), read, list(left_out))
    primary, doubts = _primary(cluster, read, allow_partial)
    return Readiness(
        problems + doubts,
        primary,
        {name: fact["origin_verification"]["state"] for name, fact in read.items()},
    )


def _incomplete(
    cluster: str, present: int, read: Mapping[str, Any], left_out: list[str]
) -> list[str]:
    """`present`: how many peers take part in the run, also those that could not be read."""
    problems = []
    if left_out:
        problems.append(
            f"{', '.join(left_out)} belong(s) to the cluster but not to this run (--limit, serial, or failed before). Run the whole "
            f"cluster, or set {OVERRIDE}=true to leave them as they are"
        )
    known = present + len(left_out)
    for name, fact in read.items():
        peers = fact["cluster"]["peers"]
        if len(peers) > known:
            addresses = ", ".join(peer["address"] for peer in peers)
            problems.append(
                f"{name} says that its cluster has {len(peers)} peers ({addresses}), but the inventory puts {known} into "
                f"{cluster}. Add the missing ones, or set {OVERRIDE}=true"
            )
            break
    return problems


def _primary(
    cluster: str, read: Mapping[str, Any], allow_partial: bool
) -> tuple[list[str], list[str]]:
    """The peers to write first, and why they cannot be told."""
    roles = {name: fact["cluster"]["is_primary"] for name, fact in read.items()}
    unknown = [name for name, role in roles.items() if role is None]
    primary = [name for name, role in roles.items() if role]
    if unknown:
        return primary, [
            f"which peer of its cluster {', '.join(unknown)} is cannot be told from its name and address; set expressway_peer_index "
            "(1 to 6) for it"
        ]
    alone = [name for name in primary if not read[name]["cluster"]["peers"]]
    if alone and len(read) > 1:
        return primary, [
            f"{', '.join(alone)} says that it is a standalone peer, but the inventory puts it into {cluster} with others"
        ]
    if len(primary) > 1:
        return primary, [f"more than one peer says that it is the primary: {', '.join(primary)}"]
    if read and not primary and not allow_partial:
        return primary, [f"none of the peers that were read is the primary of {cluster}"]
    return primary, []


def report(observed: Iterable[Mapping[str, Any]], *, predicted: bool) -> list[str]:
    """Peers by state, one line for each cluster and state; `predicted` in check mode.

    `observed`: {cluster, peer, declaration, read, set, read_back}, the last three registered results of the facts task and of
    the tasks that set and read back; a task that did not run or was skipped gave {} (or no `after`).
    """
    lines: list[str] = []
    grouped: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for member in observed:
        outcome = _outcome(member, predicted)
        grouped.setdefault((member["cluster"], outcome["state"] or ""), []).append(outcome)
    for (cluster, state), members in sorted(grouped.items()):
        if not state:
            lines += [
                f"{cluster}: state UNKNOWN on {member['peer']}: {member['error']}"
                for member in members
            ]
            continue
        verb = "would be" if predicted else "is"
        line = f"{cluster}: VerifyOriginServer {verb} {state.capitalize()} on " + ", ".join(
            _peer(member, predicted) for member in members
        )
        lines.append(line + (_about_off(members[0]) if state == "off" else ""))
    return lines


def _outcome(observed: Mapping[str, Any], predicted: bool) -> dict[str, Any]:
    """What became of one peer: {peer, state, changed, followed, error, until, reason}; state None when nobody knows."""
    read, written, back = observed["read"], observed["set"], observed["read_back"]
    facts = (read.get("ansible_facts") or {}).get("expressway") or {}
    before = (facts.get("origin_verification") or {}).get("state")
    if predicted or not back:
        # Where nothing was tried, what was read still holds.
        state = before if not written or written.get("skipped") else written.get("after")
    else:
        state = back.get("after")
    declaration = observed["declaration"]
    return {
        "peer": observed["peer"],
        "state": state,
        # Not what the task that set it says: it cannot know whether a write without an answer was carried out.
        "changed": state != before,
        "followed": written.get("followed", False),
        "error": back.get("msg") or written.get("msg") or read.get("msg") or "it was not read",
        "until": declaration.get("until"),
        "reason": declaration.get("reason"),
    }


def _peer(outcome: Mapping[str, Any], predicted: bool) -> str:
    if not outcome["changed"]:
        return f"{outcome['peer']} (as before)"
    if predicted:
        return f"{outcome['peer']} (to change)"
    return f"{outcome['peer']} ({'by replication' if outcome['followed'] else 'changed'})"


def _about_off(outcome: Mapping[str, Any]) -> str:
    until = f", until {outcome['until']}" if outcome["until"] else ", WITHOUT AN END"
    reason = f": {outcome['reason']}" if outcome["reason"] else ""
    return f"{until}{reason}. Any certificate of a UC node is accepted there (CVE-2022-20814)"


def refused_when_verifying(audit: Mapping[str, Any]) -> list[str]:
    """What every peer that verifies refuses, one line for each address and port, and what the audit did not see.

    `audit` is the model of mra_audit_info. Only what the peers meet with today's cipher lists counts.
    """
    refusals: dict[tuple[str, int], dict[str, list[str]]] = {}
    for verdict in audit["verdicts"]:
        if verdict["as_offered"] and verdict["outcome"] == "refused":
            causes = refusals.setdefault((verdict["address"], verdict["port"]), {})
            causes.setdefault(verdict["cause"], []).append(verdict["peer"])
    lines = [] if audit["verdicts"] else ["Nothing could be judged, so nobody knows what breaks"]
    for (address, port), causes in refusals.items():
        for cause, peers in causes.items():
            lines.append(f"{address}:{port} on {', '.join(dict.fromkeys(peers))}: {cause}")
    if not audit["summary"]["complete"]:
        lines.append(
            f"Not everything was looked at ({len(audit['summary']['not_looked_at'])} gaps): more may break than is listed here"
        )
    return lines
