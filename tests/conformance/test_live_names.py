# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every address with every certificate of the estate: a real Traffic Server refuses what san_coverage calls uncovered.

The peers trust everything and nothing is expired, so that a refusal can only be one by name.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml
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

from tests.conformance.test_live_traffic_server import traffic_server_is_here
from tests.lab.estate import own_network, running_estate
from tests.lab.logins import REFUSED
from tests.lab.profile import DEFAULT_PROFILE, ClusterProfile

__all__ = ["traffic_server_is_here"]  # a fixture

HARMFUL = "apac-issuing-of-old"
"""An expired intermediate: trusting it breaks a good server."""


def trusting_estate() -> dict[str, Any]:
    """The default estate with two peers a cluster, one for each preference, whose stores hold all that helps."""
    estate: dict[str, Any] = yaml.safe_load(DEFAULT_PROFILE.read_text())
    del estate["situations"]["expired"]["certificates"]["tomcat"]["valid"]
    trusted = [name for name in estate["authorities"] if name != HARMFUL]
    for cluster in estate["clusters"].values():
        own = [
            f"{node['name']}/{unit}"
            for node in cluster["nodes"]
            for unit, certificate in estate["situations"][node["situation"]]["certificates"].items()
            if not {"issuer", "shared"} & certificate.keys() and unit.startswith("tomcat")
        ]
        cluster["peers"] = [
            {**peer, "ciphers": ciphers, "trust_store": trusted + own}
            for peer, ciphers in zip(cluster["peers"], ("rsa-first", "ecdsa-first"), strict=False)
        ]
    return estate


def covered(cluster: ClusterProfile, cipher_list: str) -> dict[tuple[str, int], bool]:
    """Address and port → whether the certificate that this cipher list brings covers the address."""
    origins = cluster.advertised_origins
    limits = Limits(timeout=5, deadline=60, max_connections=100, max_connections_per_host=4)
    presented = read_presented_chains(
        read_origins(origins), ["offered"], Offer(cipher_list), limits, time.monotonic
    )
    result = san_coverage(origins=origins, presented=presented)
    assert not result["not_looked_at"]
    return {(entry["address"], entry["port"]): entry["covered"] for entry in result["coverage"]}


@pytest.mark.usefixtures("traffic_server_is_here")
def test_the_traffic_server_refuses_what_is_not_covered_and_nothing_else() -> None:
    with running_estate(own_network(), profile=trusting_estate()) as estate:
        answers = {(row["peer"], row["address"], row["port"]): row["status"] for row in estate.log_in()}  # fmt: skip
        said = {
            (peer.name, *place): is_covered
            for cluster in estate.profile.clusters
            for peer in cluster.peers
            for place, is_covered in covered(cluster, peer.cipher_list).items()
        }
    assert answers == {login: 200 if is_covered else REFUSED for login, is_covered in said.items()}
    refused = [login for login, is_covered in said.items() if not is_covered]
    print(f"\n{len(answers)} logins, {len(refused)} refused by name, as san_coverage says")
    assert len(answers) == 50 and len(refused) == 12
