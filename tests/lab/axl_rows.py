# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AXL reads from the database of a cluster, as rows (CUCM facts 3.2 and 3.3)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from tests.lab.uc_node import UcNode
    from tests.lab.uc_profile import ServiceProfile

ENTERPRISE_WIDE = "EnterpriseWideData"
_ENTERPRISE_WIDE_UUID = "{00000000-1111-0000-0000-000000000000}"
_ROLES = {"cucm": "CUCM Voice/Video", "imp": "CUCM IM and Presence"}
TFTP_PORT = 6972
_SERVICES = {
    "cucm": ("Cisco CallManager", "Cisco Tftp", "Cisco CTIManager", "Cisco AXL Web Service"),
    "imp": ("Cisco SIP Proxy", "Cisco XCP Router", "Cisco AXL Web Service"),
}
_SLOTS = ("primary", "secondary", "tertiary")


@dataclass(frozen=True)
class Markup:
    """A field that holds elements."""

    xml: str


@dataclass(frozen=True)
class Row:
    uuid: str
    fields: Mapping[str, str | Markup]  # in the order of the schema


def rows(node: UcNode, kind: str) -> list[Row] | None:
    """The rows that `list…` searches; None when there is no such operation here."""
    return _LISTS[kind](node) if kind in _LISTS else None


def get(node: UcNode, kind: str) -> list[Row] | None:
    """The rows among which `get…` finds one, with all their fields."""
    return _GETS[kind](node) if kind in _GETS else None


def _uuid(*parts: str) -> str:
    return f"{{{str(uuid.uuid5(uuid.NAMESPACE_DNS, '/'.join(parts))).upper()}}}"


def _process_nodes(node: UcNode) -> list[Row]:
    """System > Server. The IM and Presence publisher is a subscriber of the cluster's database."""
    listed = [
        Row(
            _ENTERPRISE_WIDE_UUID,
            {
                "name": ENTERPRISE_WIDE,
                "description": "",
                "mac": "",
                "ipv6Name": "",
                "nodeUsage": "Subscriber",
                "lbmHubGroup": "",
                "processNodeRole": _ROLES["cucm"],
            },
        )
    ]
    for address, entry in node.server_table:
        first = entry.product == "cucm" and entry.role == "publisher"
        listed.append(
            Row(
                _uuid("processnode", address),
                {
                    "name": address,
                    "description": entry.name.partition(".")[0],
                    "mac": "",
                    "ipv6Name": "",
                    "nodeUsage": "Publisher" if first else "Subscriber",
                    "lbmHubGroup": "",
                    "processNodeRole": _ROLES[entry.product],
                },
            )
        )
    return listed


def _process_node_services(node: UcNode) -> list[Row]:
    """Services by process node; Cisco Tftp is active where the node listens on its TLS port."""
    found = []
    for address, entry in node.server_table:
        tftp = any(listener.port == TFTP_PORT for listener in entry.listeners)
        for service in _SERVICES[entry.product]:
            on = {"Cisco Tftp": tftp, "Cisco AXL Web Service": entry.role == "publisher"}
            active = "true" if on.get(service, True) else "false"
            found.append(
                Row(
                    _uuid("processnodeservice", address, service),
                    {
                        "processNodeName": address,
                        "service": service,
                        "traceLevel": "Error",
                        "enable": active,
                        "isActive": active,
                    },
                )
            )
    return found


def _uc_services(node: UcNode) -> list[Row]:
    return [
        Row(
            _uuid("ucservice", service.name),
            {
                "serviceType": service.service_type,
                "productType": service.product_type,
                "name": service.name,
                "description": service.description,
                "hostnameorip": service.host,
                "port": str(service.port) if service.port else "",
                "protocol": service.protocol,
            },
        )
        for service in node.uc.services
    ]


def _service_profiles(node: UcNode) -> list[Row]:
    return [
        Row(
            _uuid("serviceprofile", profile.name),
            {
                "name": profile.name,
                "description": "",
                "isDefault": "true" if profile.default else "false",
            },
        )
        for profile in node.uc.service_profiles
    ]


def _whole_service_profiles(node: UcNode) -> list[Row]:
    return [
        Row(row.uuid, {**row.fields, "serviceProfileInfos": Markup(_infos(profile))})
        for row, profile in zip(_service_profiles(node), node.uc.service_profiles, strict=True)
    ]


def _infos(profile: ServiceProfile) -> str:
    text = ""
    for kind, names in profile.services.items():
        text += f"<serviceProfileInfo><profileName>{escape(kind)}</profileName>"
        for slot, name in zip(_SLOTS, (*names, "", "", "")[: len(_SLOTS)], strict=True):
            reference = f' uuid="{_uuid("ucservice", name)}"' if name else ""
            text += f"<{slot}{reference}>{escape(name)}</{slot}>"
        text += "</serviceProfileInfo>"
    return text


_LISTS: Mapping[str, Callable[[UcNode], list[Row]]] = {
    "processNode": _process_nodes,
    "processNodeService": _process_node_services,
    "ucService": _uc_services,
    "serviceProfile": _service_profiles,
}
_GETS: Mapping[str, Callable[[UcNode], list[Row]]] = {
    "processNode": _process_nodes,
    "ucService": _uc_services,
    "serviceProfile": _whole_service_profiles,
}
