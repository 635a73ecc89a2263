# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.peer.cluster import (
    ClusterConfiguration,
    is_primary,
    locate_peer,
    parse_cluster,
)
from ansible_collections.collab.expressway.plugins.module_utils.peer.xconfiguration import (
    parse_configuration,
)

NAMED = ClusterConfiguration(
    "emea", 1, {1: "expc1.emea.example.test", 2: "expc2.emea.example.test"}
)
NUMBERED = ClusterConfiguration("emea", 2, {1: "10.0.0.1", 2: "10.0.0.2"})
ALIKE = ClusterConfiguration("emea", 1, {1: "expc.one.example", 2: "expc.two.example"})


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], ClusterConfiguration()),
        (
            [
                'Alternates Cluster Name: "emea"',
                'Alternates ConfigurationPrimary: "2"',
                'Alternates Peer 1 Address: "a.example"',
                'Alternates Peer 2 Address: "b.example"',
                'Alternates Peer 3 Address: ""',
            ],
            ClusterConfiguration("emea", 2, {1: "a.example", 2: "b.example"}),
        ),
        (
            ["Alternates ConfigurationMaster: 1", 'alternates 1 peer address: "10.0.0.1"'],
            ClusterConfiguration("", 1, {1: "10.0.0.1"}),
        ),
        (['Alternates ConfigurationPrimary: ""'], ClusterConfiguration()),
    ],
)
def test_alternates(lines: list[str], expected: ClusterConfiguration) -> None:
    text = "".join(f"*c xConfiguration {line}\r\n" for line in lines) + "OK\r\n"
    assert parse_cluster(parse_configuration(text)) == expected


@pytest.mark.parametrize(
    ("cluster", "names", "index"),
    [
        (NAMED, ["EXPC2.emea.example.test."], 2),
        (NAMED, ["10.0.0.2", "expc2"], 2),
        (NAMED, ["expc2.other.example"], 2),
        (NAMED, ["10.0.0.2", None, ""], None),
        (NUMBERED, ["expc1", "10.0.0.1"], 1),
        (NUMBERED, ["10.0.0.9"], None),
        (NAMED, ["expc1.emea.example.test", "expc2.emea.example.test"], None),
        (ALIKE, ["expc"], None),
        (ALIKE, ["expc.two.example"], 2),
        (ClusterConfiguration(), ["expc1"], None),
    ],
)
def test_own_index(
    cluster: ClusterConfiguration, names: list[str | None], index: int | None
) -> None:
    assert locate_peer(cluster, names) == index


@pytest.mark.parametrize(
    ("cluster", "index", "expected"),
    [
        (NAMED, 1, True),
        (NAMED, 2, False),
        (NAMED, None, None),
        (ClusterConfiguration("emea", None, {1: "a"}), 1, None),
        (ClusterConfiguration(), None, True),
    ],
)
def test_primary(cluster: ClusterConfiguration, index: int | None, expected: bool | None) -> None:
    assert is_primary(cluster, index) is expected
