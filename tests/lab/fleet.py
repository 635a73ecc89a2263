# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Estates of any size, as data: the default estate's situations on many peers and origins."""

from __future__ import annotations

import itertools
from typing import Any

import yaml

from tests.lab.profile import DEFAULT_PROFILE

MOST_CLUSTERS = 100
PORTS_PER_NODE = 2
SITUATIONS = ("common-name-only", "self-signed-ecdsa-of-its-own", "same-subject-pair")
"""Those that need nothing shared in the cluster, each with certificates of its own."""


def fleet(clusters: int, peers: int, origins: int) -> dict[str, Any]:
    """A profile of ``clusters`` clusters, each with ``peers`` peers and ``origins`` TLS ports.

    At most 100 clusters, 6 peers and 500 (even) origins a cluster.
    """
    if not (0 < clusters <= MOST_CLUSTERS and 0 < peers <= 6 and 0 < origins <= 500):
        raise ValueError("a fleet has at most 100 clusters, 6 peers and 500 origins a cluster")
    data: dict[str, Any] = yaml.safe_load(DEFAULT_PROFILE.read_text())
    data["situations"]["self-signed-ecdsa-of-its-own"] = _with_own_certificate(
        data["situations"]["self-signed-ecdsa"]
    )
    data["clusters"] = {
        f"cluster{number}": _cluster(number, peers, origins // PORTS_PER_NODE)
        for number in range(1, clusters + 1)
    }
    return data


def _with_own_certificate(situation: dict[str, Any]) -> dict[str, Any]:
    tomcat = {
        "common_name": "{name}",
        "dns": ["{name}"],
        "issuer": "corporate-issuing",
        "sends": ["corporate-issuing"],
    }
    return situation | {"certificates": situation["certificates"] | {"tomcat": tomcat}}


def _cluster(number: int, peers: int, nodes: int) -> dict[str, Any]:
    domain = f"cluster{number}.example.test"
    situations = itertools.cycle(SITUATIONS)
    return {
        "domain": domain,
        "release": "X14.2.5",
        "peers": [
            {
                "name": f"expc{peer}.{domain}",
                "address": f"{{n}}.{number}.{peer}",
                "ciphers": "ecdsa-first",
                "trust_store": ["corporate-root", "voice-root"],
            }
            for peer in range(1, peers + 1)
        ],
        "nodes": [
            {
                "name": f"cucm{node}.{domain}",
                "product": "cucm",
                "role": "publisher" if node == 1 else "subscriber",
                "address": f"{{n}}.{MOST_CLUSTERS + number}.{node}",
                "situation": next(situations),
            }
            for node in range(1, nodes + 1)
        ],
    }
