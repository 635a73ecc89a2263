# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a presented chain with a ClientHello of our own: TLS 1.2 or older, up to the certificates.

For the origin it looks like a client that changes its mind; it is told so before the connection
ends.
"""

from __future__ import annotations

import os

from ansible_collections.collab.expressway.plugins.module_utils.presented.key_types import (
    KeyType,
    held_to,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.outcomes import (
    Outcome,
    failed,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.registries import VERSIONS
from ansible_collections.collab.expressway.plugins.module_utils.presented.tls_messages import (
    Alerted,
    AnswerReader,
    NotTls,
    TlsError,
    client_hello,
    farewell,
)

NOTHING_IN_COMMON = frozenset({"handshake_failure", "protocol_version", "insufficient_security"})
"""Alerts of an origin that has nothing to offer for this hello. TLS 1.3 may be another matter."""


class HelloProbe:
    """A `Conversation` (see tls_endpoints) that asks for the certificate of one key type."""

    def __init__(self, asked: KeyType, server_name: str | None) -> None:
        self._asked = asked
        self._server_name = server_name
        self._reader = AnswerReader(asked.suites)
        self.outcome: Outcome | None = None
        self.newer_version_may_help = False
        self._answered = False

    def opening(self) -> bytes:
        return client_hello(
            self._asked.suites,
            self._asked.signatures,
            random=os.urandom(32),
            server_name=self._server_name,
        )

    def received(self, data: bytes) -> bytes:
        self._answered = True
        try:
            answer = self._reader.feed(data)
        except TlsError as error:
            self.outcome = self._explain(error)
            return b""
        if answer is not None:
            presented = Outcome(
                tls_version=VERSIONS[answer.version],
                cipher=self._asked.suites[answer.suite],
                chain=answer.certificates,
            )
            self.outcome = held_to(self._asked, presented)
        return b""

    def interrupted(self, failure: Outcome) -> Outcome:
        if self._answered or failure.error_kind not in ("closed", "reset"):
            return failure
        # Some servers that have nothing to offer hang up in place of an alert.
        self.newer_version_may_help = True
        return failed(
            failure.error_kind,
            f"hung up on a hello for {self._asked.label}, without an alert: it presents no"
            f" {self._asked.label} certificate on this port, or the port does not speak TLS, or"
            " something on the way cuts connections; compare with its other key types",
        )

    def parting(self) -> bytes:
        return farewell()

    def _explain(self, error: TlsError) -> Outcome:
        if isinstance(error, Alerted) and error.name in NOTHING_IN_COMMON:
            self.newer_version_may_help = True
            return failed(
                "no_common_cipher",
                f"{error}: it presents no {self._asked.label} certificate on this port, or has"
                " no TLS version or cipher suite in common with this tool",
            )
        return explain(error)


def explain(error: TlsError) -> Outcome:
    """The outcome for an answer without certificates, with what to check."""
    if isinstance(error, NotTls):
        return failed(
            "plaintext",
            f"{error}; check the port: this one does not speak TLS",
        )
    if isinstance(error, Alerted):
        return failed("alert", f"{error}; look for the reason in the log of the service")
    return failed(
        "protocol",
        f"{error}; check that this port speaks TLS and what stands between (proxy, load balancer)",
    )
