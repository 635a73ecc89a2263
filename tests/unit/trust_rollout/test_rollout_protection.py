# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An exact store keeps what the peers of its cluster need to verify each other, as the peers themselves present it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    read_bundle,
)

from tests.lab.estate import own_network, running_estate
from tests.unit.trust.trusted import OLD
from tests.unit.trust_plan.pki import pem
from tests.unit.trust_rollout.rollouts import Rollout, Site, profile_of

RESET: dict[str, Any] = {"kind": "reset", "channel": "api"}
MENDED: dict[str, Any] = {"kind": "none"}


def test_what_the_peers_need_is_removed_only_by_consent(tmp_path: Path) -> None:
    profile = profile_of(3)
    with running_estate(own_network(), profile=profile, traffic_servers=False) as estate:
        authority = (estate.state / "api-ca.pem").read_text()
        (ca,) = read_bundle(authority).certificates
        site = Site(estate, tmp_path)
        without_ca, without_old = pem(OLD[0], OLD[2]), pem(OLD[0], OLD[2]) + authority
        clusters = {
            "needed": Rollout("c0", "api", "exact", 0, MENDED, 1),
            "unknown": Rollout("c1", "root_ssh", "exact", 1, RESET),
            "listed": Rollout("c2", "api", "exact", 0, MENDED, 1),
        }
        for rollout in clusters.values():
            rollout.variables["trust_store_certificates"] = [
                without_ca if rollout.cluster == "c0" else without_old
            ]
        clusters["listed"].variables["trust_store_protected"] = [OLD[1].pem]
        several = list(clusters.values())
        site.prepare(several, pem(*OLD) + authority)
        estate.set_switches({"certs_root_post": "replace"})

        refused = site.start(several, {"exact": ""}, 5)
        assert refused.end() != 0
        for cluster, reason in (
            ("c0", "is needed by the certificate of expc1.c0.example.test"),
            ("c1", "perhaps expc2.c1.example.test, whose certificate could not be read: 127."),
            ("c2", "is needed by trust_store_protected"),
        ):
            said = f"Nothing was written on any peer of {cluster}"
            assert reason in refused.text and said in refused.text, (cluster, refused.text)
        peers = [name for rollout in several for name in rollout.peers]
        assert [estate.report(name)["writes"] for name in peers] == [[]] * len(peers)

        consent = {"c0": ca.sha256, "c1": OLD[1].sha256.upper(), "c2": OLD[1].sha256}
        for rollout in several:
            rollout.variables["trust_store_allow_removal_of"] = [consent[rollout.cluster]]
        done = site.start(several, {"exact": ""}, 5)
        assert done.end() == 0, done.text
        for rollout in several:
            wanted = read_bundle(rollout.variables["trust_store_certificates"][0]).certificates
            for name in rollout.peers:
                assert site.held(name) == sorted(one.sha256 for one in wanted), (name, done.text)
        assert "not looked at, on expc1.c1.example.test, expc2.c1.example.test" in done.text
