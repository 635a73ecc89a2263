# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names for a new certificate signing request: every address of every node that will hold the certificate."""

from __future__ import annotations

from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.audit.refusal_words import (
    is_ip_address,
)
from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import (
    is_full_name,
)
from ansible_collections.collab.expressway.plugins.module_utils.san_coverage.sharing import Sharing

Record = dict[str, Any]


def request_for(certificate: Certificate, sharing: Sharing) -> Record:
    """{nodes, units, multi_server, common_name, dns, ip_addresses, left_out, unseen_nodes, text}.

    `dns`: the names that the certificate has, without wildcards (Unified CM takes none), then what is missing, so that
    nobody loses a name. `ip_addresses`: addresses left out, because a CA should not issue them as dNSName and the
    traffic server compares nothing else: advertise the FQDN instead. `left_out`: [{name, reason}], these and what else
    does not belong into a certificate. `unseen_nodes`: those that may share a multi-server
    certificate, too, but of which nothing was seen. `text`: `dns`, one name a line, as the field
    "Other Domains" takes it.
    """
    nodes = sharing.holders(certificate)
    multi_server = sharing.is_multi_server(certificate)
    present = [name for name in certificate.record["san"]["dns"] if "*" not in name]
    wanted = [name for node in nodes for name in (*_own_name(node), *sharing.addresses(node))]
    left_out = {name: reason for name in wanted if (reason := _unfit(name))}
    hosts = [name for name in wanted if name not in left_out]
    names: dict[str, str] = {}
    # A dNSName has no dot at its end.
    for name in (bare.rstrip(".") for bare in (*present, *hosts)):
        names.setdefault(name.casefold(), name)
    dns = list(names.values())
    return {
        "nodes": nodes,
        "units": sharing.units(certificate),
        "multi_server": multi_server,
        "common_name": certificate.record["common_name"],
        "dns": dns,
        "ip_addresses": list(dict.fromkeys(name for name in wanted if is_ip_address(name))),
        "left_out": [{"name": name, "reason": reason} for name, reason in left_out.items()],
        "unseen_nodes": [node for node in sharing.unseen if node.casefold() not in names]
        if multi_server
        else [],
        "text": "".join(f"{name}\n" for name in dns),
    }


def _unfit(name: str) -> str | None:
    """Why no certificate should have this name; None for a full name in ASCII."""
    if is_ip_address(name):
        return "an IP address is no dNSName, and the traffic server compares nothing else: advertise the FQDN"
    if "." not in name.rstrip("."):
        return "a name without its domain: CAs do not issue it, advertise the FQDN"
    if not name.isascii():
        return "a dNSName holds ASCII only, and the traffic server compares text: advertise the name in its xn-- form"
    return None


def _own_name(node: str) -> list[str]:
    """What the inventory calls a node is free text; only a full name belongs into a certificate."""
    return [node] if is_full_name(node) else []
