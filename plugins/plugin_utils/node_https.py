# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTPS to one UC node: who answers is known before anything secret is sent.

The certificate is either verified (CA and name) or pinned by its SHA-256, for nodes whose certificate is just what has to be repaired.
Proxies of the environment are not used and redirects are not followed: both would carry the credentials elsewhere.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.client
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from ansible_collections.collab.expressway.plugins.module_utils.unexpected_answer import (
    ForeignAnswer,
    UnexpectedAnswer,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import (
    OptionRefused,
    PeerRefused,
    PeerUnreachable,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.http_body import (
    first_line,
    read_body,
)

T = TypeVar("T")


@dataclass(frozen=True)
class NodeIdentity:
    """Where a node is and how it proves who it is.

    `server_name` is the name that its certificate must hold. `pins`: SHA-256 (lowercase hex) of the certificates to accept whatever CA
    and name they have; empty means that `ca_path` (None: the system's CAs) and `server_name` decide. `validate` false accepts anything.
    """

    peer: str
    host: str
    server_name: str
    ca_path: str | None = None
    pins: frozenset[str] = frozenset()
    validate: bool = True
    connect_timeout: float = 15.0


@dataclass(frozen=True)
class BasicLogin:
    """User and password of one kind of account."""

    user: str
    password: str = field(repr=False)

    @property
    def header(self) -> str:
        """The value of the header Authorization."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")


class HttpAnswer(NamedTuple):
    """What came back, whatever the status."""

    status: int
    body: bytes


class NodeHttps:
    """Requests to one port of one node, each on a connection of its own; `timeout` bounds one request, in seconds."""

    def __init__(self, identity: NodeIdentity, port: int, timeout: float) -> None:
        self.identity = identity
        self.timeout = timeout
        self._port = port
        self._context: ssl.SSLContext | None = None

    @property
    def peer(self) -> str:
        """How messages name the node."""
        return self.identity.peer

    @property
    def origin(self) -> str:
        """Scheme, host and port, for messages."""
        host = self.identity.host
        return f"https://{f'[{host}]' if ':' in host else host}:{self._port}"

    def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        login: BasicLogin | None = None,
    ) -> HttpAnswer:
        """Any HTTP answer, whatever its status.

        Raises `PeerUnreachable` when there is none, when it is cut short, or when the certificate is not accepted.
        """
        sent = dict(headers or {})
        if login is not None:
            sent["Authorization"] = login.header
        deadline = time.monotonic() + self.timeout
        try:
            with self._connected(deadline) as connection:
                connection.request(method, path, body=body, headers=sent)
                response = connection.getresponse()
                content = read_body(response, deadline)
        except ssl.SSLCertVerificationError as error:
            raise self._unverified(error) from None
        # ValueError: a host that is no name and no address.
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise PeerUnreachable(
                f"{self.peer} did not answer {method} {self.origin}{path} (within {self.timeout:g} s): "
                f"{first_line(error) or type(error).__name__}"
            ) from None
        return HttpAnswer(response.status, content)

    @contextlib.contextmanager
    def _connected(self, deadline: float) -> Iterator[http.client.HTTPConnection]:
        identity = self.identity
        patience = min(identity.connect_timeout, max(0.001, deadline - time.monotonic()))
        with socket.create_connection((identity.host, self._port), patience) as plain:
            if self._context is None:
                self._context = _context(identity)
            with self._context.wrap_socket(plain, server_hostname=identity.server_name) as tls:
                self._check_pin(tls)
                tls.deadline = deadline  # type: ignore[attr-defined]
                connection = http.client.HTTPConnection(identity.host, self._port)
                connection.sock = tls
                yield connection

    def _check_pin(self, tls: ssl.SSLSocket) -> None:
        pins = self.identity.pins
        if not pins:
            return
        presented = hashlib.sha256(tls.getpeercert(True) or b"").hexdigest()
        if presented not in pins:
            raise PeerUnreachable(
                f"the certificate of {self.peer} ({self.origin}) is not one of those in vos_certificate_sha256: its SHA-256 is "
                f"{presented}. No credential was sent. Compare it with the node's (show cert own tomcat), then correct the variable"
            )

    def _unverified(self, error: ssl.SSLCertVerificationError) -> PeerUnreachable:
        identity = self.identity
        return PeerUnreachable(
            f"the certificate of {self.peer} ({self.origin}) is not trusted as that of {identity.server_name}: "
            f"{error.verify_message or first_line(error)}. No credential was sent. Name the CA that signed it in vos_ca_path, or the name "
            "that it holds in vos_tls_server_name; where the certificate itself is to be repaired, accept it by its SHA-256 in "
            "vos_certificate_sha256"
        )


class _DeadlineSocket(ssl.SSLSocket):
    """Every read shares what is left of the time, so that a drip of headers cannot hold for ever, either."""

    deadline: float | None = None

    def recv_into(self, *arguments: Any, **options: Any) -> int:
        if self.deadline is not None:
            remaining = self.deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError("the answer did not end in time")
            self.settimeout(remaining)
        return super().recv_into(*arguments, **options)


def _context(identity: NodeIdentity) -> ssl.SSLContext:
    # Not create_default_context(): from Python 3.13 it is stricter than the certificates of the nodes were made for.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = _DeadlineSocket
    if identity.pins or not identity.validate:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif identity.ca_path is None:
        context.load_default_certs()
    else:
        try:
            context.load_verify_locations(identity.ca_path)
        except (OSError, ssl.SSLError) as error:
            raise OptionRefused(
                f"vos_ca_path of {identity.peer} holds no CA certificates that can be read: {identity.ca_path}: {first_line(error)}"
            ) from None
    return context


def understood(
    answer: HttpAnswer, https: NodeHttps, asked: str, read: Callable[[bytes], T], port: str
) -> T:
    """What `read` makes of the body. Its `UnexpectedAnswer` says what was asked and where, and what to check; `port` is the variable of the
    port.
    """
    try:
        return read(answer.body)
    except UnexpectedAnswer as error:
        remedy = (
            f". Check that {port} is the port for it, and that no proxy and no login page answers in place of the node"
            if isinstance(error, ForeignAnswer)
            else ""
        )
        raise type(error)(
            f"{asked} ({https.origin}) was answered with HTTP status {answer.status}, but {error}{remedy}"
        ) from None


_LASTING = (401, 403, 404, 503, 599)
"""Who asks, where, how often and in which version: nothing that depends on what is asked for."""


def refused(answer: HttpAnswer, https: NodeHttps, asked: str, why: str) -> PeerRefused:
    """The error for an answer that is a no; `why` ends the sentence with a remedy."""
    refusal = PeerRefused(
        f"{https.peer} answered {asked} ({https.origin}) with HTTP status {answer.status}{why}"
    )
    refusal.login_refused = answer.status == 401
    refusal.lasting = answer.status in _LASTING
    return refusal
