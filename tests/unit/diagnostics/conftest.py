# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.estate import RunningEstate, own_network, running_estate
from tests.unit.client.peers import Client, trio_alone


@pytest.fixture(scope="session")
def log_estate() -> Iterator[RunningEstate]:
    """Three peers without traffic servers."""
    with running_estate(own_network(), profile=trio_alone(41), traffic_servers=False) as estate:
        yield estate


@pytest.fixture
def client(log_estate: RunningEstate) -> Client:
    log_estate.reset()
    log_estate.set_switches({"diagnostic_collect_seconds": 0})
    return Client(log_estate, "expc1.trio.example.test", {"expressway_command_timeout": 5})
