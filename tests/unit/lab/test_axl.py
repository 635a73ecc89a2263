# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""AXL of a publisher: who is let in, which versions are taken, and what the rows say."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.lab import axl
from tests.lab.profile import DEFAULT_PROFILE
from tests.lab.uc_node import UcNode
from tests.lab.web import Reply, Request
from tests.unit.lab.uc_nodes import AXL, NETWORK, PLATFORM, basic, get, unserved

EMEA, APAC = "cucm1.emea.example.test", "cucm1.apac.example.test"
ALL = "<searchCriteria><name>%</name></searchCriteria>"
PROFILES = DEFAULT_PROFILE.with_name("profiles")
NODES = ALL + "<returnedTags><name/><nodeUsage/><processNodeRole/></returnedTags>"


def ask(
    node: UcNode,
    operation: str,
    inside: str = "",
    *,
    version: str = "14.0",
    action: str | None = "",
    login: tuple[str, str] | None = AXL,
) -> Reply:
    """Send one operation; `action` "" is the SOAPAction that fits, None is no such header."""
    body = (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
        f' xmlns:ns="http://www.cisco.com/AXL/API/{version}"><soapenv:Body>'
        f"<ns:{operation}>{inside}</ns:{operation}></soapenv:Body></soapenv:Envelope>"
    )
    headers = basic(login)
    if action is not None:
        headers["soapaction"] = action or f'"CUCM:DB ver={version} {operation}"'
    reply = node.reply(Request("POST", "/axl/", "", headers, body.encode()))
    assert reply is not None
    return reply


def rows(reply: Reply) -> list[dict[str, str]]:
    assert reply.status == 200, reply.body
    found = ElementTree.fromstring(reply.body).find(".//return")
    assert found is not None
    return [{field.tag: field.text or "" for field in row} for row in found]


def test_the_nodes_are_what_was_typed_beside_the_row_that_is_none() -> None:
    listed = rows(ask(unserved(EMEA), "listProcessNode", NODES))
    assert listed[0]["name"] == "EnterpriseWideData"
    assert [
        (row["name"].removesuffix(".emea.example.test"), row["nodeUsage"]) for row in listed[1:]
    ] == [
        ("cucm1", "Publisher"),
        ("cucm2", "Subscriber"),
        ("cucm3", "Subscriber"),
        (f"{NETWORK}.11.4", "Subscriber"),
        ("cucm5", "Subscriber"),
        ("imp1", "Subscriber"),
        ("imp2", "Subscriber"),
    ]
    assert {row["processNodeRole"] for row in listed} == {
        "CUCM Voice/Video",
        "CUCM IM and Presence",
    }


@pytest.mark.parametrize(
    ("name", "file", "active"),
    [
        (
            APAC,
            DEFAULT_PROFILE,
            [f"cucm{n}.apac.example.test" for n in (1, 2, 3)] + [f"{NETWORK}.12.3"],
        ),
        ("cucm1.lab.example.test", PROFILES / "all_fqdn.yml", ["cucm1.lab.example.test"]),
    ],
)
def test_tftp_is_active_where_its_port_is(name: str, file: Path, active: list[str]) -> None:
    criteria = "<searchCriteria><service>Cisco Tftp</service></searchCriteria>"
    tags = "<returnedTags><processNodeName/><isActive/></returnedTags>"
    listed = rows(
        ask(unserved(name, file), "listProcessNodeService", criteria + tags, version="12.5")
    )
    assert [row["processNodeName"] for row in listed if row["isActive"] == "true"] == active


def test_the_services_are_where_the_profiles_say() -> None:
    node = unserved(EMEA)
    tags = "<returnedTags><name/><serviceType/><hostnameorip/><port/></returnedTags>"
    services = {row["name"]: row for row in rows(ask(node, "listUcService", ALL + tags))}
    assert services["voicemail-2"] == {
        "name": "voicemail-2",
        "serviceType": "Voicemail",
        "hostnameorip": "cuc2.emea.example.test",
        "port": "8443",
    }
    assert services["presence-1"]["port"] == ""
    profile = ElementTree.fromstring(ask(node, "getServiceProfile", "<name>Standard</name>").body)
    infos = {
        info.findtext("profileName"): [
            info.findtext(slot) or "" for slot in ("primary", "secondary", "tertiary")
        ]
        for info in profile.iter("serviceProfileInfo")
    }
    assert infos["Voicemail"] == ["voicemail-1", "voicemail-2", ""]
    assert set(infos) == {"Voicemail", "MailStore", "IM and Presence", "CTI"}
    names = "<returnedTags><name/><isDefault/></returnedTags>"
    assert [row["isDefault"] for row in rows(ask(node, "listServiceProfile", ALL + names))] == [
        "true",
        "false",
    ]


@pytest.mark.parametrize(
    ("order", "first"), [("not_by_schema", "name"), ("by_schema", "serviceType")]
)
def test_the_order_of_elements_is_a_switch(order: str, first: str) -> None:
    tags = "<returnedTags><name/><serviceType/></returnedTags>"
    reply = ask(unserved(EMEA, axl_element_order=order), "listUcService", ALL + tags)
    assert next(iter(rows(reply)[0])) == first


@pytest.mark.parametrize(
    ("name", "login", "switches", "status"),
    [
        (EMEA, AXL, {}, 200),
        ("imp1.emea.example.test", AXL, {}, 200),
        (EMEA, None, {}, 401),
        (EMEA, PLATFORM, {}, 401),
        (EMEA, (AXL[0], "wrong"), {}, 401),
        (EMEA, AXL, {"axl_role": "missing"}, 403),
        ("cucm2.emea.example.test", AXL, {}, 404),
        ("cuc1.emea.example.test", AXL, {}, 404),
    ],
)
def test_who_is_let_in_where(
    name: str, login: tuple[str, str] | None, switches: dict[str, Any], status: int
) -> None:
    node = unserved(name, **switches)
    assert ask(node, "listProcessNode", NODES, login=login).status == status
    assert node.record.failed_logins == (1 if login and status == 401 else 0)


@pytest.mark.parametrize(
    ("name", "version", "action", "status"),
    [
        (EMEA, "14.0", "CUCM:DB ver=14.0 listProcessNode", 200),
        (EMEA, "12.5", "", 200),
        (EMEA, "15.0", "", 599),
        (EMEA, "14.0", "CUCM:DB ver=12.5 listProcessNode", 599),
        (EMEA, "14.0", None, 599),
        (APAC, "12.5", "", 200),
        (APAC, "14.0", "", 599),
    ],
)
def test_the_version_has_to_be_one_that_the_release_speaks(
    name: str, version: str, action: str | None, status: int
) -> None:
    reply = ask(unserved(name), "listProcessNode", NODES, version=version, action=action)
    assert reply.status == status
    assert ("Incorrect axl version. Supported axl versions are" in reply.body) is (status == 599)


def test_the_release_is_told_in_the_first_version_without_a_soap_action() -> None:
    reply = ask(unserved(APAC), "getCCMVersion", version="1.0", action=None)
    assert "<version>12.5.1.14900(63)</version>" in reply.body
    optional = unserved(EMEA, axl_soap_action="optional")
    assert ask(optional, "listProcessNode", NODES, action=None).status == 200


@pytest.mark.parametrize(
    ("operation", "inside", "says"),
    [
        ("listProcessNode", ALL, "returnedTags is missing"),
        ("listProcessNode", "<returnedTags><name/></returnedTags>", "searchCriteria must be given"),
        ("getProcessNode", "<name>nobody</name>", "<axlcode>5007</axlcode>"),
        ("updatePhone", "", "updatePhone is not offered"),
        ("listPhone", NODES, "listPhone is not offered"),
    ],
)
def test_what_cannot_be_answered_is_a_fault(operation: str, inside: str, says: str) -> None:
    reply = ask(unserved(EMEA), operation, inside)
    assert reply.status == 500
    assert says in reply.body
    assert f"<request>{operation}</request>" in reply.body


def test_a_get_is_answered_by_a_page() -> None:
    assert get(unserved(EMEA), "/axl/", AXL).status == 200


@given(st.binary(max_size=60) | st.text(max_size=40).map(lambda text: f"<a>{text}</a>".encode()))
@settings(max_examples=60, deadline=None)
def test_a_body_that_is_no_request_is_a_fault_and_never_an_exception(body: bytes) -> None:
    with pytest.raises(axl.AxlError):
        axl.parse(body)


def test_a_request_with_a_document_type_is_refused() -> None:
    with pytest.raises(axl.AxlError, match="DTD"):
        axl.parse(b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
