# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""UC nodes that listen nowhere, for the tests of what they say."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from tests.lab.pki import Pki
from tests.lab.profile import DEFAULT_PROFILE, Profile, load_profile
from tests.lab.switches import Switches
from tests.lab.uc_node import UcNode
from tests.lab.web import Reply, Request

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
NETWORK = "127.22"
PLATFORM = ("admin", "lab-platform-password")
AXL = ("expressway-axl", "lab-axl-password")


@cache
def _issuing(file: Path) -> tuple[Profile, Pki]:
    """One for all tests: making keys is what takes time."""
    loaded = load_profile(file, NETWORK)
    return loaded, Pki(loaded, AT)


def unserved(name: str, file: Path = DEFAULT_PROFILE, **switches: Any) -> UcNode:
    """The node called `name` of the profile in `file`."""
    loaded, pki = _issuing(file)
    for cluster in loaded.clusters:
        for node in cluster.nodes:
            if node.name == name:
                return UcNode(node, cluster, loaded, pki, Switches(switches))
    raise KeyError(name)


def basic(login: tuple[str, str] | None) -> dict[str, str]:
    """The header of Basic authentication, as a request holds it."""
    if login is None:
        return {}
    return {"authorization": f"Basic {base64.b64encode(':'.join(login).encode()).decode()}"}


def get(node: UcNode, target: str, login: tuple[str, str] | None = None) -> Reply:
    path, _mark, query = target.partition("?")
    answer = node.reply(Request("GET", path, query, {"host": f"{node.name}:8443", **basic(login)}))
    assert answer is not None
    return answer
