# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a presented chain with a complete handshake of OpenSSL, on memory buffers: no socket here.

For origins that speak TLS 1.3 only, and to see what one peer gets with its own cipher list. Nothing
is verified: to show what would be refused is the very purpose, and the judgement comes later.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.dependencies import SSL, crypto
from ansible_collections.collab.expressway.plugins.module_utils.presented.hello_probe import (
    NOTHING_IN_COMMON,
    explain,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.key_types import (
    KeyType,
    held_to,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.outcomes import (
    Outcome,
    failed,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.tls_messages import (
    CONTENT_TYPES,
    MAX_ANSWER,
    not_tls,
)

DEFAULT_CIPHER_LIST = "EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL"
"""The documented default of `Ciphers UcClientTLSCiphers` in X15.0 (administrator guide)."""

TLS_VERSIONS = {"1.0": 0x0301, "1.1": 0x0302, "1.2": 0x0303, "1.3": 0x0304}
"""Option value → protocol version on the wire."""

# What OpenSSL 1.1.1, the library of the appliance, names by default.
_GROUPS = b"X25519:P-256:X448:P-521:P-384"
_LEGACY_SERVER_CONNECT = 0x4  # SSL_OP_LEGACY_SERVER_CONNECT: origins without RFC 5746


class CipherListRefused(ValueError):
    """OpenSSL finds no cipher in the list, or cannot read it."""


@lru_cache(maxsize=64)
def client_context(
    cipher_list: str, minimum: str, maximum: str, signatures: str | None = None
) -> SSL.Context:
    """A client that offers `cipher_list` in its order, and TLS `minimum` to `maximum`.

    Versions are the keys of `TLS_VERSIONS`. Old origins can be read: unless the list sets a security
    level, level 0 is appended. `signatures`: the signature algorithms to offer, OpenSSL's if None.
    Raises CipherListRefused.
    """
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(TLS_VERSIONS[minimum])
    context.set_max_proto_version(TLS_VERSIONS[maximum])
    context.set_options(_LEGACY_SERVER_CONNECT)
    context.set_verify(SSL.VERIFY_NONE)
    readable = cipher_list if "@SECLEVEL" in cipher_list else f"{cipher_list}:@SECLEVEL=0"
    try:
        context.set_cipher_list(readable.encode())
    except (SSL.Error, UnicodeEncodeError) as error:
        raise CipherListRefused(_reasons(error) or str(error)) from error
    # pyOpenSSL has no public call for these; without them the leaf's key type is still compared.
    _set_list(context, "SSL_CTX_set1_curves_list", _GROUPS)
    if signatures is not None:
        _set_list(context, "SSL_CTX_set1_sigalgs_list", signatures.encode())
    return context


class OpenSSLProbe:
    """A `Conversation` (see tls_endpoints) that lets OpenSSL shake hands to the end.

    `asked`: the key type that the leaf has to have, None to take whatever the origin prefers.
    """

    def __init__(
        self, context: SSL.Context, server_name: str | None, asked: KeyType | None = None
    ) -> None:
        self._asked = asked
        self._received = 0
        self.outcome: Outcome | None = None
        self._connection = SSL.Connection(context, None)
        self._connection.set_connect_state()
        if server_name is not None:
            self._connection.set_tlsext_host_name(server_name.encode("ascii"))

    def opening(self) -> bytes:
        self._shake_hands()
        return self._to_send()

    def received(self, data: bytes) -> bytes:
        if not self._received and data[0] not in CONTENT_TYPES:
            self.outcome = explain(not_tls(data))
            return b""
        self._received += len(data)
        self._connection.bio_write(data)
        self._shake_hands()
        if self.outcome is None and self._received > MAX_ANSWER:
            self.outcome = failed(
                "protocol", f"sent more than {MAX_ANSWER} bytes without ending the handshake"
            )
        return self._to_send()

    def interrupted(self, failure: Outcome) -> Outcome:
        return self._with_chain(failure)

    def parting(self) -> bytes:
        try:
            self._connection.shutdown()
        except SSL.Error:
            return b""  # OpenSSL has sent its own alert already
        return self._to_send()

    def _shake_hands(self) -> None:
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return
        except SSL.Error as error:
            presented = bool(self._connection.get_peer_cert_chain())
            self.outcome = self._with_chain(_explain(error, presented))
        else:
            self.outcome = self._with_chain(Outcome())

    def _with_chain(self, outcome: Outcome) -> Outcome:
        """Adds what the origin has presented by now, be it that the handshake failed afterwards."""
        certificates = self._connection.get_peer_cert_chain()
        if not certificates:
            return outcome
        chain = tuple(crypto.dump_certificate(crypto.FILETYPE_ASN1, each) for each in certificates)
        presented = outcome._replace(
            tls_version=self._connection.get_protocol_version_name(),
            cipher=self._connection.get_cipher_name(),
            chain=chain,
        )
        if self._asked is None:
            return presented
        # As in the hello probe, what comes after the certificates is no matter.
        return held_to(self._asked, presented._replace(error_kind=None, error=None))

    def _to_send(self) -> bytes:
        try:
            return self._connection.bio_read(MAX_ANSWER)
        except SSL.WantReadError:
            return b""


def _explain(error: SSL.Error, presented: bool) -> Outcome:
    reason = _reasons(error) or "no reason given"
    alert = reason.rpartition("alert ")[2].replace(" ", "_")
    if presented:
        return failed(
            "alert" if "alert" in reason else "protocol",
            f"presented certificates, but then the handshake failed ({reason}); check whether it"
            " asks for a client certificate, and look into the log of the service",
        )
    if alert in NOTHING_IN_COMMON or reason in ("unsupported protocol", "version too low"):
        return failed(
            "no_common_cipher",
            f"has no TLS version or cipher suite in common with this cipher list ({reason});"
            " compare the list and the TLS versions with what is enabled on the node",
        )
    if "alert" in reason:
        return failed(
            "alert",
            f"ended the handshake with the TLS alert {alert}; look for the reason in the log of"
            " the service",
        )
    return failed(
        "protocol",
        f"does not complete a TLS handshake ({reason}); repeat it with openssl s_client",
    )


def _reasons(error: Exception) -> str:
    """The reasons in OpenSSL's error queue."""
    queue = error.args[0] if error.args and isinstance(error.args[0], list) else []
    return "; ".join(reason for _library, _function, reason in queue if reason)


def _set_list(context: SSL.Context, call: str, value: bytes) -> None:
    setter: Any = getattr(SSL._lib, call, None)
    if setter is not None:
        setter(context._context, value)
