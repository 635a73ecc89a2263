# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies of trust stores on the controller, named by peer, time and digest, with a manifest.

`manifest.json` is a list of {file, peer, cluster, taken_at (ISO 8601, Z), sha256 (of the certificates,
`bundle_digest`), count, via}, oldest first. Files have mode 0600, a folder made here 0700.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.trust_store.change import TrustStore
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import PeerRefused

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Backups:
    """A folder of backups on the controller."""

    folder: Path

    def keep(
        self, store: TrustStore, *, peer: str, cluster: str | None, via: str, at: datetime
    ) -> str:
        """Copy `store` as it was read; returns the path. Raises `PeerRefused` when that fails.

        `peer` is the inventory name, `at` the time in UTC.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            name = f"{_file_part(peer)}-{at:%Y%m%dT%H%M%SZ}-{store.sha256[:16]}.pem"
            _write(self.folder / name, store.text.encode("utf-8", "surrogateescape"))
            self._list(
                {
                    "file": name,
                    "peer": peer,
                    "cluster": cluster,
                    "taken_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                    "sha256": store.sha256,
                    "count": len(store.certificates),
                    "via": via,
                }
            )
        except (OSError, ValueError) as error:
            raise PeerRefused(
                f"the trust store of {peer} cannot be backed up to {self.folder} on the controller: {error}. "
                "Nothing was sent to the peer. Check backup_dir"
            ) from None
        return str(self.folder / name)

    def _list(self, entry: dict[str, Any]) -> None:
        """Add `entry` to the manifest. Tasks of other hosts do the same at the same time."""
        with (self.folder / f".{MANIFEST}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            manifest = self.folder / MANIFEST
            entries = json.loads(manifest.read_text()) if manifest.exists() else []
            if not isinstance(entries, list):
                raise ValueError(f"{manifest} is no list of backups; move it away")
            if entry in entries:
                return
            text = json.dumps([*entries, entry], indent=2) + "\n"
            _write(manifest, text.encode())


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


def _file_part(peer: str) -> str:
    """An inventory name may be an IPv6 address, or hold what a file name must not."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", peer).lstrip(".") or "peer"
