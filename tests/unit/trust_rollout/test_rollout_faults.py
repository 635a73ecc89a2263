# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mishaps at every step of a roll-out, each in a cluster of its own, all clusters in one run of the playbook.

Afterwards every store is the old or the new one, peers behind the mishap are untouched, and the next run finishes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.change import (
    TrustStore,
    plan_change,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.trust_store_backup import Backups

from tests.lab.estate import RunningEstate, own_network, running_estate
from tests.unit.trust.trusted import NEW, OLD
from tests.unit.trust_plan.pki import pem
from tests.unit.trust_rollout.rollouts import Rollout, Site, profile_of, soon

GET, POST = "^GET ", "^POST "
DRAFT = "collab-expressway"
OPEN_STORE, WRITE, RENAME = r"^open .*/ca\.pem$", f"^write .*{DRAFT}", f"^rename .*{DRAFT}"
EXACT = [OLD[0], OLD[2], *NEW]
CERTIFICATES = {"present": pem(*NEW), "exact": pem(*EXACT)}
OLD_STORE = sorted(one.sha256 for one in OLD)
NEW_STORE = {
    "present": sorted(one.sha256 for one in (*OLD, *NEW)),
    "exact": sorted(one.sha256 for one in EXACT),
}
CLUSTERS = 11

tried: list[str] = []
lost: list[str] = []


def at(kind: str, matching: str, times: int = 1, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "matching": matching, "times": times, **more}


def after(matching: str, fault: dict[str, Any], times: int = 1) -> dict[str, Any]:
    """`fault`, once a step that `matching` finds has gone by `times` times."""
    return at("slow", matching, times, seconds=0, then=fault)


ALONE, FIRST, SECOND = (1, 0), (2, 0), (2, 1)
"""(peers of the cluster, which of them is struck)."""

# step → what is struck, and how. The first GET or open is that of the read before everything, the second that of the upload.
STEPS: dict[str, dict[str, tuple[tuple[int, int], dict[str, Any]]]] = {
    "api": {
        "before read": (ALONE, at("drop", GET)),
        "read before the upload": (ALONE, after(GET, at("fail", GET))),
        "during upload": (SECOND, at("cut_upload", POST)),
        "after upload, before the answer": (ALONE, at("lost_after_upload", POST)),
        "read-back": (ALONE, after(POST, at("fail", GET, 3))),
        # The module gives up, so that the role puts the store back.
        "restore": (ALONE, at("half_store", POST, then=at("fail", POST, 6))),
    },
    "root_ssh": {
        "before read": (ALONE, at("drop", OPEN_STORE)),
        "during upload": (FIRST, at("drop", WRITE)),
        "after upload, before the answer": (ALONE, at("drop_after_write", RENAME)),
        "read-back": (ALONE, after(RENAME, at("fail", OPEN_STORE, 3))),
        "restore": (ALONE, at("half_store", RENAME, then=at("fail", RENAME, 3))),
    },
}
# Clusters go in step: by the second peer all of them have written the first.
KILLED = {
    "api": [(SECOND, at("hang", POST)), (SECOND, at("half_answer", POST))],
    "root_ssh": [(SECOND, at("hang", RENAME))],
}


def rollouts(
    post: str, faults: list[tuple[str, tuple[tuple[int, int], dict[str, Any]]]]
) -> list[Rollout]:
    """One cluster for each fault; some are told exactly what to hold. Only an API that replaces can remove."""
    return [
        Rollout(
            f"c{place}",
            via,
            "exact" if place % 2 and (via == "root_ssh") == (post == "append") else "present",
            broken,
            fault,
            size,
        )
        for place, (via, ((size, broken), fault)) in enumerate(faults)
    ]


@pytest.fixture(scope="module")
def estate() -> Iterator[RunningEstate]:
    with running_estate(
        own_network(), profile=profile_of(CLUSTERS), traffic_servers=False
    ) as running:
        yield running


@pytest.fixture
def site(estate: RunningEstate, tmp_path: Path) -> Site:
    estate.reset()
    return Site(estate, tmp_path)


def judge(site: Site, rollout: Rollout) -> None:
    """Count the mishap, and whether any peer holds what is neither old nor new."""
    tried.append(rollout.name)
    for name in rollout.peers:
        if site.held(name) not in (OLD_STORE, NEW_STORE[rollout.state]):
            lost.append(f"{name}, {rollout.name}")


def finish(site: Site, several: list[Rollout], **how: Any) -> None:
    site.mend(several)
    before = {name: site.held(name) for rollout in several for name in rollout.peers}
    run = site.start(several, CERTIFICATES, 10, **how)
    assert run.end() == 0, run.text
    for rollout in several:
        wanted = NEW_STORE[rollout.state]
        for name in rollout.peers:
            assert site.held(name) == wanted, (rollout.name, run.text)
            assert run.changed[name] == (before[name] != wanted), (rollout.name, name)


def test_a_fault_stops_its_cluster_and_the_next_run_finishes(site: Site) -> None:
    faults = [(via, fault) for via, steps in STEPS.items() for fault in steps.values()]
    several = rollouts("append", faults)
    site.prepare(several, pem(*OLD))
    run = site.start(several, CERTIFICATES, 1)
    run.end()
    assert [one.name for one in several if not site.struck(one)] == []
    for rollout in several:
        judge(site, rollout)
    assert lost == [], run.text
    # What strikes one cluster does not keep the others from finishing.
    finished = [
        all(site.held(name) == NEW_STORE[one.state] for name in one.peers) for one in several
    ]
    assert finished.count(True) >= len(STEPS), run.text
    for rollout in several:
        done = [site.held(name) == NEW_STORE[rollout.state] for name in rollout.peers]
        # In order, and never beyond a peer that is not proven.
        assert done == sorted(done, reverse=True), (rollout.name, run.text)
        if not all(done):
            assert f"{rollout.cluster}: " in run.text
            untouched = rollout.peers[done.index(False) + 1 :]
            assert all(f"{name} was not touched" in run.text for name in untouched) or (
                f"Nothing was written on any peer of {rollout.cluster}" in run.text
            )
            assert run.process.returncode != 0
    # Batches that divide a cluster of which neither peer was written finish as one run does.
    divided = next(one for one in several if (one.size, one.broken) == FIRST)
    peers = [name for one in several for name in one.peers]
    finish(site, several, serial=[peers.index(divided.peers[1]), "100%"])


def test_a_run_killed_between_peers_is_finished_by_the_next(site: Site) -> None:
    several = rollouts("replace", [(via, fault) for via, some in KILLED.items() for fault in some])
    site.prepare(several, pem(*OLD))
    site.estate.set_switches({"certs_root_post": "replace"})
    run = site.start(several, CERTIFICATES, 60)
    try:
        assert soon(lambda: all(site.struck(rollout) for rollout in several), 60), run.text
    finally:
        run.kill()
    for rollout in several:
        judge(site, rollout)
        assert site.held(rollout.peers[0]) == NEW_STORE[rollout.state], rollout.name
    assert lost == []
    finish(site, several)


def test_a_restore_ends_what_a_killed_run_has_left_open(site: Site) -> None:
    # Killed where only the new certificates had arrived; only the open entry in the folder of this cluster tells.
    halfway = Rollout("c0", "root_ssh", "present", 0, {"kind": "none"}, 1)
    (name,) = halfway.peers
    folder = site.folder / "apart"
    halfway.variables["trust_store_backup_dir"] = str(folder)
    change = plan_change(TrustStore.read(pem(*OLD)), read_bundle(pem(*NEW)).certificates, "present")
    Backups(folder).keep(change, peer=name, cluster="c0", via="api", at=datetime.now(UTC))
    site.prepare([halfway], pem(*NEW))
    chosen = site.folder / f"{name}-chosen.pem"
    chosen.write_text(pem(OLD[0]))
    restored = site.start(
        [halfway],
        CERTIFICATES,
        10,
        playbook="collab.expressway.restore",
        trust_store_backup=str(chosen),
    )
    assert restored.end() == 0, restored.text
    assert "left neither the old nor the new store" in " ".join(restored.text.split())
    assert site.held(name) == [OLD[0].sha256]
    # What the restore took away stays away.
    run = site.start([halfway], CERTIFICATES, 10)
    assert run.end() == 0, run.text
    assert site.held(name) == sorted(one.sha256 for one in (OLD[0], *NEW))


def test_figures(record_property: Callable[[str, object], None]) -> None:
    record_property("figures", f"roll-outs: {len(tried)} faults tried, {len(lost)} stores lost")
    assert lost == []
