# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a real Traffic Server answers: origins that present the cases, and requests through it."""

from __future__ import annotations

import asyncio
import re
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from tests.conformance.generated import LiveCase
from tests.lab.traffic_server import Route, TrafficServer

PORT = 8443
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
REFUSAL = re.compile(
    r"WARNING: (?:Core server certificate verification|SNI \().*server=.*\((?P<ip>[0-9.]+)\).*"
)


@dataclass(frozen=True)
class LiveAnswer:
    """HTTP status of the login, and the WARNING lines of the origin's address, without time and thread."""

    status: int
    warnings: tuple[str, ...]


def answers(cases: Sequence[LiveCase], network: str, folder: Path) -> list[LiveAnswer]:
    """Each case's answer, in order, of one Traffic Server with one route for each case."""
    trust_stores = [folder / f"trust-{case.index}.pem" for case in cases]
    routes = []
    for case, trust_store in zip(cases, trust_stores, strict=True):
        trust_store.write_text(case.trust_store)
        routes.append(Route(f"case-{case.index}", case.address, PORT, trust_store))
    # Traffic Server asks for host names in lower case.
    hosts = {case.address.lower(): case.ip for case in cases if case.address != case.ip}
    with (
        presenting(cases, folder),
        tempfile.TemporaryDirectory(prefix="conformance-") as run_root,
    ):
        Path(run_root).chmod(0o755)
        server = TrafficServer(
            Path(run_root, "traffic-server"),
            (f"{network}.1.1", PORT),
            hosts,
            routes,
            verify=True,
            trust_store=trust_stores[0],
        )
        with server, ThreadPoolExecutor(6) as pool:
            statuses = list(pool.map(lambda route: _status(server, route), routes))
            warnings = _warnings(server, statuses)
    return [
        LiveAnswer(status, tuple(warnings.get(case.ip, ())))
        for case, status in zip(cases, statuses, strict=True)
    ]


def _status(server: TrafficServer, route: Route) -> int:
    connection = HTTPConnection(*server.listen, timeout=20)
    try:
        connection.request("GET", f"/{route.path}/", headers={"Host": "peer.example.test"})
        return connection.getresponse().status
    finally:
        connection.close()


def _warnings(server: TrafficServer, statuses: Sequence[int]) -> dict[str, list[str]]:
    """WARNING lines by IP address of the origin; the log may lag behind the last answers a little."""
    refused = sum(status != 200 for status in statuses)
    end = time.monotonic() + 2
    while True:
        found: dict[str, list[str]] = {}
        for match in REFUSAL.finditer(server.log.read_text()):
            found.setdefault(match["ip"], []).append(match[0].rstrip())
        if len(found) >= refused or time.monotonic() > end:
            return found
        time.sleep(0.1)


@contextmanager
def presenting(cases: Sequence[LiveCase], folder: Path) -> Iterator[None]:
    """TLS servers, one for each case on its own address, that present the chain and answer 200."""
    contexts = {case.ip: _server_context(case, folder) for case in cases}
    loop = asyncio.new_event_loop()

    async def listen() -> list[asyncio.Server]:
        return [
            await asyncio.start_server(_serve, ip, PORT, ssl=context)
            for ip, context in contexts.items()
        ]

    async def close(servers: list[asyncio.Server]) -> None:
        for server in servers:
            server.close()

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    servers = asyncio.run_coroutine_threadsafe(listen(), loop).result(20)
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(close(servers), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(20)
        loop.close()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(RESPONSE)
        await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass  # a refused handshake ends the connection
    finally:
        writer.close()


def _server_context(case: LiveCase, folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    if case.newest_tls == "1.2":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    chain = folder / f"presented-{case.index}.pem"
    chain.write_text(case.key_pem + case.presented)
    context.load_cert_chain(chain)
    return context
