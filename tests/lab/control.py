# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control interface of a running estate: plain HTTP with JSON, on loopback only.

GET  /estate               what runs where (also in estate.json)
GET  /settled              answers once the traffic servers do what their peers are set to
GET  /switches             every switch: position, what it may be, what it stands for
POST /switches             {name: value, ...}
POST /reset                initial state of all peers, nodes and switches; answers when settled
GET  /peers/<name>         configuration, trust store, sessions, logins, writes, ...
POST /peers/<name>/fault   {"kind": ..., ...}; null mends the peer
GET  /nodes/<name>         of a UC node: logins, failed logins, open sessions, requests, lines
POST /nodes/<name>/fault   the same for a UC node (node_faults.py)

What cannot be done is answered with 400 (or 404, 500) and {"error": text}.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.lab.switches import catalogue

if TYPE_CHECKING:
    from tests.lab.estate import Estate
    from tests.lab.peer import Peer
    from tests.lab.uc_node import UcNode


class Control:
    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._address = estate.profile.control_address
        self._port = estate.profile.control_port
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        application = web.Application(middlewares=[_errors_as_json])
        application.add_routes(
            [
                web.get("/estate", self._get_estate),
                web.get("/settled", self._get_settled),
                web.get("/switches", self._get_switches),
                web.post("/switches", self._post_switches),
                web.post("/reset", self._post_reset),
                web.get("/peers/{name}", self._get_peer),
                web.post("/peers/{name}/fault", self._post_fault),
                web.get("/nodes/{name}", self._get_node),
                web.post("/nodes/{name}/fault", self._post_node_fault),
            ]
        )
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._address, self._port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _get_estate(self, _request: web.Request) -> web.Response:
        return web.json_response(self._estate.describe())

    async def _get_settled(self, _request: web.Request) -> web.Response:
        return _settled(await self._estate.settled())

    async def _get_switches(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                name: {
                    "value": self._estate.switches[name],
                    "values": list(switch.values),
                    "meaning": switch.meaning,
                    "fact": switch.fact,
                }
                for name, switch in catalogue().items()
            }
        )

    async def _post_switches(self, request: web.Request) -> web.Response:
        positions = await _json(request)
        if not isinstance(positions, dict):
            raise ValueError("switches are set with {name: value, ...}")
        self._estate.switches.set(positions)
        self._estate.changed()
        return web.json_response(dict(self._estate.switches))

    async def _post_reset(self, _request: web.Request) -> web.Response:
        return _settled(await self._estate.reset())

    async def _get_peer(self, request: web.Request) -> web.Response:
        return web.json_response(self._peer(request).report())

    async def _post_fault(self, request: web.Request) -> web.Response:
        fault = await _fault(request)
        self._peer(request).set_fault(fault)
        return web.json_response({"fault": fault})

    async def _get_node(self, request: web.Request) -> web.Response:
        return web.json_response(self._node(request).report())

    async def _post_node_fault(self, request: web.Request) -> web.Response:
        fault = await _fault(request)
        await self._node(request).set_fault(fault)
        return web.json_response({"fault": fault})

    def _node(self, request: web.Request) -> UcNode:
        name = request.match_info["name"]
        if name not in self._estate.nodes:
            raise web.HTTPNotFound(
                text=f"no node {name}; there are {', '.join(self._estate.nodes)}"
            )
        return self._estate.nodes[name]

    def _peer(self, request: web.Request) -> Peer:
        name = request.match_info["name"]
        if name not in self._estate.peers:
            raise web.HTTPNotFound(
                text=f"no peer {name}; there are {', '.join(self._estate.peers)}"
            )
        return self._estate.peers[name]


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        return web.json_response({"error": error.text}, status=error.status)
    except (TypeError, ValueError) as error:
        return web.json_response({"error": str(error)}, status=400)


async def _json(request: web.Request) -> Any:
    text = await request.text()
    return json.loads(text) if text.strip() else None


async def _fault(request: web.Request) -> dict[str, Any] | None:
    fault = await _json(request)
    if fault is not None and not isinstance(fault, dict):
        raise ValueError('a fault is {"kind": ..., ...}, or null for none')
    return fault


def _settled(problems: list[str]) -> web.Response:
    if problems:
        return web.json_response({"error": "\n".join(problems)}, status=500)
    return web.json_response({"settled": True})
