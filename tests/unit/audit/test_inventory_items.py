# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The node list of a site beside publishers: it adds, overrides and leaves out."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.collab.expressway.plugins.filter.discovered_addresses import (
    discovered_addresses,
)
from ansible_collections.collab.expressway.plugins.filter.origins import origins

from tests.unit.audit.observations import facts, observed
from tests.unit.uc_addresses.readings import (
    CUC,
    DOMAIN,
    IMP,
    PUB,
    SUB,
    process_node,
    read,
    readings,
)

CUCM = {"name": "cucm1", "product": "cucm", "addresses": [PUB]}
OTHER = {"name": "cucm2", "product": "cucm", "addresses": [SUB]}
ASKED = {"item": "pub1", "readings": readings(expressway=None), "resolved": {}}


def places(result: list[dict[str, Any]]) -> set[tuple[str, int]]:
    return {(origin["address"], origin["port"]) for origin in result}


@pytest.mark.parametrize(
    ("excluding", "left"),
    [
        ({"name": "cucm2", "exclude": True}, {(PUB, 8443), (PUB, 6972)}),
        ({"name": SUB, "exclude": True}, {(PUB, 8443), (PUB, 6972)}),
        ({"name": "x", "addresses": [SUB], "exclude": True}, {(PUB, 8443), (PUB, 6972)}),
        ({"name": "cucm2", "ports": [6972], "exclude": True}, {(PUB, 8443), (PUB, 6972), (SUB, 8443)}),
        ({**OTHER, "exclude": True}, {(PUB, 8443), (PUB, 6972)}),
    ],
)  # fmt: skip
def test_a_hand_written_list_can_leave_nodes_out(excluding: Any, left: Any) -> None:
    assert places(origins([CUCM, OTHER, excluding], "emea")) == left


@pytest.mark.parametrize(
    ("node", "place", "says"),
    [
        ({"name": "x", "exclude": "yes"}, "(x).exclude", "true or false"),
        ({"name": "x", "product": "ucm"}, "(x).product", "one of cucm, imp, cuc"),
        ({"name": "x", "ports": [0]}, "(x)", "not a port"),
        ({"name": "x", "connect_to": "a b"}, "(x)", "connect_to"),
        ({"name": "x", "addresses": "a.test"}, "(x).addresses", "list"),
        ({"adresses": []}, "mra_audit_nodes[0]", "unknown adresses"),
    ],
)
def test_an_override_that_cannot_be_is_refused(node: Any, place: str, says: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        discovered_addresses([ASKED], "emea", nodes=[node])
    assert "emea" in str(raised.value) and place in str(raised.value)
    assert says in str(raised.value)


def test_without_publisher_and_list_both_ways_are_named() -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        origins([], "emea")
    for way in ("uc_publishers", "expressway_cluster: emea", "mra_audit_nodes"):
        assert way in str(raised.value)


def test_an_override_needs_no_more_than_what_it_overrides() -> None:
    nodes = [
        {"name": "Unity of Leeds", "addresses": [CUC], "connect_to": "192.0.2.31"},
        {"name": IMP, "exclude": True},
    ]
    result = discovered_addresses([ASKED], "emea", nodes=nodes)
    assert places(result["origins"]) == {(PUB, 8443), (PUB, 6972), (SUB, 8443), (CUC, 8443)}
    assert places(result["excluded"]) == {(IMP, 8443)}
    (unity,) = [one for one in result["origins"] if one["address"] == CUC]
    assert (unity["node"], unity["connect_to"]) == ("Unity of Leeds", "192.0.2.31")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"item": "pub2", "unreachable": True, "msg": "timed out"}, "pub2: timed out"),
        ({"item": "pub2", "failed": True, "msg": "pub2 (192.0.2.1):\n login refused"}, "pub2 (192.0.2.1): login refused"),
        ({"item": "pub2"}, "pub2: no answer"),
    ],
)  # fmt: skip
def test_a_publisher_without_an_answer_makes_it_incomplete(answer: Any, error: str) -> None:
    whole = discovered_addresses([ASKED], "emea")
    part = discovered_addresses([ASKED, answer], "emea")
    assert whole["complete"] and not part["complete"]
    assert part["origins"] == whole["origins"]
    (missed,) = part["not_read"]
    assert (missed["source"], missed["error"]) == ("publisher", error)
    nothing = discovered_addresses([answer], "emea")
    assert nothing["origins"] == [] and not nothing["complete"]
    (missed,) = nothing["not_read"]
    assert error in missed["error"]


def test_certificates_that_were_asked_for_in_vain_make_it_incomplete() -> None:
    held = [{"item": "pub1", "trust_certificates": []}, {"item": "pub2", "msg": "refused"}]
    assert discovered_addresses([ASKED], "emea", held=held[:1])["complete"]
    part = discovered_addresses([ASKED], "emea", held=held)
    (missed,) = part["not_read"]
    assert (missed["source"], missed["error"]) == ("trust_certificates", "pub2: refused")
    # As the task says it that passed over a publisher.
    skipped = [{"item": "pub2", "skipped": True, "skip_reason": "Conditional result was False"}]
    (missed,) = discovered_addresses([ASKED], "emea", held=skipped)["not_read"]
    assert missed["error"].startswith("pub2: it refused the platform administrator before")


def test_a_resolver_tells_where_the_nodes_are_that_no_publisher_told_of() -> None:
    old, new = f"old.{DOMAIN}", f"new.{DOMAIN}"
    said = facts()
    said["uc_servers"] = {"cucm": [{"publisher": old, "tls_verify": "on"}], "imp": None}
    result = discovered_addresses(
        [{"item": "pub1", "msg": "down"}],
        "emea",
        nodes=[{"name": "new", "product": "cuc", "addresses": [new]}],
        peers=[observed("expc1", said)],
        resolved={old: "192.0.2.41", new: None},
        resolver_error="resolver 192.0.2.53 fell silent",
    )
    assert {one["address"]: one["connect_to"] for one in result["origins"]} == {
        old: "192.0.2.41",
        new: None,
    }
    assert {
        "source": "dns_srv",
        "error": "resolver 192.0.2.53 fell silent",
        "remedy": "Give a resolver that knows the MRA domains.",
    } in result["not_read"]


def test_the_peers_tell_which_publishers_they_have() -> None:
    said = facts()
    said["uc_servers"] = {"cucm": [{"publisher": f"old.{DOMAIN}", "tls_verify": "on"}], "imp": None}
    peers = [observed("expc1", said), observed("expc2", reached=False, facts=None)]
    result = discovered_addresses([ASKED], "emea", peers=peers)
    assert [found["check"] for found in result["findings"]] == [
        "expressway_publisher_not_advertised",
        "tls_verify_mode_proves_only_the_publisher",
    ]
    assert result["findings"][0]["peers"] == ["expc1"]
    assert (f"old.{DOMAIN}", 8443) in places(result["origins"])


def test_the_answers_of_two_publishers_are_one_cluster() -> None:
    other = {
        "item": "pub2",
        "readings": {"axl_process_nodes": read(process_node("cucm1.other.test"))},
        "resolved": {"cucm1.other.test": "192.0.2.77"},
    }
    listed = [{"name": "a", "addresses": [PUB, SUB, IMP, CUC]}, {"name": "b", "addresses": ["cucm1.other.test"]}]  # fmt: skip
    result = discovered_addresses([ASKED, other], "emea", nodes=listed)
    assert [found["check"] for found in result["findings"]] == ["uds_differs_from_axl"]
    (found,) = [one for one in result["origins"] if one["address"] == "cucm1.other.test" and one["port"] == 8443]  # fmt: skip
    assert found["connect_to"] == "192.0.2.77"
