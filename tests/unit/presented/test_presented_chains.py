# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chains read from real TLS servers: the ssl module's, and `openssl s_server` for legacy ones."""

from __future__ import annotations

import contextlib
import hashlib
import re
import socket
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.presented.chains import (
    Offer,
    read_presented_chains,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.endpoints import Limits
from ansible_collections.collab.expressway.plugins.module_utils.presented.openssl_probe import (
    CipherListRefused,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import Origin

from tests.unit.presented import flights
from tests.unit.presented.pki import Pki
from tests.unit.presented.servers import HOME, Listener, listening, s_server, tls_server

ALL = ("rsa", "ecdsa", "offered")
LIMITS = Limits(timeout=5, deadline=30, max_connections=100, max_connections_per_host=2)
RSA_FIRST = "ECDHE-RSA-AES256-GCM-SHA384:EECDH:EDH:HIGH:!aNULL"


def read(
    server: Listener, *key_types: str, address: str = HOME, offer: Offer | None = None
) -> dict[str, dict[str, Any]]:
    """The entries of one server, by key type."""
    origin = Origin(address, server.port, None if address == server.ip else server.ip)
    entries = read_presented_chains(
        [origin], key_types or ALL, offer or Offer(), LIMITS, time.monotonic
    )
    return {entry["key_type"]: entry for entry in entries}


def certificates(entry: dict[str, Any]) -> tuple[bytes, ...]:
    """The chain of an entry as DER."""
    blocks = re.findall(r"-----BEGIN.+?-----END CERTIFICATE-----\n", entry["chain"], re.DOTALL)
    return tuple(map(ssl.PEM_cert_to_DER_cert, blocks))


def shown_by_openssl(server: Listener, *arguments: str) -> tuple[bytes, ...]:
    """The chain that `openssl s_client -showcerts` prints."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"{server.ip}:{server.port}", "-showcerts", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return certificates({"chain": done.stdout})


def test_a_dual_origin_shows_both_chains_and_what_is_preferred(pki: Pki) -> None:
    with tls_server(pki.rsa.path, pki.ecdsa.path, maximum_version=ssl.TLSVersion.TLSv1_2) as server:
        entries = read(server, address="cucm1.emea.example.test")
        names = list(server.names)
    assert certificates(entries["rsa"]) == pki.rsa.chain
    assert certificates(entries["ecdsa"]) == pki.ecdsa.chain
    assert certificates(entries["offered"]) == pki.ecdsa.chain
    digest = hashlib.sha256(pki.ecdsa.chain[0]).hexdigest()
    assert entries["ecdsa"] == {
        "address": "cucm1.emea.example.test",
        "port": server.port,
        "connect_to": HOME,
        "connected_to": HOME,
        "key_type": "ecdsa",
        "tls_version": "TLSv1.2",
        "cipher": "ECDHE-ECDSA-AES256-GCM-SHA384",
        "cipher_list": None,
        "chain": entries["ecdsa"]["chain"],
        "sha256": [digest],
        "error_kind": None,
        "error": None,
    }
    assert entries["offered"]["cipher_list"] == Offer().cipher_list
    assert names == ["cucm1.emea.example.test"] * 3


def test_an_ip_address_is_never_sent_as_server_name(pki: Pki) -> None:
    with tls_server(pki.rsa.path) as server:
        assert read(server, "rsa", "offered", address="192.0.2.1")["rsa"]["error"] is None
        assert server.names == [None, None]


@pytest.mark.parametrize(
    ("settings", "arguments"),
    [
        pytest.param({"maximum_version": ssl.TLSVersion.TLSv1_2}, ["-tls1_2"], id="TLS 1.2"),
        pytest.param({"minimum_version": ssl.TLSVersion.TLSv1_3}, ["-tls1_3"], id="TLS 1.3 only"),
    ],
)
def test_chains_are_those_of_openssl_s_client(
    pki: Pki, settings: dict[str, Any], arguments: list[str]
) -> None:
    with tls_server(pki.rsa.path, pki.ecdsa_by_rsa.path, **settings) as server:
        entries = read(server)
        asked = {
            "rsa": ["-sigalgs", "RSA-PSS+SHA256:RSA+SHA256", "-cipher", "aRSA"],
            "ecdsa": ["-sigalgs", "ECDSA+SHA256:RSA+SHA256", "-cipher", "aECDSA"],
            "offered": ["-cipher", Offer().cipher_list],
        }
        for key_type, more in asked.items():
            expected = shown_by_openssl(server, *arguments, *more)
            assert expected
            assert certificates(entries[key_type]) == expected, key_type
    assert certificates(entries["rsa"]) == pki.rsa.chain
    assert certificates(entries["ecdsa"]) == pki.ecdsa_by_rsa.chain
    assert {entry["tls_version"] for entry in entries.values()} == {
        "TLSv1.2" if "-tls1_2" in arguments else "TLSv1.3"
    }


@pytest.mark.parametrize(
    ("cipher_list", "maximum", "expected"),
    [
        (Offer().cipher_list, "1.2", "ecdsa"),
        (RSA_FIRST, "1.2", "rsa"),
        # The cipher list does not choose the certificate in TLS 1.3.
        (RSA_FIRST, "1.3", "ecdsa"),
    ],
)
def test_the_list_of_the_peer_decides_as_it_does_for_the_peer(
    pki: Pki, cipher_list: str, maximum: str, expected: str
) -> None:
    offer = Offer(cipher_list, "1.2", maximum)
    with tls_server(pki.rsa.path, pki.ecdsa.path) as server:
        entry = read(server, "offered", offer=offer)["offered"]
    assert certificates(entry) == getattr(pki, expected).chain
    assert entry["tls_version"] == f"TLSv{maximum}"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_an_origin_without_the_key_type_says_so(pki: Pki, version: ssl.TLSVersion) -> None:
    with tls_server(pki.rsa.path, minimum_version=version, maximum_version=version) as server:
        entries = read(server)
    assert certificates(entries["rsa"]) == certificates(entries["offered"]) == pki.rsa.chain
    assert entries["ecdsa"]["chain"] == ""
    assert entries["ecdsa"]["error_kind"] == "no_common_cipher"
    assert f"{HOME}:{server.port} " in entries["ecdsa"]["error"]


@pytest.mark.parametrize("key_type", ["rsa", "ecdsa"])
def test_an_origin_that_hangs_up_on_old_versions_is_asked_for_tls_1_3(
    pki: Pki, key_type: str
) -> None:
    """As servers on asyncio do: no alert, only the end of the connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(pki.rsa.path)
    context.load_cert_chain(pki.ecdsa.path)

    def shake_hands(client: socket.socket) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        server = context.wrap_bio(incoming, outgoing, server_side=True)
        with contextlib.suppress(ssl.SSLError):
            while data := client.recv(4096):
                incoming.write(data)
                with contextlib.suppress(ssl.SSLWantReadError):
                    server.do_handshake()
                client.sendall(outgoing.read())

    with listening(shake_hands) as server:
        entry = read(server, key_type)[key_type]
    assert entry["error"] is None
    assert certificates(entry) == getattr(pki, key_type).chain


def test_a_certificate_shown_in_tls_1_3_only_is_found(pki: Pki) -> None:
    """RSA suites only, as a hardened node has them: TLS 1.3 takes no notice of that list."""
    with tls_server(pki.rsa.path, pki.ecdsa.path, ciphers="aRSA") as server:
        entry = read(server, "ecdsa")["ecdsa"]
    assert certificates(entry) == pki.ecdsa.chain
    assert entry["tls_version"] == "TLSv1.3"


@pytest.fixture(scope="module")
def legacy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A 1024-bit RSA key with a certificate signed with SHA-1."""
    path = tmp_path_factory.mktemp("legacy") / "legacy.pem"
    subprocess.run(
        [
            *[
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:1024",
                "-sha1",
                "-nodes",
                "-days",
                "3",
                "-subj",
                "/CN=legacy",
            ],
            *("-keyout", path.with_suffix(".key"), "-out", path),
        ],
        capture_output=True,
        check=True,
    )
    path.write_text(path.read_text() + path.with_suffix(".key").read_text())
    return path


@pytest.mark.parametrize(
    ("arguments", "version", "minimum"),
    [
        (["-tls1", "-cipher", "ALL:@SECLEVEL=0"], "TLSv1", "1.0"),
        (["-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0"], "TLSv1.2", "1.2"),
        (["-tls1_3", "-cipher", "ALL:@SECLEVEL=0"], "TLSv1.3", "1.2"),
        (["-tls1_2", "-legacy_renegotiation", "-cipher", "ALL:@SECLEVEL=0"], "TLSv1.2", "1.2"),
    ],
)
def test_a_legacy_origin_is_read(
    legacy: Path, arguments: list[str], version: str, minimum: str
) -> None:
    offer = Offer("EECDH:EDH:HIGH:!aNULL", minimum)
    with s_server("-cert", str(legacy), *arguments) as server:
        entries = read(server, "rsa", "offered", offer=offer)
    for entry in entries.values():
        assert entry["error"] is None
        assert entry["tls_version"] == version
        assert entry["chain"].strip() in legacy.read_text()


def test_an_origin_below_the_minimum_has_nothing_in_common(legacy: Path) -> None:
    with s_server("-cert", str(legacy), "-tls1", "-cipher", "ALL:@SECLEVEL=0") as server:
        entry = read(server, "offered")["offered"]
    assert (entry["error_kind"], entry["chain"]) == ("no_common_cipher", "")


def test_the_chain_stands_beside_the_error_when_the_handshake_fails_after_it(pki: Pki) -> None:
    """A client certificate is asked for: the peer has none to give either."""
    with tls_server(
        pki.rsa.path, maximum_version=ssl.TLSVersion.TLSv1_2, verify_mode=ssl.CERT_REQUIRED
    ) as server:
        entries = read(server, "rsa", "offered")
    assert entries["rsa"]["error"] is None
    assert certificates(entries["offered"]) == certificates(entries["rsa"]) == pki.rsa.chain
    assert entries["offered"]["error_kind"] == "alert"
    assert "presented certificates, but then the handshake failed" in entries["offered"]["error"]


def test_the_same_question_is_asked_once_and_answered_everywhere(pki: Pki) -> None:
    with tls_server(pki.rsa.path) as server:
        twice = [Origin(HOME, server.port)] * 2
        by_name = [
            Origin("a.example.test", server.port, HOME),
            Origin("b.example.test", server.port, HOME),
        ]
        entries = read_presented_chains(
            [*twice, *by_name], ["rsa"], Offer(), LIMITS, time.monotonic
        )
        assert server.connections == 3  # without a name, and under two names
    assert [entry["address"] for entry in entries] == [
        HOME,
        HOME,
        "a.example.test",
        "b.example.test",
    ]
    assert {certificates(entry) for entry in entries} == {pki.rsa.chain}


def test_entries_come_in_the_order_of_origins_and_key_types(pki: Pki) -> None:
    with tls_server(pki.rsa.path) as one, tls_server(pki.ecdsa.path) as two:
        origins = [Origin(HOME, port) for port in (two.port, one.port)]
        entries = read_presented_chains(
            origins, ["offered", "rsa"], Offer(), LIMITS, time.monotonic
        )
    assert [(entry["port"], entry["key_type"]) for entry in entries] == [
        (two.port, "offered"),
        (two.port, "rsa"),
        (one.port, "offered"),
        (one.port, "rsa"),
    ]


def test_a_name_that_does_not_resolve_is_data(pki: Pki) -> None:
    with tls_server(pki.rsa.path) as server:
        origins = [Origin("cucm.invalid", 8443), Origin(HOME, server.port)]
        lost, found = read_presented_chains(origins, ["rsa"], Offer(), LIMITS, time.monotonic)
    assert lost["error_kind"] == "unresolved"
    assert lost["connected_to"] is None
    assert lost["error"].startswith("cucm.invalid:8443 was not tried: this host cannot resolve")
    assert found["error"] is None


def test_a_list_without_a_usable_cipher_is_refused_before_any_connection() -> None:
    with listening(lambda client: client.recv(1) and None) as server:
        with pytest.raises(CipherListRefused, match="no cipher match"):
            read(server, offer=Offer("NO-SUCH-CIPHER"))
        assert server.connections == 0


def test_names_that_this_openssl_does_not_know_are_passed_over(pki: Pki) -> None:
    with tls_server(pki.rsa.path, maximum_version=ssl.TLSVersion.TLSv1_2) as server:
        offer = Offer("EXP1024-OLD:ECDHE-RSA-AES128-GCM-SHA256")
        assert read(server, "offered", offer=offer)["offered"]["cipher"] == (
            "ECDHE-RSA-AES128-GCM-SHA256"
        )


def test_the_wrong_key_type_is_never_reported_as_the_one_asked_for(pki: Pki) -> None:
    """A server that answers an RSA hello with an ECDSA certificate, as some do in TLS 1.3."""

    def answer(client: socket.socket) -> None:
        client.recv(4096)
        client.sendall(flights.flight(pki.ecdsa.chain))
        client.recv(1)

    with listening(answer) as server:
        entry = read(server, "rsa")["rsa"]
    assert entry["error_kind"] == "key_type_not_offered"
    assert (entry["chain"], entry["sha256"]) == ("", [])
    assert "ecdsa" in entry["error"]
