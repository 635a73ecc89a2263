# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the publishers of the lab say, and what is told of what they do not say."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from ansible.plugins.loader import lookup_loader
from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes import axl

from tests.lab.estate import RunningEstate, own_network, running_estate
from tests.lab.fleet import fleet
from tests.unit.uc.nodes import NodeClient

LOGIN_PAGE = {"kind": "http_status", "status": 200, "body": "<html>Log in</html>"}
IN_GBK = "<?xml version='1.0' encoding='gbk'?><servers/>"


def failure(client: NodeClient, **options: Any) -> str:
    variables = options.pop("variables", {})
    result = client.task("uc_addresses_info", variables=variables, **options)
    assert result.get("failed") is True, result
    assert client.name in result["msg"]
    return str(result["msg"])


def origins(result: dict[str, Any]) -> set[tuple[str, int]]:
    assert "origins" in result, result
    return {(one["address"], one["port"]) for one in result["origins"]}


def advertised(client: NodeClient, cluster: str) -> set[tuple[str, int]]:
    """Every address and port of the estate's own profile."""
    profile = next(one for one in client.estate.profile.clusters if one.name == cluster)
    return {
        (address, listener.port)
        for node in profile.nodes
        for address in node.advertised
        for listener in node.listeners
    }


@pytest.mark.parametrize("cluster", ["emea", "apac"])
def test_a_publisher_knows_every_origin_of_its_cluster(publisher: NodeClient, cluster: str) -> None:
    client = publisher.node(f"cucm1.{cluster}.example.test", vos_validate_certs=cluster == "emea")
    result = client.task("uc_addresses_info")
    assert origins(result) == advertised(client, cluster)
    assert (result["changed"], result["complete"], result["not_read"]) == (False, True, [])
    tftp = {one["name"] for one in result["readings"]["axl_tftp_nodes"]["items"]}
    assert tftp == {one["address"] for one in result["addresses"] if one["tftp"]}


def test_check_mode_reads_the_same(publisher: NodeClient) -> None:
    assert publisher.task("uc_addresses_info", check=True) == publisher.task("uc_addresses_info")


def test_what_is_not_asked_for_is_not_read(publisher: NodeClient) -> None:
    result = publisher.task("uc_addresses_info", sources=["uds"])
    assert set(result["readings"]) == {"uds_servers", "uds_version"}
    assert result["release"] == "14.0.1"
    seen = publisher.seen
    assert (seen["logins"], seen["requests"]) == (
        0,
        ["GET /cucm-uds/servers", "GET /cucm-uds/version"],
    )


def test_what_the_inventory_lists_adds_and_excludes(publisher: NodeClient) -> None:
    result = publisher.task(
        "uc_addresses_info",
        nodes=[
            {"name": "extra", "product": "cuc", "addresses": ["vm.example.test"], "ports": [443]},
            {"name": "cucm2.emea.example.test", "exclude": True},
        ],
    )
    assert ("vm.example.test", 443) in origins(result)
    assert {one["address"] for one in result["excluded"]} == {"cucm2.emea.example.test"}
    assert "cucm2.emea.example.test" not in {address for address, _port in origins(result)}


def test_ports_can_be_others(publisher: NodeClient) -> None:
    result = publisher.task("uc_addresses_info", ports={"cuc": [443, 7443], "tftp": [6971, 6972]})
    assert {port for address, port in origins(result) if address.startswith("cuc1")} == {443, 7443}
    assert {port for address, port in origins(result) if address.startswith("cucm1")} == {
        8443,
        6971,
        6972,
    }


def test_names_and_services_are_asked_of_the_resolver(publisher: NodeClient) -> None:
    network = publisher.estate.profile.network
    result = publisher.task(
        "uc_addresses_info",
        resolver=f"{network}.0.1:5353",
        domains=["emea.example.test", "unknown.example.test"],
        expressway_servers=[
            {"product": "cucm", "publisher": "no-such-name.example.test", "tls_verify": "on"}
        ],
    )
    services = result["readings"]["dns_srv"]["items"]
    assert {one["service"] for one in services} == {"_cisco-uds", "_cuplogin"}
    assert {one["domain"] for one in services} == {"emea.example.test"}
    assert result["resolved"]["cuc1.emea.example.test"] == f"{network}.11.31"
    assert result["resolved"]["no-such-name.example.test"] is None
    assert "127" not in {name.partition(".")[0] for name in result["resolved"]}


def test_names_that_no_publisher_knows_are_asked_of_the_resolver_alone(
    publisher: NodeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "ansible_collections.collab.expressway.plugins.plugin_utils.dns_client.LIFETIME", 0.5
    )
    network = publisher.estate.profile.network
    lookup = lookup_loader.get("collab.expressway.resolved_addresses")
    names = ["cuc1.emea.example.test", "no-such-name.example.test", "192.0.2.1"]
    assert lookup.run(names, resolver=f"{network}.0.1:5353") == [
        {"addresses": {names[0]: f"{network}.11.31", names[1]: None}, "error": None}
    ]
    (silent,) = lookup.run(names, resolver=f"{network}.0.2:5353")
    assert silent["addresses"] == {}
    assert f"resolver {network}.0.2:5353 does not say what {names[0]}" in silent["error"]


@pytest.mark.parametrize(
    ("resolver", "said"),
    [
        ("{network}.0.2:5353", "does not say what"),
        ("dns.example.com", "IP address of a DNS server"),
        ("192.0.2.53:port", "IP address of a DNS server"),
    ],
)
def test_a_resolver_that_does_not_answer_is_a_source_that_was_not_read(
    publisher: NodeClient, resolver: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "ansible_collections.collab.expressway.plugins.plugin_utils.dns_client.LIFETIME", 0.5
    )
    options: dict[str, Any] = {
        "resolver": resolver.format(network=publisher.estate.profile.network),
        "domains": ["emea.example.test"],
    }
    assert said in publisher.task("uc_addresses_info", sources=["uds"], **options)["msg"]
    result = publisher.task("uc_addresses_info", sources=["uds"], allow_unread=True, **options)
    assert [one["source"] for one in result["not_read"]] == ["dns_srv"]
    assert result["complete"] is False


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "http_status", "status": 404}, "Activate the Cisco AXL Web Service"),
        ({"kind": "http_status", "status": 500}, "HTTP status 500"),
        ({"kind": "http_status", "status": 302}, "Redirects are not followed"),
        ({"kind": "hostile_xml"}, "document type"),
        ({"kind": "hostile_xml", "variant": "external_entity"}, "document type"),
        ({"kind": "http_status", "status": 200, "body": IN_GBK}, "encoding that cannot be read"),
        ({"kind": "http_status", "status": 500, "body": IN_GBK}, "HTTP status 500"),
        (LOGIN_PAGE, "AXL getCCMVersion (https://"),
        (LOGIN_PAGE | {"matching": "listUcService"}, "AXL listUcService (https://"),
        (LOGIN_PAGE, "vos_https_port"),
    ],
    ids=str,
)
def test_what_axl_answers_wrongly_is_told_with_a_remedy(
    publisher: NodeClient, fault: dict[str, Any], said: str
) -> None:
    publisher.fault(**fault, channel="axl")
    message = failure(publisher, sources=["axl"])
    assert said in message
    assert "root:" not in message


def test_another_schema_version_is_told_with_those_that_are_supported(
    publisher: NodeClient,
) -> None:
    publisher.fault("http_status", status=599, channel="axl", matching="listProcessNode")
    assert "HTTP status 599: it does not speak AXL schema 14.0" in failure(
        publisher, sources=["axl"]
    )


def test_the_version_is_asked_of_uds_where_axl_does_not_tell_it(publisher: NodeClient) -> None:
    publisher.fault("http_status", status=599, channel="axl", matching="getCCMVersion")
    assert publisher.task("uc_addresses_info", sources=["axl"])["complete"] is True
    assert "GET /cucm-uds/version" in publisher.seen["requests"]


def test_the_newest_listed_version_is_tried_where_uds_does_not_tell_it(
    publisher: NodeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(axl, "DISCOVERY_NAMESPACE", "7.0")
    publisher.fault("http_status", status=404, channel="uds")
    assert publisher.task("uc_addresses_info", sources=["axl"])["complete"] is True


@pytest.mark.parametrize("supported", [True, False])
def test_a_version_that_is_not_taken_is_followed_by_the_newest_listed_one_once(
    publisher: NodeClient, monkeypatch: pytest.MonkeyPatch, supported: bool
) -> None:
    monkeypatch.setattr(axl, "schema_version", lambda _text: "9.9")
    if not supported:
        monkeypatch.setattr(axl, "newest_supported", lambda _body: "8.8")
    result = publisher.task("uc_addresses_info", sources=["axl"])
    assert result.get("complete", False) is supported
    assert publisher.seen["requests"].count("POST /axl/ listProcessNode") == 2
    if not supported:
        assert "does not speak AXL schema 8.8; the node supports" in result["msg"]


def test_a_truncated_answer_is_no_answer(publisher: NodeClient) -> None:
    publisher.fault("truncated", channel="axl", matching="listUcService")
    message = failure(publisher)
    assert "axl_uc_services" in message
    assert "IncompleteRead" in message


def test_a_throttled_axl_is_asked_again(publisher: NodeClient) -> None:
    publisher.fault("throttle", channel="axl", times=2)
    started = time.monotonic()
    result = publisher.task("uc_addresses_info", sources=["axl"])
    assert result.get("complete") is True, result
    assert 1 < time.monotonic() - started < 5
    assert publisher.seen["requests"].count("POST /axl/ getCCMVersion") == 3


def test_an_axl_that_stays_throttled_is_told_before_the_time_out(publisher: NodeClient) -> None:
    publisher.fault("throttle", channel="axl")
    started = time.monotonic()
    message = failure(publisher, sources=["axl"], variables={"vos_command_timeout": 2})
    assert "still was after 2 s" in message
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"vos_axl_user": "admin", "vos_axl_password": "lab-platform-password"},
            "not the platform administrator",
        ),
        ({"vos_axl_password": "wrong horse"}, "it refused user expressway-axl (one try was made)"),
    ],
)
def test_a_refused_axl_user_is_tried_once_and_told_apart_from_the_platform_s(
    publisher: NodeClient, variables: dict[str, Any], said: str
) -> None:
    message = failure(publisher, sources=["axl"], variables=variables)
    assert said in message
    assert "wrong horse" not in message
    assert publisher.seen["failed_by_channel"] == {"axl": 1}


@pytest.mark.parametrize(
    ("ways", "options", "refused"),
    [
        (["axl", "uds", "cli"], {"allow_unread": True}, True),
        (["cli"], {}, True),
        # Another account: that of the platform may be in order.
        (["axl", "uds"], {"allow_unread": True}, False),
        (["axl"], {}, False),
    ],
)
def test_a_refused_platform_administrator_is_marked_for_later_tasks(
    publisher: NodeClient, ways: list[str], options: dict[str, Any], refused: bool
) -> None:
    wrong = {"ansible_password": "wrong horse", "vos_axl_password": "wrong horse"}
    result = publisher.task("uc_addresses_info", variables=wrong, sources=ways, **options)
    assert result["login_refused"] is refused


def test_a_user_without_the_role_is_told_which_one(publisher: NodeClient) -> None:
    publisher.set(axl_role="missing")
    message = failure(publisher, sources=["axl"])
    assert "Standard AXL API Access" in message
    assert publisher.seen["requests"] == ["POST /axl/ getCCMVersion"]


def test_all_reasons_stand_in_one_message(publisher: NodeClient) -> None:
    publisher.fault("http_status", status=500)
    message = failure(publisher, variables={"vos_axl_user": None})
    assert "set vos_axl_user" in message
    assert "GET /cucm-uds/servers" in message
    assert "allow_unread: true" in message
    assert message.count("set vos_axl_user") == 1


def test_without_axl_the_rest_is_known_and_what_is_missing_is_told(publisher: NodeClient) -> None:
    publisher.fault("http_status", status=500, channel="axl")
    result = publisher.task("uc_addresses_info", allow_unread=True)
    assert result["complete"] is False
    assert [one["source"] for one in result["not_read"]] == [
        "axl_process_nodes",
        "axl_tftp_nodes",
        "axl_uc_services",
    ]
    assert all(one["remedy"] and one["error"] for one in result["not_read"])
    # Nobody names Unity Connection then.
    expected = {one for one in advertised(publisher, "emea") if not one[0].startswith("cuc")}
    assert {one for one in origins(result) if not one[0].startswith("cuc")} >= {
        one for one in expected if one[0].startswith("cucm")
    }


def test_an_answer_that_nobody_can_read_is_one_source_that_was_not_read(
    publisher: NodeClient,
) -> None:
    publisher.fault("http_status", status=200, body=IN_GBK, matching="servers")
    result = publisher.task("uc_addresses_info", sources=["axl", "uds"], allow_unread=True)
    (not_read,) = result["not_read"]
    assert not_read["source"] == "uds_servers"
    assert "GET /cucm-uds/servers (https://" in not_read["error"]
    assert "vos_https_port" in not_read["error"]


def test_a_publisher_that_is_down_leaves_what_the_others_know(publisher: NodeClient) -> None:
    publisher.fault("down")
    result = publisher.task(
        "uc_addresses_info",
        allow_unread=True,
        nodes=[{"name": "cuc1", "product": "cuc", "addresses": ["cuc1.emea.example.test"]}],
        expressway_servers=[{"product": "cucm", "publisher": publisher.name, "tls_verify": "on"}],
    )
    assert origins(result) == {("cuc1.emea.example.test", 8443), (publisher.name, 8443)}
    assert result["complete"] is False
    assert {one["source"] for one in result["not_read"]} == {
        "publisher",
        "axl_process_nodes",
        "axl_tftp_nodes",
        "axl_uc_services",
        "uds_servers",
        "uds_version",
        "cli_cluster",
        "cli_server_table",
    }


def test_a_publisher_that_is_down_is_unreachable_where_nobody_else_knows_anything(
    publisher: NodeClient,
) -> None:
    publisher.fault("down")
    result = publisher.task("uc_addresses_info", allow_unread=True)
    assert result["unreachable"] is True
    assert "no source of addresses could be read" in result["msg"]
    # It is set already.
    assert "allow_unread" not in result["msg"]


def test_the_options_are_checked_before_anything_is_asked(publisher: NodeClient) -> None:
    with pytest.raises(Exception, match="nodes"):
        publisher.task("uc_addresses_info", nodes=[{"product": "cucm"}])
    assert publisher.seen["requests"] == []


@pytest.fixture(scope="module")
def large() -> Iterator[RunningEstate]:
    """A cluster of 200 nodes."""
    with running_estate(own_network(), profile=fleet(1, 1, 400), traffic_servers=False) as estate:
        yield estate


def test_200_nodes(large: RunningEstate) -> None:
    client = NodeClient(large, "cucm1.cluster1.example.test")
    tracemalloc.start()
    try:
        started = time.monotonic()
        result = client.task("uc_addresses_info")
        taken, (_now, most) = time.monotonic() - started, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result.get("complete") is True, result
    assert len({address for address, _port in origins(result)}) == 200
    # The lab is in this process, and its answers count as well.
    assert most < 64 * 1024 * 1024
    assert taken < 15
