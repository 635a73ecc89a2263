# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What OpenSSL says about a presented chain, asked on the very path that the traffic server takes.

A TLS 1.2 client verifies the chain as soon as it has read ServerHello and Certificate. So an
in-memory client whose trust store is the peer's is fed these two messages: purpose, security level,
chain length, error number and depth are then OpenSSL's own, without the origin's key and without a
socket. Of the ways tried against a real Traffic Server this one agreed in every case;
`X509StoreContext`, which knows no purpose, level or length, in nine of ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
)
from ansible_collections.collab.expressway.plugins.module_utils.dependencies import SSL, crypto
from ansible_collections.collab.expressway.plugins.module_utils.verdict.verification_errors import (
    WEAK_DIGEST,
    expressway_code,
)

TRAFFIC_SERVER_DEPTH = 7
"""At most this many intermediates: the verify depth of every Traffic Server version."""

LEVEL_WITH_SHA1_IN_1_1_1 = 1
"""OpenSSL 3 rates SHA-1 below level 1; 1.1.1, which the Expressway has, accepts it there (MD5 not)."""


@dataclass(frozen=True)
class ChainError:
    """One verification error. `code` by OpenSSL 1.1.1, `certificate` the one at `depth`.

    `after_leaf`: the leaf had already passed, so the traffic server had compared the name by then
    (OpenSSL checks name constraints last).
    """

    code: int
    depth: int
    certificate: Certificate | None
    after_leaf: bool = False


@dataclass(frozen=True)
class Judgement:
    """`errors`: none when accepted; one when the first was asked for; else all, in OpenSSL's order.

    `path`: the certificates that OpenSSL used, leaf first (down to where it stopped). `sha1_signed`:
    those whose SHA-1 signature was let pass. `handshake_error`: the client broke off before any
    certificate was verified, and why.
    """

    errors: tuple[ChainError, ...]
    path: tuple[Certificate, ...]
    sha1_signed: tuple[Certificate, ...]
    handshake_error: str | None = None

    @property
    def accepted(self) -> bool:
        return not self.errors and self.handshake_error is None


@dataclass
class _Handshake:
    """What the verify callback is told during one handshake."""

    level_1_of_1_1_1: bool
    stop_at_first: bool
    errors: list[tuple[int, int, Any, bool]] = field(default_factory=list)
    passed: list[Any] = field(default_factory=list)
    sha1_signed: list[Any] = field(default_factory=list)
    leaf_passed: bool = False

    def take(self, certificate: Any, code: int, depth: int, ok: bool) -> bool:
        if ok:
            self.passed.append(certificate)
            self.leaf_passed = self.leaf_passed or depth == 0
            return True
        if code == WEAK_DIGEST and self.level_1_of_1_1_1 and _signed_with_sha1(certificate):
            self.sha1_signed.append(certificate)
            return True
        self.errors.append((code, depth, certificate, self.leaf_passed))
        return not self.stop_at_first


class TrustStore:
    """A store of trusted certificates at one security level and one moment, kept for many chains.

    `certificates` in the order of the peer's file: it decides between CAs of one subject.
    `sha1_at_level_1` is the profile: True for OpenSSL 1.1.1 (the Expressway), False for 3.x.
    """

    def __init__(
        self,
        certificates: Sequence[Certificate],
        at: datetime,
        *,
        security_level: int = 1,
        sha1_at_level_1: bool = True,
    ) -> None:
        self._known = {certificate.der: certificate for certificate in certificates}
        self._level_1_of_1_1_1 = sha1_at_level_1 and security_level == LEVEL_WITH_SHA1_IN_1_1_1
        self._context = SSL.Context(SSL.TLS_METHOD)
        self._context.set_max_proto_version(SSL.TLS1_2_VERSION)
        self._context.set_cipher_list(f"{CIPHER}:@SECLEVEL={security_level}".encode())
        self._context.set_verify_depth(TRAFFIC_SERVER_DEPTH)
        self._context.set_verify(SSL.VERIFY_PEER, _on_certificate)
        store = self._context.get_cert_store()
        for certificate in certificates:
            store.add_cert(certificate.parsed)
        # pyOpenSSL takes the fields of the moment as UTC, whatever its zone.
        store.set_time(at.astimezone(UTC))

    def judge(self, chain: Sequence[Certificate], *, stop_at_first: bool = True) -> Judgement:
        """Verify `chain`, leaf first, as the origin sent it.

        `stop_at_first` is what the enforcing traffic server does; without it every error is collected.
        """
        handshake = _Handshake(self._level_1_of_1_1_1, stop_at_first)
        connection = SSL.Connection(self._context, None)
        connection.set_app_data(handshake)
        connection.set_connect_state()
        broke_off = _continue(connection)
        if broke_off is None:
            connection.bio_write(_flight(chain))
            broke_off = _continue(connection)
        sent = {certificate.der: certificate for certificate in chain}

        def own(parsed: Any) -> Certificate | None:
            der = crypto.dump_certificate(crypto.FILETYPE_ASN1, parsed)
            return sent.get(der) or self._known.get(der)

        verified = bool(handshake.errors) or handshake.leaf_passed
        return Judgement(
            errors=tuple(
                ChainError(expressway_code(code), depth, own(parsed), after_leaf)
                for code, depth, parsed, after_leaf in handshake.errors
            ),
            path=tuple(filter(None, map(own, reversed(handshake.passed)))),
            sha1_signed=tuple(filter(None, map(own, handshake.sha1_signed))),
            # What fails after the verification (a key that does not fit the forged cipher) is ours.
            handshake_error=None if verified else broke_off or "no certificate was verified",
        )


def _on_certificate(connection: Any, certificate: Any, code: int, depth: int, ok: int) -> bool:
    return connection.get_app_data().take(certificate, code, depth, bool(ok))


def _continue(connection: Any) -> str | None:
    """Go on with the handshake; the reason when it breaks off, None when it waits for more."""
    try:
        connection.do_handshake()
    except SSL.WantReadError:
        return None
    except SSL.Error as error:
        reasons = error.args[0] if error.args else None
        return reasons[0][2] if reasons else "handshake failure"
    return None


def _signed_with_sha1(parsed: Any) -> bool:
    name = parsed.get_signature_algorithm().lower()
    if b"pss" in name:
        algorithm = parsed.to_cryptography().signature_hash_algorithm
        return algorithm is not None and algorithm.name == "sha1"
    return b"sha1" in name


HANDSHAKE_RECORD, TLS_1_2 = b"\x16", b"\x03\x03"
SERVER_HELLO, CERTIFICATE = 2, 11
LONGEST_RECORD = 2**14
CIPHER, CIPHER_NUMBER = "ECDHE-RSA-AES256-GCM-SHA384", b"\xc0\x30"  # allowed at every level
SECURE_RENEGOTIATION = b"\xff\x01\x00\x01\x00"


def _flight(chain: Sequence[Certificate]) -> bytes:
    """The records of a ServerHello and the Certificate message with `chain`."""
    extensions = _sized(SECURE_RENEGOTIATION, 2)
    no_session, no_compression = b"\x00", b"\x00"
    hello = TLS_1_2 + bytes(32) + no_session + CIPHER_NUMBER + no_compression
    certificates = b"".join(_sized(certificate.der, 3) for certificate in chain)
    messages = b"".join(
        kind.to_bytes(1, "big") + _sized(body, 3)
        for kind, body in (
            (SERVER_HELLO, hello + extensions),
            (CERTIFICATE, _sized(certificates, 3)),
        )
    )
    return b"".join(
        HANDSHAKE_RECORD + TLS_1_2 + _sized(messages[start : start + LONGEST_RECORD], 2)
        for start in range(0, len(messages), LONGEST_RECORD)
    )


def _sized(body: bytes, size: int) -> bytes:
    return len(body).to_bytes(size, "big") + body
