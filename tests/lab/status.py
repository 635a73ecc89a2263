# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Status blocks: `*s SystemUnit: /` … `*s/end`, the whole of an element or a part of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.lab.words import Node

Status = Mapping[str, Any]  # element or field name -> text, or a mapping of the same shape
Leaf = tuple[tuple[str, ...], str | None]  # the names on the way, the text (None: an empty element)


def _leaves(status: Status, above: tuple[str, ...] = ()) -> Iterator[Leaf]:
    for name, inner in status.items():
        if isinstance(inner, Mapping) and inner:
            yield from _leaves(inner, (*above, name))
        else:
            yield (*above, name), None if isinstance(inner, Mapping) else str(inner)


def _render(leaves: Sequence[Leaf]) -> Iterator[str]:
    """Yield the lines of one element; first-level fields stand five spaces in, deeper ones two more."""
    yield f"*s {leaves[0][0][0]}: /"
    open_containers: tuple[str, ...] = ()
    for names, text in leaves:
        containers = names[1:-1]
        for depth, container in enumerate(containers):
            if containers[: depth + 1] != open_containers[: depth + 1]:
                yield f"{' ' * (5 + 2 * depth)}{container}: /"
        open_containers = containers
        if len(names) > 1:
            indent = " " * (5 + 2 * len(containers))
            yield f"{indent}{names[-1]}: /" if text is None else f'{indent}{names[-1]}: "{text}"'
    yield "*s/end"


def read_status(status: Status, words: Sequence[str]) -> list[str]:
    """Return the block lines for `words` (all elements for none).

    Raises `NotUnderstood` for words that name nothing. Source: Expressway facts 1.4, layout inferred.
    """
    root: Node[Leaf] = Node()
    for leaf in _leaves(status):
        root.add(" ".join(leaf[0]).split(), leaf)
    found = list(root.follow(words)[-1].leaves())
    lines: list[str] = []
    for element in dict.fromkeys(names[0] for names, _text in found):
        lines += _render([leaf for leaf in found if leaf[0][0] == element])
    return lines
