# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.estate import RunningEstate, own_network, running_estate
from tests.unit.client.peers import Client, estate_profile


@pytest.fixture(scope="session")
def log_estate() -> Iterator[RunningEstate]:
    """Three peers without traffic servers; the addresses differ from those of other tests in this process."""
    profile = estate_profile()
    trio = profile["clusters"]["trio"]
    profile["clusters"] = {"trio": trio | {"nodes": []}}
    for number, peer in enumerate(trio["peers"], start=1):
        peer["address"] = f"{{n}}.41.{number}"
    profile["control"]["address"] = "{n}.41.100"
    with running_estate(own_network(), profile=profile, traffic_servers=False) as estate:
        yield estate


@pytest.fixture
def client(log_estate: RunningEstate) -> Client:
    log_estate.reset()
    log_estate.set_switches({"diagnostic_collect_seconds": 0})
    return Client(log_estate, "expc1.trio.example.test", {"expressway_command_timeout": 5})
