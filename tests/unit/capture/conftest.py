# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.estate import RunningEstate, own_network, running_estate
from tests.unit.client.peers import Client, estate_profile


@pytest.fixture(scope="session")
def capture_estate() -> Iterator[RunningEstate]:
    """Three peers; the addresses differ from those of other tests in this process."""
    profile = estate_profile()
    trio = profile["clusters"]["trio"]
    profile["clusters"] = {"trio": trio | {"nodes": []}}
    for number, peer in enumerate(trio["peers"], start=1):
        peer["address"] = f"{{n}}.42.{number}"
    profile["control"]["address"] = "{n}.42.100"
    with running_estate(own_network(), profile=profile, traffic_servers=False) as estate:
        yield estate


@pytest.fixture
def client(capture_estate: RunningEstate) -> Client:
    capture_estate.reset()
    return Client(capture_estate, "expc1.trio.example.test", {"expressway_command_timeout": 5})
