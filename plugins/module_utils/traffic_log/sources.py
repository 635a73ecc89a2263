# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files behind the paths that a user names, as streams: the only place here that opens files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.analysis import (
    LogFile,
    Unread,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.archives import (
    GZIP,
    NOT_UNPACKED,
    PACKET_CAPTURES,
    ZIP,
    Growth,
    OnDisk,
    PackedLog,
    logs_in,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.encodings import (
    is_text,
    utf_16_in,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.rotation import (
    age_order,
    oldest_first,
)

PIECE = 1024 * 1024
TAR_MAGIC = b"ustar"
PACKED = (GZIP, ZIP, *PACKET_CAPTURES, *NOT_UNPACKED)


class PlainLog:
    """A log file that is not packed."""

    rereadable = True

    def __init__(
        self, path: Path, modified: datetime, readinto: Callable[[memoryview], int | None]
    ) -> None:
        self.name = str(path)
        self.modified: datetime | None = modified
        # The method of the file itself, because it is called for every chunk.
        self.readinto = readinto


def complaints(paths: Sequence[str]) -> list[str]:
    """What is wrong with the paths that can be told before anything is read."""
    told = []
    for index, text in enumerate(paths):
        path = Path(text).expanduser()
        place = f"paths[{index}]: {text}"
        try:
            if path.is_dir():
                if not _files_in(path):
                    told.append(f"{place}: there is no file in this folder")
            elif not path.exists():
                told.append(f"{place}: no such file or folder on the host that runs the module")
            elif not os.access(path, os.R_OK):
                told.append(f"{place}: it may not be read by this user")
            elif path.is_file() and path.stat().st_size == 0:
                told.append(f"{place}: it is empty")
        except OSError as error:
            told.append(f"{place}: {error.strerror}")
    return told


def open_logs(
    paths: Sequence[str], unread: list[str], skipped: list[dict[str, str]]
) -> Iterator[LogFile]:
    """Every log in the files and folders, each to be read before the next.

    A folder's files come in the order of their names, others in the given one, the parts of a rotated log oldest first. A
    file that is named twice is read once. What cannot be read goes to `unread`, what is no log to `skipped` as
    {path, reason}.
    """
    seen: set[tuple[int, int]] = set()
    for text in oldest_first(paths):
        path = Path(text).expanduser()
        for file in _files_in(path) if path.is_dir() else [path]:
            try:
                status = file.stat()
                if (status.st_dev, status.st_ino) in seen:
                    continue
                seen.add((status.st_dev, status.st_ino))
                for log in _logs_of(file, datetime.fromtimestamp(status.st_mtime, UTC)):
                    if isinstance(log, PackedLog) and log.skipped:
                        skipped.append({"path": log.name, "reason": log.skipped})
                    else:
                        yield log
            except Unread as problem:
                if str(problem) not in unread:
                    unread.append(str(problem))
            except OSError as error:
                unread.append(f"{file}: {error.strerror}")


def line_numbers(name: str, offsets: list[int]) -> list[int]:
    """The lines (from 1) at rising offsets of a plain file."""
    numbers, number, position = [], 1, 0
    with Path(name).expanduser().open("rb", buffering=0) as file:
        for offset in offsets:
            while position < offset:
                piece = file.read(min(PIECE, offset - position))
                if not piece:
                    break
                number += piece.count(b"\n")
                position += len(piece)
            numbers.append(number)
    return numbers


def _logs_of(path: Path, modified: datetime) -> Iterator[LogFile]:
    with path.open("rb", buffering=0) as file:
        growth = Growth(str(path))
        if not path.is_file():  # a pipe is read once
            yield from logs_in(str(path), OnDisk(file, growth), modified, growth)
            return
        head = file.read(512)
        file.seek(0)
        is_packed = head.startswith(PACKED) or head[257:262] == TAR_MAGIC
        if is_packed or utf_16_in(head) or not is_text(head):
            reader = OnDisk(file, growth)
            yield from logs_in(str(path), reader, modified, growth, seekable=file)
        else:
            yield PlainLog(path, modified, file.readinto)


def _files_in(folder: Path) -> list[Path]:
    found = [
        Path(parent, name)
        for parent, _folders, names in os.walk(folder)
        for name in names
        if Path(parent, name).is_file()
    ]
    return sorted(found, key=lambda path: age_order(str(path)))
