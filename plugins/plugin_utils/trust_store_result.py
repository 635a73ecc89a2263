# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task that changes a trust store returns: refused, planned, or done and read back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.trust_store.change import (
    TrustStoreChange,
    difference,
    shown,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.refusals import Refusal
from ansible_collections.collab.expressway.plugins.plugin_utils.trust_store_outcome import Outcome


def refused_result(reasons: Sequence[Refusal], peer: str) -> dict[str, Any]:
    """A failed task with every reason, and what would override it."""
    lines = "; ".join(reason.text for reason in reasons)
    allow = sorted({reason.allow for reason in reasons if reason.allow})
    hint = (
        f". What you mean all the same can be listed in allow: {', '.join(allow)}" if allow else ""
    )
    return {
        "failed": True,
        "changed": False,
        "refused": [reason.record for reason in reasons],
        "msg": f"{peer}: {lines}{hint}. Nothing was sent",
    }


def planned_result(change: TrustStoreChange, peer: str) -> dict[str, Any]:
    """What the task returns when everything goes as planned; all of it in check mode."""
    return {
        "changed": change.changes,
        "added": [shown(one) for one in change.added],
        "removed": [shown(one) for one in change.removed],
        "kept": [shown(one) for one in change.kept],
        "reordered": [shown(one) for one in change.reordered],
        "refused": [],
        "before_sha256": change.before.sha256,
        "after_sha256": change.after_sha256,
        "restart_required": change.changes,
        "held": None,
        "backup_file": None,
        "via_detail": None,
        "unproven": None,
        "diff": difference(change, peer),
    }


def with_outcome(
    result: dict[str, Any], change: TrustStoreChange, outcome: Outcome, peer: str
) -> dict[str, Any]:
    """`result` with what really became of it: failed, and told from what the peer holds, where it went wrong."""
    result["via_detail"] = outcome.detail
    notes = [f"{peer}: {note}" for note in outcome.notes]
    result["warnings"] = [*result.get("warnings", []), *notes]
    held = outcome.now
    if held is not None:
        result["after_sha256"] = held.sha256
        result["held"] = None if held.problems else [one.sha256 for one in held.certificates]
    if outcome.problem is None:
        return result
    # What was planned is not what is: told from what the peer holds.
    now = change if held is None else TrustStoreChange(change.before, held.certificates, exact=True)
    backup = f" The store before is in {result['backup_file']}." if result["backup_file"] else ""
    holds = (
        "What it holds is unknown."
        if held is None
        else f"It holds {len(held.certificates)} certificates now, {_compared(change, now)} (SHA-256 {held.sha256})."
    )
    return result | {
        "failed": True,
        "changed": held is None or now.changes,
        "restart_required": held is None or now.changes,
        "added": [] if held is None else [shown(one) for one in now.added],
        "removed": [] if held is None else [shown(one) for one in now.removed],
        "reordered": [] if held is None else [shown(one) for one in now.reordered],
        "after_sha256": held.sha256 if held else None,
        "msg": f"{peer}: {outcome.problem}. {holds}{backup}",
    }


def _compared(change: TrustStoreChange, now: TrustStoreChange) -> str:
    if not now.changes:
        return "the same as before"
    if not now.added and not now.removed:
        return "the same as before in another order"
    return f"{len(now.added)} more and {len(now.removed)} fewer than before"
