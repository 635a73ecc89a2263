# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The small estates, one for each way in which names go wrong: read over the wire, the findings are exactly those."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.presented.chains import (
    Offer,
    read_presented_chains,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.endpoints import Limits
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import (
    read_origins,
)
from ansible_collections.collab.expressway.plugins.module_utils.san_coverage.model import (
    san_coverage,
)

from tests.lab.estate import RunningEstate, own_network, running_estate
from tests.unit.uc.nodes import NodeClient

PROFILES = Path(__file__).parents[2] / "lab" / "profiles"
ALIAS = "voicemail.lab.example.test"


def node(host: str, domain: str = "lab") -> str:
    return f"{host}.{domain}.example.test"


EXPECTED: dict[str, tuple[list[str], list[str]]] = {
    "all_fqdn": ([], []),
    "ip_address_in_system_server": (
        ["ip-address-in-system-server-{n}.13.2", "ip-address-in-system-server-{n}.13.21"],
        ["ip-address-advertised-{n}.13.2", "ip-only-as-ip-san-{n}.13.21"],
    ),
    "short_names": (
        ["short-host-name-cucm1", "short-host-name-cucm2"],
        ["short-host-name-cucm1", "short-host-name-cucm2"],
    ),
    "self_signed_ecdsa": ([], []),
    "new_node": ([], [f"node-missing-from-multi-server-{node('cucm3')}"]),
    "no_san": ([], [f"common-name-only-{node('cucm1')}", f"no-san-{node('cucm2')}"]),
    "reused": ([], []),
    "unity_alias": ([], [f"unity-alias-{ALIAS}"]),
    "central_presence": ([], [f"node-missing-from-multi-server-{node('imp2', 'presence')}"]),
    "not_restarted": ([], [f"presented-differs-from-stored-{node('cucm2')}"]),
}
"""Profile → ids of the findings about addresses, and about names."""


def seen(estate: RunningEstate, cluster: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the publisher advertises, and how certificates cover it; all of it read over SSH, HTTPS and TLS."""
    profile = estate.profile
    (publisher,) = (one for one in profile.clusters if one.name == cluster)
    names = [one.name for one in publisher.nodes if (one.product, one.role) == ("cucm", "publisher")]  # fmt: skip
    pins = json.loads((estate.state / "uc-fingerprints.json").read_text())
    client = NodeClient(estate, names[0])
    configured = estate.peer(publisher.peers[0].name).uc_servers
    found = client.task(
        "uc_addresses_info",
        cluster=cluster,
        expressway_servers=[
            {"product": product, "publisher": server["Publisher"], "tls_verify": "off"}
            for product, servers in configured.items()
            for server in servers
        ],
        resolver=f"{profile.control_address}:{profile.dns_port}",
        domains=[publisher.domain],
        variables={"vos_certificate_sha256": pins[names[0]]},
    )
    assert "origins" in found, found
    origins = read_origins(found["origins"])
    limits = Limits(timeout=5, deadline=60, max_connections=100, max_connections_per_host=4)
    presented = read_presented_chains(origins, ["rsa", "ecdsa"], Offer(), limits, time.monotonic)
    held = []
    for one in profile.nodes:
        answer = client.node(one.name).task(
            "uc_certificates_info",
            trust=False,
            variables={"vos_certificate_sha256": pins.get(one.name)},
        )
        assert "certificates" in answer, answer
        held += answer["certificates"]
    return found, san_coverage(origins=found["origins"], presented=presented, certificates=held)


def test_every_profile_has_its_findings() -> None:
    assert set(EXPECTED) == {file.stem for file in PROFILES.glob("*.yml")}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_findings_of_a_profile_are_exactly_those(name: str) -> None:
    with running_estate(
        own_network(), profile=PROFILES / f"{name}.yml", traffic_servers=False
    ) as estate:
        discovered, coverage = seen(estate, "lab")
        network = estate.profile.network
        about_addresses, about_names = (
            sorted(found["id"] for found in result["findings"]) for result in (discovered, coverage)
        )
    assert discovered["complete"] and not coverage["not_looked_at"]
    expected = [[id.format(n=network) for id in ids] for ids in EXPECTED[name]]
    assert [about_addresses, about_names] == expected
