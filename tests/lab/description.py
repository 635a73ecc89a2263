# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What runs where, as JSON types: the content of ``estate.json`` and of ``GET /estate``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.lab.logins import requests
from tests.lab.profile import ClusterProfile, Node, PeerProfile, Profile


def describe(profile: Profile, *, state: Path, traffic_server: bool) -> dict[str, Any]:
    """The estate of ``profile``; ``traffic_server`` says whether the real ones run."""
    return {
        "network": profile.network,
        "state": str(state),
        "mra_domain": profile.mra_domain,
        "traffic_server": traffic_server,
        "control": control_url(profile),
        "dns": {"address": profile.control_address, "port": profile.dns_port},
        "clusters": [
            {
                "name": cluster.name,
                "domain": cluster.domain,
                "release": cluster.release,
                "peers": [peer.name for peer in cluster.peers],
                "nodes": [node.name for node in cluster.nodes],
            }
            for cluster in profile.clusters
        ],
        "peers": [
            _peer(profile, cluster, peer) for cluster in profile.clusters for peer in cluster.peers
        ],
        "nodes": [
            _node(profile, cluster, node) for cluster in profile.clusters for node in cluster.nodes
        ],
        "requests": requests(profile),
    }


def control_url(profile: Profile) -> str:
    return f"http://{profile.control_address}:{profile.control_port}"


def _peer(profile: Profile, cluster: ClusterProfile, peer: PeerProfile) -> dict[str, Any]:
    return {
        "name": peer.name,
        "cluster": cluster.name,
        "address": peer.address,
        "ssh_port": profile.ssh_port,
        "api_port": profile.api_port,
        "traffic_server_port": profile.traffic_server_port,
        "release": cluster.release,
        "trust_store": list(peer.trust_store),
        "cipher_list": peer.cipher_list,
    }


def _node(profile: Profile, cluster: ClusterProfile, node: Node) -> dict[str, Any]:
    return {
        "name": node.name,
        "cluster": cluster.name,
        "product": node.product,
        "role": node.role,
        "address": node.address,
        "advertised": list(node.advertised),
        "ports": [listener.port for listener in node.listeners],
        "vos_port": profile.vos_port,
        "release": cluster.uc.release,
        "situation": node.situation,
        "note": node.note,
    }
