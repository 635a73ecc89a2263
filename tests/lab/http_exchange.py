# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTTP request and its answer on the TLS port of a UC node, with the faults of the node.

h11 knows the protocol; the connection is closed after the answer.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Protocol

import h11

from tests.lab.hostile_xml import hostile_xml
from tests.lab.node_faults import NodeFault
from tests.lab.web import Reply, Request, page

LARGEST_BODY = 256 * 1024
LONGEST_SILENCE = 60.0
"""Seconds that a node which hangs keeps its client waiting at most."""


class Site(Protocol):
    """The pages of a node."""

    @property
    def fault(self) -> NodeFault | None: ...

    def note(self, request: Request) -> str:
        """Record the request and return how it is called there."""

    def channel(self, request: Request) -> str:
        """The part of the node that it is for."""

    def reply(self, request: Request) -> Reply | None:
        """The answer, None where the node has no such page."""


class TooLarge(Exception):
    """A request that nobody needs to read."""


async def exchange(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    text: str,
    site: Site | None,
    seconds: float,
) -> None:
    """Read one request within `seconds` and answer it: `site`, or GET with `text`."""
    connection = h11.Connection(h11.SERVER)
    try:
        request = await asyncio.wait_for(_read(reader, connection), seconds)
    except (h11.RemoteProtocolError, TooLarge):
        request = None
    if request is None:
        answer, fault, channel, called = page(400, "Bad Request"), None, "web", ""
    else:
        called, channel, fault = "", "web", None
        if site is not None:
            called, channel, fault = site.note(request), site.channel(request), site.fault
        if fault and fault.strikes(channel, ("hang",), called):
            await asyncio.wait_for(reader.read(), LONGEST_SILENCE)
            return
        if fault and fault.strikes(channel, ("slow",), called):
            await asyncio.sleep(min(fault.seconds, LONGEST_SILENCE))
        answer = _answer(request, text, site)
        if fault:
            answer = _struck(fault, channel, called, request, answer)
    head, body = _bytes(connection, request, answer)
    if fault and fault.strikes(channel, ("truncated",), called):
        body = body[: len(body) // 2]
    writer.write(head + body)
    await asyncio.wait_for(writer.drain(), seconds)


async def _read(reader: asyncio.StreamReader, connection: h11.Connection) -> Request:
    head: h11.Request | None = None
    body = b""
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            data = await reader.read(16 * 1024)
            if not data and head is None:
                raise EOFError
            connection.receive_data(data)
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
            if len(body) > LARGEST_BODY:
                raise TooLarge
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            path, _mark, query = head.target.decode("ascii", "replace").partition("?")
            headers = {
                name.decode().lower(): value.decode("latin-1") for name, value in head.headers
            }
            return Request(head.method.decode(), path, query, headers, body)
        else:
            raise EOFError


def _answer(request: Request, text: str, site: Site | None) -> Reply:
    answer = site.reply(request) if site is not None else None
    if answer is not None:
        return answer
    if request.method == "GET":
        return Reply(200, text, "text/plain")
    return Reply(405, "only GET here\n", "text/plain")


def _struck(fault: NodeFault, channel: str, called: str, request: Request, answer: Reply) -> Reply:
    if fault.strikes(channel, ("http_status",), called):
        said = fault.says(request.headers.get("authorization", ""), request.login)
        return Reply(fault.status, said) if said else page(fault.status, "As the fault says")
    if channel == "axl" and fault.strikes(channel, ("throttle",), called):
        return page(503, "Maximum AXL memory allocation consumed. Please retry after some time")
    if channel in ("axl", "uds") and fault.strikes(channel, ("hostile_xml",), called):
        return Reply(200, hostile_xml(fault.variant), "text/xml;charset=UTF-8")
    return answer


def _bytes(
    connection: h11.Connection, request: Request | None, answer: Reply
) -> tuple[bytes, bytes]:
    body = answer.body.encode()
    headers = [
        ("Content-Type", answer.content_type),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
        *answer.headers.items(),
    ]
    known = {status.value: status.phrase for status in HTTPStatus}
    response = h11.Response(
        status_code=answer.status, headers=headers, reason=known.get(answer.status, "")
    )
    head = connection.send(response) or b""
    return head, b"" if request is not None and request.method == "HEAD" else body
