# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An answer is the same wherever the network cuts it, and however the pager rubs itself out."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes.platform_answers import (
    certificate_pem,
)
from ansible_collections.collab.expressway.plugins.plugin_utils import (
    platform_shell,
    shell_dialogue,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.platform_shell import PlatformShell
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PAGER = "Press <enter> for 1 line, <space> for one page, or <q> to quit"
RUBBED_OUT = (
    "\r\n",
    "\r" + " " * len(PAGER) + "\r",
    "\b" * len(PAGER) + " " * len(PAGER) + "\b" * len(PAGER),
    "\r\x1b[K",
)
DUMP = [
    "[",
    "  Version: V3",
    "  Issuer Name: CN=administrator: admin",
    "]-----BEGIN CERTIFICATE-----",
    *(f"MIIC{number:03}+/abcdefghijklmnopqrstuvwxyz" for number in range(12)),
    "-----END CERTIFICATE-----",
]
COMMAND = "show cert own tomcat"


class Tape:
    """A channel that plays what a node sent, page by page, each in pieces; a space turns the page."""

    def __init__(self, pages: list[list[bytes]]) -> None:
        self.pages = [list(page) for page in pages]
        self.pieces = self.pages.pop(0)
        self.sent: list[bytes] = []

    def settimeout(self, timeout: float | None) -> None:
        """Nothing is ever waited for."""

    def recv(self, _size: int) -> bytes:
        if not self.pieces:
            raise TimeoutError
        return self.pieces.pop(0)

    def recv_ready(self) -> bool:
        return bool(self.pieces)

    def sendall(self, data: bytes) -> None:
        self.sent.append(data)
        if data == b" ":
            self.pieces += self.pages.pop(0)

    def close(self) -> None:
        self.pieces.clear()


def answer(lines_of_a_page: int, rubbed_out: str, prompt: str) -> list[str]:
    """The pages of an answer; all but the last end in the pager's line."""
    pages = [f"{COMMAND}\r\n"]
    for number, line in enumerate(DUMP, start=1):
        pages[-1] += f"{line}\r\n"
        if lines_of_a_page and number % lines_of_a_page == 0 and number < len(DUMP):
            pages[-1] += PAGER
            pages.append(rubbed_out)
    pages[-1] += f"\r\n{prompt}"
    return pages


def pieces_of(text: str, cuts: list[int]) -> list[bytes]:
    data = text.encode()
    places = [0, *sorted({cut % len(data) for cut in cuts} - {0}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(places)]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    page=st.integers(0, 6),
    rubbed_out=st.sampled_from(RUBBED_OUT),
    prompt=st.sampled_from(["admin:", "admin(12):", "admin:(3)", "admin: "]),
    cuts=st.lists(st.integers(0, 3000), max_size=12),
)
def test_an_answer_is_the_same_however_it_arrives(
    monkeypatch: pytest.MonkeyPatch, page: int, rubbed_out: str, prompt: str, cuts: list[int]
) -> None:
    monkeypatch.setattr(platform_shell, "QUIET", 0)
    pages = answer(page, rubbed_out, prompt)
    tape = Tape([pieces_of(text, cuts) for text in pages])
    text = PlatformShell(tape, "node", 1).read(COMMAND)
    assert [line.strip() for line in text.splitlines() if line.strip()] == [
        line.strip() for line in DUMP
    ]
    assert certificate_pem(text) == "\n".join(["-----BEGIN CERTIFICATE-----", *DUMP[4:], ""])
    assert tape.sent == [f"{COMMAND}\r".encode(), *[b" "] * (len(pages) - 1)]


@pytest.mark.parametrize("text", ["", "show", f"{COMMAND}\r\nadministrator: no\r\n", PAGER[:20]])
def test_what_does_not_end_in_a_prompt_is_no_answer(text: str) -> None:
    shell: Any = PlatformShell(Tape([[text.encode()] if text else []]), "node", 0.2)
    started = time.monotonic()
    with pytest.raises(Exception, match="did not finish its answer"):
        shell.read(COMMAND)
    # And nothing more is sent: what comes next could belong to this command.
    with pytest.raises(Exception, match="did not finish its answer"):
        shell.read("show version active")
    assert time.monotonic() - started < 1


class Chatter(Tape):
    """Goes on talking after the farewell: `piece`, every `pause` seconds, a thousand times."""

    def __init__(self, piece: bytes, pause: float) -> None:
        super().__init__([[]])
        self.piece, self.pause, self.said = piece, pause, 0

    def recv(self, _size: int) -> bytes:
        time.sleep(self.pause)
        self.said += 1
        return self.piece if self.said < 1000 else b""


@pytest.mark.parametrize(("piece", "pause"), [(b"x" * 1000, 0), (b"x", 0.02)], ids=["flood", "drip"])  # fmt: skip
def test_a_node_that_goes_on_talking_is_left(
    piece: bytes, pause: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell_dialogue, "MAXIMUM_ANSWER", 10_000)
    monkeypatch.setattr(shell_dialogue, "FAREWELL", 0.3)
    chatter = Chatter(piece, pause)
    PlatformShell(chatter, "node", 5).close()
    assert chatter.sent == [b"exit\r"]
    assert chatter.said < 20
