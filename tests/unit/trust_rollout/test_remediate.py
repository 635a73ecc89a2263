# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""playbooks/remediate.yml where the API is closed, over a cluster that can be judged and one that cannot, in one run."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

from tests.lab.estate import own_network, running_estate
from tests.unit.trust.trusted import NEW, OLD
from tests.unit.trust_plan.pki import pem
from tests.unit.trust_rollout.rollouts import Rollout, Site, profile_of

MENDED: dict[str, Any] = {"kind": "none"}
SWITCH = "EdgeConfigServer VerifyOriginServer"
SEEN, SILENT = "c0", "c1"
"""Nothing listens on the port of SILENT that is audited."""


def profile() -> dict[str, Any]:
    described = profile_of(2)
    for place, (name, cluster) in enumerate(described["clusters"].items(), start=1):
        del cluster["peers"][1:]
        cluster["nodes"] = [
            {
                "name": f"cuc1.{name}.example.test",
                "product": "cuc",
                "role": "publisher",
                "address": f"{{n}}.{place}.101",
                "situation": "healthy",
            }
        ]
    return described


def test_verification_is_turned_on_only_where_somebody_saw_what_breaks(tmp_path: Path) -> None:
    with running_estate(own_network(), profile=profile(), traffic_servers=False) as estate:
        site = Site(estate, tmp_path)
        rollouts = [Rollout(name, "root_ssh", "present", 0, MENDED, 1) for name in (SEEN, SILENT)]
        seen, silent = rollouts
        for cluster, rollout in zip(estate.profile.clusters, rollouts, strict=True):
            (node,) = cluster.nodes
            rollout.variables["mra_audit_nodes"] = [
                {
                    "name": node.name,
                    "product": "cuc",
                    "addresses": [node.name],
                    "connect_to": node.address,
                    "ports": [8443 if rollout is seen else 1],
                }
            ]
        seen.variables["trust_store_certificates"] = []
        seen.variables["trust_store_candidates"] = [str(estate.state / "tomcat-trust.pem")]
        site.prepare(rollouts, pem(*OLD))
        estate.set_switches({"api_access": "forbidden"})
        off = [estate.peer(name) for rollout in rollouts for name in rollout.peers]
        for peer in off:
            estate.call(partial(peer.configure, {SWITCH: "Off"}))

        run = site.start(
            rollouts,
            {"present": pem(*NEW)},
            10,
            playbook="collab.expressway.remediate",
            mra_audit_report_dest=str(tmp_path / "reports"),
        )
        assert run.end() != 0, run.text
        # Store, switch and reports here; the store alone there.
        assert run.changed[seen.peers[0]] == 3 and run.changed[silent.peers[0]] == 1, run.text
        states = [estate.report(peer.name)["configuration"][SWITCH] for peer in off]
        assert states == ["On", "Off"], run.text
        assert site.held(silent.peers[0]) == sorted(one.sha256 for one in (*OLD, *NEW))

        said = " ".join(run.text.split())
        assert f"{SILENT}: nothing could be judged: cuc1.c1.example.test:1 (at " in said
        assert f"VerifyOriginServer is left as it is on every peer of {SILENT}" in said
        assert "repaired: cuc1.c0.example.test:8443" in said
        before, after = (
            json.loads((tmp_path / "reports" / name / "mra-audit.json").read_text())["audits"]
            for name in ("before", "after")
        )
        assert [(audit["cluster"], audit["summary"]["refused"]) for audit in before] == [(SEEN, 1)]
        assert [(audit["cluster"], audit["summary"]["refused"]) for audit in after] == [(SEEN, 0)]
