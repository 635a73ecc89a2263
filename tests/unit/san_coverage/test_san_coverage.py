# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every certificate under every address: covered or not, what people call it, and what to write into the CSR."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.san_coverage.by_address import (
    by_address,
)
from ansible_collections.collab.expressway.plugins.module_utils.san_coverage.model import (
    san_coverage,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.origin_names import (
    covered_by,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.san_coverage.leafs import (
    codes,
    leaf,
    no_such_key_type,
    origin,
    shown,
    stored,
)

A, B, C = "cucm1.example.test", "cucm2.example.test", "cucm3.example.test"
CUC, ALIAS = "cuc1.example.test", "voicemail.example.test"
IP = "192.0.2.12"
MULTI = leaf("cucm1-ms.example.test", (A, B, "example.test"))
OWN_ECDSA = leaf("cucm3-EC.example.test", (C,), key_type="ecdsa")
UC_SERVICE = "axl_uc_services"


def one(node: dict[str, Any], pem: str) -> dict[str, Any]:
    return san_coverage(origins=[node], presented=[shown(node["address"], pem, node["port"])])


@pytest.mark.parametrize(
    ("node", "pem", "covered", "by", "strict", "code"),
    [
        (origin(A), leaf(A, (A,)), True, "dns_name", True, None),
        (origin(A), leaf("other", (A.upper(),)), True, "dns_name", True, None),
        (origin(A), leaf(A), True, "common_name", False, "common_name_only"),
        (origin(A), leaf("cucm1"), False, None, False, "no_san"),
        (origin(A), leaf(A, ip=(IP,)), True, "common_name", False, "common_name_only"),
        (origin(A), leaf(A, (B,)), True, "common_name", False, "common_name_only"),
        (origin(A), leaf("x", ("*.example.test",)), True, "dns_name", True, "wildcard"),
        (origin(A), leaf("x", ("cu*.example.test",)), True, "dns_name", False, "wildcard"),
        (origin(A), leaf("x", ("*.example.test", A)), True, "dns_name", True, None),
        (origin(A), leaf(B, (B,)), False, None, False, "name_not_in_certificate"),
        (origin(IP, node=B), leaf(B, (B,)), False, None, False, "ip_address_advertised"),
        (origin(IP, node=B), leaf(B, (B,), (IP,)), False, None, True, "ip_only_as_ip_san"),
        (origin(IP, node=B), leaf(B, (B, IP)), True, "dns_name", False, "ip_address_advertised"),
        (origin("cucm2", node=B), leaf(B, (B,)), False, None, False, "short_host_name"),
        (origin("cucm2", node=B), leaf(B, (B, "cucm2")), True, "dns_name", True, "short_host_name"),
        (origin(ALIAS, node=CUC, product="cuc"), leaf(CUC, (CUC,)), False, None, False, "unity_alias"),
        # Nothing told which node it is; the UC service did tell that clients are given this name.
        (origin(ALIAS, product="cuc", source=UC_SERVICE), leaf(CUC, (CUC,)), False, None, False, "unity_alias"),
        (origin(ALIAS, product="cuc", source="inventory"), leaf(CUC, (CUC,)), False, None, False, "name_not_in_certificate"),
        (origin(C), leaf("cucm1-ms.example.test", (A, B)), False, None, False, "node_missing_from_multi_server"),
        # The node is named, by another of its names.
        (origin(ALIAS, node=A), MULTI, False, None, False, "name_not_in_certificate"),
    ],
)  # fmt: skip
def test_one_certificate_under_one_address(
    node: Any, pem: str, covered: bool, by: Any, strict: bool, code: str | None
) -> None:
    result = one(node, pem)
    (entry,) = result["coverage"]
    assert (entry["covered"], entry["by"], entry["strict"], entry["finding"]) == (
        covered,
        by,
        strict,
        code,
    )
    assert result["covered"] is covered
    assert [found["check"] for found in result["findings"]] == ([code] if code else [])
    assert bool(entry["remedy"]) is bool(code)
    # Where the views differ, a sentence says why.
    assert bool(entry["strict_findings"]) is (covered != strict)


def test_a_new_node_is_missing_from_the_certificate_that_all_share() -> None:
    nodes = [origin(A), origin(B), origin(C), origin(C, 6972)]
    result = san_coverage(
        origins=nodes, presented=[shown(node["address"], MULTI, node["port"]) for node in nodes]
    )
    assert codes(result) == [f"node-missing-from-multi-server-{C}"]
    (found,) = result["findings"]
    assert found["severity"] == "critical"
    assert len(found["evidence"]) == 2
    assert result["csr"] == [
        {
            "nodes": [A, B, C],
            "units": ["tomcat"],
            "multi_server": True,
            "common_name": "cucm1-ms.example.test",
            "dns": [A, B, "example.test", C],
            "ip_addresses": [],
            "left_out": [],
            "unseen_nodes": [],
            "text": f"{A}\n{B}\nexample.test\n{C}\n",
        }
    ]
    assert ", ".join([A, B, "example.test", C]) in found["remedy"]


def test_the_names_for_a_shared_certificate_say_whom_nobody_saw() -> None:
    nodes = [origin(A), origin(B), origin(C), origin(CUC, product="cuc")]
    # The last one is named already: nothing of it can be forgotten.
    nodes.append(origin("cucm4.example.test"))
    one_of_two = leaf("cucm1-ms.example.test", (A, "cucm4.example.test"))
    result = san_coverage(
        origins=nodes,
        presented=[shown(A, one_of_two), shown(B, one_of_two), shown(C, None), shown(CUC, leaf("x", (B,)))],
    )  # fmt: skip
    shared, own = sorted(result["csr"], key=lambda request: not request["multi_server"])
    assert (shared["dns"], shared["unseen_nodes"]) == ([A, "cucm4.example.test", B], [C])
    assert own["unseen_nodes"] == []
    (said,) = {entry["remedy"] for entry in result["coverage"] if entry["csr"] == shared}
    assert f"{B}. Nothing was seen of {C}:" in said


def test_an_older_copy_on_one_node_is_reissued_with_the_others() -> None:
    older = leaf("cucm1-ms.example.test", (A,), serial=2)
    result = san_coverage(
        origins=[origin(A), origin(B)], presented=[shown(A, MULTI), shown(B, older)]
    )
    assert codes(result) == [f"node-missing-from-multi-server-{B}"]
    (request,) = result["csr"]
    assert request["nodes"] == [A, B]
    assert request["dns"] == [A, B]


@pytest.mark.parametrize(
    ("pem", "dns"),
    [
        # The certificate names the node already: only System > Server has to change.
        (leaf(B, (B,)), None),
        (leaf("x", ("x.example.test",)), ["x.example.test", B]),
    ],
)
def test_an_advertised_ip_address_is_repaired_by_the_name(pem: str, dns: Any) -> None:
    result = one(origin(IP, node=B), pem)
    (entry,) = result["coverage"]
    assert f"from {IP} to {B}" in entry["remedy"]
    assert (entry["csr"] and entry["csr"]["dns"]) == dns
    assert len(result["csr"]) == bool(dns)


@pytest.mark.parametrize("called", ["cucm-pub", "Publisher, rack 4", "192.0.2.1", "a..b"])
def test_what_the_inventory_calls_a_node_does_not_get_into_a_certificate(called: str) -> None:
    (request,) = one(origin(A, node=called), leaf("x", (B,)))["csr"]
    assert (request["nodes"], request["dns"]) == ([called], [B, A])


def test_a_dot_at_the_end_is_taken_out_of_the_address_not_put_into_a_certificate() -> None:
    """The traffic server does not ignore it."""
    (entry,) = one(origin(f"{A}.", node=A), leaf(A, (A,)))["coverage"]
    assert (entry["covered"], entry["csr"]) == (False, None)
    assert f"from {A}. to {A}," in entry["remedy"]
    (request,) = one(origin(f"{A}.", node=A), leaf("x", (B,)))["csr"]
    assert request["dns"] == [B, A]


def test_names_that_no_certificate_should_have_are_left_out_with_the_reason() -> None:
    unlike = "b\u00fccher.example.test"
    nodes = [origin(A), origin("cucm2", node=B), origin(IP, node=B), origin(unlike, node=C)]
    result = san_coverage(
        origins=nodes, presented=[shown(node["address"], MULTI) for node in nodes]
    )
    assert {entry["address"]: entry["finding"] for entry in result["coverage"]}[unlike] == (
        "node_missing_from_multi_server"
    )
    (request,) = result["csr"]
    assert request["dns"] == [A, B, "example.test", C]
    assert [one["name"] for one in request["left_out"]] == [IP, "cucm2", unlike]
    assert [one["reason"].rpartition(" ")[2] for one in request["left_out"]] == [
        "FQDN",
        "FQDN",
        "form",
    ]
    assert request["ip_addresses"] == [IP]
    (remedy,) = [entry["remedy"] for entry in result["coverage"] if entry["address"] == unlike]
    assert f"from {unlike} to {C}, then" in remedy
    # One that it has already is not lost.
    (request,) = one(origin(C), leaf("cucm1-ms.example.test", (A, "cucm2")))["csr"]
    assert (request["dns"], request["left_out"]) == ([A, "cucm2", C], [])


@pytest.mark.parametrize(
    ("ecdsa_of_c", "nodes"),
    [
        # 8443 is RSA only by default: nobody knows whether it holds the other one.
        ([no_such_key_type(C)], [A, B, C]),
        ([no_such_key_type(C), shown(C, OWN_ECDSA, 6971, "ecdsa")], [A, B, C]),
        ([shown(C, OWN_ECDSA, key_type="ecdsa")], [A, B]),
    ],
)
def test_the_names_for_an_ecdsa_certificate_are_those_of_the_nodes_that_hold_the_rsa_one(
    ecdsa_of_c: list[Any], nodes: list[str]
) -> None:
    both = {"rsa": MULTI, "ecdsa": leaf("cucm1-EC-ms.example.test", (A,), key_type="ecdsa")}
    held = [origin(A, 6972), origin(B, 6972)]
    result = san_coverage(
        origins=[*held, origin(C, product="imp"), origin(C, 6971)],
        presented=[
            *(shown(one["address"], pem, 6972, kind) for one in held for kind, pem in both.items()),
            shown(C, MULTI),
            *ecdsa_of_c,
        ],
    )
    (request,) = [one for one in result["csr"] if one["units"] == ["tomcat-ECDSA"]]
    assert (request["nodes"], request["dns"]) == (nodes, nodes)


def test_what_is_stored_counts_where_nothing_was_presented() -> None:
    """RSA and ECDSA: which of them comes is a matter of ciphers that nobody saw."""
    result = san_coverage(
        origins=[origin(A), origin(A, 6971)],
        certificates=[
            stored(A, leaf(A, (A,))),
            stored(A, leaf("cucm1-EC.example.test", (B,), key_type="ecdsa"), "tomcat-ECDSA"),
            stored(A, leaf(A, (A,), serial=3), "CallManager"),
            stored(A, leaf("unused", (B,)), "ipsec"),
        ],
    )
    assert [
        (entry["port"], entry["unit"], entry["where"], entry["covered"])
        for entry in result["coverage"]
    ] == [
        (8443, "tomcat", "stored", True),
        (8443, "tomcat-ECDSA", "stored", False),
        (6971, "CallManager", "stored", True),
    ]
    assert not result["covered"]
    assert [found["severity"] for found in result["findings"]] == ["warning"]


def test_a_stored_certificate_that_the_origin_cannot_present_is_left_out() -> None:
    """HTTPS ciphers are RSA only by default: tomcat-ECDSA exists, 8443 does not present it."""
    result = san_coverage(
        origins=[origin(A)],
        presented=[shown(A, leaf(A, (A,))), no_such_key_type(A)],
        certificates=[
            stored(A, leaf(A, (A,))),
            stored(A, leaf("x", (B,), key_type="ecdsa"), "tomcat-ECDSA"),
        ],
    )
    assert [(entry["unit"], entry["where"]) for entry in result["coverage"]] == [
        ("tomcat", "presented")
    ]
    assert result["covered"] and not result["findings"]


@pytest.mark.parametrize(
    ("old", "new", "expected", "says"),
    [
        ((B,), (A,), ["presented_differs_from_stored"], "Restart Cisco Tftp"),
        ((A,), (A, B), ["presented_differs_from_stored"], "Restart Cisco Tftp"),
        # The restart would break what works today.
        ((A,), (B,), ["name_not_in_certificate", "presented_differs_from_stored"], "first reissue tomcat"),
    ],
)  # fmt: skip
def test_a_service_that_was_not_restarted_presents_what_was_stored_before(
    old: Any, new: Any, expected: list[str], says: str
) -> None:
    result = san_coverage(
        origins=[origin(A, 6972)],
        presented=[shown(A, leaf("x", old), 6972), no_such_key_type(A, 6972)],
        certificates=[stored(A, leaf("x", new, serial=5))],
    )
    assert sorted(found["check"] for found in result["findings"]) == expected
    (differs,) = [f for f in result["findings"] if f["check"] == "presented_differs_from_stored"]
    assert says in differs["remedy"]


def test_a_port_that_presents_another_unit_of_its_node_is_not_stale() -> None:
    """Sources disagree whether 6972 presents tomcat or CallManager."""
    own, manager = leaf(A, (A,)), leaf("x", (B,), serial=8)
    held = [
        stored(A, own),
        stored(A, leaf("tomcat-EC", (A,), key_type="ecdsa"), "tomcat-ECDSA"),
        stored(A, manager, "CallManager"),
        stored(A, leaf("EC", (B,), key_type="ecdsa"), "CallManager-ECDSA"),
    ]
    result = san_coverage(
        origins=[origin(A, 6972)], presented=[shown(A, manager, 6972)], certificates=held
    )
    assert [(entry["unit"], entry["where"], entry["finding"]) for entry in result["coverage"]] == [
        ("CallManager", "presented", "name_not_in_certificate"),
        ("CallManager-ECDSA", "stored", "name_not_in_certificate"),
    ]
    assert "CSR for CallManager on" in result["coverage"][0]["remedy"]


@pytest.mark.parametrize(("certificates", "said"), [([], True), ([stored(A, leaf("x", (B,)))], False)])  # fmt: skip
def test_a_certificate_that_may_only_wait_for_a_restart_is_told(
    certificates: Any, said: bool
) -> None:
    result = san_coverage(
        origins=[origin(A)], presented=[shown(A, leaf("x", (B,)))], certificates=certificates
    )
    (found,) = result["findings"]
    assert found["check"] == "name_not_in_certificate"
    words = f"What {A} stores was not read: where it holds such a certificate already, restart Cisco Tomcat"
    assert (words in found["remedy"]) is said


@pytest.mark.parametrize(
    ("places", "differs", "not_compared"),
    [
        ([(A, None)], True, []),
        # The inventory calls the node as it likes; where it was read tells which one it is.
        ([("emea-pub", "192.0.2.11")], True, []),
        ([("emea-pub", A.upper())], True, []),
        ([("emea-pub", "192.0.2.99"), ("emea-pub", "192.0.2.99")], False, ["emea-pub"]),
        # Two nodes behind one address (a relay): neither is taken for the other.
        ([("one", "192.0.2.11"), ("two", "192.0.2.11")], False, []),
        ([(A, "192.0.2.11"), ("two", "192.0.2.11")], True, []),
    ],
)
def test_what_a_node_stores_is_found_by_its_name_or_where_it_was_read(
    places: list[tuple[str, str | None]], differs: bool, not_compared: list[str]
) -> None:
    pem = leaf(A, (A,), serial=7)
    result = san_coverage(
        origins=[{**origin(A), "connect_to": "192.0.2.11"}],
        presented=[shown(A, leaf(A, (A,))), no_such_key_type(A)],
        certificates=[{**stored(node, pem), "host": host} for node, host in places],
    )
    assert bool(result["findings"]) is differs
    assert result["not_compared"] == not_compared


@pytest.mark.parametrize(
    ("presented", "certificates", "gaps"),
    [
        ([], [], [(None, "neither presented")]),
        ([shown(A, None)], [], [(None, "did not answer")]),
        # One that was not reached is not covered by what its node stores.
        ([shown(A, None)], [stored(A, leaf(A, (A,)))], [(None, "did not answer")]),
        ([shown(A, leaf(A, (A,))), shown(A, None, key_type="ecdsa")], [], [("ecdsa", "did not answer")]),
        ([shown(A, leaf(A, (A,))), no_such_key_type(A)], [], []),
        ([], [stored("other.example.test", leaf(A, (A,)))], [(None, "neither presented")]),
        ([shown(A, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")], [], [(None, "no certificate")]),
    ],
)  # fmt: skip
def test_what_was_not_seen_is_never_covered(presented: Any, certificates: Any, gaps: Any) -> None:
    result = san_coverage(origins=[origin(A)], presented=presented, certificates=certificates)
    assert [gap["key_type"] for gap in result["not_looked_at"]] == [key for key, _text in gaps]
    for gap, (_key, text) in zip(result["not_looked_at"], gaps, strict=True):
        assert text in gap["reason"] and gap["remedy"]
    assert result["covered"] is not bool(gaps)


def test_an_assertion_can_say_by_itself_what_is_wrong_and_what_to_do() -> None:
    nodes = [origin(A), origin(B), origin(C), origin(C, 6972), origin("10.0.0.9", node="cuc9")]
    presented = [shown(node["address"], MULTI, node["port"]) for node in nodes[:4]]
    result = by_address(san_coverage(origins=nodes, presented=[shown(A, leaf(A)), *presented]))
    said = {entry["address"]: entry for entry in result}
    assert list(said) == [A, B, C, "10.0.0.9"]
    assert [(entry["covered"], entry["strict"], entry["looked_at"]) for entry in result] == [
        (True, False, True),
        (True, True, True),
        (False, False, True),
        (False, False, False),
    ]
    assert "RFC 9525 would refuse tomcat (RSA" in said[A]["message"]
    assert said[B]["message"] == f"{B}: its certificate covers it."
    words = said[C]["message"]
    assert words.startswith(
        f"{C}: node missing from multi server: it is not covered by tomcat (RSA"
    )
    assert "presented at 8443 and 6972. Do: Generate a new CSR for tomcat" in words
    assert f"{B}, example.test, {C}" in words
    assert said["10.0.0.9"]["message"].startswith("10.0.0.9 (node cuc9): port 8443 was not seen")


def test_an_optional_port_that_is_closed_is_nothing_to_look_at() -> None:
    nodes = [origin(A), {**origin(A, 443), "optional": True}]
    closed = shown(A, None, 443, error_kind="refused")
    result = san_coverage(origins=nodes, presented=[shown(A, leaf(A, (A,))), closed])
    assert result["covered"] and not result["not_looked_at"]


def test_nothing_to_cover_is_not_covered() -> None:
    assert san_coverage(origins=[]) == {
        "coverage": [],
        "findings": [],
        "csr": [],
        "not_looked_at": [],
        "not_compared": [],
        "covered": False,
    }


def test_a_certificate_with_a_hundred_names_on_two_hundred_nodes() -> None:
    hosts = [f"cucm{number}.example.test" for number in range(200)]
    shared = leaf("cucm0-ms.example.test", tuple(hosts[:100]))
    result = san_coverage(
        origins=[origin(host) for host in hosts], presented=[shown(host, shared) for host in hosts]
    )
    assert sum(entry["covered"] for entry in result["coverage"]) == 100
    assert [found["check"] for found in result["findings"]] == ["node_missing_from_multi_server"] * 100  # fmt: skip
    (request,) = result["csr"]
    assert request["dns"] == hosts[:100] + sorted(hosts[100:])


HOSTS = st.sampled_from([A, B, C, ALIAS, "cucm2", IP])


@settings(max_examples=40, deadline=None)
@given(
    advertised=st.lists(st.tuples(HOSTS, st.sampled_from([A, B, C])), min_size=1, max_size=4, unique_by=lambda one: one[0]),
    in_certificate=st.lists(st.sampled_from([A, B, C, "*.example.test"]), max_size=3, unique=True),
    common_name=st.sampled_from([A, "cucm1-ms.example.test", "x"]),
)  # fmt: skip
def test_a_certificate_made_from_the_request_covers_every_name(
    advertised: Any, in_certificate: list[str], common_name: str
) -> None:
    """Whatever is wrong: reissued with the request's names, each host name is covered by dNSName, none is lost."""
    pem = leaf(common_name, tuple(in_certificate))
    nodes = [origin(address, node=node) for address, node in advertised]
    result = san_coverage(
        origins=nodes, presented=[shown(address, pem) for address, _name in advertised]
    )
    for entry, node in zip(result["coverage"], nodes, strict=True):
        assert entry["finding"] or (entry["covered"] and entry["strict"])
        if entry["csr"] is None:
            continue
        # Unified CM takes no wildcards.
        assert not [name for name in entry["csr"]["dns"] if "*" in name]
        reissued = read_bundle(leaf("x", tuple(entry["csr"]["dns"]))).certificates[0].names
        wanted = node["node"] if node["address"] in (IP, "cucm2") else node["address"]
        assert covered_by(reissued, wanted) == "dns_name"
        assert {name for name in in_certificate if "*" not in name} <= set(entry["csr"]["dns"])
