# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The listening socket of a server. A blocked address gets no answer here, before SSH or TLS begins."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from tests.lab.peer import Peer

_BACKLOG = 128


class Server(Protocol):
    """What stands behind a doorway."""

    async def serve(self, connection: socket.socket) -> None:
        """Serve one accepted connection."""

    async def close(self) -> None:
        """Close the connections that are still served."""


class Doorway:
    """Accepts connections for one server of `peer`; `channel` is "shell" or "api".

    The appliance drops the packets of a blocked address. A program without privileges cannot refuse
    to answer a SYN, so here the connection opens and stays silent: the same to a client from its
    first read on.
    """

    def __init__(self, peer: Peer, channel: str, server: Server) -> None:
        self.port = 0
        self._peer = peer
        self._channel = channel
        self._server = server
        self._listening: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, address: str, port: int) -> None:
        """Listen on `address` and `port` (0: any free one); `self.port` says which it is."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            raise OSError(
                error.errno,
                f"{self._peer.name} cannot listen on {address}:{port}: {error.strerror}",
            ) from None
        listener.setblocking(False)
        self.port = listener.getsockname()[1]
        self._listening = self._start(self._accept(listener))

    async def close(self) -> None:
        """Stop listening and end what is open."""
        if self._listening:
            await _end(self._listening)
        await self._server.close()
        await _end(*self._tasks)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with listener:
            while True:
                try:
                    connection, (client, _port) = await loop.sock_accept(listener)
                except OSError:
                    # Out of file descriptors, or a client that is gone again: the next may do better.
                    await asyncio.sleep(0.1)
                    continue
                connection.setblocking(False)
                self._start(self._meet(connection, client))

    async def _meet(self, connection: socket.socket, client: str) -> None:
        fault = self._peer.fault
        if fault and fault.strikes(self._channel, ("reset",)):
            # Lingering for no time makes the kernel send a reset instead of an orderly end.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        elif self._peer.guard.blocks(client) or (
            fault and fault.strikes(self._channel, ("silent",))
        ):
            await _say_nothing(connection)
        else:
            await self._server.serve(connection)


async def _end(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _say_nothing(connection: socket.socket) -> None:
    """Read and forget until the client gives up."""
    loop = asyncio.get_running_loop()
    with connection, contextlib.suppress(OSError):
        while await loop.sock_recv(connection, 4096):
            pass
