# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The few TLS messages that show which chain an origin presents: bytes in, bytes out, no socket.

Up to TLS 1.2 a server shows its certificates in clear text, in its first answer. So a ClientHello
that offers only the cipher suites of one key type, and a reader that stops at the Certificate
message, tell what the origin presents for that key type: however old the origin is, whatever it
would ask for next, and whatever the crypto policy of this host forbids. TLS 1.3 encrypts the
certificates: there a TLS library has to do the talking.

Sources: RFC 5246 (TLS 1.2), RFC 6066 (server_name), RFC 8422 (elliptic curves), RFC 5746 (the
signalling suite of secure renegotiation), RFC 7627 (extended master secret).
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable
from typing import NamedTuple

from ansible_collections.collab.expressway.plugins.module_utils.presented.registries import (
    ALERTS,
    GROUPS,
    VERSIONS,
)

MAX_ANSWER = 256 * 1024
"""Bytes of one answer that are read at most. OpenSSL, and so the traffic server, stops at 100 KiB
of certificates."""

_MAX_FRAGMENT = 1 << 14
_MAX_WARNINGS = 5  # as OpenSSL: a peer that only ever warns is not answering
_MAX_EXCERPT = 60
_CHANGE_CIPHER_SPEC, _ALERT, _HANDSHAKE, _APPLICATION_DATA = 20, 21, 22, 23
CONTENT_TYPES = (_CHANGE_CIPHER_SPEC, _ALERT, _HANDSHAKE, _APPLICATION_DATA)
_HELLO_REQUEST, _CLIENT_HELLO, _SERVER_HELLO, _CERTIFICATE = 0, 1, 2, 11
_WARNING, _CLOSE_NOTIFY, _USER_CANCELED = 1, 0, 90
_RENEGOTIATION_SCSV = 0x00FF


class TlsError(Exception):
    """An answer without certificates; the text is a sentence about the origin, without its name."""


class NotTls(TlsError):
    """The answer is readable text: another protocol lives on this port."""


class Malformed(TlsError):
    """The answer breaks the rules of TLS, or the bounds that this reader sets."""


class Alerted(TlsError):
    """The origin ended the handshake with an alert, `name` (`alert_<number>` if unregistered)."""

    def __init__(self, number: int) -> None:
        self.name = ALERTS.get(number, f"alert_{number}")
        super().__init__(f"answered with the TLS alert {self.name}")


class PresentedChain(NamedTuple):
    """What an origin answered to a ClientHello."""

    version: int
    """The protocol version that the origin chose, a key of `VERSIONS`."""
    suite: int
    """The cipher suite that the origin chose."""
    certificates: tuple[bytes, ...]
    """DER, in the order sent: the leaf first if the origin does it right. Never empty."""


def client_hello(
    suites: Iterable[int],
    signatures: Iterable[int],
    *,
    random: bytes,
    server_name: str | None = None,
    groups: Iterable[int] = GROUPS,
    maximum_version: int = 0x0303,
) -> bytes:
    """The record of a ClientHello that offers exactly `suites`, in this order, and no TLS 1.3.

    `signatures` should name the schemes of every key type: up to TLS 1.2 the suites alone choose
    the certificate, and a strict server holds back a chain with a signature of a scheme not named
    here.
    `server_name`: the SNI, in ASCII; None sends none. `random`: 32 bytes.
    The signalling suite of RFC 5746 stands last, and the extended master secret is offered: there
    are servers that insist on them.
    """
    extensions = b"".join(
        (
            _extension(0, _server_name(server_name)) if server_name is not None else b"",
            _extension(10, _vector(2, _numbers(groups))),
            _extension(11, _vector(1, b"\x00")),
            _extension(13, _vector(2, _numbers(signatures))),
            _extension(23, b""),
        )
    )
    hello = b"".join(
        (
            struct.pack("!H", maximum_version),
            random,
            _vector(1, b""),
            _vector(2, _numbers((*suites, _RENEGOTIATION_SCSV))),
            _vector(1, b"\x00"),
            _vector(2, extensions),
        )
    )
    # The record says TLS 1.0: some old servers refuse a first record that says more.
    return _record(_HANDSHAKE, 0x0301, bytes((_CLIENT_HELLO,)) + _vector(3, hello))


def farewell(version: int = 0x0301) -> bytes:
    """The alerts that end a handshake on purpose: user_canceled, close_notify (RFC 5246, 7.2)."""
    return b"".join(
        _record(_ALERT, version, bytes((_WARNING, number)))
        for number in (_USER_CANCELED, _CLOSE_NOTIFY)
    )


class AnswerReader:
    """Reads the answer to a ClientHello as it arrives, up to the Certificate message.

    Whatever is fed, `feed` returns or raises `TlsError`; memory and work are bounded by
    `MAX_ANSWER` bytes. After a result or an error the reader is used up.
    """

    def __init__(self, offered: Collection[int]) -> None:
        self._offered = offered
        self._unread = bytearray()
        self._messages = bytearray()
        self._received = 0
        self._warnings = 0
        self._server_hello: tuple[int, int] | None = None

    def feed(self, data: bytes) -> PresentedChain | None:
        """Takes the next bytes; the presented chain as soon as it is complete, else None.

        Raises NotTls, Alerted or Malformed.
        """
        self._received += len(data)
        self._unread += data
        while len(self._unread) >= 5:
            content, version, length = struct.unpack_from("!BHH", self._unread)
            self._check_record(content, version, length)
            if len(self._unread) < 5 + length:
                break
            fragment = bytes(self._unread[5 : 5 + length])
            del self._unread[: 5 + length]
            if content == _ALERT:
                self._heed_alert(fragment)
            elif content != _HANDSHAKE:
                raise Malformed(f"sent a record of type {content} in place of its certificates")
            else:
                self._messages += fragment
                chain = self._read_messages()
                if chain is not None:
                    return chain
        if self._unread and self._unread[0] not in CONTENT_TYPES:
            raise not_tls(self._unread)
        if self._received > MAX_ANSWER:
            raise Malformed(f"sent more than {MAX_ANSWER} bytes without ending its certificates")
        return None

    def _check_record(self, content: int, version: int, length: int) -> None:
        if content not in CONTENT_TYPES or version >> 8 != 3:
            raise not_tls(self._unread)
        if length == 0:
            # Legal for application data only; endless ones would keep a reader busy for nothing.
            raise Malformed("sent an empty TLS record")
        if length > _MAX_FRAGMENT:
            raise Malformed(f"sent a TLS record of {length} bytes; {_MAX_FRAGMENT} are allowed")

    def _heed_alert(self, fragment: bytes) -> None:
        if len(fragment) != 2:
            raise Malformed(f"sent a TLS alert of {len(fragment)} bytes in place of 2")
        level, number = fragment
        self._warnings += 1
        # A warning, such as unrecognized_name, is followed by the handshake.
        if level != _WARNING or number == _CLOSE_NOTIFY or self._warnings > _MAX_WARNINGS:
            raise Alerted(number)

    def _read_messages(self) -> PresentedChain | None:
        while len(self._messages) >= 4:
            kind, length = self._messages[0], int.from_bytes(self._messages[1:4], "big")
            if length > MAX_ANSWER:
                raise Malformed(
                    f"announced a handshake message of {length} bytes; {MAX_ANSWER} are read"
                )
            if len(self._messages) < 4 + length:
                return None
            body = bytes(self._messages[4 : 4 + length])
            del self._messages[: 4 + length]
            if kind == _SERVER_HELLO and self._server_hello is None:
                self._server_hello = self._read_server_hello(body)
            elif kind == _CERTIFICATE and self._server_hello is not None:
                return PresentedChain(*self._server_hello, _read_certificates(body))
            elif kind != _HELLO_REQUEST:
                awaited = "ServerHello" if self._server_hello is None else "Certificate"
                raise Malformed(f"sent handshake message {kind} in place of its {awaited}")
        return None

    def _read_server_hello(self, body: bytes) -> tuple[int, int]:
        session_end = 35 + body[34] if len(body) > 34 else 0
        if not session_end or len(body) < session_end + 3:
            raise Malformed("sent a ServerHello that ends too early")
        (version,) = struct.unpack_from("!H", body)
        (suite,) = struct.unpack_from("!H", body, session_end)
        if version not in VERSIONS:
            raise Malformed(f"chose the protocol version 0x{version:04x}, which was not offered")
        if suite not in self._offered:
            raise Malformed(f"chose the cipher suite 0x{suite:04x}, which was not offered")
        return version, suite


def not_tls(answer: bytes | bytearray) -> TlsError:
    """The error for an answer that does not begin with a TLS record: readable text is quoted."""
    start = bytes(answer[:_MAX_EXCERPT])
    text = start.decode("latin-1").strip("\r\n")
    line = text.splitlines()[0] if text.splitlines() else ""
    if line and line.isascii() and line.isprintable():
        return NotTls(f"answered in plain text ({line!r})")
    return Malformed(f"answered with bytes that are no TLS record ({start[:8].hex(' ')})")


def _read_certificates(body: bytes) -> tuple[bytes, ...]:
    certificates = []
    position, end = 3, len(body)
    if end < 3 or int.from_bytes(body[:3], "big") != end - 3:
        raise Malformed("sent a Certificate message whose lengths do not agree")
    while position < end:
        start = position + 3
        position = start + int.from_bytes(body[position:start], "big")
        if not start < position <= end:
            raise Malformed("sent a Certificate message whose lengths do not agree")
        certificates.append(body[start:position])
    if not certificates:
        raise Malformed("sent an empty list of certificates")
    return tuple(certificates)


def _server_name(name: str) -> bytes:
    return _vector(2, b"\x00" + _vector(2, name.encode("ascii")))


def _numbers(values: Iterable[int]) -> bytes:
    numbers = tuple(values)
    return struct.pack(f"!{len(numbers)}H", *numbers)


def _vector(length_bytes: int, content: bytes) -> bytes:
    return len(content).to_bytes(length_bytes, "big") + content


def _extension(number: int, content: bytes) -> bytes:
    return number.to_bytes(2, "big") + _vector(2, content)


def _record(content: int, version: int, fragment: bytes) -> bytes:
    return struct.pack("!BH", content, version) + _vector(2, fragment)
