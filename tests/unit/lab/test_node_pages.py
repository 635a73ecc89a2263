# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""UDS and the certificate management API of a node: what is open, what is refused, what is said."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from cryptography import x509

from tests.lab import profile
from tests.lab.uc_node import UcNode
from tests.lab.web import Request
from tests.unit.lab.uc_nodes import AXL, NETWORK, PLATFORM, get, unserved

EMEA, APAC = "cucm1.emea.example.test", "cucm1.apac.example.test"
SNAPSHOT = "/platformcom/api/v1/certmgr/config/snapshot/server"
PROFILES = Path(profile.__file__).with_name("profiles")
READER = ("reader", "lab-reader-password")


def test_the_servers_are_the_unified_cm_nodes_as_they_were_typed() -> None:
    reply = get(unserved(EMEA), "/cucm-uds/servers")
    servers = [server.text for server in ElementTree.fromstring(reply.body)]
    assert servers == [f"cucm{n}.emea.example.test" for n in (1, 2, 3)] + [
        f"{NETWORK}.11.4",
        "cucm5.emea.example.test",
    ]


@pytest.mark.parametrize(
    ("position", "first"), [("as_typed", "cucm1"), ("expanded", "cucm1.lab.example.test")]
)
def test_short_names_may_be_expanded(position: str, first: str) -> None:
    node = unserved("cucm1.lab.example.test", PROFILES / "short_names.yml", uds_servers=position)
    assert ElementTree.fromstring(get(node, "/cucm-uds/servers").body)[0].text == first


@pytest.mark.parametrize(
    ("name", "target", "status", "says"),
    [
        (EMEA, "/cucm-uds/version", 200, "<version>14.0.1</version>"),
        (APAC, "/cucm-uds/version", 200, "<version>12.5.1</version>"),
        (EMEA, "/cucm-uds/clusterUser?username=alice", 200, 'found="true"'),
        (
            EMEA,
            "/cucm-uds/clusterUser?username=alice",
            200,
            ">cucm1.emea.example.test</homeCluster>",
        ),
        (EMEA, "/cucm-uds/clusterUser?username=carol", 200, 'found="false"'),
        (EMEA, "/cucm-uds/clusterUser", 400, "username"),
        (EMEA, "/cucm-uds/user/alice", 401, "Unauthorized"),
        (EMEA, "/cucm-uds/nothing", 404, "Not Found"),
    ],
)
def test_what_uds_says_without_a_login(name: str, target: str, status: int, says: str) -> None:
    reply = get(unserved(name), target)
    assert reply.status == status
    assert says in reply.body


@pytest.mark.parametrize("name", ["imp1.emea.example.test", "cuc1.emea.example.test"])
def test_only_unified_cm_has_uds(name: str) -> None:
    assert unserved(name).reply(Request("GET", "/cucm-uds/version")) is None


@pytest.mark.parametrize(
    ("name", "login", "status"),
    [
        (EMEA, PLATFORM, 200),
        (EMEA, READER, 200),
        ("cucm2.emea.example.test", PLATFORM, 200),
        ("imp1.emea.example.test", PLATFORM, 200),
        ("cuc1.emea.example.test", PLATFORM, 200),
        (EMEA, None, 401),
        (EMEA, AXL, 401),
        (EMEA, (PLATFORM[0], "wrong"), 401),
        (APAC, PLATFORM, 404),
    ],
)
def test_who_reads_the_certificates_where(
    name: str, login: tuple[str, str] | None, status: int
) -> None:
    node = unserved(name)
    reply = get(node, SNAPSHOT, login)
    assert reply.status == status
    refused = login is not None and status == 401
    assert node.record.failed_by_channel == ({"certificates": 1} if refused else {})
    if status == 401:
        assert reply.headers["WWW-Authenticate"] == 'Basic realm="CMPlatform Realm"'


def snapshot(node: UcNode) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(get(node, SNAPSHOT, PLATFORM).body)
    return read


@pytest.mark.parametrize(
    ("name", "units"),
    [
        (EMEA, 8),
        ("cucm2.emea.example.test", 7),
        ("imp2.emea.example.test", 9),
        ("cuc1.emea.example.test", 3),
    ],
)
def test_every_unit_is_listed_with_its_certificate(name: str, units: int) -> None:
    node = unserved(name)
    listed = snapshot(node)["identities"]
    assert len(listed) == units
    for entry in listed:
        held = x509.load_pem_x509_certificate(entry["certificate"].encode())
        assert held == node.issued(entry["service"]).leaf


def test_what_is_presented_is_what_is_stored_unless_nothing_was_restarted() -> None:
    path = PROFILES / "not_restarted.yml"
    for name, same in (("cucm1.lab.example.test", True), ("cucm2.lab.example.test", False)):
        node = unserved(name, path)
        assert (node.issued("tomcat") == node.presented("tomcat")) is same


def test_units_that_a_node_filled_by_itself_share_no_key() -> None:
    node = unserved(EMEA)
    units = ["tomcat", "ipsec", "CallManager", "CAPF", "TVS", "tomcat-ECDSA", "CallManager-ECDSA"]
    keys = [node.issued(unit).leaf.public_key() for unit in units]
    assert all(one != other for one, other in itertools.combinations(keys, 2))


def test_the_trust_stores_hold_what_is_above_and_beside() -> None:
    stores = {
        store["service"]: [entry["filename"] for entry in store["certificate_data"]]
        for store in snapshot(unserved("cucm5.emea.example.test"))["trusts"]
    }
    assert stores["tomcat"] == [
        "Example_Corporate_Issuing_CA_1.pem",
        "Example_Corporate_Root_CA.pem",
        "Example_Partner_Issuing_CA.pem",
        "Example_Partner_Root_CA.pem",
        "Example_Manufacturing_Root_CA.pem",
        "cucm5.emea.example.test.pem",
        "cucm5-EC.emea.example.test.pem",
    ]
    assert "tomcat-ECDSA" not in stores
    assert "Example_Voice_Root_CA.pem" not in stores["tomcat"]  # Unity has a cluster of its own
    assert len(stores["CallManager"]) == len(set(stores["CallManager"])) == 5


@pytest.mark.parametrize(
    ("switches", "check"),
    [
        (
            {"certificate_api_trust_name": "with_suffix"},
            lambda s: s["trusts"][0]["service"] == "tomcat-trust",
        ),
        (
            {"certificate_api_line_end": "crlf"},
            lambda s: "\r\n" in s["identities"][0]["certificate"],
        ),
        (
            {"certificate_api_empty_entry": "listed"},
            lambda s: s["identities"][-1]["certificate"] == "",
        ),
    ],
)
def test_guesses_about_the_api_are_switches(switches: dict[str, Any], check: Any) -> None:
    assert check(snapshot(unserved("cuc1.emea.example.test", **switches)))
    assert not check(snapshot(unserved("cuc1.emea.example.test")))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", SNAPSHOT, 405), ("GET", SNAPSHOT.replace("server", "options"), 404)],
)
def test_nothing_else_is_offered(method: str, path: str, status: int) -> None:
    node = unserved(EMEA)
    headers = {"authorization": "Basic YWRtaW46bGFiLXBsYXRmb3JtLXBhc3N3b3Jk"}
    reply = node.reply(Request(method, path, "", headers))
    assert reply is not None
    assert reply.status == status
    assert json.loads(reply.body)["messages"]


@pytest.mark.parametrize(
    "value", ["", "Basic", "Basic !", "Basic YWRtaW4=", "Bearer YWRtaW46eA==", "Basic /w=="]
)
def test_a_login_that_cannot_be_read_is_none(value: str) -> None:
    assert Request("GET", "/", headers={"authorization": value}).login is None
