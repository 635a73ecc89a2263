# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name server for the estate: addresses of nodes and peers, and the SRV records of UC services.

UDP and TCP on one port. It answers for what it knows, and NXDOMAIN for the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from ipaddress import ip_address
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from tests.lab.profile import Profile

TTL = 60
UDS_PORT = 8443
_SERVICES = {"cucm": "_cisco-uds._tcp", "imp": "_cuplogin._tcp"}
_SECONDS_PER_REQUEST = 5.0
_SMALLEST_DATAGRAM, _LARGEST_DATAGRAM, _LARGEST_MESSAGE = 512, 1232, 65535

Records = dict[dns.name.Name, dict[dns.rdatatype.RdataType, list[str]]]


def records(profile: Profile) -> Records:
    """Every record: A by name, `_cisco-uds._tcp` and `_cuplogin._tcp` of each cluster and of the MRA domain."""
    found: Records = {}

    def add(name: str, kind: dns.rdatatype.RdataType, value: str) -> None:
        values = found.setdefault(dns.name.from_text(name.lower()), {}).setdefault(kind, [])
        if value not in values:
            values.append(value)

    for peer in profile.peers:
        add(peer.name, dns.rdatatype.A, peer.address)
    for cluster in profile.clusters:
        for node in cluster.nodes:
            for name in _names([node.name, *node.advertised]):
                add(name, dns.rdatatype.A, node.address)
            if node.product in _SERVICES:
                for domain in (cluster.domain, profile.mra_domain):
                    record = f"10 10 {UDS_PORT} {node.name}."
                    add(f"{_SERVICES[node.product]}.{domain}", dns.rdatatype.SRV, record)
    return found


def _names(texts: Iterable[str]) -> Iterable[str]:
    for text in texts:
        try:
            ip_address(text)
        except ValueError:
            yield text


class DnsServer:
    """Answers for `profile` on `address`, port `port`; `asked` are the questions so far."""

    def __init__(self, profile: Profile) -> None:
        self._address = profile.control_address
        self._port = profile.dns_port
        self._records = records(profile)
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.asked: list[str] = []

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._udp, _protocol = await loop.create_datagram_endpoint(
            lambda: _Udp(self), local_addr=(self._address, self._port)
        )
        self._tcp = await asyncio.start_server(self._serve, self._address, self._port)

    async def stop(self) -> None:
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def answer(self, wire: bytes, *, datagram: bool = False) -> bytes | None:
        """The answer to the message `wire`; None for what is no question.

        What does not fit into a `datagram` of the size that the client takes is left out, and that
        is said: the client asks again over TCP.
        """
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if query.flags & dns.flags.QR or len(query.question) != 1:
            return None
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        question = query.question[0]
        self.asked.append(f"{question.name} {dns.rdatatype.to_text(question.rdtype)}")
        name = dns.name.from_text(question.name.to_text().lower())
        known = self._records.get(name)
        if known is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype in known:
            response.answer.append(
                dns.rrset.from_text_list(
                    question.name, TTL, dns.rdataclass.IN, question.rdtype, known[question.rdtype]
                )
            )
        largest = min(max(query.payload, _SMALLEST_DATAGRAM), _LARGEST_DATAGRAM)
        try:
            return response.to_wire(max_size=largest if datagram else _LARGEST_MESSAGE)
        except dns.exception.TooBig:
            response.answer.clear()
            response.flags |= dns.flags.TC
            return response.to_wire()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while True:
                length = await asyncio.wait_for(reader.readexactly(2), _SECONDS_PER_REQUEST)
                wire = await asyncio.wait_for(
                    reader.readexactly(int.from_bytes(length)), _SECONDS_PER_REQUEST
                )
                answer = self.answer(wire)
                if answer is None:
                    return
                writer.write(len(answer).to_bytes(2) + answer)
                await writer.drain()
        except (OSError, EOFError, TimeoutError):
            pass
        finally:
            self._connections.discard(task)
            with contextlib.suppress(OSError):
                writer.close()


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._server.answer(data, datagram=True)
        if answer is not None:
            self._transport.sendto(answer, addr)
