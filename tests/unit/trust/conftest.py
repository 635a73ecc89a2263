# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.collab.expressway.plugins.plugin_utils import trust_store_outcome

from tests.lab.estate import RunningEstate, own_network, running_estate
from tests.unit.client.peers import estate_profile
from tests.unit.trust.store_client import NAME, StoreClient
from tests.unit.trust.trusted import OLD
from tests.unit.trust_plan.pki import pem


@pytest.fixture(scope="session")
def store_estate() -> Iterator[RunningEstate]:
    profile = estate_profile()
    profile["clusters"] = {"lone": profile["clusters"]["lone"]}
    # Beside the estate of the other tests in this process.
    profile["clusters"]["lone"]["peers"][0]["address"] = "{n}.31.1"
    profile["control"]["address"] = "{n}.31.100"
    with running_estate(own_network(), profile=profile, traffic_servers=False) as estate:
        yield estate


@pytest.fixture
def client(
    store_estate: RunningEstate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> StoreClient:
    monkeypatch.setattr(trust_store_outcome, "READ_BACK_PAUSES", (0.01, 0.05))
    store_estate.reset()
    client = StoreClient(
        store_estate,
        NAME,
        {"expressway_root_password": "lab-root-password", "expressway_command_timeout": 1},
        backups=tmp_path / "backups",
    )
    client.hold(pem(*OLD))
    return client
