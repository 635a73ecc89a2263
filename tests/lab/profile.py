# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An estate as data: what estate.yml says, checked and typed.

``load_profile()`` turns the YAML (or a mapping of the same shape, which is how tests and the
benchmark make other estates) into frozen records. Every reference by name is checked here, so
that what is built later cannot stumble over a typing error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import yaml

DEFAULT_PROFILE = Path(__file__).with_name("estate.yml")
DEFAULT_NETWORK = "127.20"
TLS_VERSIONS = ("1.2", "1.3")


class ProfileError(ValueError):
    """The profile says something that cannot be built; the message names the place."""


@dataclass(frozen=True)
class Certificate:
    """One certificate to issue. ``issuer`` None: self-signed. ``valid``: days from the start."""

    unit: str
    common_name: str
    dns: tuple[str, ...] = ()
    ip: tuple[str, ...] = ()
    issuer: str | None = None
    sends: tuple[str, ...] = ()
    valid: tuple[int, int] = (-30, 700)
    key: str = "rsa"
    identifiers: bool = True  # subject and authority key identifier


@dataclass(frozen=True)
class Authority:
    """One CA certificate; ``same_key_as`` names the authority whose key it shares (a renewal)."""

    name: str
    common_name: str
    issuer: str | None = None
    same_key_as: str | None = None
    valid: tuple[int, int] = (-400, 3000)


@dataclass(frozen=True)
class Listener:
    """How a node answers on one TLS port."""

    port: int
    units: tuple[str, ...]
    tls: tuple[str, ...] = ("1.2",)
    order: str = "client"
    ciphers: str | None = None  # OpenSSL cipher list; None: every suite that fits the units


@dataclass(frozen=True)
class Node:
    """A UC node: ``address`` is where it listens, ``advertised`` what clients ask for."""

    name: str
    product: str
    role: str
    address: str
    advertised: tuple[str, ...]
    situation: str
    note: str
    certificates: Mapping[str, Certificate]
    listeners: tuple[Listener, ...]


@dataclass(frozen=True)
class PeerProfile:
    name: str
    address: str
    cipher_list: str
    trust_store: tuple[str, ...]  # authorities, and certificates of nodes as "node/unit"


@dataclass(frozen=True)
class ClusterProfile:
    name: str
    domain: str
    release: str
    peers: tuple[PeerProfile, ...]
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class EdgePeer:
    name: str
    address: str


@dataclass(frozen=True)
class EdgeCluster:
    """Expressway-E peers; ``serves`` is the cluster of Expressway-C peers behind them."""

    name: str
    serves: str
    release: str
    peers: tuple[EdgePeer, ...]


@dataclass(frozen=True)
class Profile:
    network: str
    mra_domain: str
    user: str
    password: str
    control_address: str
    control_port: int
    ssh_port: int
    api_port: int
    traffic_server_port: int
    authorities: Mapping[str, Authority]
    clusters: tuple[ClusterProfile, ...]
    edge_clusters: tuple[EdgeCluster, ...] = ()

    @property
    def nodes(self) -> list[Node]:
        return [node for cluster in self.clusters for node in cluster.nodes]

    @property
    def peers(self) -> list[PeerProfile]:
        return [peer for cluster in self.clusters for peer in cluster.peers]


def load_profile(
    source: Path | Mapping[str, Any] = DEFAULT_PROFILE,
    network: str = DEFAULT_NETWORK,
    clusters: Iterable[str] | None = None,
) -> Profile:
    """The profile in ``source`` on loopback ``network``, all clusters or only the named ones.

    Raises ProfileError with the place of what is wrong.
    """
    _check_network(network)
    data = yaml.safe_load(source.read_text()) if isinstance(source, Path) else source
    data = _fill(data, n=network)
    wanted = list(data["clusters"]) if clusters is None else list(clusters)
    if unknown := set(wanted) - set(data["clusters"]):
        raise ProfileError(f"clusters: {', '.join(sorted(unknown))} not in the profile")
    authorities = {
        name: _record(Authority, f"authorities.{name}", {"name": name, **values})
        for name, values in data["authorities"].items()
    }
    profile = Profile(
        network=network,
        mra_domain=data["mra_domain"],
        user=data["credentials"]["user"],
        password=data["credentials"]["password"],
        control_address=data["control"]["address"],
        control_port=data["control"]["port"],
        ssh_port=data["ports"]["ssh"],
        api_port=data["ports"]["api"],
        traffic_server_port=data["ports"]["traffic_server"],
        authorities=authorities,
        clusters=tuple(_cluster(name, data) for name in wanted),
        edge_clusters=tuple(
            _edge_cluster(name, values)
            for name, values in data.get("edge_clusters", {}).items()
            if values["serves"] in wanted
        ),
    )
    _check_references(profile)
    return profile


def _cluster(name: str, data: Mapping[str, Any]) -> ClusterProfile:
    values = data["clusters"][name]
    place = f"clusters.{name}"
    shared = {
        unit: _certificate(f"{place}.certificates.{unit}", unit, certificate)
        for unit, certificate in values.get("certificates", {}).items()
    }
    peers = []
    for peer in values["peers"]:
        if peer["ciphers"] not in data["cipher_lists"]:
            raise ProfileError(f"{place}.peers.{peer['name']}: no cipher list {peer['ciphers']!r}")
        cipher_list = data["cipher_lists"][peer["ciphers"]]
        peers.append(
            PeerProfile(peer["name"], peer["address"], cipher_list, tuple(peer["trust_store"]))
        )
    return ClusterProfile(
        name=name,
        domain=values["domain"],
        release=values["release"],
        peers=tuple(peers),
        nodes=tuple(_node(f"{place}.nodes", node, shared, data) for node in values["nodes"]),
    )


def _edge_cluster(name: str, values: Mapping[str, Any]) -> EdgeCluster:
    place = f"edge_clusters.{name}"
    peers = [_record(EdgePeer, f"{place}.peers", peer) for peer in values["peers"]]
    cluster: EdgeCluster = _record(EdgeCluster, place, {"name": name, **values, "peers": peers})
    return cluster


def _node(
    place: str,
    values: Mapping[str, Any],
    shared: Mapping[str, Certificate],
    data: Mapping[str, Any],
) -> Node:
    name = values["name"]
    place = f"{place}.{name}"
    if values["situation"] not in data["situations"]:
        raise ProfileError(f"{place}: no situation {values['situation']!r}")
    host, _dot, domain = name.partition(".")
    situation = _fill(
        data["situations"][values["situation"]],
        name=name,
        host=host,
        domain=domain,
        address=values["address"],
    )
    certificates = {}
    for unit, certificate in situation["certificates"].items():
        if "shared" not in certificate:
            certificates[unit] = _certificate(f"{place}.{unit}", unit, certificate)
        elif certificate["shared"] in shared:
            certificates[unit] = shared[certificate["shared"]]
        else:
            raise ProfileError(f"{place}.{unit}: its cluster shares no {certificate['shared']!r}")
    return Node(
        name=name,
        product=values["product"],
        role=values["role"],
        address=values["address"],
        advertised=tuple(values.get("advertised", [name])),
        situation=values["situation"],
        note=situation["explains"].strip(),
        certificates=certificates,
        listeners=tuple(
            _listener(f"{place}.listeners", port, situation["listeners"], certificates)
            for port in data["product_ports"][values["product"]]
        ),
    )


def _listener(
    place: str, port: int, listeners: Mapping[int, Any], certificates: Mapping[str, Certificate]
) -> Listener:
    if port not in listeners:
        raise ProfileError(f"{place}: nothing said about port {port}")
    listener: Listener = _record(Listener, f"{place}.{port}", {"port": port, **listeners[port]})
    if missing := set(listener.units) - set(certificates):
        raise ProfileError(f"{place}.{port}: no certificate {', '.join(sorted(missing))}")
    if listener.order not in ("client", "server") or not set(listener.tls) <= set(TLS_VERSIONS):
        raise ProfileError(f"{place}.{port}: order is client or server, tls {TLS_VERSIONS}")
    return listener


def _certificate(place: str, unit: str, values: Mapping[str, Any]) -> Certificate:
    key = "ecdsa" if unit.endswith("-ECDSA") else "rsa"
    certificate: Certificate = _record(Certificate, place, {"unit": unit, "key": key, **values})
    return certificate


def _record(kind: type, place: str, values: Mapping[str, Any]) -> Any:
    frozen = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
    try:
        return kind(**frozen)
    except TypeError as error:
        raise ProfileError(f"{place}: {error}") from None


def _fill(value: Any, **fields: str) -> Any:
    """``value`` with ``{field}`` replaced in every string; unknown fields stay as they are."""
    if isinstance(value, str):
        for name, text in fields.items():
            value = value.replace(f"{{{name}}}", text)
        return value
    if isinstance(value, list):
        return [_fill(item, **fields) for item in value]
    if isinstance(value, dict):
        return {key: _fill(item, **fields) for key, item in value.items()}
    return value


def _check_network(network: str) -> None:
    try:
        inside = IPv4Address(f"{network}.0.0").is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise ProfileError(f"network: {network!r} is not the start of a loopback address (127.20)")


def _check_references(profile: Profile) -> None:
    def known(place: str, name: str | None) -> None:
        if name is not None and name not in profile.authorities:
            raise ProfileError(f"{place}: no authority {name!r}")

    for authority in profile.authorities.values():
        known(f"authorities.{authority.name}.issuer", authority.issuer)
        known(f"authorities.{authority.name}.same_key_as", authority.same_key_as)
    leaves = set()
    for node in profile.nodes:
        for unit, certificate in node.certificates.items():
            leaves.add(f"{node.name}/{unit}")
            for name in (certificate.issuer, *certificate.sends):
                known(f"{node.name}.{unit}", name)
    for peer in profile.peers:
        for entry in peer.trust_store:
            if entry not in leaves:
                known(f"{peer.name}.trust_store", entry)
