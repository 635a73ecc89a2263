# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logs that real traffic servers wrote, beside the logins that they refused and the audit of the same estate."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.presented.chains import (
    Offer,
    read_presented_chains,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.endpoints import Limits
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import (
    read_origins,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.analysis import (
    Options,
    analyse,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.audit_join import (
    join_audits,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.sources import (
    line_numbers,
    open_logs,
)

from tests.lab.estate import own_network, running_estate
from tests.lab.logins import Login
from tests.lab.peer_traffic import CIPHERS_SETTING
from tests.lab.traffic_server import installed
from tests.unit.audit.observations import audit, facts, observed

Record = dict[str, Any]


@dataclass
class Estate:
    """Refused logins, what the logs of all peers tell, and the audits of the clusters."""

    refused: list[Login]
    refusals: list[Record]
    audits: list[Record]


@pytest.fixture(scope="module")
def estate() -> Iterator[Estate]:
    if not installed():
        if os.environ.get("COLLAB_REQUIRE_TRAFFIC_SERVER") == "1":
            pytest.fail(
                "traffic_server is required here, but not installed (package trafficserver)"
            )
        pytest.skip("traffic_server is not installed (package trafficserver)")
    with tempfile.TemporaryDirectory(prefix="lab-") as state:
        Path(state).chmod(0o755)  # for the unprivileged user of the traffic servers
        with running_estate(own_network(), state=Path(state)) as running:
            refused = [login for login in running.log_in() if login["status"] == 502]
            refusals = refusals_of(running, len(refused))
            yield Estate(refused, refusals, list(audits(running)))


def refusals_of(running: Any, expected: int) -> list[Record]:
    """What the logs of all peers tell; they may lag behind the last answers a little."""
    end = time.monotonic() + 3
    while True:
        refusals: list[Record] = []
        lines = 0
        for peer in running.profile.peers:
            folder = running.state / "peers" / peer.name / "traffic-server"
            log = folder / "var/log/trafficserver/diags.log"
            told = analyse(open_logs([str(log)], [], []), Options(peer=peer.name), line_numbers)
            assert told["skipped_lines"] == 0
            refusals += told["refusals"]
            lines += told["connections"]["refused"]
        if lines >= expected or time.monotonic() > end:
            return refusals
        time.sleep(0.1)


def audits(running: Any) -> Iterator[Record]:
    for cluster in running.profile.clusters:
        addresses = cluster.advertised_origins
        peers = [running.estate.peers[peer.name] for peer in cluster.peers]
        ciphers = peers[0].configuration[CIPHERS_SETTING]
        origins = read_origins(
            {key: one[key] for key in ("address", "port", "connect_to")} for one in addresses
        )
        presented = read_presented_chains(
            origins,
            ["rsa", "ecdsa", "offered"],
            Offer(ciphers, "1.2", "1.3"),
            Limits(5, 30, 64, 4),
            time.monotonic,
        )
        yield audit(
            [
                observed(peer.name, facts(peer.trust_store_pem, cipher_list=ciphers))
                for peer in peers
            ],
            addresses,
            presented,
            cluster=cluster.name,
            at=datetime.now(UTC),
        )


def test_the_log_names_exactly_the_origins_that_logins_could_not_reach(estate: Estate) -> None:
    assert estate.refused
    told = {(one["peer"], one["address"].lower()) for one in estate.refusals}
    assert told == {(login["peer"], login["address"].lower()) for login in estate.refused}


def test_every_refusal_of_the_log_is_predicted_and_the_other_way_round(estate: Estate) -> None:
    joined = join_audits(estate.refusals, estate.audits)
    assert joined["unpredicted"] == []
    assert joined["not_in_log"] == []
    assert len(joined["explained"]) == len(estate.refusals)
    for one in joined["explained"]:
        assert one["certificate"] and one["cause"] and one["remedy"], one
    assert any(one["plan"] for one in joined["explained"])


def test_every_cause_of_the_estate_is_met(estate: Estate) -> None:
    assert {one["stage"] for one in estate.refusals} == {"chain", "name"}
    assert {one["error_code"] for one in estate.refusals} >= {18, 20, None}


def test_times_are_today(estate: Estate) -> None:
    for one in estate.refusals:
        moment = datetime.fromisoformat(one["first"])
        assert abs((moment - datetime.now()).total_seconds()) < 2 * 86400
