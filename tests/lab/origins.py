# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The TLS ports of UC nodes.

An origin presents the certificates of its listener: with RSA and ECDSA loaded, a TLS 1.2 client
gets the one that its own cipher order prefers, as from a Unified CM, unless the listener says that
the server's order counts. Where the node has no page of its own, any GET is answered with 200 and a
line of text.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import tempfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from tests.lab.http_exchange import Site, exchange
from tests.lab.pki import Issued
from tests.lab.profile import Listener

MOST_CONNECTIONS = 64
"""At once on one port; further ones are closed without an answer."""
SECONDS_PER_STEP = 5.0
"""Longest time for the handshake and again for the request."""

TLS_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Origin:
    """One TLS port of one node. The context is made at the first connection: a thousand origins
    start fast, and most of them are never asked for more than a few handshakes.

    ``present`` gives the certificate of a unit, ``site`` the pages; without one, ``text`` is all.
    """

    def __init__(
        self,
        address: str,
        listener: Listener,
        present: Callable[[str], Issued],
        text: str,
        *,
        site: Site | None = None,
    ) -> None:
        self.address = address
        self.port = listener.port
        self._listener = listener
        self._present = present
        self._text = text
        self._site = site
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, self.address, self.port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        issued = [self._present(unit) for unit in self._listener.units]
        return server_context(self._listener, issued)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            if len(self._connections) <= MOST_CONNECTIONS:
                # No await before start_tls: what the client has already sent would be lost.
                await writer.start_tls(
                    self._context,
                    ssl_handshake_timeout=SECONDS_PER_STEP,
                )
                await exchange(reader, writer, self._text, self._site, SECONDS_PER_STEP)
        except (OSError, EOFError, TimeoutError):
            pass  # a client that refuses the certificate is what this estate is for
        finally:
            self._connections.discard(task)
            with contextlib.suppress(OSError):
                writer.close()


def server_context(listener: Listener, certificates: list[Issued]) -> ssl.SSLContext:
    """A server context with ``certificates`` that behaves as ``listener`` says."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = TLS_VERSIONS[min(listener.tls)]
    context.maximum_version = TLS_VERSIONS[max(listener.tls)]
    # Python sets this by default; a Unified CM follows the client.
    if listener.order == "client":
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_ciphers(f"{listener.ciphers or 'ALL:!aNULL:!eNULL'}:@SECLEVEL=0")
    for issued in certificates:
        load_certificate(context, issued)
    return context


def load_certificate(context: ssl.SSLContext, issued: Issued) -> None:
    """Load chain and key; the ssl module takes them from files only, so one exists for a moment."""
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        Path(file.name).write_bytes(issued.chain_and_key_pem)
        context.load_cert_chain(file.name)
