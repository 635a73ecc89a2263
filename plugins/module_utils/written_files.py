# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text files that are kept in a folder: read as they are, replaced whole or not at all, by one writer at a time."""

from __future__ import annotations

import contextlib
import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of the file `path`, which is `.<its name>.lock` beside it: tasks of other hosts write it at the same time."""
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def text_of(path: Path) -> str | None:
    """The content; None where there is no such file, or none that is text."""
    try:
        return path.read_bytes().decode("utf-8")
    except (FileNotFoundError, NotADirectoryError, UnicodeDecodeError):
        return None


def replace_file(module: Any, path: Path, content: str) -> None:
    """Write through a temporary file of the module (an AnsibleModule), with mode 0644."""
    with tempfile.NamedTemporaryFile(dir=module.tmpdir, delete=False) as part:
        part.write(content.encode("utf-8"))
    Path(part.name).chmod(0o644)
    module.atomic_move(part.name, str(path))
    path.chmod(0o644)
