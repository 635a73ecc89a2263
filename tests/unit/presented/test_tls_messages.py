# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The codec by itself: what it writes, as OpenSSL reads it; what it reads, from friend and foe."""

from __future__ import annotations

import ssl
import tracemalloc

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.presented.key_types import (
    ECDSA,
    RSA,
    KeyType,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.tls_messages import (
    MAX_ANSWER,
    Alerted,
    AnswerReader,
    Malformed,
    NotTls,
    PresentedChain,
    TlsError,
    client_hello,
    farewell,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.presented import flights
from tests.unit.presented.pki import Pki

CHAIN = (b"leaf" * 200, b"issuer" * 150)
OFFERED = RSA.suites


def read(answer: bytes, pieces: int = 1 << 16) -> PresentedChain | None:
    """The answer fed in pieces of this size."""
    reader = AnswerReader(OFFERED)
    for start in range(0, len(answer), pieces):
        chain = reader.feed(answer[start : start + pieces])
        if chain is not None:
            return chain
    return None


def hello(name: str | None = None) -> bytes:
    return client_hello(RSA.suites, RSA.signatures, random=bytes(range(32)), server_name=name)


# --- what is written


def test_the_hello_names_exactly_the_suites_in_their_order() -> None:
    suites = [0xC030, 0x002F, 0xC011]
    written = client_hello(suites, [0x0401], random=b"x" * 32)
    # record 5, message 4, version 2, random 32, empty session id 1
    count = int.from_bytes(written[44:46], "big")
    listed = [int.from_bytes(written[i : i + 2], "big") for i in range(46, 46 + count, 2)]
    assert listed == [*suites, 0x00FF]
    assert written[11:43] == b"x" * 32


@pytest.mark.parametrize("name", [None, "cucm1.emea.example.test"])
def test_openssl_understands_the_hello_and_its_server_name(pki: Pki, name: str | None) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki.rsa.path)
    seen: list[str | None] = []
    context.sni_callback = lambda _object, asked, _context: seen.append(asked)
    answer = _answer_of(context, hello(name))
    assert seen == [name]
    assert read(answer) == (0x0303, 0xC030, pki.rsa.chain)


@pytest.mark.parametrize("key_type", [RSA, ECDSA])
def test_the_suites_choose_the_certificate(pki: Pki, key_type: KeyType) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki.rsa.path)
    context.load_cert_chain(pki.ecdsa.path)
    written = client_hello(key_type.suites, key_type.signatures, random=b"x" * 32)
    chain = AnswerReader(key_type.suites).feed(_answer_of(context, written))
    expected = pki.rsa if key_type is RSA else pki.ecdsa
    assert chain is not None
    assert chain.certificates == expected.chain


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1 is deprecated")
def test_a_version_below_can_be_asked_for(pki: Pki) -> None:
    written = client_hello(RSA.suites, RSA.signatures, random=b"x" * 32, maximum_version=0x0301)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(pki.rsa.path)
    chain = read(_answer_of(context, written))
    assert chain is not None
    assert chain.version == 0x0301


def test_the_farewell_is_two_warnings() -> None:
    assert farewell(0x0303) == flights.alert(90, level=1) + flights.alert(0, level=1)


def _answer_of(context: ssl.SSLContext, written: bytes) -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(written)
    with pytest.raises(ssl.SSLWantReadError):
        server.do_handshake()
    return outgoing.read()


# --- what is read


@given(
    st.lists(st.binary(min_size=1, max_size=3000), min_size=1, max_size=8),
    st.lists(st.integers(1, 700), max_size=30),
    st.integers(1, 5000),
    st.sampled_from([0x0301, 0x0302, 0x0303]),
    st.sampled_from(sorted(OFFERED)),
)
def test_a_chain_is_read_however_it_is_cut(
    chain: list[bytes], sizes: list[int], pieces: int, version: int, suite: int
) -> None:
    stream = flights.server_hello(suite, version) + flights.certificate(chain)
    assert read(flights.records(stream, sizes), pieces) == (version, suite, tuple(chain))


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(flights.alert(112, level=1), id="a warning about the name"),
        pytest.param(flights.record(flights.message(0, b"")), id="a HelloRequest"),
    ],
)
def test_what_may_come_before_is_passed_over(before: bytes) -> None:
    chain = read(before + flights.flight(CHAIN))
    assert chain is not None
    assert chain.certificates == CHAIN


def test_an_unfinished_answer_is_waited_for() -> None:
    answer = flights.record(flights.server_hello() + flights.certificate(CHAIN))
    assert read(answer[:-1]) is None


_HELLO = flights.server_hello()
_REFUSED = {
    "plain HTTP": (b"HTTP/1.1 400 \r\nServer: x\r\n\r\n", NotTls, "('HTTP/"),
    "a banner": (b"220 mail ready\r\n", NotTls, "('220 m"),
    "a short banner": (b"SSH", NotTls, "'SSH'"),
    "a banner of one line break": (b"\r\n", Malformed, "0d 0a"),
    "noise": (bytes(range(128, 150)), Malformed, "80 81 82"),
    "another major version": (b"\x16\x02\x00\x00\x01\x00", Malformed, "16 02"),
    "an empty record": (flights.record(b""), Malformed, "empty TLS record"),
    "an oversized record": (b"\x16\x03\x03\x40\x01", Malformed, "16385 bytes"),
    "application data": (flights.record(b"x", 23), Malformed, "type 23"),
    "change of cipher": (flights.record(b"\x01", 20), Malformed, "type 20"),
    "half an alert": (flights.record(b"\x02", 21), Malformed, "alert of 1 bytes"),
    "handshake_failure": (flights.alert(40), Alerted, "handshake_failure"),
    "an alert without a name": (flights.alert(200), Alerted, "alert_200"),
    "a closing alert": (flights.alert(0, level=1), Alerted, "close_notify"),
    "nothing but warnings": (flights.alert(112, level=1) * 6, Alerted, "unrecognized_name"),
    "certificates first": (
        flights.record(flights.certificate(CHAIN)),
        Malformed,
        "message 11 in place of its ServerHello",
    ),
    "two hellos": (flights.record(_HELLO * 2), Malformed, "message 2 in place of its Certificate"),
    "no certificates": (
        flights.record(_HELLO + flights.message(14, b"")),
        Malformed,
        "message 14 in place of its Certificate",
    ),
    "an empty list": (flights.record(_HELLO + flights.certificate([])), Malformed, "empty list"),
    "an empty certificate": (
        flights.record(_HELLO + flights.certificate([b""])),
        Malformed,
        "lengths",
    ),
    "a list that says too much": (
        flights.record(_HELLO + flights.message(11, b"\x00\x00\x09\x00\x00\x02ab")),
        Malformed,
        "lengths",
    ),
    "a certificate that says too much": (
        flights.record(_HELLO + flights.message(11, b"\x00\x00\x05\x00\x00\x09ab")),
        Malformed,
        "lengths",
    ),
    "a list cut in a length": (
        flights.record(_HELLO + flights.message(11, b"\x00\x00\x02\x00\x00")),
        Malformed,
        "lengths",
    ),
    "a short ServerHello": (
        flights.record(flights.message(2, b"\x03\x03")),
        Malformed,
        "too early",
    ),
    "a session id that never ends": (
        flights.record(flights.message(2, b"\x03\x03" + b"r" * 32 + b"\xff\x00")),
        Malformed,
        "too early",
    ),
    "a suite of its own": (flights.record(flights.server_hello(0x1301)), Malformed, "0x1301"),
    "SSL 3.0": (flights.record(flights.server_hello(version=0x0300)), Malformed, "0x0300"),
    "10 MB announced": (
        flights.record(_HELLO + b"\x0b\x98\x96\x80"),
        Malformed,
        "message of 10000000 bytes",
    ),
}


@pytest.mark.parametrize(("answer", "kind", "words"), _REFUSED.values(), ids=_REFUSED.keys())
@pytest.mark.parametrize("pieces", [5, 1 << 16])
def test_a_bad_answer_is_named(
    answer: bytes, kind: type[TlsError], words: str, pieces: int
) -> None:
    with pytest.raises(kind) as refused:
        read(answer, pieces)
    assert words in str(refused.value)


@given(st.lists(st.binary(min_size=1, max_size=400), max_size=40))
def test_noise_raises_nothing_but_tls_errors(pieces: list[bytes]) -> None:
    _survives(pieces)


@given(st.data())
def test_a_damaged_answer_raises_nothing_but_tls_errors(data: st.DataObject) -> None:
    answer = bytearray(flights.flight(CHAIN))
    for _byte in range(data.draw(st.integers(1, 6))):
        answer[data.draw(st.integers(0, len(answer) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(answer)))
    _survives([bytes(answer[:cut]), bytes(answer[cut:])])


def _survives(pieces: list[bytes]) -> None:
    reader = AnswerReader(OFFERED)
    try:
        for piece in pieces:
            chain = reader.feed(piece)
            if chain is not None:
                assert chain.certificates
                return
    except TlsError as error:
        assert str(error).isprintable()


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(flights.record(flights.message(0, b"")), id="endless HelloRequests"),
        pytest.param(flights.record(b"\x0b\x03\xff\xff" + b"x" * 9000), id="an endless message"),
    ],
)
def test_what_never_ends_is_cut_off_in_bounded_memory(piece: bytes) -> None:
    start = flights.record(_HELLO) if piece[5] == 11 else b""
    reader = AnswerReader(OFFERED)
    tracemalloc.start()
    with pytest.raises(Malformed):
        reader.feed(start)
        for _piece in range(2 * MAX_ANSWER // len(piece) + 2):
            reader.feed(piece)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * MAX_ANSWER
