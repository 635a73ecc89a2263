# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""After a write of a roll-out: does the peer hold what it should, does it judge as predicted, and who holds what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import login
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.reads import (
    Record,
    essence,
    read_of,
)

UNCHANGED, WRITTEN, PREDICTED, WRONG, RESTORED, UNTOUCHED, UNREAD, LEFT = (
    "unchanged",
    "written",
    "predicted",
    "wrong",
    "restored",
    "untouched",
    "unread",
    "left",
)
"""What became of a peer. wrong: it needs a person; untouched: the roll-out stopped before it; left: nothing was meant for it."""


def doubts(
    upload: Mapping[str, Any],
    written: Mapping[str, Any] | None,
    read_back: Mapping[str, Any] | None,
    verdicts: Sequence[Mapping[str, Any]],
    predicted: Sequence[Mapping[str, Any]],
    read: Mapping[str, Any],
) -> list[str]:
    """Why a write cannot be called done; empty when it can.

    `written`, `read_back`: registered results of trusted_ca and trusted_ca_info. `verdicts` on the store that was read back,
    `predicted` those of the forecast, `read` the store before. What the peer holds counts, not what the upload said: one that
    failed on its way back is done.
    """
    failed = []
    if not written or written.get("failed") or written.get("unreachable"):
        said = str((written or {}).get("msg") or "it gave no answer").rstrip(".")
        failed.append(f"the upload failed: {said}")
    back = read_of(read_back)
    if back["error"]:
        return [*failed, f"the store could not be read back: {back['error']}"]
    found = _difference(upload["expected"], back["certificates"], read["certificates"])
    found = found or _overtaken(upload, back["certificates"])
    if found:
        unchanged = _same(back["certificates"], read["certificates"], upload)
        return failed if failed and unchanged else [*failed, *found]
    answers = [essence(verdict) for verdict in verdicts]
    if answers == list(predicted):
        return []
    expected = {_place(one): one for one in predicted}
    return [
        f"{login(one['address'], one['port'])} is {one['outcome']}, which was not predicted"
        for one in answers
        if expected.get(_place(one)) != one
    ] or ["the proof gave other verdicts than the prediction"]


def _place(verdict: Mapping[str, Any]) -> tuple[Any, ...]:
    return verdict["address"], verdict["port"], verdict["key_type"]


def _difference(expected: Sequence[str], held: Sequence[str], before: Sequence[str]) -> list[str]:
    missing = [digest for digest in expected if digest not in held]
    surplus = [digest for digest in dict.fromkeys(held) if digest not in expected]
    stayed = [digest for digest in surplus if digest in before]
    strange = [digest for digest in surplus if digest not in before]
    return [
        *([f"it does not hold {_digests(missing)}"] if missing else []),
        *([f"it still holds {_digests(stayed)}"] if stayed else []),
        *([f"it holds {_digests(strange)}, which nobody sent"] if strange else []),
    ]


def _overtaken(upload: Mapping[str, Any], held: Sequence[str]) -> list[str]:
    """Of certificates with one common name the first counts: another order is another store."""
    return [
        f"of certificates with one common name it holds {_digests(have)} in this order instead of {_digests(wanted)}"
        for several in upload.get("namesakes") or []
        for have, wanted in [(_among(several, held), _among(several, upload["expected"]))]
        if have != wanted
    ]


def _among(several: Sequence[str], digests: Sequence[str]) -> list[str]:
    return [digest for digest in dict.fromkeys(digests) if digest in several]


def _same(one: Sequence[str], other: Sequence[str], upload: Mapping[str, Any]) -> bool:
    """Do two stores hold the same, and what shares a common name in the same order?"""
    return set(one) == set(other) and all(
        _among(several, one) == _among(several, other) for several in upload.get("namesakes") or []
    )


def _digests(digests: Sequence[str]) -> str:
    return ", ".join(f"{digest[:16]}…" for digest in digests)


def may_put_back(
    read: Mapping[str, Any], upload: Mapping[str, Any], read_back: Mapping[str, Any] | None
) -> bool:
    """Whether the former store should be sent again after doubts.

    Not where it is still there, and not where somebody else has written meanwhile: their work is not undone. A store
    that cannot be read gets the try; the upload reads before it writes.
    """
    back = read_of(read_back)
    if back["error"]:
        return True
    known = {*read["certificates"], *upload["expected"]}
    there = _same(back["certificates"], read["certificates"], upload)
    return not there and set(back["certificates"]) <= known


def same_store(
    read: Mapping[str, Any], upload: Mapping[str, Any], read_back: Mapping[str, Any] | None
) -> bool:
    """Whether a store reads as it did before the roll-out; false also where it cannot be read."""
    back = read_of(read_back)
    return not back["error"] and _same(back["certificates"], read["certificates"], upload)


def changes(upload: Mapping[str, Any]) -> bool:
    """Whether anything is to be written."""
    return any(upload.get(key) for key in ("adds", "removes", "reorders"))


def outcome_of(
    *,
    read: Mapping[str, Any],
    upload: Mapping[str, Any] | None,
    written: Mapping[str, Any] | None,
    doubts: Sequence[str],
    put_back: bool,
    stopped: bool,
    check_mode: bool,
) -> str:
    """One of the words above. `upload`: None where nothing was meant for the peer. `put_back`: after doubts the store read again as it did before."""
    if upload is None:
        return LEFT if read["certificates"] else UNREAD
    if doubts:
        return RESTORED if put_back else WRONG
    if not changes(upload):
        return UNCHANGED
    if stopped or written is None:
        return UNTOUCHED
    return PREDICTED if check_mode else WRITTEN


def member_of_rollout(
    cluster: str, peer: str, seen: Mapping[str, Any], *, check_mode: bool
) -> Record:
    """What became of one peer: the role's `trust_store_result`.

    `seen` holds read, upload, forecast and the registered results written, read_back, restored and
    read_again (None or {} where a task did not run), besides `doubts` (list), `stopped_by` (peer or None),
    `trouble` (the peers of the cluster with doubts) and `not_looked_at` (what the audit missed).
    """
    upload, written = seen.get("upload") or None, seen.get("written") or None
    read = seen["read"]
    found, stopped = list(seen.get("doubts") or []), seen.get("stopped_by")
    last = seen.get("read_again") or seen.get("read_back")
    outcome = outcome_of(
        read=read,
        upload=upload,
        written=written,
        doubts=found,
        put_back=bool(found) and same_store(read, upload or {}, last),
        stopped=bool(stopped),
        check_mode=check_mode,
    )
    becomes = outcome in (WRITTEN, PREDICTED)
    done = (written or {}) if becomes else {}
    now = read_of(last) if last else read
    held = upload["expected"] if upload and becomes else now["certificates"]
    subjects = {
        record["sha256"]: record["subject"]
        for result in (seen.get("read_result"), last, upload, written)
        for key in ("certificates", "adds", "removes", "added", "kept", "removed")
        for record in (result or {}).get(key) or []
        if isinstance(record, Mapping) and record.get("sha256")
    }
    forecast = seen.get("forecast") or {}
    return {
        "cluster": cluster,
        "peer": peer,
        "outcome": outcome,
        "certificates": list(dict.fromkeys(held)),
        "subjects": subjects,
        "added": _subjects(done.get("added")),
        "removed": _subjects(done.get("removed")),
        "reordered": _subjects(done.get("reordered")),
        "doubts": found,
        "repaired": forecast.get("repaired", []) if becomes else [],
        # Where nothing was written, nothing was repaired either, and the verdicts before still hold.
        "refused": forecast.get("refused" if becomes else "refused_before", []),
        "left_out": [
            f"'{one['subject']}' ({one['sha256'][:16]}…): {one['why']}"
            for one in (upload or {}).get("left_out", [])
        ],
        "not_looked_at": [
            *(upload or {}).get("not_looked_at", []),
            *(seen.get("not_looked_at") or []),
        ],
        "unproven": [done["unproven"]] if done.get("unproven") else [],
        "restart_required": bool(done.get("restart_required")),
        "backup_file": (written or {}).get("backup_file"),
        "message": _message(outcome, read, seen.get("restored"), stopped, now),
        "stopped_at": list(seen.get("trouble") or []),
        "predicted_pem": upload["after_pem"] if upload else None,
    }


def _subjects(records: Sequence[Any] | None) -> list[str]:
    return [
        f"'{one['subject']}' ({one['sha256'][:16]}…)"
        for one in records or []
        if isinstance(one, Mapping)
    ]


def _message(
    outcome: str,
    read: Mapping[str, Any],
    restored: Mapping[str, Any] | None,
    stopped: str | None,
    now: Mapping[str, Any],
) -> str | None:
    if outcome == UNREAD:
        return str(read["error"])
    if outcome == UNTOUCHED and stopped:
        return f"it stopped at {stopped}"
    if outcome == WRONG:
        tried = (
            f"putting it back failed: {restored.get('msg')}; "
            if restored and restored.get("failed")
            else ""
        )
        holds = (
            now["error"]
            or f"it now holds {len(set(now['certificates']))} certificates: {_digests(now['certificates'])}"
        )
        return f"{tried}{holds}"
    return None


def drift(held: Mapping[str, Sequence[str]], subjects: Mapping[str, str]) -> list[str]:
    """What not every peer of a cluster trusts, one line a certificate; `held`: peer → digests, `subjects`: digest → subject."""
    lines = []
    for digest in dict.fromkeys(digest for store in held.values() for digest in store):
        without = [peer for peer, store in held.items() if digest not in store]
        if without:
            lines.append(
                f"{subjects.get(digest, 'unknown subject')} ({digest[:16]}…) is missing on {', '.join(without)}"
            )
    return lines


def rollout_report(members: Sequence[Record], *, predicted: bool) -> list[str]:
    """Lines for people, cluster by cluster.

    A member is what `member_of_rollout` made. `predicted` in check mode.
    """
    lines: list[str] = []
    clusters: dict[str, list[Record]] = {}
    for member in members:
        clusters.setdefault(member["cluster"], []).append(member)
    for cluster, peers in sorted(clusters.items()):
        lines += [f"{cluster}: {text}" for text in _cluster(peers, predicted)]
    return lines


def _cluster(peers: Sequence[Record], predicted: bool) -> list[str]:
    lines = [f"{member['peer']} {_told(member)}" for member in peers]
    held = {member["peer"]: member["certificates"] for member in peers if member["certificates"]}
    subjects = {
        digest: subject for member in peers for digest, subject in member["subjects"].items()
    }
    lines += [f"peers differ: {text}" for text in drift(held, subjects)]
    for title, key in (
        ("not uploaded", "left_out"),
        ("still refused", "refused"),
        ("not looked at", "not_looked_at"),
        ("not proven before it is done", "unproven"),
    ):
        texts: dict[str, list[str]] = {}
        for member in peers:
            for text in member[key]:
                texts.setdefault(text, []).append(member["peer"])
        lines += [f"{title}, on {', '.join(names)}: {text}" for text, names in texts.items()]
    restart = [member["peer"] for member in peers if member["restart_required"]]
    if restart:
        verb = "would have to be" if predicted else "has to be"
        lines.append(
            f"Cisco's guides say that Expressway {verb} restarted for a new CA to take effect: {', '.join(restart)}. "
            "Not done here; one peer at a time, the primary first"
        )
    return lines


WORDS = {
    UNCHANGED: "holds what it should, as before",
    WRITTEN: "was written, read back and proven",
    PREDICTED: "would be written",
    RESTORED: "did not become what it should, and holds its former store",
    WRONG: "NEEDS ATTENTION",
    UNTOUCHED: "was not touched, because the roll-out stopped before it",
    UNREAD: "was not read and is left as it is",
    LEFT: "is left as it is",
}


def _told(member: Mapping[str, Any]) -> str:
    parts = [WORDS[member["outcome"]]]
    for word, key in (
        ("adds", "added"),
        ("removes", "removed"),
        ("reorders", "reordered"),
    ):
        if member[key] and member["outcome"] in (WRITTEN, PREDICTED):
            parts.append(f"{word} {', '.join(member[key])}")
    if member["doubts"]:
        parts.append("; ".join(member["doubts"]))
    if member["repaired"] and member["outcome"] in (WRITTEN, PREDICTED):
        parts.append(f"repairs {', '.join(member['repaired'])}")
    if member["message"]:
        parts.append(member["message"])
    if member["backup_file"]:
        parts.append(f"backup {member['backup_file']}")
    return "; ".join(parts)
