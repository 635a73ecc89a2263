# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.estate import RunningEstate, own_network, running_estate
from tests.unit.uc.nodes import NodeClient


@pytest.fixture(scope="session")
def nodes_estate() -> Iterator[RunningEstate]:
    with running_estate(own_network(), traffic_servers=False) as estate:
        yield estate


@pytest.fixture
def publisher(nodes_estate: RunningEstate) -> NodeClient:
    nodes_estate.reset()
    return NodeClient(nodes_estate)
