# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.estate import RunningEstate, own_network, running_estate
from tests.unit.client.peers import Client, trio_alone


@pytest.fixture(scope="session")
def capture_estate() -> Iterator[RunningEstate]:
    """Three peers."""
    with running_estate(own_network(), profile=trio_alone(42), traffic_servers=False) as estate:
        yield estate


@pytest.fixture
def client(capture_estate: RunningEstate) -> Client:
    capture_estate.reset()
    return Client(capture_estate, "expc1.trio.example.test", {"expressway_command_timeout": 5})
