# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that answer HTTPS in ways that no server of the lab does."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import PeerUnreachable
from ansible_collections.collab.expressway.plugins.plugin_utils.node_https import (
    BasicLogin,
    NodeHttps,
    NodeIdentity,
)
from cryptography.hazmat.primitives import serialization

from tests.unit.uc.pki import issue

NAME = "node.example.com"
Talk = Callable[[ssl.SSLSocket], None]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    issued = issue(NAME, dns=(NAME,))
    key = issued.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = tmp_path / "node.pem"
    path.write_text(key.decode() + issued.pem)
    return path


@contextlib.contextmanager
def serving(
    certificate: Path, talk: Talk, timeout: float = 1, connect_timeout: float = 15
) -> Iterator[NodeHttps]:
    """A client of a server that says what `talk` says on its one connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(listener: socket.socket) -> None:
        # The client may hang up at any time.
        with contextlib.suppress(OSError):
            plain, _address = listener.accept()
            with plain, context.wrap_socket(plain, server_side=True) as tls:
                talk(tls)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        identity = NodeIdentity(
            "node", "127.0.0.1", NAME, str(certificate), connect_timeout=connect_timeout
        )
        yield NodeHttps(identity, listener.getsockname()[1], timeout)
        thread.join(5)


def dripping(head: bytes) -> Talk:
    def talk(tls: ssl.SSLSocket) -> None:
        tls.recv(65536)
        tls.sendall(head)
        for _second in range(40):
            tls.sendall(b"x")
            time.sleep(0.1)

    return talk


@pytest.mark.parametrize(
    "head",
    [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"],
    ids=["status line", "headers", "body"],
)
def test_a_drip_ends_with_the_time(certificate: Path, head: bytes) -> None:
    with serving(certificate, dripping(head)) as https:
        started = time.monotonic()
        with pytest.raises(PeerUnreachable, match=r"within 1 s"):
            https.ask("GET", "/")
        assert time.monotonic() - started < 2


def test_an_answer_may_take_longer_than_a_connection(certificate: Path) -> None:
    def talk(tls: ssl.SSLSocket) -> None:
        tls.recv(65536)
        time.sleep(0.8)
        tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")

    with serving(certificate, talk, timeout=5, connect_timeout=0.4) as https:
        assert https.ask("GET", "/").body == b"OK"


def test_a_body_without_end_is_not_kept(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "ansible_collections.collab.expressway.plugins.plugin_utils.http_body.MAXIMUM_BODY", 10**6
    )

    def talk(tls: ssl.SSLSocket) -> None:
        tls.recv(65536)
        tls.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _block in range(1000):
            tls.sendall(b"x" * 100_000)

    with (
        serving(certificate, talk, timeout=30) as https,
        pytest.raises(PeerUnreachable, match="longer than 1000000 bytes"),
    ):
        https.ask("GET", "/")


def test_what_is_no_http_is_no_answer(certificate: Path) -> None:
    with (
        serving(certificate, lambda tls: tls.sendall(b"SSH-2.0-OpenSSH\r\n")) as https,
        pytest.raises(PeerUnreachable, match="did not answer GET"),
    ):
        https.ask("GET", "/")


def test_proxies_of_the_environment_are_not_used(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    received = []

    def talk(tls: ssl.SSLSocket) -> None:
        received.append(tls.recv(65536))
        tls.sendall(
            b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
        )

    with serving(certificate, talk) as https:
        answer = https.ask("GET", "/axl/", login=BasicLogin("user", "pass"))
    assert answer == (302, b"")
    assert received[0].startswith(b"GET /axl/ HTTP/1.1\r\n")
    assert b"Authorization: Basic dXNlcjpwYXNz\r\n" in received[0]
