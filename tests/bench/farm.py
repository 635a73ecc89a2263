# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many TLS endpoints in one process, each on a loopback address of its own.

python tests/bench/farm.py tls|canned|silent COUNT [--network 127.24]

tls: RSA and ECDSA, TLS 1.2 and 1.3, in the client's order. canned: the first answer of such a server,
without its cryptography, so that only the client is slow. silent: accepts, and says nothing.
Prints the endpoints as one line of JSON when they listen, and ends when its input does.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import resource
import selectors
import socket
import ssl
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.unit.presented import flights
from tests.unit.presented.pki import build_pki

PORT = 9443


def addresses(network: str, count: int) -> list[str]:
    """The first of 50,000 addresses of a network such as 127.24."""
    return [f"{network}.{50 + number // 250}.{number % 250 + 1}" for number in range(count)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["tls", "canned", "silent"])
    parser.add_argument("count", type=int)
    parser.add_argument("--network", default="127.24")
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    servers = [
        socket.create_server((ip, PORT), backlog=64)
        for ip in addresses(options.network, options.count)
    ]
    with tempfile.TemporaryDirectory() as folder:
        pki = build_pki(Path(folder))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
        context.load_cert_chain(pki.rsa.path)
        context.load_cert_chain(pki.ecdsa.path)
    print(json.dumps([server.getsockname() for server in servers]), flush=True)
    threading.Thread(target=end_with_input, daemon=True).start()
    if options.kind == "tls":
        asyncio.run(serve_tls(servers, context))
    elif options.kind == "canned":
        serve_canned(servers, flights.flight(pki.rsa.chain))
    else:
        threading.Event().wait()


def end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


async def serve_tls(servers: list[socket.socket], context: ssl.SSLContext) -> None:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await reader.read()
        writer.close()

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, _context: None)  # clients that leave early
    for server in servers:
        await asyncio.start_server(hold, sock=server, ssl=context)
    await asyncio.Event().wait()


def serve_canned(servers: list[socket.socket], answer: bytes) -> None:
    with selectors.DefaultSelector() as selector:
        for server in servers:
            server.setblocking(False)
            selector.register(server, selectors.EVENT_READ, "server")
        while True:
            for key, _events in selector.select():
                ready: Any = key.fileobj
                if key.data == "server":
                    with contextlib.suppress(BlockingIOError):
                        client, _source = ready.accept()
                        selector.register(client, selectors.EVENT_READ, "client")
                    continue
                try:
                    data = ready.recv(4096)
                    if data[:1] == b"\x16":
                        ready.send(answer)
                        continue
                except OSError:
                    pass
                selector.unregister(ready)
                ready.close()


if __name__ == "__main__":
    main()
