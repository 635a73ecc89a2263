# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Origins as a client sees them: real handshakes with the standard library."""

from __future__ import annotations

import asyncio
import http.client
import socket
import ssl
from collections.abc import Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tests.lab import origins
from tests.lab.estate import RunningEstate, own_network, running_estate

NETWORK = own_network()
CUCM = f"{NETWORK}.11.2"  # RSA on 8443, RSA and ECDSA on 6972, TLS 1.2, client order
MODERN = f"{NETWORK}.12.2"  # RSA and ECDSA on 6972, TLS 1.2 and 1.3, server order
PARTNER = f"{NETWORK}.11.22"  # sends its intermediate

ECDSA_FIRST = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
RSA_FIRST = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-GCM-SHA384"
RSA_ONLY = "ECDHE-RSA-AES256-GCM-SHA384"
ECDSA_ONLY = "ECDHE-ECDSA-AES256-GCM-SHA384"
V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@pytest.fixture(scope="module")
def estate() -> Iterator[RunningEstate]:
    with running_estate(NETWORK, traffic_servers=False) as running:
        yield running


def client(ciphers: str, most: ssl.TLSVersion = V12, least: ssl.TLSVersion = V12) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version, context.maximum_version = least, most
    context.set_ciphers(ciphers)
    return context


def handshake(context: ssl.SSLContext, address: str, port: int) -> tuple[str, str]:
    """(key type of the leaf, TLS version)"""
    with (
        socket.create_connection((address, port), timeout=5) as connection,
        context.wrap_socket(connection) as tls,
    ):
        leaf = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True) or b"")
        kind = "ecdsa" if isinstance(leaf.public_key(), ec.EllipticCurvePublicKey) else "rsa"
        return kind, tls.version() or ""


@pytest.mark.parametrize(
    ("address", "port", "ciphers", "most", "expected"),
    [
        (CUCM, 6972, ECDSA_FIRST, V12, ("ecdsa", "TLSv1.2")),
        (CUCM, 6972, RSA_FIRST, V12, ("rsa", "TLSv1.2")),
        (CUCM, 6972, RSA_ONLY, V12, ("rsa", "TLSv1.2")),
        (CUCM, 6972, ECDSA_ONLY, V12, ("ecdsa", "TLSv1.2")),
        (CUCM, 6972, RSA_FIRST, V13, ("rsa", "TLSv1.2")),
        (CUCM, 8443, ECDSA_FIRST, V12, ("rsa", "TLSv1.2")),
        (MODERN, 6972, RSA_FIRST, V12, ("ecdsa", "TLSv1.2")),
        (MODERN, 6972, RSA_ONLY, V12, ("rsa", "TLSv1.2")),
        (MODERN, 6972, RSA_FIRST, V13, ("ecdsa", "TLSv1.3")),
        (MODERN, 8443, ECDSA_FIRST, V13, ("rsa", "TLSv1.3")),
    ],
)
def test_order_and_version_are_those_of_the_listener(
    estate: RunningEstate,
    address: str,
    port: int,
    ciphers: str,
    most: ssl.TLSVersion,
    expected: tuple[str, str],
) -> None:
    assert handshake(client(ciphers, most), address, port) == expected


@pytest.mark.parametrize(
    ("port", "context"),
    [(8443, client(ECDSA_ONLY)), (6972, client(RSA_FIRST, least=V13, most=V13))],
)
def test_what_the_listener_does_not_speak_fails(
    estate: RunningEstate, port: int, context: ssl.SSLContext
) -> None:
    with pytest.raises(ssl.SSLError):
        handshake(context, CUCM, port)


def test_the_chain_goes_out_as_the_situation_says(estate: RunningEstate) -> None:
    context = client(RSA_ONLY)
    context.verify_mode = ssl.CERT_REQUIRED
    root = estate.call(lambda: estate.estate.pki.trust_store(["partner-root"]))
    context.load_verify_locations(cadata=root)
    assert handshake(context, PARTNER, 8443) == ("rsa", "TLSv1.2")
    with pytest.raises(ssl.SSLCertVerificationError) as refused:
        handshake(context, f"{NETWORK}.11.32", 8443)  # does not send it
    assert refused.value.verify_code == 20


def ask(method: str) -> tuple[int, str]:
    connection = http.client.HTTPSConnection(CUCM, 8443, timeout=5, context=client(RSA_ONLY))
    try:
        connection.request(method, "/")
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_a_get_is_answered_with_a_line_that_names_the_origin(estate: RunningEstate) -> None:
    assert ask("GET") == (200, "cucm2.emea.example.test port 8443: self-signed-ecdsa\n")
    assert ask("POST")[0] == 405


def closed_after(payload: bytes, within: float) -> bool:
    with socket.create_connection((CUCM, 8443), timeout=within) as connection:
        connection.sendall(payload)
        try:
            while connection.recv(4096):
                pass
        except ConnectionError:
            pass
        except TimeoutError:
            return False
        return True


def test_a_client_that_talks_nonsense_or_nothing_is_hung_up(
    estate: RunningEstate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(origins, "SECONDS_PER_STEP", 0.3)
    assert closed_after(b"GET / HTTP/1.0\r\n\r\n", within=3)
    assert closed_after(b"", within=3)
    assert ask("GET")[0] == 200


def test_connections_are_bounded(estate: RunningEstate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origins, "MOST_CONNECTIONS", 1)
    with socket.create_connection((CUCM, 8443), timeout=5) as idle:
        idle.sendall(b"\x16")  # it has been accepted once it is read
        assert asyncio.run(second_is_closed())
    monkeypatch.undo()
    assert ask("GET")[0] == 200


async def second_is_closed() -> bool:
    reader, writer = await asyncio.open_connection(CUCM, 8443)
    try:
        return await asyncio.wait_for(reader.read(), 3) == b""
    finally:
        writer.close()
