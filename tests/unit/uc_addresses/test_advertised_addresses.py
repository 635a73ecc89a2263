# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every address from every source: joined, spread into origins, and compared."""

from __future__ import annotations

import random
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.model import (
    advertised_addresses,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.sources import merged
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.uc_addresses.readings import (
    CUC,
    DOMAIN,
    IMP,
    IPS,
    PUB,
    SUB,
    checks,
    discovered,
    listed,
    places,
    process_node,
    publisher,
    read,
    readings,
    row,
    service,
    unread,
)

ALL = [(PUB, 8443), (PUB, 6972), (SUB, 8443), (IMP, 8443), (CUC, 8443)]
ALIAS = f"voicemail.{DOMAIN}"
IP = "192.0.2.12"
ADVERTISED_IP = {
    "axl_process_nodes": read(process_node(PUB, usage="publisher"), process_node(IP), process_node(IMP, "imp")),
    "cli_server_table": read({"name": PUB}, {"name": IP}, {"name": IMP}),
    "uds_servers": read({"host": PUB}, {"host": IP}),
}  # fmt: skip


def test_sources_that_agree_give_every_origin_once_and_no_finding() -> None:
    result = discovered()
    assert places(result) == ALL
    assert result["findings"] == result["not_read"] == result["excluded"] == []
    assert result["complete"]


def test_an_origin_is_what_the_audit_takes() -> None:
    assert discovered()["origins"][0] == {
        "address": PUB,
        "port": 8443,
        "product": "cucm",
        "node": PUB,
        "connect_to": IPS[PUB],
        "source": "axl_process_nodes+cli_server_table+uds_servers+expressway",
    }


def test_an_address_says_all_that_is_known_of_it() -> None:
    by_address = {entry["address"]: entry for entry in discovered()["addresses"]}
    assert by_address[CUC] == {
        "address": CUC,
        "product": "cuc",
        "node": CUC,
        "role": None,
        "tftp": False,
        "ports": [8443],
        "optional_ports": [443, 7443],
        "connect_to": None,
        "sources": ["axl_uc_services"],
        "profiles": ["Standard"],
    }
    assert (by_address[PUB]["role"], by_address[PUB]["tftp"]) == ("publisher", True)
    assert (by_address[SUB]["role"], by_address[SUB]["tftp"]) == ("subscriber", False)


@pytest.mark.parametrize(
    ("otherwise", "expected"),
    [
        # What System > Server holds is the address, whatever the node is called.
        (ADVERTISED_IP, [(PUB, 8443), (PUB, 6972), (IP, 8443), (IMP, 8443), (CUC, 8443)]),
        ({"axl_uc_services": read(service(ALIAS))}, [*ALL[:4], (ALIAS, 8443)]),
        # The IM and Presence node of another cluster, known from the UC service alone.
        (
            {"axl_uc_services": read(service("imp9.example.test", "Unified CM (IM and Presence)"))},
            [*ALL[:4], ("imp9.example.test", 8443)],
        ),
        ({"axl_uc_services": read(service("ldap.example.test", "Directory"))}, ALL[:4]),
        ({"axl_tftp_nodes": read({"name": PUB}, {"name": SUB})}, [*ALL[:3], (SUB, 6972), *ALL[3:]]),
        # Nobody said who serves 6972: every Unified CM node may.
        ({"axl_tftp_nodes": None}, [*ALL[:3], (SUB, 6972), *ALL[3:]]),
        # A first-contact name is asked for at the port of its SRV record alone.
        (
            {"dns_srv": read({"service": "_cisco-uds", "domain": DOMAIN, "target": f"uds.{DOMAIN}.", "port": 8443})},
            [*ALL[:3], (f"uds.{DOMAIN}", 8443), *ALL[3:]],
        ),
        # A UC service and an SRV record send clients to another port than usual: beside the usual ones.
        ({"axl_uc_services": read({**service(CUC), "port": 9443})}, [*ALL, (CUC, 9443)]),
        ({"axl_uc_services": read({**service(CUC), "port": 7993, "service_type": "MailStore"})}, ALL),
        (
            {"dns_srv": read({"service": "_cisco-uds", "domain": DOMAIN, "target": f"{SUB}.", "port": 9443})},
            [*ALL[:3], (SUB, 9443), *ALL[3:]],
        ),
        # A publisher that the Expressway-C knows by a name that clients are never given, and one of an unknown cluster.
        ({"expressway": read(publisher(IPS[PUB]))}, ALL),
        ({"expressway": read(publisher("cucm9.example.test"))}, [*ALL[:3], ("cucm9.example.test", 8443), *ALL[3:]]),
    ],
)  # fmt: skip
def test_origins_follow_from_address_product_and_role(otherwise: Any, expected: Any) -> None:
    assert places(discovered(**otherwise)) == expected


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (listed("x", product="cucm", addresses=["cucm9.example.test"]), [*ALL[:3], ("cucm9.example.test", 8443), *ALL[3:]]),
        (listed(SUB, ports=[8443, 6972]), [*ALL[:3], (SUB, 6972), *ALL[3:]]),
        (listed("by address", addresses=[SUB.upper()], ports=[6971]), [*ALL[:2], (SUB, 6971), *ALL[3:]]),
        (listed(SUB, excluded=True), [*ALL[:2], *ALL[3:]]),
        (listed("cucm2", excluded=True), [*ALL[:2], *ALL[3:]]),
        (listed(IPS[SUB], excluded=True), [*ALL[:2], *ALL[3:]]),
        (listed("any name", addresses=[CUC], excluded=True), ALL[:4]),
        (listed(PUB, ports=[6972], excluded=True), [ALL[0], *ALL[2:]]),
    ],
)  # fmt: skip
def test_the_inventory_adds_overrides_and_excludes(node: Any, expected: Any) -> None:
    result = discovered(inventory=read(node))
    assert sorted(places(result)) == sorted(expected)
    left_out = set(ALL) - set(expected)
    if node["excluded"]:
        assert {(origin["address"], origin["port"]) for origin in result["excluded"]} == left_out


@pytest.mark.parametrize(
    ("wanted", "inventory", "expected"),
    [
        ({}, [], [(PUB, 6971), (CUC, 443), (CUC, 7443)]),
        ({"optional_ports": {}}, [], []),
        ({"optional_ports": {"tftp": [6971], "cuc": [8443]}}, [], [(PUB, 6971)]),
        ({"ports": {"cuc": [443, 8443]}}, [], [(PUB, 6971), (CUC, 7443)]),
        # Who names the ports knows which are served.
        ({}, [listed(CUC, ports=[443])], [(PUB, 6971)]),
        ({}, [listed(CUC, ports=[443], excluded=True)], [(PUB, 6971), (CUC, 7443)]),
    ],
)
def test_ports_that_not_every_node_serves_are_apart(
    wanted: Any, inventory: Any, expected: Any
) -> None:
    said = readings(inventory=read(*inventory))
    result = advertised_addresses(cluster="emea", readings=said, **wanted)
    optional = result["optional_origins"]
    assert [(origin["address"], origin["port"]) for origin in optional] == expected
    assert all(origin["optional"] for origin in optional)
    assert not set(expected) & set(places(result))


@pytest.mark.parametrize(
    ("otherwise", "resolved", "address", "node", "connect_to"),
    [
        ({}, None, SUB, SUB, IPS[SUB]),
        (ADVERTISED_IP, None, IP, SUB, None),
        # A short name belongs to the node with that host name, unless two clusters have one.
        ({"axl_process_nodes": read(process_node("cucm2"))}, None, "cucm2", SUB, IPS[SUB]),
        (
            {"cli_cluster": read(row("cucm2.a.test", "192.0.2.1"), row("cucm2.b.test", "192.0.2.2")),
             "axl_process_nodes": read(process_node("cucm2"))},
            None, "cucm2", "cucm2", None,
        ),
        # An alias is the node that it resolves to.
        ({"axl_uc_services": read(service(ALIAS))}, {ALIAS: "192.0.2.31"}, ALIAS, ALIAS, "192.0.2.31"),
        (
            {"axl_uc_services": read(service(ALIAS), service(CUC))},
            {ALIAS: "192.0.2.31", CUC: "192.0.2.31"}, ALIAS, CUC, "192.0.2.31",
        ),
        ({"axl_uc_services": read(service(CUC))}, {CUC: None}, CUC, CUC, None),
        # What the inventory says comes first.
        ({"inventory": read(listed(SUB, connect_to="198.51.100.7"))}, None, SUB, SUB, "198.51.100.7"),
        ({"inventory": read(listed("my sub", addresses=[SUB]))}, None, SUB, "my sub", IPS[SUB]),
        ({"inventory": read(listed("alias", addresses=[ALIAS], product="cuc"))}, None, ALIAS, "alias", None),
    ],
)  # fmt: skip
def test_an_address_is_joined_to_its_node(
    otherwise: Any, resolved: Any, address: str, node: str, connect_to: str | None
) -> None:
    result = discovered(resolved, **otherwise)
    (entry,) = [entry for entry in result["addresses"] if entry["address"] == address]
    assert (entry["node"], entry["connect_to"]) == (node, connect_to)


@pytest.mark.parametrize(
    ("otherwise", "expected"),
    [
        ({"uds_servers": read({"host": PUB})}, ["uds-differs-from-axl"]),
        ({"uds_servers": read({"host": PUB}, {"host": "cucm2"})},
         ["short-host-name-cucm2", "uds-differs-from-axl"]),
        ({"inventory": read(listed("x", product="cucm", addresses=[PUB, SUB, IMP, CUC, "old.example.test"]))},
         ["axl-differs-from-inventory-not-advertised"]),
        # The platform CLI knows System > Server as well.
        ({"axl_process_nodes": None, "inventory": read(listed("x", product="cucm", addresses=[PUB, SUB, IMP, CUC, "old.example.test"]))},
         ["axl-differs-from-inventory-not-advertised"]),
        ({"inventory": read(listed(PUB, product="cucm", addresses=[PUB]), listed(SUB, addresses=[SUB]))},
         ["axl-differs-from-inventory-not-listed"]),
        # Overriding and excluding is no list to compare with.
        ({"inventory": read(listed(PUB, connect_to="192.0.2.99"), listed(SUB, excluded=True))}, []),
        ({"inventory": read(listed("x", addresses=[PUB, IMP, CUC]), listed(SUB, excluded=True))}, []),
        ({"expressway": read(publisher(IPS[PUB]))},
         ["expressway-publisher-not-advertised-cucm-192.0.2.11"]),
        ({"expressway": read(publisher(PUB, tls_verify="on"))},
         ["tls-verify-mode-proves-only-the-publisher"]),
        (ADVERTISED_IP, ["ip-address-in-system-server-192.0.2.12"]),
        ({"axl_process_nodes": read(process_node(PUB), process_node(SUB), process_node(IMP, "imp", ipv6="imp1v6.example.test"))},
         ["ipv6-name-advertised-imp1v6.example.test"]),
        # The publisher of a second cluster was asked, and no peer sends clients there.
        ({"axl_process_nodes": read(*(process_node(name, usage="publisher") for name in (PUB, "cucm1.other.test")),
                                    process_node(SUB), process_node(IMP, "imp")), "uds_servers": None},
         ["publisher-not-on-expressway-cucm1.other.test"]),
        ({"axl_tftp_nodes": None}, ["tftp-nodes-assumed"]),
        ({"axl_tftp_nodes": read()}, ["no-tftp-node"]),
        ({"axl_uc_services": unread()}, ["source-not-read-axl-uc-services"]),
        ({"axl_uc_services": read(service("voice mail"))}, ["not-a-host-voice-mail"]),
        ({"axl_process_nodes": None, "uds_servers": None, "cli_cluster": None, "expressway": None},
         [f"product-not-known-{host}" for host in (PUB, SUB, IMP)]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_and_nothing_else(otherwise: Any, expected: list[str]) -> None:
    result = discovered(**otherwise)
    assert checks(result) == sorted(expected)
    for found in result["findings"]:
        assert found["title"] and found["remedy"] and found["evidence"]


@pytest.mark.parametrize(
    ("configured", "advertised", "remedy"),
    [
        (IPS[PUB], PUB, f"Configure the publisher as {PUB} on"),
        # An address that no certificate holds is not what the Expressway-C should have as well.
        (PUB, IPS[PUB], f"from {IPS[PUB]} to {PUB}, and"),
        (PUB, "cucm1", f"from cucm1 to {PUB}, and"),
        ("cucm1", IPS[PUB], f"from {IPS[PUB]} to the FQDN, and"),
    ],
)
def test_expressway_and_system_server_are_brought_to_the_full_name(
    configured: str, advertised: str, remedy: str
) -> None:
    nodes = read(process_node(advertised, usage="publisher"), process_node(SUB))
    result = discovered(
        axl_process_nodes=nodes, cli_server_table=None, uds_servers=None, expressway=read(publisher(configured))
    )  # fmt: skip
    (found,) = [
        f for f in result["findings"] if f["check"] == "expressway_publisher_not_advertised"
    ]
    assert remedy in found["remedy"]
    assert result["complete"]


def test_an_ipv6_address_is_one_address_however_it_is_written() -> None:
    long, short = "2001:DB8:0:0::2", "2001:db8::2"
    result = discovered(
        axl_process_nodes=read(process_node(PUB, usage="publisher"), process_node(long)),
        cli_server_table=None,
        uds_servers=read({"host": PUB}, {"host": f"[{short}]"}),
        expressway=None,
    )
    assert [address for address, _port in places(result) if ":" in address] == [long]
    assert checks(result) == ["ip-address-in-system-server-2001-db8-0-0-2"]


def test_tls_verify_mode_shows_what_it_left_unchecked() -> None:
    (found,) = discovered(expressway=read(publisher(PUB, tls_verify="on")))["findings"]
    assert f"Left unchecked: {SUB}." in found["evidence"]
    assert found["peers"] == ["expc1"]


def test_the_assumption_about_tftp_names_those_that_it_is_about() -> None:
    excluded = read(listed(SUB, excluded=True))
    (found,) = discovered(axl_tftp_nodes=None, inventory=excluded)["findings"]
    assert found["evidence"] == [
        f"axl_tftp_nodes was not read; {PUB} may or may not run Cisco Tftp."
    ]


@pytest.mark.parametrize(
    "unread_sources",
    [
        {"axl_process_nodes": unread(), "axl_tftp_nodes": unread(), "axl_uc_services": unread()},
        {"uds_servers": unread("refused")},
        {"axl_uc_services": {"read": False, "error": "one of two", "items": [service(CUC)]}},
    ],
)
def test_a_source_asked_for_in_vain_makes_it_incomplete(unread_sources: Any) -> None:
    result = discovered(**unread_sources)
    assert not result["complete"]
    assert {entry["source"] for entry in result["not_read"]} == set(unread_sources)
    for entry in result["not_read"]:
        assert entry["error"] == unread_sources[entry["source"]]["error"]
        assert entry["remedy"]


STRANGER = "cucm9.example.test"
NOT_ADVERTISED = f"expressway-publisher-not-advertised-cucm-{STRANGER}"


@pytest.mark.parametrize(
    ("otherwise", "resolved", "complete"),
    [
        ({}, None, False),
        # The same node under another name, as the resolver knows.
        ({}, {STRANGER: IPS[PUB]}, True),
        # Whoever lists it or leaves it out knows of that cluster.
        ({"inventory": read(listed("other", product="cucm", addresses=[STRANGER]))}, None, True),
        ({"inventory": read(listed(STRANGER, excluded=True))}, None, True),
    ],
)
def test_a_cluster_on_the_expressway_that_nobody_read_makes_it_incomplete(
    otherwise: Any, resolved: Any, complete: bool
) -> None:
    result = discovered(resolved, expressway=read(publisher(PUB), publisher(STRANGER)), **otherwise)
    assert NOT_ADVERTISED in checks(result)
    assert result["complete"] is complete
    assert [entry["source"] for entry in result["not_read"]] == ([] if complete else ["publisher"])
    for entry in result["not_read"]:
        assert STRANGER in entry["error"] and "uc_publishers" in entry["remedy"]


def test_without_axl_the_platform_still_tells_what_is_what() -> None:
    """`show network cluster` holds System > Server and the product of each node."""
    gone = dict.fromkeys(("axl_process_nodes", "axl_tftp_nodes", "axl_uc_services"), unread())
    assert places(discovered(**gone)) == [*ALL[:3], (SUB, 6972), ALL[3]]


def test_no_publisher_at_all_keeps_what_the_rest_says_and_says_so() -> None:
    result = advertised_addresses(
        cluster="emea",
        readings={
            "axl_process_nodes": unread(),
            "uds_servers": unread(),
            "inventory": read(listed("cucm7", product="cucm", addresses=["cucm7.example.test"])),
            "expressway": read(publisher(PUB)),
        },
    )
    assert places(result) == [(PUB, 8443), ("cucm7.example.test", 8443), ("cucm7.example.test", 6972)]  # fmt: skip
    assert not result["complete"]
    assert [entry["source"] for entry in result["not_read"]] == [
        "publisher",
        "axl_process_nodes",
        "uds_servers",
    ]


def test_nothing_read_is_never_an_empty_answer() -> None:
    result = advertised_addresses(cluster="emea", readings={})
    assert not result["complete"]
    assert [entry["source"] for entry in result["not_read"]] == ["publisher"]


def test_the_publishers_of_two_clusters_are_one_list() -> None:
    """Each would take the other's nodes for not advertised; together they agree with inventory and Expressway."""
    other = {"axl_process_nodes": read(process_node("cucm1.other.test")), "uds_servers": unread()}
    both = merged([readings(expressway=None), other])
    assert both["uds_servers"] == {
        "read": False,
        "error": "timed out",
        "items": [{"host": PUB}, {"host": SUB}],
    }
    result = advertised_addresses(
        cluster="emea",
        readings={**both, "expressway": read(publisher(PUB), publisher("cucm1.other.test"))},
    )
    assert checks(result) == ["source-not-read-uds-servers"]
    assert ("cucm1.other.test", 8443) in places(result)


HOSTS = st.sampled_from([PUB, SUB, IMP, CUC, "cucm2", IP, "192.0.2.99", "a b", "", "x.test", "X.test"])  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    nodes=st.lists(HOSTS, max_size=5),
    hosts=st.lists(HOSTS, max_size=5),
    services=st.lists(HOSTS, max_size=3),
    shuffle=st.randoms(use_true_random=False),
)
def test_every_advertised_host_is_an_origin_or_a_finding_in_any_order(
    nodes: list[str], hosts: list[str], services: list[str], shuffle: random.Random
) -> None:
    said = {
        "axl_process_nodes": [process_node(name) for name in nodes],
        "uds_servers": [{"host": host} for host in hosts],
        "axl_uc_services": [service(host) for host in services],
    }
    result = discovered(**{source: read(*items) for source, items in said.items()})
    known = {entry["address"].casefold() for entry in result["addresses"]}
    for host in {*nodes, *hosts, *services} - {""}:
        assert host.casefold() in known or not result["complete"]
        assert host.casefold() in known or any(host in found["title"] for found in result["findings"])  # fmt: skip
    assert len(places(result)) == len({(address.casefold(), port) for address, port in places(result)})  # fmt: skip
    mixed = {source: read(*shuffle.sample(items, len(items))) for source, items in said.items()}
    again = discovered(**mixed)
    # Of one address in two spellings either may be shown.
    assert [(a.casefold(), p) for a, p in places(again)] == [
        (a.casefold(), p) for a, p in places(result)
    ]
    assert checks(again) == checks(result)


def test_a_cluster_of_two_hundred_nodes_that_twenty_publishers_tell_of_is_told_once() -> None:
    names = [f"cucm{number}.example.test" for number in range(200)]
    said = readings(
        axl_process_nodes=read(*map(process_node, names)),
        cli_server_table=read(*({"name": name} for name in names)),
        cli_cluster=read(*(row(name, f"10.0.{index // 250}.{index % 250}") for index, name in enumerate(names))),
        uds_servers=read(*({"host": name} for name in names)),
        expressway=None,
    )  # fmt: skip
    result = advertised_addresses(cluster="emea", readings=merged([said] * 20))
    assert len(result["origins"]) == 201
    assert result["findings"] == []
