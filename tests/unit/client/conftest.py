# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.estate import RunningEstate, own_network, running_estate
from tests.unit.client.peers import Client, estate_profile


@pytest.fixture(scope="session")
def peers_estate() -> Iterator[RunningEstate]:
    with running_estate(own_network(), profile=estate_profile(), traffic_servers=False) as estate:
        yield estate


@pytest.fixture
def client(peers_estate: RunningEstate) -> Client:
    peers_estate.reset()
    return Client(peers_estate)
