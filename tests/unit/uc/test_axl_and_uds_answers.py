# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
import tracemalloc

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes import axl
from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes.safe_xml import (
    MAXIMUM_SIZE,
    read_xml,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes.uds import (
    uds_servers,
    uds_version,
)
from ansible_collections.collab.expressway.plugins.module_utils.unexpected_answer import (
    UnexpectedAnswer,
)
from hypothesis import given
from hypothesis import strategies as st


def soap(operation: str, rows: str, prefix: str = "ns") -> bytes:
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
        f'<{prefix}:{operation}Response xmlns:{prefix}="http://www.cisco.com/AXL/API/14.0"><return>{rows}</return>'
        f"</{prefix}:{operation}Response></soapenv:Body></soapenv:Envelope>"
    ).encode()


WIDE = (
    '<processNode uuid="{00000000-1111-0000-0000-000000000000}"><name>EnterpriseWideData</name><description/>'
    "<nodeUsage>Subscriber</nodeUsage><processNodeRole>CUCM Voice/Video</processNodeRole></processNode>"
)
PUBLISHER = (
    "<processNode><name>cucm-pub.example.com</name><description>PUB</description><nodeUsage>Publisher</nodeUsage>"
    "<processNodeRole>CUCM Voice/Video</processNodeRole></processNode>"
)
PRESENCE_IN_ANOTHER_ORDER = (
    "<processNode><processNodeRole>CUCM IM and Presence</processNodeRole><ipv6Name>2001:db8::9</ipv6Name>"
    "<nodeUsage>Subscriber</nodeUsage><name>imp &amp; more</name></processNode>"
)


@pytest.mark.parametrize("prefix", ["ns", "axlapi"])
def test_process_nodes_leave_out_what_is_no_node(prefix: str) -> None:
    body = soap("listProcessNode", WIDE + PUBLISHER + PRESENCE_IN_ANOTHER_ORDER, prefix)
    assert axl.process_nodes(body) == [
        {
            "name": "cucm-pub.example.com",
            "usage": "publisher",
            "role": "cucm",
            "ipv6_name": None,
            "description": "PUB",
        },
        {
            "name": "imp & more",
            "usage": "subscriber",
            "role": "imp",
            "ipv6_name": "2001:db8::9",
            "description": "",
        },
    ]


def test_an_answer_without_a_node_is_no_answer() -> None:
    for body in (soap("listProcessNode", ""), soap("listProcessNode", WIDE)):
        with pytest.raises(UnexpectedAnswer, match="names no node"):
            axl.process_nodes(body)
    with pytest.raises(UnexpectedAnswer, match="names no server"):
        uds_servers(b"<servers><server/></servers>")


def test_a_role_that_nobody_knows_is_not_taken_for_unified_cm() -> None:
    body = soap("listProcessNode", PUBLISHER.replace("Voice/Video", "Toaster"))
    with pytest.raises(UnexpectedAnswer, match="'CUCM Toaster'"):
        axl.process_nodes(body)


@pytest.mark.parametrize(
    ("active", "enabled", "listed"),
    [("true", "false", True), ("false", "true", False), ("", "true", True), ("t", "", True)],
)
def test_tftp_nodes_are_those_where_it_runs(active: str, enabled: str, listed: bool) -> None:
    row = (
        "<processNodeService><processNodeName>cucm1</processNodeName><service>{}</service>"
        f"<enable>{enabled}</enable><isActive>{active}</isActive></processNodeService>"
    )
    body = soap("listProcessNodeService", row.format("Cisco Tftp") * 2 + row.format("Cisco CTI"))
    assert axl.tftp_nodes(body) == ([{"name": "cucm1"}] if listed else [])


def test_uc_services_name_the_profiles_that_hand_them_out() -> None:
    service = (
        "<ucService><name>{}</name><serviceType>Voicemail</serviceType><productType>Unity Connection</productType>"
        "<hostnameorip>{}</hostnameorip><port>{}</port><protocol>HTTPS</protocol></ucService>"
    )
    services = axl.uc_services(
        soap(
            "listUcService",
            service.format("vm1", "voicemail.example.com", 443)
            + service.format("vm2", "10.0.0.9", "9" * 5000),
        )
    )
    profile = soap(
        "getServiceProfile",
        "<serviceProfile><name>Staff</name><serviceProfileInfos><serviceProfileInfo><profileName>Voicemail Profile"
        "</profileName><primary>vm1</primary><secondary/></serviceProfileInfo></serviceProfileInfos></serviceProfile>",
    )
    assert axl.services_in_profile(profile) == ["vm1"]
    assert axl.with_profiles(services, {"Staff": ["vm1"], "Other": []}) == [
        {
            "name": "vm1",
            "service_type": "Voicemail",
            "product_type": "Unity Connection",
            "host": "voicemail.example.com",
            "port": 443,
            "protocol": "HTTPS",
            "profiles": ["Staff"],
        },
        {
            "name": "vm2",
            "service_type": "Voicemail",
            "product_type": "Unity Connection",
            "host": "10.0.0.9",
            "port": None,
            "protocol": "HTTPS",
            "profiles": [],
        },
    ]


def test_the_version_of_the_schema_is_that_of_the_release() -> None:
    body = soap(
        "getCCMVersion", "<componentVersion><version>15.0.1.12900(234)</version></componentVersion>"
    )
    assert axl.schema_version(axl.ccm_version(body)) == "15.0"
    with pytest.raises(UnexpectedAnswer):
        axl.schema_version("none of your business")


@pytest.mark.parametrize(
    ("body", "said", "newest"),
    [
        (
            b"<html>Incorrect axl version. Supported axl versions are 12.x, 14.0 and 15.0</html>",
            "12.x, 14.0 and 15.0",
            "15.0",
        ),
        (b"Supported axl versions are 9.1, 10.5 and 12.x", "9.1, 10.5 and 12.x", "12.0"),
        (b"<html>nothing</html>", None, None),
    ],
)
def test_supported_versions(body: bytes, said: str | None, newest: str | None) -> None:
    assert axl.supported_versions(body) == said
    assert axl.newest_supported(body) == newest


def test_a_fault_is_told_in_its_own_words() -> None:
    body = (
        b'<soapenv:Envelope xmlns:soapenv="x"><soapenv:Body><soapenv:Fault><faultcode>soapenv:Server</faultcode>'
        b"<faultstring>Item not valid: The specified node was not found</faultstring><detail><axlError>"
        b"<axlcode>5007</axlcode></axlError></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    )
    assert axl.fault(body) == "Item not valid: The specified node was not found (AXL code 5007)"
    assert axl.fault(b"<html>gone") is None
    assert axl.fault(b"<?xml version='1.0' encoding='gbk'?><a/>") is None
    assert axl.fault(soap("listProcessNode", "")) is None


def test_another_operation_is_no_answer() -> None:
    with pytest.raises(UnexpectedAnswer, match="listProcessNodeResponse"):
        axl.process_nodes(soap("listUcService", ""))


def test_a_cluster_of_200_nodes() -> None:
    body = soap("listProcessNode", WIDE + PUBLISHER * 200)
    assert len(axl.process_nodes(body)) == 200


@pytest.mark.parametrize(
    ("body", "version"),
    [
        (
            b'<versionInformation uri="x" version="14.0.1"><version>14.0.1</version><capabilities/></versionInformation>',
            "14.0.1",
        ),
        (b'<versionInformation version="12.5.1"/>', "12.5.1"),
    ],
)
def test_uds_version(body: bytes, version: str) -> None:
    assert uds_version(body) == version


def test_uds_servers() -> None:
    body = b'<servers version="14.0.1"><server>cucm-pub.example.com</server><server> 10.0.0.9 </server><server/></servers>'
    assert uds_servers(body) == [{"host": "cucm-pub.example.com"}, {"host": "10.0.0.9"}]
    with pytest.raises(UnexpectedAnswer, match="<html>"):
        uds_servers(b"<html/>")


BILLION = b"<!DOCTYPE lolz [<!ENTITY a 'lol'>" + b"".join(
    b"<!ENTITY %c '%s'>" % (98 + level, b"&%c;" % (97 + level) * 10) for level in range(12)
)

HOSTILE = {
    "billion laughs": (BILLION + b"]><servers><server>&m;</server></servers>", "document type"),
    "quadratic": (
        b"<!DOCTYPE s [<!ENTITY a '" + b"x" * 100_000 + b"'>]><s>" + b"&a;" * 10_000 + b"</s>",
        "document type",
    ),
    "external entity": (
        b"<!DOCTYPE s [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><servers><server>&a;</server></servers>",
        "document type",
    ),
    "external subset": (
        b"<!DOCTYPE s SYSTEM 'http://127.0.0.1:1/x.dtd'><servers/>",
        "document type",
    ),
    "undefined entity": (b"<servers><server>&a;</server></servers>", "no complete XML"),
    "cut short": (b"<servers><server>cucm1</ser", "no complete XML"),
    "empty": (b"", "no complete XML"),
    "no XML": (b"Unified CM says hello", "no complete XML"),
    "a million levels": (b"<a>" * 1_000_000, "nested deeper"),
    "too long": (b"<a>" + b" " * MAXIMUM_SIZE + b"</a>", "longer than"),
    "unknown encoding": (b"<?xml version='1.0' encoding='klingon'?><a/>", "encoding|complete XML"),
} | {
    f"in {encoding}": (f"<?xml version='1.0' encoding='{encoding}'?><a/>".encode(), "encoding that cannot be read")
    for encoding in ("gbk", "utf-7", "utf-32", "shift_jis", "idna", "punycode", "hex")
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_is_refused_at_once(name: str) -> None:
    body, said = HOSTILE[name]
    tracemalloc.start()
    started = time.monotonic()
    with pytest.raises(UnexpectedAnswer, match=said):
        read_xml(body)
    seconds, (_now, peak) = time.monotonic() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < 2
    assert peak < 4_000_000


@given(st.binary(max_size=200))
def test_any_bytes_end_in_an_element_or_in_one_kind_of_error(body: bytes) -> None:
    try:
        read_xml(body)
    except UnexpectedAnswer as error:
        assert str(error)
