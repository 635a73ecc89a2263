# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers on loopback addresses: real TLS of two kinds, and sockets that misbehave."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

HOME = "127.24.9.1"


class Listener:
    """What a test wants to know about a server that it started."""

    def __init__(self, sock: socket.socket) -> None:
        self.ip, self.port = sock.getsockname()
        self.connections = 0
        self.names: list[str | None] = []
        """The SNI of each handshake."""


@contextlib.contextmanager
def listening(handle: Callable[[socket.socket], object], ip: str = HOME) -> Iterator[Listener]:
    """A server that gives every connection a thread, in which `handle` runs, and then closes it."""
    server = socket.create_server((ip, 0), backlog=512)
    listener = Listener(server)

    def serve(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            handle(client)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _source = server.accept()
                listener.connections += 1
                threading.Thread(target=serve, args=(client,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


@contextlib.contextmanager
def tls_server(*identities: Path, ip: str = HOME, **settings: object) -> Iterator[Listener]:
    """The ssl module of Python as server, with one PEM file (key and chain) for each key type.

    It honours the client's cipher order. `settings` are attributes of the SSLContext, or `ciphers`.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    if "ciphers" in settings:
        context.set_ciphers(str(settings.pop("ciphers")))
    for name, value in settings.items():
        setattr(context, name, value)
    for identity in identities:
        context.load_cert_chain(identity)
    names: list[str | None] = []
    context.sni_callback = lambda _sock, name, _context: names.append(name)

    def shake_hands(client: socket.socket) -> None:
        client.settimeout(5)
        with context.wrap_socket(client, server_side=True) as secured:
            secured.recv(1)

    with listening(shake_hands, ip) as listener:
        listener.names = names
        yield listener


@contextlib.contextmanager
def s_server(*arguments: str, ip: str = HOME) -> Iterator[Listener]:
    """`openssl s_server` with these arguments: what the ssl module does not let a server be."""
    with socket.create_server((ip, 0)) as reserved:
        listener = Listener(reserved)
    process = subprocess.Popen(
        ["openssl", "s_server", "-accept", f"{ip}:{listener.port}", "-quiet", "-www", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(ip, listener.port, process)
        yield listener
    finally:
        process.kill()
        process.wait()


def _await(ip: str, port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((ip, port), timeout=1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} does not listen")
