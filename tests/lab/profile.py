# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An estate as data: what estate.yml says, checked and typed.

``load_profile()`` turns the YAML (or a mapping of the same shape, which is how tests and the
benchmark make other estates) into frozen records. Every reference by name is checked here, so
that what is built later cannot stumble over a typing error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import yaml

from tests.lab.uc_profile import Place, UcCluster, self_made, uc_cluster

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
    held: Mapping[str, Certificate]
    """Every identity certificate that it stores: those that it presents, unless newer ones were
    uploaded and nothing was restarted since, and those that it never presents to MRA clients."""


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
    uc: UcCluster
    presence_from: str | None = None  # the cluster that serves this one with IM and Presence

    @property
    def server_table(self) -> list[tuple[str, Node]]:
        """System > Server of Unified CM: each string as it was typed, and the node behind it."""
        return [
            (address, node)
            for node in self.nodes
            if node.product != "cuc"
            for address in node.advertised
        ]

    @property
    def advertised_origins(self) -> list[dict[str, Any]]:
        """What clients can be given, as the audit lists it: each advertised address with each port of its node."""
        return [
            {
                "address": address,
                "port": listener.port,
                "product": node.product,
                "node": node.name,
                "connect_to": node.address,
                "source": "inventory",
            }
            for node in self.nodes
            for address in node.advertised
            for listener in node.listeners
        ]


@dataclass(frozen=True)
class Account:
    """A login of UC nodes; `level` is the privilege of a platform account, 0 reads a little only."""

    user: str
    password: str = field(repr=False)
    level: int = 1


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
    platform: tuple[Account, ...]  # of UC nodes: their CLI and certificate management API
    axl: Account
    control_address: str
    control_port: int
    ssh_port: int
    api_port: int
    traffic_server_port: int
    vos_port: int
    dns_port: int
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
    data = _read(source) if isinstance(source, Path) else source
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
        platform=tuple(
            _record(Account, "credentials.platform", account)
            for account in data["credentials"]["platform"]
        ),
        axl=_record(Account, "credentials.axl", data["credentials"]["axl"]),
        control_address=data["control"]["address"],
        control_port=data["control"]["port"],
        ssh_port=data["ports"]["ssh"],
        api_port=data["ports"]["api"],
        traffic_server_port=data["ports"]["traffic_server"],
        vos_port=data["ports"]["vos"],
        dns_port=data["ports"]["dns"],
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


def _read(file: Path) -> dict[str, Any]:
    """The mapping in `file`; what it leaves out is as in the file that `based_on` names beside it."""
    data: dict[str, Any] = yaml.safe_load(file.read_text())
    base = data.pop("based_on", None)
    if base is None:
        return data
    return _read(file.parent / base) | data


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
    places = [
        Place(node["name"], node["product"], tuple(node.get("advertised", [node["name"]])))
        for node in values["nodes"]
    ]
    try:
        uc = uc_cluster(values.get("uc", {}), places)
    except ValueError as error:
        raise ProfileError(f"{place}.uc: {error}") from None
    return ClusterProfile(
        name=name,
        domain=values["domain"],
        release=values["release"],
        peers=tuple(peers),
        nodes=tuple(
            _node(f"{place}.nodes", node, shared, data, uc.major) for node in values["nodes"]
        ),
        uc=uc,
        presence_from=values.get("presence_from"),
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
    major: int,
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
    certificates = _certificates(place, situation["certificates"], shared)
    uploaded = _certificates(place, situation.get("uploaded", {}), shared)
    made = self_made(name, values["product"], values["role"], major)
    units = {
        one.unit: Certificate(one.unit, one.common_name, one.dns, key=_own_key(one.unit))
        for one in made
    }
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
            for port in values.get("ports", data["product_ports"][values["product"]])
        ),
        held=units | certificates | uploaded,
    )


def _certificates(
    place: str, values: Mapping[str, Any], shared: Mapping[str, Certificate]
) -> dict[str, Certificate]:
    certificates = {}
    for unit, certificate in values.items():
        if "shared" not in certificate:
            certificates[unit] = _certificate(f"{place}.{unit}", unit, certificate)
        elif certificate["shared"] in shared:
            certificates[unit] = shared[certificate["shared"]]
        else:
            raise ProfileError(f"{place}.{unit}: its cluster shares no {certificate['shared']!r}")
    return certificates


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


def _own_key(unit: str) -> str:
    """Units that a node filled by itself never share a key: equal subjects are common among them."""
    kind = "ecdsa" if unit.endswith("-ECDSA") else "rsa"
    return kind if unit.startswith("tomcat") else f"{kind} of {unit}"


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
    for cluster in profile.clusters:
        for trusted in cluster.uc.other_trust:
            known(f"clusters.{cluster.name}.uc.other_trust", trusted)
        if cluster.presence_from not in (None, *(one.name for one in profile.clusters)):
            raise ProfileError(
                f"clusters.{cluster.name}.presence_from: no cluster {cluster.presence_from!r}"
            )
    leaves = set()
    for node in profile.nodes:
        leaves |= {f"{node.name}/{unit}" for unit in node.certificates}
        for unit, certificate in [*node.certificates.items(), *node.held.items()]:
            for name in (certificate.issuer, *certificate.sends):
                known(f"{node.name}.{unit}", name)
    for peer in profile.peers:
        for entry in peer.trust_store:
            if entry not in leaves:
                known(f"{peer.name}.trust_store", entry)
