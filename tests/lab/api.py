# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the REST API answers: one request in, one answer out. HTTP and TLS are in `rest.py`.

Sources: Expressway facts 3, 4.3 and 5; each guess is a switch (`switches.yml`).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cryptography import x509

from tests.lab import diagnostics
from tests.lab.releases import Release
from tests.lab.uc_server_lookup import LookupRefused, look_up

if TYPE_CHECKING:
    from tests.lab.peer import Peer

CERTS_ROOT = "certs/root"
UC_SERVERS = "controller/server/"
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)
_CONTENT_TYPES = {
    "text_html": "text/html",
    "text_plain": "text/plain",
    "pem_file": "application/x-pem-file",
}
_SUCCESS = {
    "as_recorded": "Root Certificate updated.",
    "operation_successful": "Operation was successful",
    "the_operation_was_successful": "The operation was successful",
}


@dataclass(frozen=True)
class Request:
    """A request whose Basic login is taken apart; `upload` is the text of the form field `file`, `body` what no form is."""

    method: str
    path: str
    client: str
    record: Mapping[str, Any] = field(default_factory=dict)  # what a body of JSON holds
    start: int | None = None  # the first byte that a Range header asks for
    version: str | None = None  # what it asks to go on with (If-Range)
    login: tuple[str, str] | None = None
    has_csrf_header: bool = False
    upload: str | None = None
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """An answer; `trust_store`, when not None, is what the trust store becomes with it; `looked_up` is the publisher
    that was asked."""

    status: int
    body: str
    content_type: str = "application/json"
    file: bytes | None = None  # the body instead of the text
    headers: Mapping[str, str] = field(default_factory=dict)
    trust_store: str | None = None
    looked_up: str | None = None


def reply(peer: Peer, request: Request) -> Reply:
    """Return the answer of `peer`; a failed login is counted, nothing else changes."""
    refusal = _access(peer, request)
    if refusal:
        return refusal
    match = re.fullmatch(r"/api/(?:v1/)?provisioning/(.+?)/?", request.path)
    resource = match[1] if match else ""
    if resource == CERTS_ROOT and peer.switches["certs_root_endpoint"] == "present":
        if request.method == "GET":
            return _certs_root(peer)
        if request.method == "POST":
            return _upload(peer, request.upload)
        return _page(405, "Method Not Allowed")
    if resource == diagnostics.RESOURCE:
        return _diagnostic_logging(peer, request)
    readable = _readable(peer)
    if resource not in readable:
        return _page(404, "Not Found")
    if request.method == "POST" and resource.startswith(UC_SERVERS):
        return _look_up(peer, resource.removeprefix(UC_SERVERS), request.body)
    if request.method != "GET":
        return _page(405, "Method Not Allowed")
    return Reply(200, json.dumps(readable[resource]))


def _access(peer: Peer, request: Request) -> Reply | None:
    """Return why the request is not let in, or None."""
    challenge = {"WWW-Authenticate": 'Basic realm="Expressway"'}
    if request.login is None:
        return _page(401, "Unauthorized", challenge)
    user, password = request.login
    if not peer.lets_in(user, password, request.client, "api"):
        return _page(401, "Unauthorized", challenge)
    access = peer.switches["api_access"]
    if access == "by_release":
        access = "forbidden" if peer.release >= Release("X15.2") else "enabled"
    if access == "unauthorized":
        return _page(401, "Unauthorized", challenge)
    if access == "forbidden":
        return _page(403, "Forbidden")
    if request.method != "GET" and not request.has_csrf_header and _wants_csrf_header(peer):
        return _message(403, "X-CSRF-Header is missing")
    return None


def _wants_csrf_header(peer: Peer) -> bool:
    position = peer.switches["csrf_header"]
    if position == "by_release":
        return peer.configuration.get("Security CSRFProtection Status") == "Enabled"
    return position == "required"


def _readable(peer: Peer) -> dict[str, Any]:
    """Return the resources that can only be read; the fields of cluster/peers are invented."""
    resources: dict[str, Any] = {
        "controller/server/cucm": list(peer.uc_servers["cucm"]),
        "controller/server/imp": list(peer.uc_servers["imp"]),
        "common/mra": peer.mra,
        "common/domain": peer.domains,
    }
    if peer.is_edge:
        resources = {"common/domain": peer.domains}
    if peer.switches["cluster_peers_endpoint"] == "present":
        resources["common/cluster/peers"] = [
            {"Index": number, "Address": member.name}
            for number, member in enumerate(peer.cluster.peers, 1)
        ]
    return resources


def _look_up(peer: Peer, product: str, body: bytes) -> Reply:
    try:
        publisher = look_up(peer, product, body)
    except LookupRefused as error:
        return _refusal(peer, str(error))
    answered = _message(200, _SUCCESS[str(peer.switches["success_message"])])
    return replace(answered, looked_up=publisher)


def _certs_root(peer: Peer) -> Reply:
    text = peer.trust_store_pem
    if peer.switches["certs_root_line_end"] == "crlf":
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    return Reply(200, text, _CONTENT_TYPES[str(peer.switches["certs_root_content_type"])])


def _upload(peer: Peer, upload: str | None) -> Reply:
    if upload is None:
        return _refusal(peer, "No file was uploaded")
    try:
        uploaded = _certificates(upload)
    except ValueError as error:
        return _refusal(peer, f"Invalid certificate file: {error}")
    if not uploaded:
        return _refusal(peer, "Invalid certificate file: no certificate")
    trusted = _readable_certificates(peer.trust_store_pem)
    duplicates = [pem for pem, certificate in uploaded if certificate in trusted]
    if duplicates and peer.switches["duplicate_certificate"] == "refused":
        return _refusal(peer, "Certificate already exists")
    if peer.switches["same_name_certificate"] == "refused":
        for _pem, certificate in uploaded:
            others = [one.subject for one in trusted if one != certificate]
            if certificate.subject in others:
                return _refusal(peer, "A certificate with the same subject already exists")
    blocks = [pem for pem, _certificate in uploaded]
    before = ""
    if peer.switches["certs_root_post"] == "append":
        before = peer.trust_store_pem
        if peer.switches["duplicate_certificate"] != "stored_twice":
            blocks = [pem for pem in blocks if pem not in duplicates]
    # Appending to a file that does not end its last line would spoil two blocks.
    between = "\n" if blocks and before and not before.endswith("\n") else ""
    store = before + between + "".join(f"{block}\n" for block in blocks)
    message = _SUCCESS[str(peer.switches["success_message"])]
    return Reply(200, json.dumps({"Message": message}), trust_store=store)


def _certificates(pem: str) -> list[tuple[str, x509.Certificate]]:
    """Return (PEM block, certificate) in order; raise ValueError for any other or broken block."""
    found = []
    for match in _BLOCK.finditer(pem.replace("\r\n", "\n")):
        if match[1] != "CERTIFICATE":
            raise ValueError(f"{match[1]} found")
        try:
            found.append((match[0], x509.load_pem_x509_certificate(match[0].encode())))
        except ValueError:
            raise ValueError("a block cannot be read") from None
    return found


def _readable_certificates(pem: str) -> list[x509.Certificate]:
    """Return the certificates of a store in which some blocks may be something else."""
    found = []
    for match in _BLOCK.finditer(pem):
        with contextlib.suppress(ValueError):
            found += [certificate for _pem, certificate in _certificates(match[0])]
    return found


def _diagnostic_logging(peer: Peer, request: Request) -> Reply:
    if request.method == "GET":
        return Reply(200, json.dumps(peer.diagnostics.status()))
    if request.method != str(peer.switches["diagnostic_method"]).upper():
        return _page(405, "Method Not Allowed")
    mode, tcp_dump = request.record.get("Mode"), request.record.get("TCPDump")
    try:
        done = peer.diagnostics.command(str(mode), tcp_dump)
    except diagnostics.Refused as refused:
        return _refusal(peer, str(refused))
    if isinstance(done, str):
        return _message(200, done)
    headers = {"Content-Disposition": f'attachment; filename="{done.name}"'}
    ranges = peer.switches["diagnostic_range"]
    if ranges == "supported_by_version":
        headers["ETag"] = f'"{hashlib.sha256(done.content).hexdigest()}"'
    changed = request.version is not None and request.version != headers.get("ETag")
    if request.start is None or ranges == "ignored" or changed:
        return Reply(200, "", done.content_type, done.content, headers)
    whole = len(done.content)
    if request.start >= whole:
        return Reply(416, "", done.content_type, b"", {"Content-Range": f"bytes */{whole}"})
    headers["Content-Range"] = f"bytes {request.start}-{whole - 1}/{whole}"
    return Reply(206, "", done.content_type, done.content[request.start :], headers)


def _refusal(peer: Peer, message: str) -> Reply:
    """Refuse a write; the status may be 200 all the same (Expressway facts 4.3)."""
    return _message(200 if peer.switches["business_error_status"] == "ok" else 400, message)


def _message(status: int, message: str) -> Reply:
    return Reply(status, json.dumps({"Message": message}))


def _page(status: int, title: str, headers: Mapping[str, str] | None = None) -> Reply:
    html = f"<html><head><title>{status} {title}</title></head><body>{title}</body></html>"
    return Reply(status, html, "text/html", headers=headers or {})
