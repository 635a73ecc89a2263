# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An exact store keeps what the peers of its cluster need to verify each other, as the peers themselves present it.

In the same run, clusters whose options name what nobody can read, and clusters of which nobody saw what they need.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    read_bundle,
)

from tests.lab.estate import RunningEstate, own_network, running_estate
from tests.unit.trust.trusted import NEW, OLD
from tests.unit.trust_plan.pki import pem
from tests.unit.trust_rollout.rollouts import Rollout, Site, profile_of

RESET: dict[str, Any] = {"kind": "reset", "channel": "api"}
MENDED: dict[str, Any] = {"kind": "none"}


SPEAKING, SILENT = 10443, 9
"""Ports of a peer, which plays the one origin of its cluster."""
UNREADABLE = "neither PEM text nor a readable file: /nope.pem (No such file or directory)"
# What a cluster is told → its size and the variables that earn it.
TOLD: dict[str, tuple[int, dict[str, Any]]] = {
    f"trust_store_certificates[1]: {UNREADABLE}": (
        1,
        {"trust_store_certificates": [OLD[0].pem, "/nope.pem"]},
    ),
    f"trust_store_protected[0]: {UNREADABLE}": (1, {"trust_store_protected": ["/nope.pem"]}),
    f"trust_store_candidates: {UNREADABLE}": (
        1,
        {"port": SPEAKING, "trust_store_candidates": "/nope.pem"},
    ),
    "Nothing was planned. candidates[0]: expected PEM text": (2, {"port": SPEAKING}),
    f"no origin presented a certificate, .*:{SILENT}": (1, {"port": SILENT}),
    "trust_store_observe is false": (1, {"port": SPEAKING, "trust_store_observe": False}),
}


def without_basis(estate: RunningEstate, first: int) -> dict[str, Rollout]:
    """The clusters of `TOLD` by what they are told, from cluster number `first` on."""
    found = {}
    for place, (told, (size, variables)) in enumerate(TOLD.items(), start=first):
        rollout = Rollout(f"c{place}", "api", "exact", 0, MENDED, size, dict(variables))
        if "port" in variables:
            plan_from(rollout, estate, rollout.variables.pop("port"))
        found[told] = rollout
    return found


def plan_from(rollout: Rollout, estate: RunningEstate, port: int) -> None:
    name = rollout.peers[0]
    origin = {"name": name, "product": "cucm", "addresses": [name], "ports": [port]}
    rollout.state = "present"
    rollout.variables |= {
        "mra_audit_nodes": [origin | {"connect_to": estate.peer(name).address}],
        "trust_store_certificates": rollout.variables.get("trust_store_certificates", []),
    }


def test_what_the_peers_need_is_removed_only_by_consent(tmp_path: Path) -> None:
    profile = profile_of(4 + len(TOLD))
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
        # A single value needs no list, and a path is relative to where the run began.
        clusters["listed"].variables["trust_store_protected"] = OLD[1].pem
        (tmp_path / "chosen.pem").write_text(pem(*NEW))
        chosen = Rollout("c3", "api", "present", 0, MENDED, 1)
        chosen.variables["trust_store_certificates"] = "chosen.pem"
        plan_from(chosen, estate, SILENT)
        several = list(clusters.values())
        baseless = without_basis(estate, 4)
        site.prepare([*several, chosen, *baseless.values()], pem(*OLD) + authority)
        estate.set_switches({"certs_root_post": "replace"})

        # The number among the candidates is nobody's option: it makes a plan fail on the controller.
        refused = site.start(
            [*several, chosen, *baseless.values()],
            {"exact": "", "present": ""},
            5,
            mra_audit_trusted=[7],
        )
        assert refused.end() != 0
        text = " ".join(refused.text.split())
        for cluster, reason in (
            ("c0", "is needed by the certificate of expc1.c0.example.test"),
            ("c1", "perhaps expc2.c1.example.test, whose certificate could not be read: 127."),
            ("c2", "is needed by trust_store_protected"),
        ):
            said = f"Nothing was written on any peer of {cluster}"
            assert reason in refused.text and said in refused.text, (cluster, refused.text)
        for reason, rollout in baseless.items():
            for name in rollout.peers:
                failed = rf"fatal: \[{name}\]: FAILED!.*?Nothing was (?:touched|written)"
                (told,) = re.findall(failed, text)
                assert re.search(reason, told) or reason in told, (name, reason, refused.text)
        assert {one.sha256 for one in NEW} <= set(site.held(chosen.peers[0])), refused.text
        assert f"not looked at, on {chosen.peers[0]}: {chosen.peers[0]}:{SILENT} " in text
        peers = [name for one in (*several, *baseless.values()) for name in one.peers]
        assert [estate.report(name)["writes"] for name in peers] == [[]] * len(peers)

        consent = {"c0": ca.sha256, "c1": OLD[1].sha256.upper(), "c2": OLD[1].sha256}
        for rollout in several:
            rollout.variables["trust_store_allow_removal_of"] = consent[rollout.cluster]
        done = site.start(several, {"exact": ""}, 5)
        assert done.end() == 0, done.text
        for rollout in several:
            wanted = read_bundle(rollout.variables["trust_store_certificates"][0]).certificates
            for name in rollout.peers:
                assert site.held(name) == sorted(one.sha256 for one in wanted), (name, done.text)
        assert "not looked at, on expc1.c1.example.test, expc2.c1.example.test" in done.text
        assert "as there was no audit" in done.text
