# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What audit.yml says of an inventory that is not finished, before it reaches for anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
PEER: dict[str, Any] = {"ansible_connection": "local", "expressway_cluster": "emea"}
PUBLISHER, NAMED = "cucm-pub.example.test", {"expressway_cluster": "emea"}


def audit(folder: Path, peer: dict[str, Any], publisher: dict[str, Any] | None) -> str:
    groups: dict[str, Any] = {"expressway_c": {"hosts": {"expc1.example.test": peer}}}
    if publisher is not None:
        groups["uc_publishers"] = {"hosts": {PUBLISHER: publisher}}
    (folder / "hosts.json").write_text(json.dumps({"all": {"children": groups}}))
    done = subprocess.run(
        [PLAYBOOK, "collab.expressway.audit", "-i", "hosts.json"],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOME": str(folder)},
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "Read what every peer says of itself" not in done.stdout
    return " ".join((done.stdout + done.stderr).split())


@pytest.mark.parametrize(
    ("peer", "publisher", "said"),
    [
        ({"ansible_connection": "local"}, None, "expc1.example.test: expressway_cluster is not set"),
        ({"ansible_connection": "local"}, NAMED, "expc1.example.test: expressway_cluster is not set"),
        (PEER, {}, f"{PUBLISHER}: in group uc_publishers without expressway_cluster"),
        (PEER, {"expressway_cluster": "emae"}, f"{PUBLISHER}: expressway_cluster is emae, and no Expressway-C"),
        (PEER, None, "uc_publishers with expressway_cluster: emea"),
    ],
    ids=["no cluster", "cluster of the publisher only", "publisher of none", "misspelt", "nothing to audit"],
)  # fmt: skip
def test_an_unfinished_inventory_is_told_what_it_lacks(
    tmp_path: Path, peer: dict[str, Any], publisher: dict[str, Any] | None, said: str
) -> None:
    assert said in audit(tmp_path, peer, publisher)
