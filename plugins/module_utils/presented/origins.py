# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Origins: the TLS endpoints of UC nodes, as MRA clients ask for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.collab.expressway.plugins.module_utils.presented.name_lookup import (
    is_ip_literal,
)

# Labels as they occur, underscores included; what a resolver makes of them is its business.
_HOST_NAME = re.compile(r"(?=.{1,253}\.?\Z)([A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?")


def login(address: str, port: int) -> str:
    """How an origin is written in every text: host:port, with brackets around an IPv6 address."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


class OriginRefused(ValueError):
    """A value that cannot be an origin; the text names its place."""


class Origin(NamedTuple):
    """A TLS endpoint of a UC node, under the address that clients ask for."""

    address: str
    port: int
    connect_to: str | None = None
    """Where to connect instead of `address`; the SNI stays that of `address`."""

    @property
    def target(self) -> str:
        return self.connect_to or self.address

    @property
    def server_name(self) -> str | None:
        """The SNI as the traffic server sends it: none for an IP address."""
        return None if is_ip_literal(self.address) else self.address.rstrip(".")

    @property
    def label(self) -> str:
        """`host:port`, as messages name it."""
        return (
            f"[{self.address}]:{self.port}"
            if ":" in self.address
            else f"{self.address}:{self.port}"
        )


def read_origins(options: Iterable[Mapping[str, Any]]) -> list[Origin]:
    """Origins from option values: dicts with `address`, `port`, and perhaps `connect_to`.

    Raises OriginRefused, naming the entry, for a host that is neither a name nor an IP address, and
    for a port outside 1 to 65535.
    """
    origins = []
    for number, option in enumerate(options):
        place = f"origins[{number}]"
        address = _host(option["address"], f"{place}.address")
        connect_to = option.get("connect_to")
        if connect_to is not None:
            connect_to = _host(connect_to, f"{place}.connect_to")
        port = option["port"]
        if not 1 <= port <= 65535:
            raise OriginRefused(f"{place}.port ({address}): {port} is not a port from 1 to 65535")
        origins.append(Origin(address, port, connect_to))
    return origins


def is_full_name(text: str) -> bool:
    """Is this the name of a host with its domain, no IP address and no free text?"""
    return "." in text.rstrip(".") and not is_ip_literal(text) and bool(_HOST_NAME.fullmatch(text))


def _host(value: str, place: str) -> str:
    if is_ip_literal(value) or _HOST_NAME.fullmatch(value):
        return value
    if not value.strip():
        raise OriginRefused(f"{place} is empty; give a host name or an IP address")
    raise OriginRefused(
        f"{place}: {value!r} is neither a host name nor an IP address; give the host alone, without"
        " scheme, port, path or brackets (an internationalised name in its xn-- form)"
    )
