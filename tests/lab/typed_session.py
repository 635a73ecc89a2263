# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every shell of the lab has in common: what asyncssh tells of a session, and input that one task works off in order."""

from __future__ import annotations

import asyncio

import asyncssh


class TypedSession(asyncssh.SSHServerSession[str]):
    """A shell, with or without a terminal. A subclass implements `_run`, which takes its input from `_arrived` (None: it has ended)."""

    def __init__(self) -> None:
        self._terminal = False
        self._arrived: asyncio.Queue[str | None] = asyncio.Queue()
        self._work: asyncio.Task[None] | None = None

    async def _run(self) -> None:
        """The whole session."""
        raise NotImplementedError

    def connection_made(self, chan: asyncssh.SSHServerChannel[str]) -> None:
        self._channel = chan

    def shell_requested(self) -> bool:
        return True

    def session_started(self) -> None:
        self._work = asyncio.get_running_loop().create_task(self._run())

    def data_received(self, data: str, datatype: int | None) -> None:
        self._arrived.put_nowait(data)

    def eof_received(self) -> bool:
        self._arrived.put_nowait(None)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self._work:
            self._work.cancel()
