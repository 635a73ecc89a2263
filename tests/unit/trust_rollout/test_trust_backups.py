# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    bundle_digest,
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.backups import (
    choose_backup,
    doubts_about_backup,
    manifest_entries,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.change import (
    TrustStore,
    plan_change,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.trust_store_backup import Backups

from tests.unit.trust_plan.pki import make

MANIFEST = [
    {"file": "expc1-2.pem", "peer": "expc1", "taken_at": "2026-11-23T10:00:00Z", "sha256": "22"},
    {"file": "expc1-1.pem", "peer": "expc1", "taken_at": "2026-11-22T10:00:00Z", "sha256": "11"},
    {"file": "renamed.pem", "peer": "expc2", "taken_at": "2026-11-21T10:00:00Z", "sha256": "33"},
]
BOTH = ["expc1", "expc2"]
STAMP = "-20261122T100000Z-0123456789abcdef.pem"


@pytest.mark.parametrize(
    ("peer", "hosts", "given", "folder", "path", "sha256", "says"),
    [
        ("expc1", BOTH, "b", True, "b/expc1-2.pem", "22", "taken at 2026-11-23T10:00:00Z"),
        ("expc3", ["expc3"], "b", True, None, None, "no backup of expc3"),
        ("expc1", BOTH, "b/expc1-1.pem", False, "b/expc1-1.pem", "11", None),
        ("expc2", BOTH, "b/expc1-1.pem", False, None, None, "one of expc1"),
        ("expc2", BOTH, "b/renamed.pem", False, "b/renamed.pem", "33", None),
        # Without an entry the name tells, also where one name begins with the other.
        ("expc1", ["expc1", "expc1-b"], f"b/expc1-b{STAMP}", False, None, None, "one of expc1-b"),
        ("expc1", BOTH, f"b/expc1-b{STAMP}", False, None, None, "an unknown peer"),
        (
            "2001:db8::1",
            ["2001:db8::1", "x"],
            f"b/2001_db8__1{STAMP}",
            False,
            f"b/2001_db8__1{STAMP}",
            None,
            None,
        ),
        # --limit to one host: that host gets it, whoever it was taken from.
        ("expc2", ["expc2"], "b/expc1-1.pem", False, "b/expc1-1.pem", "11", "a backup of expc1"),
        ("expc1", BOTH, "b/elsewhere.pem", False, None, None, "an unknown peer"),
        (
            "expc2",
            BOTH,
            "b/expc2-without-entry.pem",
            False,
            "b/expc2-without-entry.pem",
            None,
            None,
        ),
    ],
)
def test_which_backup_a_peer_gets(
    peer: str,
    hosts: list[str],
    given: str,
    folder: bool,
    path: str | None,
    sha256: str | None,
    says: str | None,
) -> None:
    choice = choose_backup(peer, hosts, given, folder=folder, manifest=MANIFEST)
    assert (choice["path"], choice["sha256"]) == (path, sha256)
    said = choice["problem"] or choice["note"]
    assert said is None if says is None else says in said


def test_a_peer_that_no_run_has_changed_is_left_and_a_folder_of_strangers_is_refused() -> None:
    left = choose_backup("expc3", [*BOTH, "expc3"], "b", folder=True, manifest=MANIFEST)
    assert (left["path"], left["problem"]) == (None, None)
    assert "b holds no backup of it, hence no change" in left["note"]
    strangers = choose_backup("expc3", ["expc3", "expc4"], "b", folder=True, manifest=MANIFEST)
    assert strangers["path"] is None
    assert "b holds no backup of expc3" in strangers["problem"]


def test_a_backup_that_is_not_whole_is_refused() -> None:
    one, two = make("One"), make("Two")
    text = one.pem + two.pem
    digest = bundle_digest(read_bundle(text).certificates)

    def choice(sha256: str | None) -> dict[str, Any]:
        return {"path": "backup.pem", "sha256": sha256}

    assert doubts_about_backup(choice(digest), text) == []
    assert doubts_about_backup(choice(None), text) == []
    assert "has been changed" in doubts_about_backup(choice(digest), one.pem)[0]
    assert "no certificate" in doubts_about_backup(choice(digest), "nothing\n")[0]


def test_of_the_backups_of_one_second_the_last_is_the_newest() -> None:
    same = [MANIFEST[0] | {"file": f"expc1-{number}.pem"} for number in range(3)]
    choice = choose_backup("expc1", BOTH, "b", folder=True, manifest=[*same, *MANIFEST[1:]])
    assert choice["path"] == "b/expc1-2.pem"


ENTRY = {"file": "f", "peer": "p", "taken_at": "t", "sha256": "s"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Expecting value"),
        ('[{"file": "f"', "delimiter"),
        ("{}", "no list of backups"),
        ("[7]", r"\[0\] is no entry"),
        (json.dumps([ENTRY, {**ENTRY, "peer": None}]), r"\[1\] is no entry with file, peer"),
        (json.dumps([{**ENTRY, "open": True}]), "does not say what was wanted"),
    ],
)
def test_a_broken_manifest_is_never_taken_for_an_empty_one(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        manifest_entries(text)


def test_a_manifest_of_before_the_journal_is_read() -> None:
    assert manifest_entries(json.dumps([ENTRY])) == [ENTRY]


def test_peers_that_are_written_at_the_same_time_share_a_manifest(tmp_path: Path) -> None:
    store = TrustStore.read(make("One").pem)
    change = plan_change(store, read_bundle(make("Two").pem).certificates, "present")
    backups = Backups(tmp_path / "backups")
    peers = [f"expc{number}" for number in range(24)]

    def write(peer: str) -> None:
        at = datetime.now(UTC)
        backups.keep(change, peer=peer, cluster=None, via="api", at=at)
        if peer != peers[-1]:
            backups.close(peer)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, peers))
    entries = manifest_entries((backups.folder / "manifest.json").read_text())
    assert sorted(entry["peer"] for entry in entries) == sorted(peers)
    assert [entry["peer"] for entry in entries if entry.get("open")] == [peers[-1]]
    files = [backups.folder / entry["file"] for entry in entries]
    modes = {
        stat.S_IMODE(path.stat().st_mode) for path in [*files, backups.folder / "manifest.json"]
    }
    assert modes == {0o600}
    assert stat.S_IMODE(backups.folder.stat().st_mode) == 0o700
