# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which backup of a trust store is put back on which peer, and whether the change behind it was ever finished."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    bundle_digest,
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.change import TrustStore

SETTLED, HALFWAY, FOREIGN = "settled", "halfway", "foreign"
"""What an interrupted change has left: the old or the new store; something between them; or somebody else has written since."""

MANIFEST = "manifest.json"
_STAMP = re.compile(r"-\d{8}T\d{6}Z-[0-9a-f]{16}(-\d+)?\.pem")


def backup_name(peer: str, at: datetime, sha256: str, number: int = 1) -> str:
    """The file of a backup: peer, time (UTC) and the beginning of the store's digest. `number`: of several of these, which differ in order."""
    again = f"-{number}" if number > 1 else ""
    return f"{_file_part(peer)}-{at:%Y%m%dT%H%M%SZ}-{sha256[:16]}{again}.pem"


def _file_part(peer: str) -> str:
    """An inventory name may be an IPv6 address, or hold what a file name must not."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", peer).lstrip(".") or "peer"


def manifest_entries(text: str) -> list[dict[str, Any]]:
    """The entries of a manifest, oldest first. Raises ValueError where it is none: what it said must not be taken for nothing."""
    entries = json.loads(text)
    if not isinstance(entries, list):
        raise ValueError("it is no list of backups")
    for number, entry in enumerate(entries):
        keys = ("file", "peer", "taken_at", "sha256")
        if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in keys):
            raise ValueError(f"[{number}] is no entry with {', '.join(keys)}")
        if entry.get("open") and not isinstance(entry.get("wanted"), list):
            raise ValueError(f"[{number}] is open, but does not say what was wanted")
    return entries


def _owner(name: str, hosts: Sequence[str]) -> str | None:
    """Which of `hosts` a file without an entry was taken from, by its name. One host's name may begin with that of another."""
    stamp = _STAMP.search(name)
    if stamp:
        return next((host for host in hosts if _file_part(host) == name[: stamp.start()]), None)
    begins = [host for host in hosts if name.startswith(f"{_file_part(host)}-")]
    return max(begins, key=len, default=None)


def choose_backup(
    peer: str,
    hosts: Sequence[str],
    given: str,
    *,
    folder: bool,
    manifest: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """{path, sha256, note, problem}: the backup for this peer, or why there is none.

    `hosts`: every host of the run. `given`: the file or folder that was asked for. `manifest`: the entries of manifest.json in
    that folder, {file, peer, taken_at, sha256, …}. Without `path` the peer is left as it is (`note`) or the run fails (`problem`).
    """
    if folder:
        own = [entry for entry in manifest if entry.get("peer") == peer]
        if not own and any(entry.get("peer") in hosts for entry in manifest):
            # A peer is backed up before each change: this one has seen none. Where that is so of all, the folder or the name is wrong.
            return _choice(note=f"{given} holds no backup of it, hence no change to put back")
        if not own:
            return _choice(problem=f"{given} holds no backup of {peer}, as its manifest.json says")
        # Of several of one second the last, as the manifest lists the oldest first.
        newest = max(reversed(own), key=lambda entry: str(entry["taken_at"]))
        return _choice(
            str(PurePath(given) / newest["file"]), newest, f"taken at {newest['taken_at']}"
        )
    name = PurePath(given).name
    listed = next((entry for entry in manifest if entry.get("file") == name), None)
    owner = listed["peer"] if listed else _owner(name, hosts)
    if owner == peer:
        return _choice(given, listed)
    if len(hosts) == 1:
        return _choice(given, listed, f"this is a backup of {owner or 'an unknown peer'}")
    if owner in hosts:
        return _choice(note=f"the backup is one of {owner}")
    return _choice(
        problem=f"{given} is a backup of {owner or 'an unknown peer'}, which is not in this run. "
        "Say with --limit which one host is to get it"
    )


def _choice(
    path: str | None = None,
    entry: Mapping[str, Any] | None = None,
    note: str | None = None,
    problem: str | None = None,
) -> dict[str, Any]:
    return {
        "path": path,
        "sha256": (entry or {}).get("sha256"),
        "note": note,
        "problem": problem,
    }


def doubts_about_backup(choice: Mapping[str, Any], text: str) -> list[str]:
    """Why the text of a backup must not become a trust store; empty when it may."""
    bundle = read_bundle(text)
    if bundle.unloadable:
        return [f"{choice['path']} cannot be a trust store: {bundle.unloadable}"]
    digest = bundle_digest(bundle.certificates)
    if choice["sha256"] and digest != choice["sha256"]:
        return [
            f"{choice['path']} has been changed since it was taken: its digest is {digest[:16]}…, "
            f"manifest.json says {choice['sha256'][:16]}…"
        ]
    return []


def left_by_interrupted_change(
    entry: Mapping[str, Any], before: TrustStore, now: TrustStore
) -> str:
    """SETTLED, HALFWAY or FOREIGN. `entry` of the manifest is still open; `before` is its backup, `now` what the peer holds."""
    wanted = frozenset(entry.get("wanted") or [])
    held, old = (frozenset(one.sha256 for one in store.members) for store in (now, before))
    if held in (old, wanted):
        return SETTLED
    return HALFWAY if held <= old | wanted else FOREIGN
