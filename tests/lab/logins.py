# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a client does at login: one request per peer and origin, through the real traffic server.

The path of such a request starts with a token, the base64 text (unpadded) of
``domain/protocol/host/port``: host and port are the origin that the client wants to reach.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypedDict

import aiohttp

from tests.lab.profile import ClusterProfile, Profile

PATH = "cucm-uds/version"
PATH_OF_USER = "cucm-uds/clusterUser?username="
REFUSED = 502
SECONDS_PER_REQUEST = 20.0
MOST_AT_ONCE = 32


class Request(TypedDict):
    """``url`` asks ``peer`` for the origin ``address``:``port``."""

    peer: str
    address: str
    port: int
    url: str


class Login(Request):
    """``status``: 200 accepted, 502 refused, None when no answer came (see ``error``)."""

    status: int | None
    error: str | None


def token(domain: str, host: str, port: int) -> str:
    """The first path element for an origin.

    >>> token("steven.lab", "cucm.steven.lab", 8443)
    'c3RldmVuLmxhYi9odHRwcy9jdWNtLnN0ZXZlbi5sYWIvODQ0Mw'
    """
    text = f"{domain}/https/{host}/{port}".encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def origins(cluster: ClusterProfile) -> list[tuple[str, int]]:
    """Every (advertised address, port) of a cluster."""
    return [
        (address, listener.port)
        for node in cluster.nodes
        for address in node.advertised
        for listener in node.listeners
    ]


def requests(profile: Profile) -> list[Request]:
    """One request for each peer and each origin of its cluster."""
    return [
        Request(
            peer=peer.name,
            address=address,
            port=port,
            url=f"http://{peer.address}:{profile.traffic_server_port}/"
            f"{token(profile.mra_domain, address, port)}/{PATH}",
        )
        for cluster in profile.clusters
        for peer in cluster.peers
        for address, port in origins(cluster)
    ]


def chosen(
    wanted: Iterable[Mapping[str, Any]], addresses: Sequence[str] | None, user: str | None
) -> list[dict[str, Any]]:
    """The requests to these addresses (None: to all), made by `user` where one is named."""
    found = [
        dict(request) for request in wanted if addresses is None or request["address"] in addresses
    ]
    for request in found if user else ():
        request["url"] = request["url"].replace(PATH, f"{PATH_OF_USER}{user}")
    return found


async def log_in(wanted: Iterable[Mapping[str, Any]]) -> list[Login]:
    """Make all requests, at most 32 at once; the results have the order of ``wanted``."""
    timeout = aiohttp.ClientTimeout(total=SECONDS_PER_REQUEST)
    places = asyncio.Semaphore(MOST_AT_ONCE)

    async def one(session: aiohttp.ClientSession, request: Mapping[str, Any]) -> Login:
        status, problem = None, None
        async with places:
            try:
                async with session.get(request["url"], timeout=timeout) as answer:
                    status = answer.status
            except (aiohttp.ClientError, TimeoutError) as error:
                problem = f"{type(error).__name__}: {error}"
        return Login(
            peer=request["peer"],
            address=request["address"],
            port=request["port"],
            url=request["url"],
            status=status,
            error=problem,
        )

    async with aiohttp.ClientSession() as session:
        return await asyncio.gather(*(one(session, request) for request in wanted))


def table(logins: Iterable[Login], clusters: Iterable[Mapping[str, Any]]) -> str:
    """One line an origin, one column a peer, grouped by cluster."""
    status = {(login["peer"], login["address"], login["port"]): login["status"] for login in logins}
    lines = []
    for cluster in clusters:
        peers = [peer for peer in cluster["peers"] if any(key[0] == peer for key in status)]
        rows = list(dict.fromkeys(key[1:] for key in status if key[0] in peers))
        heads = [peer.partition(".")[0] for peer in peers]
        lines.append(f"{cluster['name']:<36}" + "".join(f"{head:>8}" for head in heads))
        for address, port in rows:
            cells = "".join(f"{status[peer, address, port] or 'none':>8}" for peer in peers)
            lines.append(f"  {f'{address}:{port}':<34}{cells}")
    return "\n".join(lines)
