# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text files that a module keeps in a folder: read as they are, replaced whole or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any


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
