# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Peers that really listen, on loopback and free ports, for the tests of their servers."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.lab.peer import Cluster, Credentials, Peer
from tests.lab.switches import Switches

T = TypeVar("T")

USER, PASSWORD = "admin", "lab-admin-password"
ADDRESSES = ("127.21.1.1", "127.21.1.2")


def certificate(name: str, *addresses: str) -> tuple[str, str]:
    """Return (certificate, key) as PEM: self-signed, with `name` and `addresses` as SANs."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = [x509.DNSName(name), *(x509.IPAddress(ipaddress.ip_address(a)) for a in addresses)]
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    return (
        signed.public_bytes(serialization.Encoding.PEM).decode(),
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
    )


class ServedPeers:
    """Two peers of one cluster in the thread of an event loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        release: str,
        positions: dict[str, object],
        options: dict[str, Any],
    ) -> None:
        self._loop = loop
        self.switches = Switches(positions)
        self.changes: list[str] = []
        cluster = Cluster("emea")
        self.peers = [
            Peer(
                f"expc{number}.emea.example.test",
                address,
                cluster,
                release,
                switches=self.switches,
                on_change=lambda peer: self.changes.append(peer.name),
                **options,
            )
            for number, address in enumerate(ADDRESSES, 1)
        ]

    @property
    def peer(self) -> Peer:
        return self.peers[0]

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Run `function` in the thread of the peers."""

        async def run() -> T:
            return function(*arguments)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    def stop(self) -> None:
        """Stop the servers of every peer."""

        async def run() -> None:
            await asyncio.gather(*(peer.stop() for peer in self.peers))

        asyncio.run_coroutine_threadsafe(run(), self._loop).result(10)

    def eventually(self, condition: Callable[[], bool], seconds: float = 5) -> bool:
        """Whether `condition` becomes true in time."""
        deadline = time.monotonic() + seconds
        while not (true := self.call(condition)) and time.monotonic() < deadline:
            time.sleep(0.01)
        return true


@contextmanager
def served(
    folder: Path,
    release: str = "X14.2.5",
    *,
    options: dict[str, Any] | None = None,
    **positions: object,
) -> Iterator[ServedPeers]:
    """Serve two peers until the end of the block; `folder` gets `api.pem`, the API's certificate."""
    api_certificate, api_key = certificate("expressway.example.test", *ADDRESSES)
    (folder / "api.pem").write_text(api_certificate)
    (folder / "api.key").write_text(api_key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "api.pem", folder / "api.key")
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    estate = ServedPeers(loop, release, positions, options or {"credentials": Credentials()})

    async def start() -> None:
        for peer in estate.peers:
            await peer.start_ssh(host_key)
            await peer.start_rest(context)

    try:
        asyncio.run_coroutine_threadsafe(start(), loop).result(10)
        yield estate
    finally:
        estate.stop()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
