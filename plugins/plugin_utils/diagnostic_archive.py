# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of diagnostic logs on the controller: whole or not there, never one in the place of another."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ansible_collections.collab.expressway.plugins.module_utils.diagnostics.archive_names import (
    archive_name,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import PeerRefused


@dataclass(frozen=True)
class KeptArchive:
    """`is_new`: False when this file was there already, with the same content."""

    path: Path
    size: int
    sha256: str
    is_new: bool


class ArchiveFolder:
    """The folder on the controller that archives of `peer` (its inventory name) go to."""

    def __init__(self, folder: Path, peer: str) -> None:
        self._folder = folder
        self._peer = peer

    def check(self) -> None:
        """Raise `PeerRefused` where nothing could be written; makes nothing."""
        nearest = self._folder
        while not nearest.exists() and nearest != nearest.parent:
            nearest = nearest.parent
        if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
            raise PeerRefused(
                f"dest: {self._folder} is no folder on the controller that can be written to. Nothing was sent to {self._peer}"
            )

    @contextlib.contextmanager
    def draft(self) -> Iterator[BinaryIO]:
        """An empty file, readable for its owner only, that is gone after the block unless `keep` has named it."""
        path = self._draft_path
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise PeerRefused(f"dest: {path} cannot be written: {error.strerror}") from None
        try:
            with os.fdopen(descriptor, "w+b") as file:
                yield file
        finally:
            path.unlink(missing_ok=True)

    def keep(self, file: BinaryIO, announced: str | None) -> KeptArchive:
        """Give the draft its name. A file that has this name and another content stays as it is."""
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
        digest = _digest(self._draft_path)
        path = self._folder / archive_name(self._peer, announced)
        if path.exists() and _digest(path) != digest:
            path = self._folder / archive_name(f"{self._peer}-{digest[:12]}", announced)
        is_new = not path.exists()
        if is_new:
            self._draft_path.rename(path)
        return KeptArchive(path, size, digest, is_new)

    @property
    def _draft_path(self) -> Path:
        return self._folder / f".{archive_name(self._peer, 'part')}.{os.getpid()}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
