# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a large estate takes to start, and how much memory it takes.

python tests/bench/estate_start.py [--network 127.20] [--clusters 50] [--peers 4] [--origins 20]

Peers and origins are per cluster; the default is 200 peers and 1,000 origins, without real traffic
servers. Every shell, API and origin is asked once afterwards, so that nothing is only promised. Goals: ready
in 10 s, 1.5 GB. Exit code 1 when one is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import ssl
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.lab.estate import Estate
from tests.lab.fleet import fleet
from tests.lab.profile import load_profile

GOAL_SECONDS = 10.0
GOAL_MEGABYTES = 1500.0
AT_ONCE = 32


async def start(options: argparse.Namespace) -> tuple[float, float]:
    """Build, start and touch the estate; returns (seconds until ready, seconds of first touch)."""
    began = time.monotonic()
    data = fleet(options.clusters, options.peers, options.origins)
    with tempfile.TemporaryDirectory() as state:
        estate = Estate(load_profile(data, options.network), Path(state), traffic_servers=False)
        await estate.start()
        ready = time.monotonic()
        try:
            await touch(estate)
        finally:
            touched = time.monotonic()
            await estate.stop()
    return ready - began, touched - ready


async def touch(estate: Estate) -> None:
    """Wait for the first bytes of every shell and a handshake with every API and origin."""
    profile = estate.profile
    anything = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anything.check_hostname = False
    anything.verify_mode = ssl.CERT_NONE

    async def shell(address: str, port: int) -> None:
        reader, writer = await asyncio.open_connection(address, port)
        assert (await reader.readline()).startswith(b"SSH-2.0-")
        writer.close()

    async def tls(address: str, port: int) -> None:
        _reader, writer = await asyncio.open_connection(address, port, ssl=anything)
        writer.close()

    peers = profile.peers
    await each(shell, ((peer.address, profile.ssh_port) for peer in peers))
    await each(shell, ((node.address, profile.vos_port) for node in profile.nodes))
    await each(tls, ((peer.address, profile.api_port) for peer in peers))
    await each(tls, ((origin.address, origin.port) for origin in estate.origins))


async def each(
    ask: Callable[[str, int], Awaitable[None]], places: Iterable[tuple[str, int]]
) -> None:
    free = asyncio.Semaphore(AT_ONCE)

    async def one(address: str, port: int) -> None:
        async with free:
            await ask(address, port)

    await asyncio.gather(*(one(*place) for place in places))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="127.20")
    parser.add_argument("--clusters", type=int, default=50)
    parser.add_argument("--peers", type=int, default=4)
    parser.add_argument("--origins", type=int, default=20)
    options = parser.parse_args()
    seconds, touch_seconds = asyncio.run(start(options))
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{options.clusters * options.peers} peers, {options.clusters * options.origins} origins: "
        f"ready in {seconds:.1f} s (goal {GOAL_SECONDS:g}), "
        f"all asked once in {touch_seconds:.1f} s, "
        f"{megabytes:.0f} MB at most (goal {GOAL_MEGABYTES:g})"
    )
    return int(seconds > GOAL_SECONDS or megabytes > GOAL_MEGABYTES)


if __name__ == "__main__":
    sys.exit(main())
