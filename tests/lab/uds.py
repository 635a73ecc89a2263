# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""User Data Services of a Unified CM: version, servers, home cluster (CUCM facts 3.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs
from xml.sax.saxutils import escape, quoteattr

from tests.lab.web import Reply, Request, page, unauthorized

if TYPE_CHECKING:
    from tests.lab.uc_node import UcNode

ROOT = "/cucm-uds"
PORT = 8443
REALM = "Cisco Web Services Realm"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


def reply(node: UcNode, request: Request) -> Reply:
    """Return what `node` answers below /cucm-uds."""
    resource = request.path.removeprefix(ROOT).strip("/")
    if resource == "user" or resource.startswith("user/"):
        return _user(node, request)
    if request.method not in ("GET", "HEAD"):
        return page(405, "Method Not Allowed")
    if resource == "version":
        return _version(node, request)
    if resource == "servers":
        return _servers(node, request)
    if resource == "clusterUser":
        return _home_cluster(node, request)
    return page(404, "Not Found")


def version(node: UcNode) -> str:
    """The version as UDS writes it: the first three numbers."""
    return ".".join(node.uc.release.split("-")[0].split(".")[:3])


def servers(node: UcNode) -> list[str]:
    """The Unified CM nodes, as typed in System > Server or completed with the node's domain."""
    domain = node.name.partition(".")[2]
    typed = [address for address, entry in node.server_table if entry.product == "cucm"]
    if node.switches["uds_servers"] == "expanded" and domain:
        return [address if "." in address else f"{address}.{domain}" for address in typed]
    return typed


def _uri(request: Request, path: str, host: str) -> str:
    return f"https://{request.headers.get('host', f'{host}:{PORT}')}{ROOT}/{path}"


def _version(node: UcNode, request: Request) -> Reply:
    number, uri = version(node), quoteattr(_uri(request, "version", node.name))
    return _xml(
        f"<versionInformation uri={uri} version={quoteattr(number)}>"
        f"<version>{escape(number)}</version>"
        "<capabilities><usersResourceAuthEnabled>false</usersResourceAuthEnabled></capabilities>"
        "</versionInformation>"
    )


def _servers(node: UcNode, request: Request) -> Reply:
    listed = "".join(f"<server>{escape(address)}</server>" for address in servers(node))
    uri = quoteattr(_uri(request, "servers", node.name))
    return _xml(f"<servers version={quoteattr(version(node))} uri={uri}>{listed}</servers>")


def _home_cluster(node: UcNode, request: Request) -> Reply:
    names = parse_qs(request.query).get("username", [])
    if not names:
        return page(400, "username is missing")
    number, uri = quoteattr(version(node)), quoteattr(_uri(request, "clusterUser", node.name))
    if names[0] not in node.uc.users:
        result = '<result found="false"/>'
    else:
        home = servers(node)[0]
        user = f"https://{home}:{PORT}{ROOT}/user/{names[0]}"
        listing = quoteattr(f"https://{home}:{PORT}{ROOT}/servers")
        result = (
            f'<result found="true" uri={quoteattr(user)}/>'
            f"<homeCluster serversUri={listing}>{escape(home)}</homeCluster>"
        )
    return _xml(f"<clusterUser version={number} uri={uri}>{result}</clusterUser>")


def _user(node: UcNode, request: Request) -> Reply:
    """End users have no passwords here: what is below them is refused to everybody."""
    if request.login is not None:
        node.login_failed("uds")
    return unauthorized(REALM)


def _xml(text: str) -> Reply:
    return Reply(200, _DECLARATION + text, "application/xml;charset=UTF-8")
