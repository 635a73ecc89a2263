# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""PEM text as blocks, found the way OpenSSL finds them: text around and between blocks is skipped."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

_BOUNDARY = re.compile(r"^.*-----(?:BEGIN|END)[^\n]*$", re.MULTILINE)
_EXACT = re.compile(r"-----(BEGIN|END) (.*)-----[\x00-\x20]*")


@dataclass(frozen=True)
class PemBlock:
    """One block: its place in the text (both counted from 1), its label, its text, and what is wrong.

    `text` runs from the BEGIN line to the END line, both included. `problem` is None for a block with
    matching BEGIN and END lines; its content is not looked at here. `skipped` marks a boundary that
    OpenSSL does not recognise and reads over, as it does with a comment.
    """

    number: int
    line: int
    label: str
    text: str
    problem: str | None = None
    skipped: bool = False

    @property
    def place(self) -> str:
        """`block 3 (line 41)`."""
        return f"block {self.number} (line {self.line})"

    def content(self) -> bytes | None:
        """The decoded content, or None when it is not base64."""
        body = "".join(line for line in self.text.splitlines()[1:-1] if ": " not in line)
        try:
            return base64.b64decode("".join(body.split()), validate=True)
        except ValueError:
            return None


def split_blocks(text: str) -> Iterator[PemBlock]:
    """Every block of `text` in order, broken ones included. Never raises."""
    begin: tuple[int, int, str] | None = None  # offset, line, label
    number = 0
    counted, line = 0, 1  # newlines before `counted` are in `line`
    for boundary in _BOUNDARY.finditer(text):
        line += text.count("\n", counted, boundary.start())
        counted = boundary.start()
        exact = _EXACT.fullmatch(boundary[0])
        if exact is None or (exact[1] == "END" and begin is None):
            if begin is None:
                number += 1
                reason = (
                    "damaged BEGIN or END line" if exact is None else "END line without BEGIN line"
                )
                yield PemBlock(number, line, "", boundary[0], reason, skipped=True)
            continue
        if begin is not None:
            offset, started, label = begin
            number += 1
            if exact[1] == "END":
                problem = None if exact[2] == label else f"begins as {label}, ends as {exact[2]}"
                yield PemBlock(number, started, label, text[offset : boundary.end()], problem)
                begin = None
                continue
            yield PemBlock(number, started, label, text[offset : boundary.start()], "no END line")
        begin = (boundary.start(), line, exact[2])
    if begin is not None:
        offset, started, label = begin
        yield PemBlock(number + 1, started, label, text[offset:], "no END line")
