# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds the estate of a profile, starts it and stops it.

``Estate`` lives in an event loop. ``running_estate()`` gives tests one in a thread of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import resource
import socket
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
from cryptography.hazmat.primitives.hashes import SHA256

from tests.lab import logins, traffic_server
from tests.lab.control import Control
from tests.lab.description import describe
from tests.lab.dns_server import DnsServer
from tests.lab.origins import Origin, server_context
from tests.lab.peer import Cluster, Credentials, Peer
from tests.lab.peer_traffic import CIPHERS_SETTING, LogOfEdge, LogOfTraffic, PeerTraffic
from tests.lab.pki import Pki, pem
from tests.lab.profile import (
    DEFAULT_NETWORK,
    DEFAULT_PROFILE,
    ClusterProfile,
    EdgeCluster,
    EdgePeer,
    Listener,
    PeerProfile,
    Profile,
    load_profile,
)
from tests.lab.switches import Switches
from tests.lab.uc_node import WEB_PORT, UcNode

T = TypeVar("T")

MOST_PINNED = 300
"""Nodes whose certificate on 8443 is issued at the start for the state files; of larger estates only
those of the publishers are."""
FILES_PER_LISTENER = 3
"""Open files to allow for: the listener and a few connections, on average."""


class Estate:
    """The peers, origins and traffic servers of ``profile``; files go to the folder ``state``.

    ``switches`` are positions by name, ``traffic_servers`` False leaves the real traffic servers
    out. ``at`` is the time that certificates are issued for, default now.
    """

    def __init__(
        self,
        profile: Profile,
        state: Path,
        *,
        switches: Mapping[str, object] | None = None,
        traffic_servers: bool = True,
        at: datetime | None = None,
    ) -> None:
        self.profile = profile
        self.state = state
        self.has_traffic_servers = traffic_servers and traffic_server.installed()
        self.switches = Switches(switches)
        self.pki = Pki(profile, at or datetime.now(UTC))
        self.peers: dict[str, Peer] = {}
        for cluster in profile.clusters:
            shared = Cluster(cluster.name)
            for peer in cluster.peers:
                self.peers[peer.name] = self._peer(peer, cluster, shared)
        self.nodes = {
            node.name: UcNode(node, cluster, profile, self.pki, self.switches)
            for cluster in profile.clusters
            for node in cluster.nodes
        }
        self.dns = DnsServer(profile)
        self._traffic: dict[str, PeerTraffic] = {}
        self._control = Control(self)
        for edge in profile.edge_clusters:
            shared = Cluster(edge.name)
            for edge_peer in edge.peers:
                self.peers[edge_peer.name] = self._edge_peer(edge_peer, edge, shared)

    @property
    def origins(self) -> list[Origin]:
        return [origin for node in self.nodes.values() for origin in node.origins]

    async def start(self) -> None:
        """Start everything and write the state files; ``estate.json`` comes last."""
        self.state.mkdir(parents=True, exist_ok=True)
        self._json_file.unlink(missing_ok=True)
        listeners = len(self.origins) + len(self.nodes) + 3 * len(self.peers)
        _allow_open_files(FILES_PER_LISTENER * listeners)
        try:
            known_hosts = [*await self._start_nodes(), *await self._start_peers()]
            (self.state / "known_hosts").write_text("".join(known_hosts))
            await self.dns.start()
            if self.has_traffic_servers:
                await self._start_traffic_servers()
            await self._control.start()
        except BaseException:
            await self.stop()
            raise
        # Who sees the file reads it at once: it appears whole.
        draft = self._json_file.with_suffix(".draft")
        draft.write_text(json.dumps(self.describe(), indent=2) + "\n")
        draft.replace(self._json_file)

    async def stop(self) -> None:
        self._json_file.unlink(missing_ok=True)
        await self._control.stop()
        await self.dns.stop()
        await asyncio.gather(
            *(traffic.stop() for traffic in self._traffic.values()),
            *(peer.stop() for peer in self.peers.values()),
            *(node.stop() for node in self.nodes.values()),
        )

    async def settled(self) -> list[str]:
        """Wait until every traffic server does what its peer is set to; returns what failed."""
        await asyncio.gather(*(traffic.settled() for traffic in self._traffic.values()))
        return [traffic.error for traffic in self._traffic.values() if traffic.error]

    async def reset(self) -> list[str]:
        """Bring every peer and switch back to the initial state; returns what failed."""
        self.switches.reset()
        for peer in self.peers.values():
            peer.reset()
        for node in self.nodes.values():
            await node.reset()
        self.dns.asked.clear()
        self.changed()
        return await self.settled()

    def changed(self) -> None:
        """Let every traffic server look at its peer again."""
        for traffic in self._traffic.values():
            traffic.changed()

    def describe(self) -> dict[str, Any]:
        """What runs where, as JSON types."""
        return describe(self.profile, state=self.state, traffic_server=self.has_traffic_servers)

    @property
    def _json_file(self) -> Path:
        return self.state / "estate.json"

    def _peer(self, peer: PeerProfile, cluster: ClusterProfile, shared: Cluster) -> Peer:
        profile = self.profile
        return Peer(
            peer.name,
            peer.address,
            shared,
            cluster.release,
            Credentials(profile.user, profile.password),
            self.pki.trust_store(peer.trust_store),
            self.switches,
            self._peer_changed,
            configuration={CIPHERS_SETTING: peer.cipher_list},
            uc_servers=_uc_servers(profile, cluster),
            axl_password=profile.axl.password,
            domains=[{"Name": profile.mra_domain}],
        )

    def _edge_peer(self, peer: EdgePeer, cluster: EdgeCluster, shared: Cluster) -> Peer:
        profile = self.profile
        return Peer(
            peer.name,
            peer.address,
            shared,
            cluster.release,
            Credentials(profile.user, profile.password),
            switches=self.switches,
            domains=[{"Name": profile.mra_domain}],
            is_edge=True,
        )

    def _peer_changed(self, peer: Peer) -> None:
        if peer.name in self._traffic:
            self._traffic[peer.name].changed()

    async def _start_nodes(self) -> list[str]:
        """Start every node and write what a client needs to verify it; returns lines of known_hosts."""
        profile = self.profile
        # As of the appliance an RSA key; one for all of them, as making it takes a while.
        host_key = asyncssh.generate_private_key("ssh-rsa", key_size=2048)
        await asyncio.gather(*(node.start(host_key) for node in self.nodes.values()))
        pinned = [
            node
            for node in self.nodes.values()
            if node.profile.role == "publisher" or len(self.nodes) <= MOST_PINNED
        ]
        self_signed, fingerprints = [], {}
        for node in pinned:
            units = next(one.units for one in node.profile.listeners if one.port == WEB_PORT)
            leaves = [node.presented(unit).leaf for unit in units]
            self_signed += [leaf for leaf in leaves if leaf.issuer == leaf.subject]
            fingerprints[node.name] = [leaf.fingerprint(SHA256()).hex() for leaf in leaves]
        (self.state / "uc-ca.pem").write_text(self.pki.tomcat_trust() + pem(self_signed))
        (self.state / "uc-fingerprints.json").write_text(json.dumps(fingerprints, indent=2) + "\n")
        public = host_key.export_public_key().decode().strip()
        return [
            f"[{node.profile.address}]:{profile.vos_port} {public}\n"
            for node in self.nodes.values()
        ]

    async def _start_peers(self) -> list[str]:
        profile = self.profile
        known_hosts = []
        for peer in self.peers.values():
            host_key = asyncssh.generate_private_key("ssh-ed25519")
            listener = Listener(profile.api_port, ("api",), ("1.2", "1.3"))
            certificate = self.pki.api_server(peer.name, peer.address)
            await peer.start_ssh(host_key, profile.ssh_port)
            await peer.start_rest(server_context(listener, [certificate]), profile.api_port)
            public = host_key.export_public_key().decode().strip()
            known_hosts.append(f"[{peer.address}]:{profile.ssh_port} {public}\n")
        (self.state / "api-ca.pem").write_text(pem([self.pki.api_authority]))
        (self.state / "tomcat-trust.pem").write_text(self.pki.tomcat_trust())
        return known_hosts

    async def _start_traffic_servers(self) -> None:
        profile = self.profile
        for cluster in profile.clusters:
            hosts = {
                address: node.address
                for node in cluster.nodes
                for address in node.advertised
                if address != node.address
            }
            routes = [
                traffic_server.Route(logins.token(profile.mra_domain, address, port), address, port)
                for address, port in logins.origins(cluster)
            ]
            for peer in cluster.peers:
                self._traffic[peer.name] = PeerTraffic(
                    self.peers[peer.name],
                    self.state / "peers" / peer.name / "traffic-server",
                    profile.traffic_server_port,
                    hosts,
                    routes,
                )
                self.peers[peer.name].diagnostics.source = LogOfTraffic(self._traffic[peer.name])
        for edge in profile.edge_clusters:
            served = next(one for one in profile.clusters if one.name == edge.serves)
            behind = [self._traffic[peer.name] for peer in served.peers]
            for edge_peer in edge.peers:
                self.peers[edge_peer.name].diagnostics.source = LogOfEdge(edge_peer.name, behind)
        # All to their end, also when one fails: what is still starting could not be stopped.
        started = await asyncio.gather(
            *(traffic.start() for traffic in self._traffic.values()), return_exceptions=True
        )
        for problem in started:
            if problem is not None:
                raise problem


class RunningEstate:
    """An estate in a thread of its own; every method may be called from any thread."""

    def __init__(self, estate: Estate, loop: asyncio.AbstractEventLoop) -> None:
        self.estate = estate
        self._loop = loop

    @property
    def profile(self) -> Profile:
        return self.estate.profile

    @property
    def state(self) -> Path:
        return self.estate.state

    @property
    def peer_variables(self) -> dict[str, Any]:
        """Variables of an inventory with which every peer is reached, but for its address."""
        profile, state = self.profile, self.state
        return {
            "ansible_connection": "collab.expressway.expressway",
            "ansible_port": profile.ssh_port,
            "ansible_user": profile.user,
            "ansible_password": profile.password,
            "expressway_known_hosts_file": str(state / "known_hosts"),
            "expressway_api_port": profile.api_port,
            "expressway_api_ca_path": str(state / "api-ca.pem"),
        }

    @property
    def description(self) -> dict[str, Any]:
        """The same as ``GET /estate``."""
        return self.estate.describe()

    def call(self, function: Callable[[], T]) -> T:
        """Call ``function`` in the estate's thread: the way to read or change a peer."""

        async def called() -> T:
            return function()

        return self.run(called())

    def run(self, work: Coroutine[Any, Any, T], timeout: float = 60) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def peer(self, name: str) -> Peer:
        """The peer called ``name``; use it inside ``call`` only."""
        return self.estate.peers[name]

    def report(self, name: str) -> dict[str, Any]:
        """The same as ``GET /peers/<name>``."""
        return self.call(self.estate.peers[name].report)

    def set_fault(self, name: str, fault: Mapping[str, Any] | None) -> None:
        self.call(lambda: self.estate.peers[name].set_fault(fault))

    def node(self, name: str) -> UcNode:
        """The UC node called ``name``; use it inside ``call`` only."""
        return self.estate.nodes[name]

    def node_report(self, name: str) -> dict[str, Any]:
        """The same as ``GET /nodes/<name>``."""
        return self.call(self.estate.nodes[name].report)

    def set_node_fault(self, name: str, fault: Mapping[str, Any] | None) -> None:
        """Break a UC node or mend it (None): see node_faults.py."""
        self.run(self.estate.nodes[name].set_fault(fault))

    def set_switches(self, positions: Mapping[str, object]) -> None:
        self.call(lambda: self.estate.switches.set(positions))

    def reset(self) -> None:
        self._raise(self.run(self.estate.reset()))

    def settle(self) -> None:
        """Wait until the traffic servers do what their peers are set to."""
        self._raise(self.run(self.estate.settled()))

    def log_in(self) -> list[logins.Login]:
        """Make every request through the real traffic servers, once they have settled."""
        self.settle()
        return asyncio.run(logins.log_in(logins.requests(self.profile)))

    @staticmethod
    def _raise(problems: list[str]) -> None:
        if problems:
            raise RuntimeError("\n".join(problems))


FIRST_OWN_NETWORK, OWN_NETWORKS = 64, 128
CLAIM_PORT = 7999
_own_networks = itertools.count()
_claims: list[socket.socket] = []


def own_network() -> str:
    """A loopback network for the estate of a test: one that nobody listens on, and that no other process takes
    while this one lives."""
    for number in itertools.islice(_own_networks, OWN_NETWORKS):
        network = f"127.{FIRST_OWN_NETWORK + (os.getpid() * 7 + number) % OWN_NETWORKS}"
        # An estate listens only after a while; until then, and between estates, this socket holds the place.
        claim = socket.socket()
        try:
            claim.bind((f"{network}.0.1", CLAIM_PORT))
            with socket.socket() as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind((f"{network}.0.1", load_profile().control_port))
        except OSError:
            claim.close()
            continue
        _claims.append(claim)
        return network
    raise RuntimeError("no loopback network is free")


@contextlib.contextmanager
def running_estate(
    network: str = DEFAULT_NETWORK,
    clusters: Iterable[str] | None = None,
    *,
    profile: Path | Mapping[str, Any] = DEFAULT_PROFILE,
    state: Path | None = None,
    switches: Mapping[str, object] | None = None,
    traffic_servers: bool = True,
) -> Iterator[RunningEstate]:
    """An estate that runs while the block does; ``state`` is a temporary folder by default.

    ``profile`` is a file or a mapping of the shape of estate.yml, ``clusters`` the ones to start
    (default all).
    """
    loaded = load_profile(profile, network, clusters)
    with contextlib.ExitStack() as stack:
        if state is None:
            state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lab-")))
        loop = asyncio.new_event_loop()
        stack.callback(loop.close)
        thread = threading.Thread(target=loop.run_forever, name=f"estate {network}", daemon=True)
        thread.start()
        stack.callback(thread.join)
        stack.callback(loop.call_soon_threadsafe, loop.stop)

        async def build() -> Estate:
            estate = Estate(loaded, state, switches=switches, traffic_servers=traffic_servers)
            await estate.start()
            return estate

        estate = asyncio.run_coroutine_threadsafe(build(), loop).result()
        running = RunningEstate(estate, loop)
        stack.callback(lambda: running.run(estate.stop()))
        yield running


def _uc_servers(profile: Profile, cluster: ClusterProfile) -> dict[str, list[dict[str, str]]]:
    """The publishers as an administrator entered them, in the API's terms."""
    served = [cluster, *(one for one in profile.clusters if one.name == cluster.presence_from)]
    return {
        product: [
            {
                "Publisher": node.advertised[0],
                "AxlUsername": profile.axl.user,
                "TlsVerify": "Off",
            }
            for one in (served if product == "imp" else [cluster])
            for node in one.nodes
            if (node.product, node.role) == (product, "publisher")
        ]
        for product in ("cucm", "imp")
    }


def _allow_open_files(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
