# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of `xStatus`: blocks ``*s <Element>: /`` … ``*s/end`` whose indentation is the structure."""

from __future__ import annotations

import re
from typing import Any

_BLOCK = re.compile(r"\*s\s+(?P<name>[^:/]+?)\s*:(?P<rest>.*)", re.I)
_END = re.compile(r"\*s\s*/\s*end", re.I)
_ENTRY = re.compile(r"(?P<indent>[ \t]*)(?P<name>[^:\n]+?)\s*:[ \t]*(?P<value>.*)")


def parse_status(text: str) -> dict[str, Any]:
    """Nested dictionaries of a status reply: containers are dictionaries, scalars text without quotes.

    Lines outside a block are ignored. Raises `ValueError` when a block does not end: the answer was cut short.
    """
    blocks: dict[str, Any] = {}
    open_block: str | None = None
    # Stack of (indentation, container); the block itself stands left of every entry.
    stack: list[tuple[int, dict[str, Any]]] = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        stripped = line.strip()
        if _END.fullmatch(stripped):
            open_block, stack = None, []
            continue
        start = _BLOCK.fullmatch(stripped)
        if start is not None:
            open_block = start["name"]
            stack = [(-1, blocks.setdefault(open_block, {}))]
            _fields_on_block_line(start["rest"], stack[0][1])
            continue
        entry = _ENTRY.fullmatch(line.rstrip())
        if not stack or entry is None:
            continue
        indent = len(entry["indent"].expandtabs())
        while len(stack) > 1 and indent <= stack[-1][0]:
            stack.pop()
        _add(stack, indent, entry["name"].strip(), entry["value"].strip())
    if open_block is not None:
        raise ValueError(f"the status of {open_block} does not end in *s/end")
    return blocks


def _add(stack: list[tuple[int, dict[str, Any]]], indent: int, name: str, value: str) -> None:
    if value in ("", "/"):
        child: dict[str, Any] = {}
        stack[-1][1][name] = child
        stack.append((indent, child))
    else:
        stack[-1][1][name] = _unquoted(value)


def _fields_on_block_line(rest: str, block: dict[str, Any]) -> None:
    if rest.strip() not in ("", "/"):
        block[""] = _unquoted(rest.strip())


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return value[1:-1]
    return value


def lookup(status: dict[str, Any], *path: str) -> str | None:
    """The scalar at `path` (names without regard to case), or None when it is missing or a container."""
    node: Any = status
    for name in path:
        if not isinstance(node, dict):
            return None
        node = next(
            (child for key, child in node.items() if key.casefold() == name.casefold()), None
        )
    return node if isinstance(node, str) else None
