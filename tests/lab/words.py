# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words of a shell line, and trees of words that may be abbreviated and typed in any case."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

_TOKEN = re.compile(
    r"""\s* (?: "(?P<double>[^"]*)" | '(?P<single>[^']*)' | (?P<colon>:) | (?P<word>[^\s"':]+) )""",
    re.VERBOSE,
)


class NotUnderstood(ValueError):
    """Words that name nothing, name more than one thing, or do not form a line."""


@dataclass(frozen=True)
class Value:
    """What stands after a colon."""

    text: str
    quoted: bool = False


@dataclass(frozen=True)
class Line:
    """`words` up to the first value, and each `(words, value)`.

    >>> parse("xConf A B: On C: 3")
    Line(words=('xConf', 'A', 'B'), values=((('xConf', 'A', 'B'), Value(text='On', quoted=False)), (('C',), Value(text='3', quoted=False))))
    """

    words: tuple[str, ...]
    values: tuple[tuple[tuple[str, ...], Value], ...] = ()


def parse(line: str) -> Line:
    """Split `line`; raise `NotUnderstood` for open quotes, a value without a name and the like."""
    words: list[str] = []
    values: list[tuple[tuple[str, ...], Value]] = []
    after_colon = False
    position = 0
    line = line.rstrip()
    while position < len(line):
        match = _TOKEN.match(line, position)
        if not match:
            raise NotUnderstood("Unterminated string")
        position = match.end()
        quoted = match["double"] if match["double"] is not None else match["single"]
        if match["colon"]:
            if after_colon or not words:
                raise NotUnderstood("Unexpected colon")
            after_colon = True
        elif after_colon:
            value = Value(match["word"]) if quoted is None else Value(quoted, quoted=True)
            values.append((tuple(words), value))
            words, after_colon = [], False
        elif quoted is not None:
            raise NotUnderstood("Unexpected string")
        else:
            words.append(match["word"])
    if after_colon:
        raise NotUnderstood("Missing value")
    if values and words:
        raise NotUnderstood("Missing value")
    return Line(values[0][0] if values else tuple(words), tuple(values))


def pick(word: str, names: Sequence[str]) -> str:
    """Return the one of `names` that `word` stands for: equal, or an unambiguous beginning of it."""
    exact = [name for name in names if name.lower() == word.lower()]
    if exact:
        return exact[0]
    begun = [name for name in names if name.lower().startswith(word.lower())]
    if not begun:
        raise NotUnderstood(f"Unknown: {word}")
    if len(begun) > 1:
        raise NotUnderstood(f"Ambiguous: {word} ({', '.join(begun)})")
    return begun[0]


@dataclass
class Node(Generic[T]):
    """A tree of words; a leaf holds what its path names."""

    children: dict[str, Node[T]] = field(default_factory=dict)
    leaf: T | None = None

    def add(self, words: Sequence[str], leaf: T) -> None:
        """Hang `leaf` under `words`."""
        node = self
        for word in words:
            node = node.children.setdefault(word, Node())
        node.leaf = leaf

    def follow(self, words: Sequence[str]) -> list[Node[T]]:
        """Return the nodes passed on the way down `words`, this one first."""
        way = [self]
        for word in words:
            way.append(way[-1].children[pick(word, list(way[-1].children))])
        return way

    def leaves(self) -> Iterator[T]:
        """Yield everything at and below this node, in the order in which it was added."""
        if self.leaf is not None:
            yield self.leaf
        for child in self.children.values():
            yield from child.leaves()
