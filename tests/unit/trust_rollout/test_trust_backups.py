# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    bundle_digest,
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.backups import (
    choose_backup,
    doubts_about_backup,
)

from tests.unit.trust_plan.pki import make

MANIFEST = [
    {"file": "expc1-2.pem", "peer": "expc1", "taken_at": "2026-11-23T10:00:00Z", "sha256": "22"},
    {"file": "expc1-1.pem", "peer": "expc1", "taken_at": "2026-11-22T10:00:00Z", "sha256": "11"},
    {"file": "renamed.pem", "peer": "expc2", "taken_at": "2026-11-21T10:00:00Z", "sha256": "33"},
]
BOTH = ["expc1", "expc2"]


@pytest.mark.parametrize(
    ("peer", "hosts", "given", "folder", "path", "sha256", "says"),
    [
        ("expc1", BOTH, "b", True, "b/expc1-2.pem", "22", "taken at 2026-11-23T10:00:00Z"),
        ("expc3", ["expc3"], "b", True, None, None, "no backup of expc3"),
        ("expc1", BOTH, "b/expc1-1.pem", False, "b/expc1-1.pem", "11", None),
        ("expc2", BOTH, "b/expc1-1.pem", False, None, None, "one of expc1"),
        ("expc2", BOTH, "b/renamed.pem", False, "b/renamed.pem", "33", None),
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
