# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a cluster of UC nodes says about itself, as data: release, UC services, service profiles.

Also the certificates that a node holds without presenting them to clients of MRA, and its trust
stores. Source: CUCM facts 1.4, 2.5, 3.2, 3.3 and 4.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

DEFAULT_RELEASE = "14.0.1.13900-155"
FIRST_WITH_CERTIFICATE_API = 14
FIRST_WITH_SAN = 14
"""Whether self-signed certificates of 12.5 hold names is unknown; an older sample holds none."""

UNITS = {
    "cucm": (
        "tomcat",
        "tomcat-ECDSA",
        "ipsec",
        "ITLRecovery",
        "CallManager-ECDSA",
        "CallManager",
        "CAPF",
        "TVS",
    ),
    "imp": (
        "tomcat",
        "tomcat-ECDSA",
        "ipsec",
        "cup",
        "cup-ECDSA",
        "cup-xmpp",
        "cup-xmpp-ECDSA",
        "cup-xmpp-s2s",
        "cup-xmpp-s2s-ECDSA",
    ),
    "cuc": ("tomcat", "tomcat-ECDSA", "ipsec"),
}
"""The identity certificates of a node, in the order in which it lists them."""
ON_PUBLISHERS_ONLY = "ITLRecovery"
"""A publisher was seen with eight units and subscribers with seven; which one they lack is a guess."""


@dataclass(frozen=True)
class UcService:
    """A row of User Management > User Settings > UC Service."""

    name: str
    service_type: str
    product_type: str
    host: str
    port: int = 0
    protocol: str = ""
    description: str = ""


@dataclass(frozen=True)
class ServiceProfile:
    """A service profile: the names of its UC services, best first, by the type of service."""

    name: str
    services: Mapping[str, tuple[str, ...]]
    default: bool = False


@dataclass(frozen=True)
class UcCluster:
    """Release such as 14.0.1.13900-155; `users` are end users at home in this cluster."""

    release: str = DEFAULT_RELEASE
    services: tuple[UcService, ...] = ()
    service_profiles: tuple[ServiceProfile, ...] = ()
    users: tuple[str, ...] = ("alice", "bob")
    other_trust: tuple[str, ...] = ()  # authorities in every trust store, above nothing here

    @property
    def major(self) -> int:
        return int(self.release.split(".", maxsplit=1)[0])

    @property
    def axl_version(self) -> str:
        """The schema version of AXL, such as 14.0."""
        return ".".join(self.release.split(".")[:2])

    @property
    def has_certificate_api(self) -> bool:
        return self.major >= FIRST_WITH_CERTIFICATE_API


_PRODUCT_TYPES = {
    "Voicemail": "Unity Connection",
    "MailStore": "Unity Connection",
    "IM and Presence": "Unified CM (IM and Presence)",
    "CTI": "CTI",
}
_PORTS = {"Voicemail": (8443, "HTTPS"), "MailStore": (7993, "TLS"), "CTI": (2748, "TCP")}


@dataclass(frozen=True)
class Place:
    """A node as far as this module needs it."""

    name: str
    product: str
    advertised: tuple[str, ...]


def uc_cluster(values: Mapping[str, Any], nodes: Iterable[Place]) -> UcCluster:
    """The cluster that `values` describes (see estate.yml); raises ValueError for a bad reference.

    Without `services`, every address of a Unity Connection is a voicemail service; without
    `service_profiles`, one default profile holds all services.
    """
    nodes = list(nodes)
    known = {"release", "services", "service_profiles", "users", "other_trust"}
    if unknown := set(values) - known:
        raise ValueError(f"uc has {', '.join(sorted(known))}: got {', '.join(sorted(unknown))}")
    if "services" in values:
        services = tuple(_service(entry, nodes) for entry in values["services"])
    else:
        services = tuple(
            _service({"name": f"voicemail-{number}", "type": "Voicemail", "host": host}, nodes)
            for number, host in enumerate(
                (host for node in nodes if node.product == "cuc" for host in node.advertised), 1
            )
        )
    if "service_profiles" in values:
        profiles = tuple(_profile(entry, services) for entry in values["service_profiles"])
    else:
        every = {"name": "Standard", "default": True, "services": [s.name for s in services]}
        profiles = (_profile(every, services),)
    return UcCluster(
        release=values.get("release", DEFAULT_RELEASE),
        services=services,
        service_profiles=profiles,
        users=tuple(values.get("users", ("alice", "bob"))),
        other_trust=tuple(values.get("other_trust", ())),
    )


def _service(entry: Mapping[str, Any], nodes: list[Place]) -> UcService:
    kind = entry["type"]
    if kind not in _PRODUCT_TYPES:
        raise ValueError(f"service {entry['name']}: type is one of {', '.join(_PRODUCT_TYPES)}")
    host = entry.get("host")
    if host is None:
        found = [node for node in nodes if node.name == entry.get("node")]
        if not found:
            raise ValueError(f"service {entry['name']}: no node {entry.get('node')!r}")
        host = found[0].advertised[0]
    port, protocol = _PORTS.get(kind, (0, ""))
    return UcService(
        entry["name"],
        kind,
        _PRODUCT_TYPES[kind],
        host,
        entry.get("port", port),
        entry.get("protocol", protocol),
        entry.get("description", ""),
    )


def _profile(entry: Mapping[str, Any], services: tuple[UcService, ...]) -> ServiceProfile:
    types = {service.name: service.service_type for service in services}
    held: dict[str, tuple[str, ...]] = {}
    for name in entry["services"]:
        if name not in types:
            raise ValueError(f"service profile {entry['name']}: no service {name!r}")
        held[types[name]] = (*held.get(types[name], ()), name)
    return ServiceProfile(entry["name"], held, bool(entry.get("default", False)))


@dataclass(frozen=True)
class Held:
    """The subject and names of a self-signed certificate that a node made by itself."""

    unit: str
    common_name: str
    dns: tuple[str, ...] = field(default=())


def self_made(name: str, product: str, role: str, major: int) -> list[Held]:
    """What the units of a node hold as long as nobody uploads anything, in the node's order."""
    host, dot, domain = name.partition(".")
    names = (name,) if major >= FIRST_WITH_SAN else ()
    held = []
    for unit in UNITS[product]:
        if unit == ON_PUBLISHERS_ONLY:
            if role == "publisher":
                held.append(Held(unit, f"ITLRECOVERY_{name}"))
        elif unit == "CAPF":
            held.append(Held(unit, f"CAPF-{host}"))
        elif unit.endswith("-ECDSA"):
            held.append(Held(unit, f"{host}-EC{dot}{domain}", (name,)))
        else:
            held.append(Held(unit, name, names))
    return held


def family(unit: str) -> str:
    """The name of the trust store of `unit`: RSA and ECDSA share one (CUCM facts 1.4)."""
    return f"{unit.removesuffix('-ECDSA')}-trust"
