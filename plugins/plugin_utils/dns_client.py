# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names asked of one DNS server: the SRV records that lead clients to a cluster, and addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from ansible_collections.collab.expressway.plugins.plugin_utils.errors import PeerRefused

SERVICES = ("_cisco-uds", "_cuplogin")
"""The services that Jabber and the Expressway look up (Unified CM facts 5.2)."""
PORT = 53
LIFETIME = 5.0
"""Seconds for one question, repeats included."""


class DnsClient:
    """Asks `server`, an IP address with or without a port (`192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:5353`).

    Raises `PeerRefused` when `server` is neither, when dnspython is missing, or when the server does not answer. A name that does not
    exist is an answer.
    """

    def __init__(self, server: str) -> None:
        try:
            import dns.resolver
        except ImportError:
            raise PeerRefused(
                "a resolver was given, but the Python library dnspython is missing on the controller; install dnspython >= 2.6 beside "
                "ansible-core, or leave resolver out"
            ) from None
        host, port = _server(server)
        self.server = server
        self._dns: Any = dns
        self._resolver = dns.resolver.Resolver(configure=False)
        self._resolver.nameservers = [host]
        self._resolver.port = port
        self._resolver.lifetime = LIFETIME

    def services(self, domain: str) -> list[dict[str, Any]]:
        """service, domain, target and port of each SRV record of `domain`, in the order of priority."""
        found = []
        for service in SERVICES:
            records = sorted(
                self._ask(f"{service}._tcp.{domain}.", "SRV"),
                key=lambda record: (record.priority, -record.weight, record.target.to_text()),
            )
            found += [
                {
                    "service": service,
                    "domain": domain,
                    "target": record.target.to_text(omit_final_dot=True),
                    "port": int(record.port),
                }
                for record in records
            ]
        return found

    def addresses(self, names: Iterable[str]) -> dict[str, str | None]:
        """Name → its first IPv4 address, its first IPv6 address where it has none, or None. IP addresses are left out."""
        return {name: self._address(name) for name in dict.fromkeys(names) if not is_ip(name)}

    def _address(self, name: str) -> str | None:
        for kind in ("A", "AAAA"):
            found = sorted(record.address for record in self._ask(f"{name.rstrip('.')}.", kind))
            if found:
                return str(found[0])
        return None

    def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            return list(self._resolver.resolve(name, kind, search=False))
        except (self._dns.resolver.NXDOMAIN, self._dns.resolver.NoAnswer):
            return []
        except self._dns.exception.DNSException as error:
            words = " ".join(str(error).split())[:200] or type(error).__name__
            raise PeerRefused(
                f"resolver {self.server} does not say what {name.rstrip('.')} ({kind}) is: {words}"
            ) from None


def is_ip(host: str) -> bool:
    """Whether `host` is an IP address, not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _server(text: str) -> tuple[str, int]:
    host, port = text.strip(), str(PORT)
    if not is_ip(host):
        host, _colon, port = host.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
    if not is_ip(host) or not port.isdecimal() or not 0 < int(port) < 65536:
        raise PeerRefused(
            f"resolver is {text!r}; give the IP address of a DNS server, with a port where it is not 53: 192.0.2.53 or 192.0.2.53:5353"
        )
    return host, int(port)
