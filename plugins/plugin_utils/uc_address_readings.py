# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks each source of advertised addresses once, and says of each that could not be read why.

The result is the `readings` of module_utils/uc_addresses/sources.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses import sources
from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes import axl
from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes.platform_answers import (
    cluster_members,
    server_table,
)
from ansible_collections.collab.expressway.plugins.module_utils.unexpected_answer import (
    UnexpectedAnswer,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.axl_client import AxlClient
from ansible_collections.collab.expressway.plugins.plugin_utils.dns_client import DnsClient
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import (
    OptionRefused,
    PeerError,
    PeerRefused,
    PeerUnreachable,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.node_action import NodeConnection

NETWORK = {
    "axl": (sources.AXL_PROCESS_NODES, sources.AXL_TFTP_NODES, sources.AXL_UC_SERVICES),
    "uds": (sources.UDS_SERVERS, sources.UDS_VERSION),
    "cli": (sources.CLI_CLUSTER, sources.CLI_SERVER_TABLE),
}
"""How the publisher is asked → the sources that are read that way."""

Reading = dict[str, Any]
T = TypeVar("T")


class Gathered:
    """The readings so far. `unreachable`: whether nothing but silence came from the publisher.

    `login_refused`: whether it refused the platform administrator, whom the reading of certificates takes as well.
    """

    def __init__(self, peer: str) -> None:
        self.readings: dict[str, Reading] = {}
        self.errors: list[str] = []
        self.login_refused = False
        self._peer = peer
        self._silent: list[bool] = []

    @property
    def unreachable(self) -> bool:
        return bool(self._silent) and all(self._silent)

    def add(self, source: str, items: Sequence[Mapping[str, Any]]) -> None:
        """A source that was read."""
        self.readings[source] = {"read": True, "items": list(items)}

    def ask(self, source: str, read: Callable[[], Sequence[Mapping[str, Any]]]) -> bool:
        """Read one source of the publisher; False where asking the same way again can only fail the same way."""
        try:
            self.add(source, read())
        except (PeerError, UnexpectedAnswer) as error:
            return self.failed(source, error)
        self._silent.append(False)
        return True

    def failed(self, source: str, error: Exception) -> bool:
        """A source that was asked for in vain; see `ask` for the result."""
        text = f"{self._peer}: {error}" if isinstance(error, UnexpectedAnswer) else str(error)
        self.readings[source] = {"read": False, "error": text}
        if text not in self.errors:
            self.errors.append(text)
        if not isinstance(error, OptionRefused):
            self._silent.append(isinstance(error, PeerUnreachable))
        if source in NETWORK["cli"] and isinstance(error, PeerError):
            self.login_refused |= error.login_refused
        # After silence, another try costs time; after a refused login it may get the account locked.
        return isinstance(error, UnexpectedAnswer) or (
            isinstance(error, PeerRefused) and not error.lasting
        )

    def give_up(self, source: str, like: str) -> None:
        """A source that was not tried, because the one before failed for a reason that holds for both."""
        self.readings[source] = {"read": False, "error": self.readings[like]["error"]}


def read_publisher(connection: NodeConnection, ways: Iterable[str]) -> Gathered:
    """What the publisher says over each of `ways` (`axl`, `uds`, `cli`)."""
    gathered = Gathered(connection.peer)
    for way in NETWORK:
        if way in ways:
            _ask_in_turn(gathered, NETWORK[way], _READERS[way](connection))
    return gathered


def _ask_in_turn(
    gathered: Gathered, names: Sequence[str], readers: Sequence[Callable[[], Any]]
) -> None:
    for number, (source, read) in enumerate(zip(names, readers, strict=True)):
        if not gathered.ask(source, read):
            for untried in names[number + 1 :]:
                gathered.give_up(untried, source)
            return


def _axl(connection: NodeConnection) -> Sequence[Callable[[], Any]]:
    clients: list[AxlClient] = []

    def client() -> AxlClient:
        if not clients:
            clients.append(connection.axl())
        return clients[0]

    def listed(
        operation: str, read: Callable[[bytes], list[T]], criterion: str, tags: Iterable[str]
    ) -> list[T]:
        return client().call(operation, read, axl.listing(criterion, tags))

    def services() -> list[dict[str, Any]]:
        found = listed("listUcService", axl.uc_services, "name", axl.UC_SERVICE_TAGS)
        profiles = listed(
            "listServiceProfile", axl.service_profiles, "name", axl.SERVICE_PROFILE_TAGS
        )
        return axl.with_profiles(
            found,
            {
                name: client().call("getServiceProfile", axl.services_in_profile, axl.named(name))
                for name in profiles
            },
        )

    return (
        lambda: listed("listProcessNode", axl.process_nodes, "name", axl.PROCESS_NODE_TAGS),
        lambda: listed(
            "listProcessNodeService", axl.tftp_nodes, "processNodeName", axl.NODE_SERVICE_TAGS
        ),
        services,
    )


def _uds(connection: NodeConnection) -> Sequence[Callable[[], Any]]:
    return (
        lambda: connection.uds().servers(),
        lambda: [{"version": connection.uds().version()}],
    )


def _cli(connection: NodeConnection) -> Sequence[Callable[[], Any]]:
    answers: list[str] = []

    def network_cluster() -> str:
        if not answers:
            answers.append(connection.shell().read("show network cluster"))
        return answers[0]

    return (
        lambda: cluster_members(network_cluster()),
        lambda: server_table(network_cluster()),
    )


_READERS: Mapping[str, Callable[[NodeConnection], Sequence[Callable[[], Any]]]] = {
    "axl": _axl,
    "uds": _uds,
    "cli": _cli,
}


def read_dns(gathered: Gathered, resolver: str, domains: Iterable[str]) -> dict[str, str | None]:
    """Adds the SRV records of `domains`; returns the addresses of all names that any source gave.

    A resolver that does not answer is a source that was not read: the names that it did not resolve would pass for unknown ones.
    """
    try:
        client = DnsClient(resolver)
        asked = list(domains)
        if asked:
            found = [record for domain in asked for record in client.services(domain)]
            gathered.add(sources.DNS_SRV, found)
        return client.addresses(_names(gathered.readings))
    except PeerRefused as error:
        gathered.failed(sources.DNS_SRV, error)
        return {}


_NAMES = {
    sources.AXL_PROCESS_NODES: ("name",),
    sources.AXL_TFTP_NODES: ("name",),
    sources.AXL_UC_SERVICES: ("host",),
    sources.UDS_SERVERS: ("host",),
    sources.CLI_CLUSTER: ("fqdn",),
    sources.CLI_SERVER_TABLE: ("name",),
    sources.DNS_SRV: ("target",),
    sources.EXPRESSWAY: ("publisher",),
}


def _names(readings: Mapping[str, Reading]) -> list[str]:
    named = [
        item.get(key)
        for source, keys in _NAMES.items()
        for item in readings.get(source, {}).get("items", ())
        for key in keys
    ]
    inventory = readings.get(sources.INVENTORY, {}).get("items", ())
    named += [address for item in inventory for address in item["addresses"]]
    return [str(name) for name in named if name]
