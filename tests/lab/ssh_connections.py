# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of an SSH server: counted while somebody is logged in, cut when the server stops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias

import asyncssh

Connections: TypeAlias = set[asyncssh.SSHServerConnection]


async def cut(connections: Connections) -> None:
    """Cut every connection."""
    cutting = list(connections)
    for connection in cutting:
        connection.abort()
    await asyncio.gather(*(connection.wait_closed() for connection in cutting))
    # A connection counts as closed two turns of the loop before its socket is.
    for _turn in range(2):
        await asyncio.sleep(0)


class CountedLogin(asyncssh.SSHServer):
    """One connection, kept in `connections` as long as it lives. `closed` is called once for a login
    that was counted, when its session ends or the connection does."""

    def __init__(self, connections: Connections, closed: Callable[[], None]) -> None:
        self._connections = connections
        self._closed = closed
        self._counted = False

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self._connection)
        self._logged_out()

    def _count(self) -> None:
        self._counted = True

    def _logged_out(self) -> None:
        if self._counted:
            self._counted = False
            self._closed()
