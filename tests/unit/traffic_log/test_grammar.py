# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines as published, as the real program writes them, and as people paste them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.grammar import (
    Allowed,
    ConnectionFailed,
    Refused,
    Step,
    Unreadable,
    error_code,
    read_line,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.tokens import (
    AskedFor,
    decoded_token,
    split_url,
    user_in,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict import verification_errors
from ansible_collections.collab.expressway.plugins.module_utils.verdict.catalogue import (
    EXPLANATIONS,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.logged_catalogue import (
    UNSEEN,
    explain_logged_chain,
    explain_logged_handshake,
    explain_logged_name,
)

from tests.unit.traffic_log.excerpts import PREFIX

WARNING = (
    "Core server certificate verification failed for (cucm.steven.lab). Action=Terminate Error="
)
WHO = "server=cucm.steven.lab(10.48.36.215)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"{PREFIX} [ET_NET 0] WARNING: {WARNING}self signed certificate {WHO} depth=0",
            {"stage": "chain", "code": 18, "depth": 0, "action": "Terminate", "thread": "ET_NET 0"},
        ),
        (
            f"{PREFIX}[ET_NET 0]WARNING:{WARNING}self-signed certificate {WHO} depth=0",
            {"stage": "chain", "code": 18, "error": "self signed certificate"},
        ),
        (
            f"{PREFIX} [ET_NET 3]  WARNING:  {WARNING}unable to get local issuer certificate {WHO} depth=0",
            {"code": 20, "depth": 0},
        ),
        (
            f"{PREFIX} [ET_NET 3] WARNING: {WARNING}self-signed certificate in certificate chain {WHO} depth=2",
            {"code": 19, "depth": 2},
        ),
        (
            f"{PREFIX} [ET_NET 3] WARNING: {WARNING}unsuitable certificate purpose {WHO} depth=0",
            {"code": 26, "error": "unsupported certificate purpose"},
        ),
        (
            f"{PREFIX} [ET_NET 3] WARNING: {WARNING}words of tomorrow {WHO} depth=1",
            {"code": None, "error": "words of tomorrow", "depth": 1},
        ),
        (
            f"{PREFIX} WARNING: {WARNING.replace('Terminate', 'Continue')}certificate has expired {WHO} depth=1",
            {"action": "Continue", "code": 10, "depth": 1, "thread": None},
        ),
        (
            f"{PREFIX} [ET_NET 2] WARNING: SNI (10.48.36.215) not in certificate. Action=Terminate "
            "server=10.48.36.215(10.48.36.215)",
            {"stage": "name", "name": "10.48.36.215", "ip": "10.48.36.215", "code": None},
        ),
        (
            f"{PREFIX} [ET_NET 2] WARNING: Origin hostname (cuc.test) not in certificate. Action=Terminate "
            "server=(null)(10.1.1.1)",
            {"stage": "name", "name": "cuc.test", "server": None, "ip": "10.1.1.1"},
        ),
        (
            f"{PREFIX} [ET_NET 2] WARNING: TS_EVENT_SSL_VERIFY_SERVER plugin failed the origin certificate check for "
            "cuc.test.  Action=Terminate SNI=cuc.test",
            {"stage": "plugin", "name": "cuc.test", "server": "cuc.test", "ip": None},
        ),
        (
            f"[Nov 25 19:50:43.123] [ET_NET 0] WARNING: {WARNING}certificate is not yet valid {WHO} depth=0",
            {"code": 9, "name": "cucm.steven.lab"},
        ),
        (
            f"WARNING: {WARNING}certificate is not yet valid {WHO} depth=0",
            {"code": 9, "server": "cucm.steven.lab"},
        ),
    ],
)
def test_refusals(text: str, expected: dict[str, Any]) -> None:
    line = read_line(text.encode())
    assert isinstance(line, Refused)
    told = {**asdict(line), **line.origin._asdict(), **line.cause._asdict()}
    assert {key: told[key] for key in expected} == expected


@pytest.mark.parametrize(
    "text",
    [
        f"2026-01-01T00:00:00Z vcsc httpd[1]: [ET_NET 0] WARNING: {WARNING}self signed certificate {WHO} depth=0",
        f'{PREFIX} UTCTime="x" Msg="[ET_NET 0] WARNING: {WARNING}self signed certificate {WHO} depth=0"',
        f"{PREFIX} [ET_NET 0] WARNING: he said {WARNING}self signed certificate {WHO} depth=0",
        f"{PREFIX} [ET_NET 0] NOTE: nothing of interest",
        "",
    ],
)
def test_the_same_words_elsewhere_are_no_refusal(text: str) -> None:
    assert not isinstance(read_line(text.encode()), Refused)


@pytest.mark.parametrize("end", range(len(PREFIX) + 40, len(PREFIX) + 180, 7))
def test_a_refusal_that_is_cut_off_is_never_taken_for_another_one(end: int) -> None:
    whole = f"{PREFIX} [ET_NET 0] WARNING: {WARNING}self signed certificate in certificate chain {WHO} depth=2"
    try:
        line = read_line(whole[:end].encode())
    except Unreadable:
        return
    assert isinstance(line, Refused)
    assert (line.cause.code, line.origin.ip) == (19, "10.48.36.215")


def test_damaged_utf_8_does_not_hide_a_refusal() -> None:
    text = f"{PREFIX} [ET_NET 0] WARNING: {WARNING}self signed certificate {WHO} depth=0"
    line = read_line(text.replace("steven", "st\u00e9ven").encode("latin-1"))
    assert isinstance(line, Refused)
    assert line.cause.code == 18


def test_failed_connections() -> None:
    text = f"{PREFIX}[ET_NET 1]ERROR:SSL connection failed for 'expc.cisco.com':error:14094418: SSL routines:x:y"
    line = read_line(text.encode())
    assert isinstance(line, ConnectionFailed)
    assert (line.name, line.thread) == ("expc.cisco.com", "ET_NET 1")


def test_steps_of_a_request() -> None:
    url = "http://vcs_control.steven.lab:8443/c3RldmVuLmxhYi9odHRwcy9jdWNtLnN0ZXZlbi5sYWIvNjk3Mg/CSFemusk.cnf.xml"
    start = f'{PREFIX} UTCTime="2022-07-11 16:55:25,955" Module="network.http.trafficserver" Level="DEBUG": Detail='
    line = read_line(
        f'{start}"Receive Request" Txn-id="189" TrackingID="" Src-ip="127.0.0.1" Src-port="1"\nHTTPMSG:\n|GET {url} '
        "HTTP/1.1\n Host: x\n \n |".encode()
    )
    assert isinstance(line, Step)
    assert (line.transaction, line.method, line.url) == ("189", "GET", url)
    line = read_line(
        f'{start}"Sending Response" Txn-id="189" TrackingID="" Dst-ip="127.0.0.1" Dst-port="1" Msg="HTTP/1.1 502 '
        'connect failed"'.encode()
    )
    assert isinstance(line, Step)
    assert (line.status, *line.writer) == (502, "vcsc", 18242)


def test_allowed() -> None:
    line = read_line(
        f'{PREFIX} Event="Request Allowed" Detail="Access allowed" Reason="In allow list" Username="emusk" Deployment="1" '
        'Method="GET" Request="https://cucm.steven.lab:8443/x" Rule="y"'.encode()
    )
    assert isinstance(line, Allowed)
    assert (line.user, line.url) == ("emusk", "https://cucm.steven.lab:8443/x")


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("c3RldmVuLmxhYi9odHRwcy9jdWNtLnN0ZXZlbi5sYWIvODQ0Mw", AskedFor("cucm.steven.lab", 8443)),
        ("c3RldmVuLmxhYi9odHRwcy9jdWNtLnN0ZXZlbi5sYWIvNjk3Mg", AskedFor("cucm.steven.lab", 6972)),
        ("c3RldmVuLmxhYi9odHRwcy9jdWNtLnN0ZXZlbi5sYWIvNjk3Mg==", AskedFor("cucm.steven.lab", 6972)),
        ("c3RldmVuLmxhYi9odHRwcy8xMC40OC4zNi4yMTUvODQ0Mw", AskedFor("10.48.36.215", 8443)),
        ("ZW50LXBhLmNvbQ", None),
        ("ZW50", None),
        ("cucm-uds", None),
        ("////", None),
    ],
)
def test_tokens(token: str, expected: AskedFor | None) -> None:
    assert decoded_token(token) == expected


def test_urls() -> None:
    token = "c3RldmVuLmxhYi9odHRwcy9jdWNtLnN0ZXZlbi5sYWIvODQ0Mw"
    assert split_url(f"http://x:8443/{token}/a?b") == (AskedFor("cucm.steven.lab", 8443), "/a?b")
    assert split_url("/cucm-uds/version") == (None, "/cucm-uds/version")
    assert user_in("/cucm-uds/user/emusk/devices") == "emusk"
    assert user_in("/cucm-uds/clusterUser?username=e%20musk&x=y") == "e musk"
    assert user_in("/SPDefault.cnf.xml") is None


def test_every_text_of_openssl_has_its_number() -> None:
    for code, text in verification_errors.TEXTS.items():
        assert error_code(text) == code


def test_logs_and_verdicts_explain_the_same_errors() -> None:
    assert set(UNSEEN) == set(EXPLANATIONS)


def test_the_depth_is_never_taken_for_the_cause() -> None:
    self_signed, _remedy = explain_logged_chain(18, "self signed certificate", 0, "a")
    unknown, _remedy = explain_logged_chain(20, "unable to get local issuer certificate", 0, "a")
    assert "self-signed" in self_signed and "issuer" in unknown
    for depth in (0, 1, 5, None):
        assert "self-signed" in explain_logged_chain(18, "self signed certificate", depth, "a")[0]


@pytest.mark.parametrize("code", [*UNSEEN, None, 999])
def test_every_cause_has_a_remedy(code: int | None) -> None:
    for depth in (0, 1, None):
        cause, remedy = explain_logged_chain(code, "words", depth, "cucm.test")
        assert cause.endswith(".") and remedy.endswith(".")


def test_names_and_handshakes_have_remedies() -> None:
    assert "FQDN" in explain_logged_name("10.1.1.1")[1]
    assert "subject alternative name" in explain_logged_name("cucm.test")[1]
    assert (
        "tomcat-trust" in explain_logged_handshake("error:1:SSL:x:tlsv1 alert unknown ca", "a")[1]
    )
