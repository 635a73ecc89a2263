# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of AXL, and what its answers say.

Operations, tags and values are those of the AXL schema 11.5 to 15.0 (Unified CM facts 3). The order of elements in an answer does not
follow the schema, so elements are looked up by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes.safe_xml import (
    read_xml,
    text_of,
)
from ansible_collections.collab.expressway.plugins.module_utils.unexpected_answer import (
    ForeignAnswer,
    UnexpectedAnswer,
)

DISCOVERY_NAMESPACE = "1.0"
"""The version whose namespace getCCMVersion takes on every release, without SOAPAction."""
CLUSTER_WIDE = "EnterpriseWideData"
"""The entry of the node table that is no node: it holds the enterprise parameters."""
TFTP_SERVICE = "Cisco Tftp"
ROLES = {"cucm voice/video": "cucm", "cucm im and presence": "imp"}
"""processNodeRole → product."""

_VERSION = re.compile(r"(\d+)\.(\d+)")
_SUPPORTED = re.compile(r"Supported axl versions are ([^<.]*(?:\.(?:\d+|x)[^<.]*)*)", re.I)


def envelope(operation: str, version: str, content: str = "") -> bytes:
    """The SOAP request for `operation` in the schema `version` (`14.0`); `content` is XML."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:ns="http://www.cisco.com/AXL/API/{version}"><soapenv:Body>'
        f"<ns:{operation}>{content}</ns:{operation}>"
        "</soapenv:Body></soapenv:Envelope>"
    ).encode()


def listing(criterion: str, tags: Iterable[str], wanted: str = "%") -> str:
    """The content of a list operation: everything whose `criterion` is like `wanted`, with the `tags`."""
    returned = "".join(f"<{tag}/>" for tag in tags)
    return (
        f"<searchCriteria><{criterion}>{escape(wanted)}</{criterion}></searchCriteria>"
        f"<returnedTags>{returned}</returnedTags>"
    )


def named(name: str) -> str:
    """The content of a get operation: the one with this `name`."""
    return f"<name>{escape(name)}</name>"


def schema_version(text: str) -> str:
    """`14.0` from `14.0.1.12900-161`; raises `UnexpectedAnswer` when there is no version in `text`."""
    match = _VERSION.search(text)
    if match is None:
        raise UnexpectedAnswer(f"{text[:80]!r} is no version of Unified CM")
    return f"{match[1]}.{match[2]}"


def supported_versions(body: bytes) -> str | None:
    """What the answer to a wrong schema version (HTTP 599, HTML) says is supported, or None."""
    match = _SUPPORTED.search(body.decode("utf-8", "replace"))
    return " ".join(match[1].split()) if match else None


def newest_supported(body: bytes) -> str | None:
    """The newest of `supported_versions` (`15.0`; a minor version `x` is taken for 0), or None."""
    listed = re.findall(r"(\d+)\.(\d+|x)", supported_versions(body) or "", re.I)
    versions = [(int(major), int(minor) if minor.isdecimal() else 0) for major, minor in listed]
    return "{}.{}".format(*max(versions)) if versions else None


def fault(body: bytes) -> str | None:
    """The words of a SOAP fault, with AXL's own code where there is one; None when `body` is none."""
    try:
        root = read_xml(body)
    except UnexpectedAnswer:
        return None
    found = next(root.iter("Fault"), None)
    if found is None:
        return None
    said = text_of(found, "faultstring") or "no reason given"
    code = next((node.text for node in found.iter("axlcode") if node.text), None)
    return " ".join(said.split())[:300] + (f" (AXL code {code.strip()})" if code else "")


def ccm_version(body: bytes) -> str:
    """The release in the answer to getCCMVersion, `14.0.1.12900-161`."""
    for node in _returned(body, "getCCMVersion").iter("version"):
        if node.text and node.text.strip():
            return node.text.strip()
    raise UnexpectedAnswer("the answer to getCCMVersion names no version")


PROCESS_NODE_TAGS = ("name", "description", "ipv6Name", "nodeUsage", "processNodeRole")


def process_nodes(body: bytes) -> list[dict[str, Any]]:
    """The answer to listProcessNode: name, usage, role, ipv6_name and description of each node, in the answer's order.

    Raises `UnexpectedAnswer` when it names none: the publisher that answers is one.
    """
    nodes = [
        {
            "name": text_of(node, "name"),
            "usage": text_of(node, "nodeUsage").casefold() or None,
            "role": _role(text_of(node, "processNodeRole")),
            "ipv6_name": text_of(node, "ipv6Name") or None,
            "description": text_of(node, "description"),
        }
        for node in _returned(body, "listProcessNode").iter("processNode")
        if text_of(node, "name") not in ("", CLUSTER_WIDE)
    ]
    if not nodes:
        raise UnexpectedAnswer("the answer to listProcessNode names no node")
    return nodes


def _role(role: str) -> str:
    try:
        # Releases before IM and Presence joined the node table have no role: all nodes are Unified CM.
        return ROLES[role.casefold()] if role else "cucm"
    except KeyError:
        raise UnexpectedAnswer(
            f"listProcessNode names a role that is not known: {role!r}"
        ) from None


NODE_SERVICE_TAGS = ("processNodeName", "service", "enable", "isActive")


def tftp_nodes(body: bytes) -> list[dict[str, Any]]:
    """The answer to listProcessNodeService: the names of the nodes whose TFTP service is active, each once."""
    names = [
        text_of(entry, "processNodeName")
        for entry in _returned(body, "listProcessNodeService").iter("processNodeService")
        if text_of(entry, "service").casefold() == TFTP_SERVICE.casefold()
        and (text_of(entry, "isActive") or text_of(entry, "enable")).casefold()
        in ("true", "t", "1")
    ]
    return [{"name": name} for name in dict.fromkeys(names) if name not in ("", CLUSTER_WIDE)]


UC_SERVICE_TAGS = ("name", "serviceType", "productType", "hostnameorip", "port", "protocol")


def uc_services(body: bytes) -> list[dict[str, Any]]:
    """The answer to listUcService: name, service_type, product_type, host, port (null when none) and protocol."""
    return [
        {
            "name": text_of(service, "name"),
            "service_type": text_of(service, "serviceType"),
            "product_type": text_of(service, "productType"),
            "host": text_of(service, "hostnameorip"),
            "port": _port(text_of(service, "port")),
            "protocol": text_of(service, "protocol") or None,
        }
        for service in _returned(body, "listUcService").iter("ucService")
    ]


def _port(text: str) -> int | None:
    # A number of thousands of digits is none to int().
    return int(text) if text.isdecimal() and len(text) <= 5 and 0 < int(text) < 65536 else None


SERVICE_PROFILE_TAGS = ("name", "isDefault")


def service_profiles(body: bytes) -> list[str]:
    """The answer to listServiceProfile: the names of the profiles."""
    found = _returned(body, "listServiceProfile").iter("serviceProfile")
    return [name for profile in found if (name := text_of(profile, "name"))]


def services_in_profile(body: bytes) -> list[str]:
    """The answer to getServiceProfile: the names of the UC services that it hands out, each once."""
    wanted = ("primary", "secondary", "tertiary")
    named = (node for node in _returned(body, "getServiceProfile").iter() if node.tag in wanted)
    names = ((node.text or "").strip() or text_of(node, "name") for node in named)
    return [name for name in dict.fromkeys(names) if name]


def with_profiles(
    services: Iterable[Mapping[str, Any]], profiles: Mapping[str, Iterable[str]]
) -> list[dict[str, Any]]:
    """The services, each with `profiles`: the names of the service profiles (name → services) that hand it out."""
    handed_out = {name: set(held) for name, held in profiles.items()}
    return [
        {
            **service,
            "profiles": [name for name, held in handed_out.items() if service["name"] in held],
        }
        for service in services
    ]


def _returned(body: bytes, operation: str) -> Element:
    """The element `return`; raises `ForeignAnswer` when this is no answer to `operation`."""
    root = read_xml(body)
    answer = next(root.iter(f"{operation}Response"), None)
    returned = None if answer is None else answer.find("return")
    if returned is None:
        raise ForeignAnswer(
            f"the answer to {operation} holds a <{root.tag}> without {operation}Response"
        )
    return returned
