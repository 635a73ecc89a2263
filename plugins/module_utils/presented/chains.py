# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads which chains origins present, for each key type and with a peer's own cipher list.

What an origin does is data, never an exception: every entry has a chain, or says why it has none.
"""

from __future__ import annotations

import hashlib
import resource
import ssl
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from ansible_collections.collab.expressway.plugins.module_utils.dependencies import SSL
from ansible_collections.collab.expressway.plugins.module_utils.presented.endpoints import (
    Conversation,
    Endpoint,
    Limits,
    Reading,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.hello_probe import (
    HelloProbe,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.key_types import KEY_TYPES
from ansible_collections.collab.expressway.plugins.module_utils.presented.name_lookup import (
    look_up,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.openssl_probe import (
    DEFAULT_CIPHER_LIST,
    OpenSSLProbe,
    client_context,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import Origin
from ansible_collections.collab.expressway.plugins.module_utils.presented.outcomes import (
    Outcome,
    failed,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.window import Window

OFFERED = "offered"
"""The key type that leaves the choice to the origin, as the traffic server of a peer does."""

_LOOKUP_SHARE = (
    0.5  # of the deadline: dead name servers must not cost the origins given as addresses
)
_SPARE_FILES = 64


class Offer(NamedTuple):
    """What a peer offers to its origins: its `Ciphers UcClientTLSCiphers`, and TLS versions."""

    cipher_list: str = DEFAULT_CIPHER_LIST
    minimum_tls_version: str = "1.2"
    maximum_tls_version: str = "1.3"

    def context(self) -> SSL.Context:
        """Raises CipherListRefused if OpenSSL cannot use the list."""
        return client_context(*self)


class _ByKeyType:
    """Reads the chain for one key type: in clear up to TLS 1.2, else with OpenSSL in TLS 1.3."""

    def __init__(self, key_type: str, server_name: str | None) -> None:
        self._asked = KEY_TYPES[key_type]
        self._server_name = server_name
        self.outcome: Outcome | None = None

    def first(self) -> Conversation:
        return HelloProbe(self._asked, self._server_name)

    def conclude(self, conversation: Conversation, outcome: Outcome) -> Conversation | None:
        if isinstance(conversation, HelloProbe):
            self.outcome = outcome
            if conversation.newer_version_may_help:
                context = client_context("ALL", "1.3", "1.3", self._asked.tls13_signatures)
                return OpenSSLProbe(context, self._server_name, self._asked)
        elif outcome.chain or outcome.error_kind == "key_type_not_offered":
            self.outcome = outcome
        # Else the origin has no TLS 1.3 either, and its first answer says more.
        return None


class _AsOffered:
    """Reads the chain that a peer gets with its own cipher list, in a complete handshake."""

    def __init__(self, context: SSL.Context, server_name: str | None) -> None:
        self._context = context
        self._server_name = server_name
        self.outcome: Outcome | None = None

    def first(self) -> Conversation:
        return OpenSSLProbe(self._context, self._server_name)

    def conclude(self, conversation: Conversation, outcome: Outcome) -> Conversation | None:
        self.outcome = outcome
        return None


def read_presented_chains(
    origins: Sequence[Origin],
    key_types: Sequence[str],
    offer: Offer,
    limits: Limits,
    clock: Callable[[], float],
) -> list[dict[str, Any]]:
    """One entry for each origin and key type (`rsa`, `ecdsa`, `offered`), in that order.

    An entry has `address`, `port`, `connect_to`, `connected_to` (IP address), `key_type`,
    `tls_version`, `cipher`, `cipher_list` (for `offered`), `chain` (PEM text), `sha256` (list),
    `error_kind`, `error`; what is not known is None, `chain` and `sha256` are then empty.
    `clock` counts seconds and never goes back.
    The same question to the same IP address, port and SNI is asked once.
    Raises CipherListRefused before any connection.
    """
    until = clock() + limits.deadline
    context = offer.context() if OFFERED in key_types else None
    found = look_up((origin.target for origin in origins), limits.deadline * _LOOKUP_SHARE, clock)
    readings: dict[tuple[str, int], dict[tuple[str | None, str], Reading]] = {}
    for origin in origins:
        ip = found[origin.target].ip
        if ip is not None:
            here = readings.setdefault((ip, origin.port), {})
            for key_type in key_types:
                question = (origin.server_name, key_type)
                if question not in here:
                    here[question] = (
                        _AsOffered(context, origin.server_name)
                        if key_type == OFFERED
                        else _ByKeyType(key_type, origin.server_name)
                    )
    endpoints = [Endpoint(ip, port, here.values()) for (ip, port), here in readings.items()]
    Window(_within_open_files(limits), clock).run(endpoints, until)
    entries = []
    for origin in origins:
        ip, problem = found[origin.target]
        for key_type in key_types:
            if ip is None:
                outcome = _unresolved(origin, problem)
            else:
                reading = readings[ip, origin.port][origin.server_name, key_type]
                outcome = reading.outcome
            cipher_list = offer.cipher_list if key_type == OFFERED else None
            entries.append(_entry(origin, ip, key_type, cipher_list, outcome))
    return entries


def _entry(
    origin: Origin, ip: str | None, key_type: str, cipher_list: str | None, outcome: Outcome
) -> dict[str, Any]:
    where = origin.label if ip in (None, origin.address) else f"{origin.label} (at {ip})"
    shown = [_shown(certificate) for certificate in outcome.chain]
    return {
        "address": origin.address,
        "port": origin.port,
        "connect_to": origin.connect_to,
        "connected_to": ip,
        "key_type": key_type,
        "tls_version": outcome.tls_version,
        "cipher": outcome.cipher,
        "cipher_list": cipher_list,
        "chain": "".join(pem for pem, _digest in shown),
        "sha256": [digest for _pem, digest in shown],
        "error_kind": outcome.error_kind,
        "error": f"{where} {outcome.error}" if outcome.error else None,
    }


@lru_cache(maxsize=4096)
def _shown(certificate: bytes) -> tuple[str, str]:
    """PEM text and SHA-256; most origins of a cluster share their CA certificates."""
    return ssl.DER_cert_to_PEM_cert(certificate), hashlib.sha256(certificate).hexdigest()


def _unresolved(origin: Origin, problem: str | None) -> Outcome:
    return failed(
        "unresolved",
        f"was not tried: this host cannot resolve {origin.target} ({problem}); check the name"
        " and the name servers, or give the IP address as connect_to",
    )


def _within_open_files(limits: Limits) -> Limits:
    allowed, _ceiling = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return limits
    room = max(1, allowed - _SPARE_FILES)
    return limits._replace(max_connections=min(limits.max_connections, room))
