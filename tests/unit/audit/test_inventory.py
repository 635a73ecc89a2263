# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The list of UC nodes of a site, and the filters of the role."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.collab.expressway.plugins.filter.clusters import clusters
from ansible_collections.collab.expressway.plugins.filter.handshakes import handshakes
from ansible_collections.collab.expressway.plugins.filter.observed_peers import observed_peers
from ansible_collections.collab.expressway.plugins.filter.origins import origins

from tests.unit.audit.observations import CIPHER_LISTS, address, facts, observed

CUCM = {"name": "cucm1", "product": "cucm", "addresses": ["cucm1.example.test"]}


def places(nodes: Any) -> list[tuple[str, int]]:
    return [(origin["address"], origin["port"]) for origin in origins(nodes, "emea")]


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (CUCM, [("cucm1.example.test", 8443), ("cucm1.example.test", 6972)]),
        (CUCM | {"product": "imp"}, [("cucm1.example.test", 8443)]),
        (CUCM | {"product": "cuc"}, [("cucm1.example.test", 8443)]),
        (CUCM | {"ports": [443]}, [("cucm1.example.test", 443)]),
        (CUCM | {"ports": ["443"]}, [("cucm1.example.test", 443)]),
        (CUCM | {"addresses": ["a.test", "192.0.2.1"], "ports": [443]}, [("a.test", 443), ("192.0.2.1", 443)]),
        (CUCM | {"addresses": ["a.test", "a.test"], "ports": [443]}, [("a.test", 443)]),
    ],
)  # fmt: skip
def test_nodes_are_spread_into_addresses_and_ports(node: Any, expected: list[Any]) -> None:
    assert places([node]) == expected


def test_an_address_keeps_its_node_and_says_where_it_is_known_from() -> None:
    (origin,) = origins([CUCM | {"ports": [443], "connect_to": "192.0.2.11"}], "emea")
    assert origin == {
        "address": "cucm1.example.test",
        "port": 443,
        "product": "cucm",
        "node": "cucm1",
        "connect_to": "192.0.2.11",
        "source": "inventory",
    }


def test_what_a_resolver_says_is_where_to_connect_unless_the_item_does() -> None:
    nodes = [
        CUCM | {"ports": [443]},
        {**CUCM, "name": "two", "addresses": ["b.test"], "connect_to": "192.0.2.2", "ports": [443]},
        {**CUCM, "name": "three", "addresses": ["c.test", "192.0.2.3"], "ports": [443]},
    ]
    resolved = {"cucm1.example.test": "192.0.2.11", "b.test": "192.0.2.12", "c.test": None}
    assert [origin["connect_to"] for origin in origins(nodes, "emea", resolved)] == [
        "192.0.2.11",
        "192.0.2.2",
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("nodes", "place", "says"),
    [
        (None, "cluster emea", "mra_audit_nodes is empty or missing"),
        ([], "cluster emea", "addresses: [cucm1.example.com]"),
        ("cucm1", "cluster emea", "no list"),
        ([CUCM, "cucm2"], "mra_audit_nodes[1]", "not a dictionary"),
        ([{**CUCM, "name": ""}], "mra_audit_nodes[0].name", "missing"),
        ([{**CUCM, "product": "ucm"}], "mra_audit_nodes[0] (cucm1).product", "one of cucm, imp, cuc"),
        ([{**CUCM, "addresses": []}], "mra_audit_nodes[0] (cucm1).addresses", "at least one"),
        ([{**CUCM, "addresses": "a.test"}], "mra_audit_nodes[0] (cucm1).addresses", "list"),
        ([{**CUCM, "addresses": ["https://a.test"]}], "mra_audit_nodes[0] (cucm1)", "without scheme"),
        ([{**CUCM, "addresses": [None]}], "mra_audit_nodes[0] (cucm1).addresses", "quote it"),
        ([{**CUCM, "ports": [0]}], "mra_audit_nodes[0] (cucm1)", "not a port"),
        ([{**CUCM, "ports": ["https"]}], "mra_audit_nodes[0] (cucm1).ports", "no TCP port"),
        ([{**CUCM, "ports": 8443}], "mra_audit_nodes[0] (cucm1).ports", "list of TCP ports"),
        ([{**CUCM, "adresses": []}], "mra_audit_nodes[0]", "unknown adresses"),
        ([CUCM, {**CUCM, "name": "cucm2"}], "mra_audit_nodes[1] (cucm2)", "mra_audit_nodes[0] (cucm1)"),
    ],
)  # fmt: skip
def test_an_error_names_cluster_item_and_remedy(nodes: Any, place: str, says: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        origins(nodes, "emea")
    assert "emea" in str(raised.value)
    assert place in str(raised.value)
    assert says in str(raised.value)


def test_hosts_are_grouped_by_cluster_in_their_order() -> None:
    hostvars = {
        "b": {"expressway_cluster": "emea"},
        "a": {"expressway_cluster": "emea"},
        "c": {"expressway_cluster": "apac"},
        "localhost": {},
    }
    assert clusters(["b", "localhost", "c", "a"], hostvars) == {"emea": ["b", "a"], "apac": ["c"]}


@pytest.mark.parametrize(
    ("variables", "reached", "error"),
    [
        ({"observed": {"ansible_facts": {"expressway": {"mra": None}}}}, True, None),
        ({"observed": {"unreachable": True, "msg": "no route"}}, False, "no route"),
        ({"observed": {"failed": True}}, False, "left the play"),
        ({}, False, "left the play"),
    ],
)
def test_a_peer_without_facts_is_kept_as_not_reached(
    variables: dict[str, Any], reached: bool, error: str | None
) -> None:
    (peer,) = observed_peers(["expc1"], {"expc1": variables}, register="observed")
    assert (peer["name"], peer["reached"]) == ("expc1", reached)
    assert (error or "") in (peer["error"] or "")
    assert (peer["error"] is None) == (error is None)


def test_every_distinct_cipher_list_is_offered_once() -> None:
    rsa_first, any_order = CIPHER_LISTS[:2]
    peers = [
        observed("1", facts(cipher_list=rsa_first)),
        observed("2", facts(cipher_list=any_order)),
        observed("3", facts(cipher_list=rsa_first)),
        observed("4", facts=None, reached=False),
    ]
    made = handshakes([address()], peers)
    assert [(item["cipher_list"], item["key_types"]) for item in made] == [
        (rsa_first, ["rsa", "ecdsa", "offered"]),
        (any_order, ["offered"]),
    ]
    assert made[0]["origins"] == [
        {"address": "cucm1.example.test", "port": 8443, "connect_to": None}
    ]


def test_origins_are_looked_at_even_when_no_peer_answers() -> None:
    (made,) = handshakes([address()], [observed(facts=None, reached=False)])
    assert made["key_types"] == ["rsa", "ecdsa", "offered"]
    assert made["minimum_tls_version"] == "1.2"
