# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies of trust stores on the controller, named by peer, time and digest, with a manifest.

`manifest.json` is a list of {file, peer, cluster, taken_at (ISO 8601, Z), sha256 (of the certificates,
`bundle_digest`), count, via}, oldest first. Files have mode 0600, a folder made here 0700.

It is a journal, too: an entry is written before anything is sent, with `open` true and `wanted`, the digests that the
store is to hold. Both go when the store has been read back. An entry that stays open tells the next task of a run that was
killed on its way.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from ansible.utils.display import Display
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.backups import (
    FOREIGN,
    HALFWAY,
    MANIFEST,
    backup_name,
    left_by_interrupted_change,
    manifest_entries,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.change import (
    TrustStore,
    TrustStoreChange,
)
from ansible_collections.collab.expressway.plugins.module_utils.written_files import locked
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import PeerRefused

display = Display()


def entries_in(folder: Path) -> list[dict[str, Any]]:
    """What the manifest of `folder` lists; nothing where there is none. Raises OSError, and ValueError where it is broken."""
    manifest = folder / MANIFEST
    try:
        text = manifest.read_text()
    except (FileNotFoundError, NotADirectoryError):
        return []
    try:
        return manifest_entries(text)
    except ValueError as error:
        raise ValueError(
            f"{manifest} cannot be understood: {error}. Repair it, or move it away when no run was killed while it wrote"
        ) from None


@dataclass(frozen=True)
class Left:
    """The store `before` an interrupted change, with its backup, where neither the old nor the new one is left; else None."""

    before: TrustStore | None = None
    backup_file: str | None = None
    warnings: tuple[str, ...] = ()


NOTHING = Left()


@dataclass(frozen=True)
class Backups:
    """A folder of backups on the controller."""

    folder: Path

    def keep(
        self,
        change: TrustStoreChange,
        *,
        peer: str,
        cluster: str | None,
        via: str,
        at: datetime,
    ) -> str:
        """Copy the store before `change` as it was read, and open its entry; returns the path. Raises `PeerRefused` when that fails.

        `peer` is the inventory name, `at` the time in UTC.
        """
        store = change.before
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            content = store.text.encode("utf-8", "surrogateescape")
            names = (backup_name(peer, at, store.sha256, number) for number in count(1))
            name = next(one for one in names if _free(self.folder / one, content))
            _write(self.folder / name, content)
            self._list(
                {
                    "file": name,
                    "peer": peer,
                    "cluster": cluster,
                    "taken_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                    "sha256": store.sha256,
                    "count": len(store.certificates),
                    "via": via,
                    "open": True,
                    "wanted": [one.sha256 for one in change.wanted],
                }
            )
        except (OSError, ValueError) as error:
            raise PeerRefused(
                f"the trust store of {peer} cannot be backed up to {self.folder} on the controller: {error}. "
                "Nothing was sent to the peer. Check backup_dir"
            ) from None
        return str(self.folder / name)

    def left_halfway(self, peer: str, held: TrustStore, *, settle: bool) -> Left:
        """What a run that was killed has left of the store of `peer`, which is now `held`. `settle`: close what is not halfway."""
        unfinished = self._unfinished(peer)
        if unfinished is None:
            return NOTHING
        entry, before = unfinished
        path = str(self.folder / entry["file"])
        found = left_by_interrupted_change(entry, before, held)
        told = f"a change of {entry['taken_at']} was interrupted"
        if found == HALFWAY:
            said = f"{told} and left neither the old nor the new store. What it took away comes back, see {path}"
            return Left(before, path, (said,))
        if settle:
            self.close(peer)
        if found == FOREIGN:
            said = f"{told}, and somebody else has changed the store since. Compare it with {path}"
            return Left(warnings=(said,))
        return NOTHING

    def _unfinished(self, peer: str) -> tuple[dict[str, Any], TrustStore] | None:
        """The newest entry of `peer` if it is still open, and its backup. Raises `PeerRefused` when they cannot be read."""
        try:
            own = [entry for entry in self._entries() if entry.get("peer") == peer]
            if not own or not own[-1].get("open"):
                return None
            content = (self.folder / own[-1]["file"]).read_bytes()
        except (OSError, ValueError, KeyError) as error:
            raise PeerRefused(
                f"the backups in {self.folder} on the controller cannot be read: {error}. Nothing was sent to the peer. Check backup_dir"
            ) from None
        return own[-1], TrustStore.read(content.decode("utf-8", "surrogateescape"))

    def close(self, peer: str) -> None:
        """The store of `peer` has been read back: no change of it is under way any more."""
        try:
            self._change(lambda entries: [_closed(one, peer) for one in entries])
        except (OSError, ValueError) as error:
            # The entry stays open, and the next task compares again.
            display.warning(f"{self.folder / MANIFEST} cannot be written: {error}")

    def _entries(self) -> list[dict[str, Any]]:
        return entries_in(self.folder)

    def _list(self, entry: dict[str, Any]) -> None:
        self._change(lambda entries: entries if entry in entries else [*entries, entry])

    def _change(self, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
        """Rewrite the manifest. Tasks of other hosts do the same at the same time."""
        with locked(self.folder / MANIFEST):
            before = self._entries()
            after = change(before)
            if after != before:
                _write(self.folder / MANIFEST, (json.dumps(after, indent=2) + "\n").encode())


def _closed(entry: dict[str, Any], peer: str) -> dict[str, Any]:
    if entry.get("peer") != peer:
        return entry
    return {key: value for key, value in entry.items() if key not in ("open", "wanted")}


def _free(path: Path, content: bytes) -> bool:
    """Whether `content` may be written there without losing another backup."""
    return not path.exists() or path.read_bytes() == content


def _write(path: Path, content: bytes) -> None:
    """The whole file or none, readable for its owner only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
