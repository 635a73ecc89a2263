# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The REST API of a peer over HTTPS: connections, headers, faults. What it says is in `api.py`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import ssl
from typing import TYPE_CHECKING, Any

from aiohttp import BasicAuth, BodyPartReader, web

from tests.lab.api import Reply, Request, reply
from tests.lab.root_files import half

if TYPE_CHECKING:
    from tests.lab.peer import Peer

_LARGEST_UPLOAD = 16 * 1024 * 1024


class ApiServer:
    """Serves the API of `peer` on the connections that it is handed."""

    def __init__(self, peer: Peer, ssl_context: ssl.SSLContext) -> None:
        self._peer = peer
        self._ssl_context = ssl_context
        self._server = web.Server(self._handle, access_log=None)

    async def serve(self, connection: socket.socket) -> None:
        """Shake hands on `connection`; its requests then go to the handler."""
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().connect_accepted_socket(
                self._server, connection, ssl=self._ssl_context
            )

    async def close(self) -> None:
        """Cut every connection."""
        await self._server.shutdown(timeout=0.1)

    async def _handle(self, http: web.BaseRequest) -> web.StreamResponse:
        asked = f"{http.method} {http.path}"
        self._peer.record.requests.append(asked)
        fault = self._peer.fault
        if fault and fault.strikes("api", ("cut_upload",), asked):
            return _cut(http)
        request = await _request(http)
        if request.record.get("Mode"):
            # Requests to one resource differ by their mode; faults can be told to meet one of them.
            asked = f"{asked} {request.record['Mode']}"
            self._peer.record.requests[-1] = asked
        if fault and fault.strikes("api", ("hang",), asked):
            await _until_gone(http)
            return _cut(http)
        pause = fault.seconds if fault else 0.0
        if fault and fault.strikes("api", ("slow",), asked):
            await asyncio.sleep(pause)
        # Of the faults after the answer, only those that tell of something carried out are left then.
        commands = request.record.get("Mode") in ("start", "stop", "collect")
        if commands and fault and fault.strikes("api", ("fail",), asked):
            return web.Response(status=500, text="Internal Server Error")
        if commands and fault and fault.strikes("api", ("drop",), asked):
            return _cut(http)
        answer = reply(self._peer, request)
        if commands and fault and fault.strikes("api", ("drop_after_write",), asked):
            return _cut(http)
        if fault and fault.strikes("api", ("drop",), asked):
            return await _say_half(http, answer)
        if answer.file and fault and fault.strikes("api", ("cut_download",), asked):
            return await _say_half(http, answer)
        if fault and fault.strikes("api", ("fail",), asked):
            said = fault.says(http.headers.get("Authorization", ""), request.login)
            return web.Response(status=500, text=said or "Internal Server Error")
        if answer.trust_store is not None:
            self._peer.record.writes.append(asked)
            spoilt = fault and fault.strikes("api", ("half_store",), asked)
            self._peer.trust(half(answer.trust_store) if spoilt else answer.trust_store)
            if fault and fault.strikes("api", ("drop_after_write", "lost_after_upload"), asked):
                return _cut(http)
        if answer.looked_up is not None:
            self._peer.record.writes.append(f"{asked} {answer.looked_up}")
            if fault and fault.strikes("api", ("drop_after_write",), asked):
                return _cut(http)
        if fault and fault.strikes("api", ("half_answer",), asked):
            return await _say_half(http, answer, then_wait=True)
        return web.Response(
            status=answer.status,
            body=_body(answer),
            headers={"Content-Type": answer.content_type, **answer.headers},
        )


async def _request(http: web.BaseRequest) -> Request:
    login = None
    with contextlib.suppress(ValueError):
        basic = BasicAuth.decode(http.headers.get("Authorization", ""), encoding="utf-8")
        login = (basic.login, basic.password)
    start = re.fullmatch(r"bytes=(\d+)-", http.headers.get("Range", ""))
    return Request(
        method=http.method,
        path=http.path,
        record=await _record(http),
        start=int(start[1]) if start else None,
        version=http.headers.get("If-Range"),
        client=http.remote or "",
        login=login,
        has_csrf_header="X-CSRF-Header" in http.headers,
        upload=await _upload(http),
        body=await http.read() if http.content_type == "application/json" else b"",
    )


async def _upload(http: web.BaseRequest) -> str | None:
    """Return the text of the multipart form field `file`, or None when there is none."""
    if http.content_type != "multipart/form-data":
        await http.read()
        return None
    # A body that is not the form it claims to be counts as no upload.
    with contextlib.suppress(ValueError):
        async for part in await http.multipart():
            if isinstance(part, BodyPartReader) and part.name == "file":
                return (await part.read(decode=True)).decode("utf-8", errors="replace")
    return None


async def _record(http: web.BaseRequest) -> dict[str, Any]:
    """Return the object that a body of JSON holds; empty for any other body."""
    if http.content_type == "application/json":
        with contextlib.suppress(ValueError):
            value = json.loads(await http.read())
            return value if isinstance(value, dict) else {}
    return {}


def _body(answer: Reply) -> bytes:
    return answer.body.encode() if answer.file is None else answer.file


def _cut(http: web.BaseRequest) -> web.StreamResponse:
    if http.transport:
        http.transport.abort()
    return web.Response()


async def _say_half(
    http: web.BaseRequest, answer: Reply, *, then_wait: bool = False
) -> web.StreamResponse:
    """Announce the whole body and send half of it; then hold still, or cut the connection."""
    body = _body(answer)
    response = web.StreamResponse(
        status=answer.status,
        headers={
            "Content-Type": answer.content_type,
            "Content-Length": str(len(body)),
            **answer.headers,
        },
    )
    await response.prepare(http)
    await response.write(body[: len(body) // 2])
    if then_wait:
        await _until_gone(http)
    elif http.transport:
        http.transport.close()
    return response


async def _until_gone(http: web.BaseRequest) -> None:
    """Hold still until the client has closed the connection."""
    while http.transport and not http.transport.is_closing():
        await asyncio.sleep(0.2)
