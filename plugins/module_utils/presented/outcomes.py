# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of one attempt to read a presented chain, with what to check if it failed.

The words of `error_kind` are a public contract of `presented_certificates_info`.
"""

from __future__ import annotations

import errno
from typing import NamedTuple


class Outcome(NamedTuple):
    """The answer of one origin for one key type. `error` is a sentence without its subject."""

    tls_version: str | None = None
    """OpenSSL's name, such as `TLSv1.2`."""
    cipher: str | None = None
    """OpenSSL's name of the negotiated cipher suite."""
    chain: tuple[bytes, ...] = ()
    """DER certificates as sent. May stand beside an error: a handshake can fail after them."""
    error_kind: str | None = None
    error: str | None = None


def failed(error_kind: str, error: str) -> Outcome:
    """An outcome without certificates."""
    return Outcome(error_kind=error_kind, error=error)


def connection_failed(code: int) -> Outcome:
    """The outcome for the error number (`errno`) with which a TCP connection failed."""
    if code == errno.ETIMEDOUT:
        return failed("timeout", _NO_CONNECTION)
    if code in (errno.ECONNRESET, errno.EPIPE):
        return connection_reset()
    if code == errno.ECONNREFUSED:
        return failed(
            "refused",
            "refused the connection; check that the service is started, that the port is right,"
            " and that no firewall on the way rejects it",
        )
    # No route, an administrative prohibition, an address family that this host lacks.
    reason = errno.errorcode.get(code, str(code))
    return failed(
        "refused",
        f"cannot be reached from this host ({reason}); check the address, the route to it,"
        " and the firewalls on the way",
    )


def connection_reset() -> Outcome:
    return failed(
        "reset",
        "reset the connection before it presented certificates; check for a firewall or a load"
        " balancer on the way, and the log of the service",
    )


def connection_closed() -> Outcome:
    return failed(
        "closed",
        "closed the connection before it presented certificates; check that this port speaks TLS"
        " and that the service is healthy",
    )


def no_connection(seconds: float) -> Outcome:
    """Nobody answered the TCP connection within `seconds`."""
    return failed("timeout", f"{_NO_CONNECTION} ({seconds:g} s)")


def no_answer(seconds: float) -> Outcome:
    """The connection stands, the certificates did not come within `seconds`."""
    return failed(
        "timeout",
        f"accepted the connection but presented no certificates within {seconds:g} s; check that"
        " this port speaks TLS and that the service does not hang, or raise timeout",
    )


def deadline_passed(seconds: float) -> Outcome:
    """The deadline of the whole run ended an attempt that was under way."""
    return failed(
        "timeout",
        f"had not presented certificates when the deadline of {seconds:g} s for the whole task"
        " passed; raise deadline, or give fewer origins to one task",
    )


def not_started(seconds: float) -> Outcome:
    """The deadline of the whole run came before the first connection."""
    return failed(
        "not_started",
        f"was not tried: the deadline of {seconds:g} s for the whole task passed first; raise"
        " deadline, or give fewer origins to one task",
    )


def no_socket(reason: str) -> Outcome:
    """This host could not open one more connection."""
    return failed(
        "not_started",
        f"was not tried: this host could not open a socket ({reason}); lower max_connections or"
        " raise the limit of open files",
    )


_NO_CONNECTION = (
    "did not answer the connection; check the address, that the host is up, and whether a firewall"
    " on the way drops packets to this port"
)
