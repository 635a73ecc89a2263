# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates of the lab's nodes, over API and CLI."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding

from tests.lab.estate import own_network, running_estate
from tests.lab.profile import DEFAULT_PROFILE
from tests.unit.uc.nodes import APAC, EMEA, NodeClient

PROFILES = DEFAULT_PROFILE.parent / "profiles"

SELF_SIGNED_ECDSA = "cucm2.emea.example.test"
PRESENCE = "imp1.emea.example.test"


def certificates(client: NodeClient, **options: Any) -> dict[str, Any]:
    result = client.task("uc_certificates_info", **options)
    assert "certificates" in result, result
    return result


def by_unit(result: dict[str, Any]) -> dict[str, Any]:
    return {one["unit"]: one for one in result["certificates"]}


def presented(client: NodeClient, unit: str) -> str:
    leaf = client.estate.call(lambda: client.estate.node(client.name).issued(unit).leaf)
    return leaf.public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize("name", [EMEA, SELF_SIGNED_ECDSA, PRESENCE])
def test_api_and_cli_tell_the_same(publisher: NodeClient, name: str) -> None:
    client = publisher.node(name)
    api, cli = certificates(client, source="api"), certificates(client, source="cli")
    assert (api["source"], cli["source"]) == ("api", "cli")
    assert api["certificates"] == cli["certificates"]
    assert api["trust_certificates"] == cli["trust_certificates"]
    assert cli["release"] == "14.0.1.13900-155"
    assert api["release"] == ("14.0.1" if api["product"] == "cucm" else None)
    assert api["product"] == cli["product"] == name.partition(".")[0].rstrip("0123456789")
    client.wait_until_logged_out()
    assert client.seen["logins"] == 1


def test_the_records_are_those_of_the_presented_certificates(publisher: NodeClient) -> None:
    client = publisher.node(SELF_SIGNED_ECDSA)
    found = by_unit(certificates(client))
    assert found["tomcat"]["pem"] == presented(client, "tomcat")
    assert found["tomcat"]["multi_server"] is True
    assert len(found["tomcat"]["chain"]) == 2
    ecdsa = found["tomcat-ECDSA"]
    assert ecdsa["pem"] == presented(client, "tomcat-ECDSA")
    assert (ecdsa["self_signed"], ecdsa["key_type"], ecdsa["key_size"]) == (True, "ecdsa", 384)
    assert ecdsa["sans"]["dns"] == [SELF_SIGNED_ECDSA]
    assert ecdsa["common_name"] == "cucm2-EC.emea.example.test"


def test_a_hundred_names_come_over_either_way() -> None:
    names = [f"node{number}.lab.example.test" for number in range(100)]
    profile = yaml.safe_load(DEFAULT_PROFILE.read_text()) | yaml.safe_load(
        (PROFILES / "unity_alias.yml").read_text()
    )
    del profile["based_on"]
    profile["situations"]["own-certificate"]["certificates"]["tomcat"]["dns"] = names
    with running_estate(own_network(), profile=profile, traffic_servers=False) as estate:
        client = NodeClient(estate, "cucm1.lab.example.test", {"vos_tls_server_name": names[99]})
        for source in ("api", "cli"):
            read = by_unit(certificates(client, source=source, trust=False))["tomcat"]
            assert read["sans"]["dns"] == names, source


def test_a_release_without_the_api_is_read_over_the_cli(publisher: NodeClient) -> None:
    result = certificates(publisher.node(APAC, vos_validate_certs=False))
    assert (result["source"], result["release"]) == ("cli", "12.5.1.14900-63")
    assert "release 14" in result["api_error"]
    refused = publisher.node(APAC, vos_validate_certs=False).task(
        "uc_certificates_info", source="api"
    )
    assert refused["failed"] is True
    assert "source: cli" in refused["msg"]


def test_a_certificate_that_nobody_trusts_is_read_over_the_cli(publisher: NodeClient) -> None:
    result = certificates(publisher.node(EMEA, vos_tls_server_name="cucm9.emea.example.test"))
    assert result["source"] == "cli"
    assert "not trusted" in result["api_error"]
    assert publisher.seen["requests"] == []


@pytest.mark.parametrize(
    ("source", "switches"),
    [
        ("api", {"certificate_api_trust_name": "with_suffix"}),
        ("api", {"certificate_api_line_end": "crlf"}),
        ("api", {"certificate_api_empty_entry": "listed"}),
        ("cli", {"vos_validity_text": "not_after"}),
    ],
    ids=str,
)
def test_every_way_in_which_a_node_may_answer(
    publisher: NodeClient, source: str, switches: dict[str, Any]
) -> None:
    usual = certificates(publisher, source=source)
    publisher.set(**switches)
    assert certificates(publisher, source=source) == usual


def test_trust_that_the_cli_does_not_print_is_told(publisher: NodeClient) -> None:
    publisher.set(vos_trust_pem="left_out")
    result = certificates(publisher, source="cli")
    assert result["trust_certificates"] == []
    assert by_unit(result)["tomcat"]["chain"] == []
    assert {one["unit"] for one in result["not_given"]} == {"tomcat-trust", "CallManager-trust"}
    assert all("no PEM text" in one["reason"] for one in result["not_given"])


def test_only_the_units_that_were_asked_for(publisher: NodeClient) -> None:
    result = certificates(publisher, source="cli", units=["tomcat", "cup"], trust=False)
    assert list(by_unit(result)) == ["tomcat"]
    assert result["not_given"] == [
        {"unit": "cup", "reason": "the node lists no such unit", "listed": False}
    ]
    # The node lists more than was read of it.
    assert result["product"] == "cucm"
    assert publisher.seen["lines"] == [
        "set cli pagination off",
        "show cert list own",
        "show cert own tomcat/tomcat.pem",
        "show version active",
        "exit",
    ]


def test_mixed_up_credentials_are_told_apart(publisher: NodeClient) -> None:
    result = publisher.task(
        "uc_certificates_info",
        variables={"ansible_user": "expressway-axl", "ansible_password": "lab-axl-password"},
    )
    assert result["failed"] is True
    assert "not an application user of AXL" in result["msg"]
    # Nothing else was tried with them.
    assert publisher.seen["failed_by_channel"] == {"certificates": 1}
    assert publisher.seen["logins"] == 0


def test_privilege_level_0_reads_the_api_and_not_the_cli(publisher: NodeClient) -> None:
    reader = publisher.node(EMEA, ansible_user="reader", ansible_password="lab-reader-password")
    assert certificates(reader)["source"] == "api"
    result = reader.task("uc_certificates_info", source="cli")
    assert result["failed"] is True
    assert "privilege level 1" in result["msg"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"kind": "http_status", "status": 500}, "HTTP status 500"),
        ({"kind": "http_status", "status": 503}, "source: cli"),
        ({"kind": "http_status", "status": 302}, "vos_certificate_api_port"),
        ({"kind": "http_status", "status": 500, "body": "[" * 50_000}, "HTTP status 500"),
        ({"kind": "http_status", "status": 200, "body": "[" * 50_000}, "no complete JSON"),
        ({"kind": "http_status", "status": 200, "body": "{}"}, "vos_certificate_api_port"),
        ({"kind": "http_status", "status": 200, "body": "{}"}, "GET /platformcom/"),
        ({"kind": "truncated"}, "IncompleteRead"),
    ],
    ids=["500", "503", "302", "500 nested", "nested", "foreign", "what was asked", "truncated"],
)
def test_what_the_api_does_not_answer_is_told(
    publisher: NodeClient, fault: dict[str, Any], said: str
) -> None:
    publisher.fault(**fault, channel="certificates")
    result = publisher.task("uc_certificates_info", source="api")
    assert said in result["msg"]
    assert result.get("failed") or result.get("unreachable")


def test_a_password_that_was_refused_is_not_tried_over_the_cli(publisher: NodeClient) -> None:
    result = publisher.task("uc_certificates_info", variables={"ansible_password": "wrong horse"})
    assert result["failed"] is True
    assert result["login_refused"] is True
    assert "wrong horse" not in str(result)
    assert publisher.seen["failed_logins"] == 1
