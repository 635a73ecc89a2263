# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The REST API of an emulated peer over real HTTPS on loopback."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.lab.peer import Peer
from tests.unit.lab.served_peers import PASSWORD, USER, ServedPeers, certificate, served

ROOT = "/api/provisioning/certs/root"
CUCM = {"Publisher": "cucm1.example.test", "AxlUsername": "axl", "TlsVerify": "On"}
IMP = {"Publisher": "imp1.example.test", "AxlUsername": "axl", "TlsVerify": "Off"}
FIRST, KEY = certificate("first.example.test")
SECOND, _SECOND_KEY = certificate("second.example.test")
OTHER_FIRST, _OTHER_FIRST_KEY = certificate("first.example.test")
UPDATED = {"Message": "Root Certificate updated."}
OPTIONS: dict[str, Any] = {
    "trust_store_pem": FIRST,
    "uc_servers": {"cucm": [CUCM], "imp": [IMP]},
    "domains": [{"Name": "example.test"}],
}


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[ServedPeers]:
    with served(tmp_path, options=OPTIONS) as running:
        yield running


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Api:
    """A client that verifies the peer's certificate."""

    def __init__(self, peer: Peer, folder: Path) -> None:
        self._peer = peer
        self._context = ssl.create_default_context(cafile=str(folder / "api.pem"))

    def connect(self) -> http.client.HTTPSConnection:
        port = self._peer.api_port
        return http.client.HTTPSConnection(
            self._peer.address, port, timeout=1, context=self._context
        )

    def ask(
        self,
        method: str,
        path: str,
        *,
        password: str | None = PASSWORD,
        body: bytes | None = None,
        content_type: str | None = None,
        csrf: bool = False,
    ) -> Response:
        headers = {"X-CSRF-Header": "lab"} if csrf else {}
        if password is not None:
            login = base64.b64encode(f"{USER}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {login}"
        if content_type:
            headers["Content-Type"] = content_type
        connection = self.connect()
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
            return Response(response.status, dict(response.getheaders()), text)
        finally:
            connection.close()

    def get(self, path: str, **options: Any) -> Response:
        return self.ask("GET", path, **options)

    def upload(
        self, pem: str, *, field: str = "file", path: str = ROOT, csrf: bool = False
    ) -> Response:
        body = (
            f'--edge\r\nContent-Disposition: form-data; name="{field}"; filename="ca.pem"\r\n'
            f"Content-Type: application/x-pem-file\r\n\r\n{pem}\r\n--edge--\r\n"
        )
        kind = "multipart/form-data; boundary=edge"
        return self.ask("POST", path, body=body.encode(), content_type=kind, csrf=csrf)


@pytest.fixture
def api(estate: ServedPeers, tmp_path: Path) -> Api:
    return Api(estate.peer, tmp_path)


# --- reading ------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["", "v1/"])
@pytest.mark.parametrize(
    ("resource", "body"),
    [
        ("controller/server/cucm", [CUCM]),
        ("controller/server/imp", [IMP]),
        ("common/mra", {"Enabled": "On", "SSO": "Off"}),
        ("common/domain", [{"Name": "example.test"}]),
        (
            "common/cluster/peers",
            [
                {"Index": 1, "Address": "expc1.emea.example.test"},
                {"Index": 2, "Address": "expc2.emea.example.test"},
            ],
        ),
    ],
)
def test_reads_resources(api: Api, version: str, resource: str, body: Any) -> None:
    response = api.get(f"/api/{version}provisioning/{resource}")
    assert (response.status, response.json) == (200, body)
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("positions", "content_type", "text"),
    [
        ({}, "text/html", FIRST),
        ({"certs_root_content_type": "text_plain"}, "text/plain", FIRST),
        ({"certs_root_content_type": "pem_file"}, "application/x-pem-file", FIRST),
        ({"certs_root_line_end": "crlf"}, "text/html", FIRST.replace("\n", "\r\n")),
    ],
)
def test_reads_the_trust_store(
    estate: ServedPeers, api: Api, positions: dict[str, object], content_type: str, text: str
) -> None:
    estate.call(estate.switches.set, positions)
    response = api.get(ROOT)
    assert (response.status, response.text) == (200, text)
    assert response.headers["Content-Type"] == content_type


@pytest.mark.parametrize(
    ("positions", "method", "path", "status"),
    [
        ({}, "GET", "/api/provisioning/nothing", 404),
        ({}, "GET", "/", 404),
        ({}, "DELETE", ROOT, 405),
        ({}, "POST", "/api/provisioning/common/mra", 405),
        ({"certs_root_endpoint": "absent"}, "GET", ROOT, 404),
        ({"certs_root_endpoint": "absent"}, "POST", ROOT, 404),
        (
            {"cluster_peers_endpoint": "absent"},
            "GET",
            "/api/v1/provisioning/common/cluster/peers",
            404,
        ),
    ],
)
def test_what_is_not_there(
    estate: ServedPeers, api: Api, positions: dict[str, object], method: str, path: str, status: int
) -> None:
    estate.call(estate.switches.set, positions)
    assert api.ask(method, path).status == status
    assert estate.peer.record.writes == []


# --- access -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("release", "positions", "status"),
    [
        ("X14.0.7", {}, 200),
        ("X14.2.5", {}, 200),
        ("X15.0", {}, 200),
        ("X15.2", {}, 403),
        ("X15.5", {}, 403),
        ("X15.5", {"api_access": "enabled"}, 200),
        ("X14.2.5", {"api_access": "forbidden"}, 403),
        ("X14.2.5", {"api_access": "unauthorized"}, 401),
    ],
)
def test_api_access(
    tmp_path: Path, release: str, positions: dict[str, object], status: int
) -> None:
    with served(tmp_path, release, options=OPTIONS, **positions) as estate:
        assert Api(estate.peer, tmp_path).get(ROOT).status == status
        # The password was right: it counts toward no block.
        assert estate.peer.record.failed_logins == 0


@pytest.mark.parametrize(
    ("release", "positions", "without_header"),
    [
        ("X14.2.5", {}, 200),
        ("X15.0", {}, 200),
        ("X15.2", {}, 403),
        ("X15.2", {"csrf_header": "off"}, 200),
        ("X14.2.5", {"csrf_header": "required"}, 403),
    ],
)
def test_csrf_header(
    tmp_path: Path, release: str, positions: dict[str, object], without_header: int
) -> None:
    positions = {"api_access": "enabled", **positions}
    with served(tmp_path, release, options=OPTIONS, **positions) as estate:
        api = Api(estate.peer, tmp_path)
        assert api.get(ROOT).status == 200
        response = api.upload(SECOND)
        assert response.status == without_header
        assert (SECOND in estate.peer.trust_store_pem) is (without_header == 200)
        assert api.upload(SECOND, csrf=True).json == UPDATED
        assert SECOND in estate.peer.trust_store_pem


def test_failed_logins_block_the_shell_too(estate: ServedPeers, api: Api) -> None:
    estate.call(estate.switches.set, {"failed_logins_before_block": 2})
    no_login = api.get(ROOT, password=None)
    assert (no_login.status, no_login.headers["WWW-Authenticate"]) == (
        401,
        'Basic realm="Expressway"',
    )
    for _attempt in range(2):
        assert api.get(ROOT, password="wrong").status == 401
    assert estate.peer.record.failed_logins == 2
    with pytest.raises(TimeoutError):
        api.get(ROOT)
    with socket.create_connection((estate.peer.address, estate.peer.ssh_port), 1) as connection:
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    estate.call(estate.peer.reset)
    assert api.get(ROOT).status == 200


# --- uploading ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("positions", "uploads", "answers", "store"),
    [
        ({}, [SECOND], [200], FIRST + SECOND),
        ({}, [SECOND + OTHER_FIRST], [200], FIRST + SECOND + OTHER_FIRST),
        ({}, [SECOND.replace("\n", "\r\n")], [200], FIRST + SECOND),
        ({}, ["# a comment\n" + SECOND], [200], FIRST + SECOND),
        ({"certs_root_post": "replace"}, [SECOND], [200], SECOND),
        ({"certs_root_post": "replace"}, [SECOND, FIRST], [200, 200], FIRST),
        ({}, [FIRST], [200], FIRST),
        ({"duplicate_certificate": "stored_twice"}, [FIRST], [200], FIRST + FIRST),
        ({"duplicate_certificate": "refused"}, [FIRST], [400], FIRST),
        ({"duplicate_certificate": "refused"}, [SECOND, FIRST], [200, 400], FIRST + SECOND),
        ({"same_name_certificate": "refused"}, [OTHER_FIRST], [400], FIRST),
        ({"same_name_certificate": "refused"}, [FIRST, SECOND], [200, 200], FIRST + SECOND),
        ({"same_name_certificate": "accepted"}, [OTHER_FIRST], [200], FIRST + OTHER_FIRST),
        (
            {"duplicate_certificate": "refused", "business_error_status": "ok"},
            [FIRST],
            [200],
            FIRST,
        ),
        ({}, ["no certificate"], [400], FIRST),
        ({}, [KEY], [400], FIRST),
        ({}, [SECOND + KEY], [400], FIRST),
        ({}, [SECOND.replace("MII", "AII")], [400], FIRST),
    ],
)
def test_uploads(
    estate: ServedPeers,
    api: Api,
    positions: dict[str, object],
    uploads: list[str],
    answers: list[int],
    store: str,
) -> None:
    estate.call(estate.switches.set, positions)
    responses = [api.upload(pem) for pem in uploads]
    assert [response.status for response in responses] == answers
    assert estate.peer.trust_store_pem == store == api.get(ROOT).text
    done = [response for response in responses if response.json == UPDATED]
    assert estate.peer.record.writes == [f"POST {ROOT}"] * len(done)
    assert all(response.json["Message"] for response in responses)
    # Trust stores are per peer: the other one never follows.
    assert estate.peers[1].trust_store_pem == FIRST


def test_says_what_was_uploaded_instead_of_certificates(api: Api) -> None:
    message = "Invalid certificate file: PRIVATE KEY found"
    assert api.upload(SECOND + KEY).json == {"Message": message}


def test_tells_the_estate_of_each_change_of_the_trust_store(estate: ServedPeers, api: Api) -> None:
    for pem, changes in ((SECOND, 1), (SECOND, 1), (OTHER_FIRST, 2), ("nonsense", 2)):
        api.upload(pem)
        assert estate.changes == [estate.peer.name] * changes


def test_a_store_with_unreadable_blocks_can_still_be_added_to(
    estate: ServedPeers, api: Api
) -> None:
    broken = f"# by hand\n{KEY}{FIRST.replace('MII', 'AII')}{FIRST}".rstrip()
    estate.call(estate.peer.trust, broken)
    assert api.upload(FIRST + SECOND).json == UPDATED
    assert estate.peer.trust_store_pem == f"{broken}\n{SECOND}"


@pytest.mark.parametrize(
    ("position", "message"),
    [
        ("as_recorded", "Root Certificate updated."),
        ("operation_successful", "Operation was successful"),
        ("the_operation_was_successful", "The operation was successful"),
    ],
)
def test_success_messages(estate: ServedPeers, api: Api, position: str, message: str) -> None:
    estate.call(estate.switches.set, {"success_message": position})
    assert api.upload(SECOND, path="/api/v1/provisioning/certs/root").json == {"Message": message}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (SECOND.encode(), "application/x-pem-file"),
        (json.dumps({"file": SECOND}).encode(), "application/json"),
        (b"", None),
        (b"not a form at all", "multipart/form-data; boundary=edge"),
        (b"no boundary", "multipart/form-data"),
    ],
)
def test_takes_only_a_form_with_a_file(
    estate: ServedPeers, api: Api, body: bytes, content_type: str | None
) -> None:
    response = api.ask("POST", ROOT, body=body, content_type=content_type)
    assert (response.status, response.json) == (400, {"Message": "No file was uploaded"})
    assert api.upload(SECOND, field="other").json == {"Message": "No file was uploaded"}
    assert estate.peer.trust_store_pem == FIRST


# --- faults -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "hang"}, TimeoutError),
        ({"kind": "silent"}, TimeoutError),
        ({"kind": "half_answer"}, TimeoutError),
        ({"kind": "drop"}, http.client.IncompleteRead),
        ({"kind": "reset", "channel": "api"}, OSError),
    ],
)
def test_faults(
    estate: ServedPeers, api: Api, fault: dict[str, object], error: type[Exception]
) -> None:
    estate.call(estate.peer.set_fault, fault)
    with pytest.raises(error):
        api.get(ROOT)
    estate.call(estate.peer.set_fault, None)
    assert api.get(ROOT).text == FIRST


@pytest.mark.parametrize(
    ("fault", "error", "lost"),
    [
        ({"kind": "lost_after_upload"}, http.client.RemoteDisconnected, False),
        ({"kind": "drop_after_write"}, http.client.RemoteDisconnected, False),
        ({"kind": "drop"}, http.client.IncompleteRead, True),
        ({"kind": "hang", "matching": "^POST "}, TimeoutError, True),
    ],
)
def test_uploads_whose_answer_never_comes(
    estate: ServedPeers, api: Api, fault: dict[str, object], error: type[Exception], lost: bool
) -> None:
    estate.call(estate.peer.set_fault, {**fault, "times": 1})
    with pytest.raises(error):
        api.upload(SECOND)
    assert (SECOND in estate.peer.trust_store_pem) is not lost
    assert api.get(ROOT).status == 200


def test_refuse_login_and_slow(estate: ServedPeers, api: Api) -> None:
    estate.call(estate.peer.set_fault, {"kind": "refuse_login", "times": 1})
    assert api.get(ROOT).status == 401
    estate.call(estate.peer.set_fault, {"kind": "slow", "seconds": 0.4})
    began = time.monotonic()
    assert api.get(ROOT).status == 200
    assert time.monotonic() - began >= 0.4


def test_a_client_that_speaks_no_tls_does_no_harm(estate: ServedPeers, api: Api) -> None:
    with socket.create_connection((estate.peer.address, estate.peer.api_port), 1) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        connection.settimeout(2)
        assert b"HTTP" not in connection.recv(100)
    assert api.get(ROOT).status == 200


def test_one_connection_carries_many_requests(estate: ServedPeers, api: Api) -> None:
    login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    connection = api.connect()
    for _request in range(3):
        connection.request("GET", ROOT, headers={"Authorization": f"Basic {login}"})
        assert connection.getresponse().read().decode() == FIRST
    connection.close()
    assert estate.peer.record.requests == [f"GET {ROOT}"] * 3
