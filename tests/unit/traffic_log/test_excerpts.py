# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Excerpts as published: one record each, with everything that the lines tell."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.analysis import (
    Options,
    analyse,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.window import CHUNK

from tests.unit.traffic_log.excerpts import IP_ADDRESS, REFUSED_BY_THE_NODE, SELF_SIGNED
from tests.unit.traffic_log.test_generated_logs import Bytes


def told(text: str, **options: Any) -> dict[str, Any]:
    return analyse([Bytes("excerpt", text.encode())], Options(**options))


EXPECTED: dict[str, dict[str, Any]] = {
    SELF_SIGNED: {
        "peer": "vcsc",
        "address": "cucm.steven.lab",
        "ip": "10.48.36.215",
        "ports": [6972],
        "certainty": "exact",
        "stage": "chain",
        "error": "self signed certificate",
        "error_code": 18,
        "depth": 0,
        "action": "Terminate",
        "count": 1,
        "first": "2022-07-11T18:55:26.016+02:00",
        "last": "2022-07-11T18:55:26.016+02:00",
        "users": ["emusk"],
        "requests": ["GET /CSFemusk.cnf.xml"],
    },
    IP_ADDRESS: {
        "peer": "vcsc",
        "address": "10.48.36.215",
        "ip": "10.48.36.215",
        "ports": [8443],
        "certainty": "exact",
        "stage": "name",
        "error": "SNI (10.48.36.215) not in certificate",
        "error_code": None,
        "depth": None,
        "count": 1,
        "users": ["emusk"],
        "requests": ["GET /cucm-uds/user/emusk/devices"],
    },
    REFUSED_BY_THE_NODE: {
        "peer": "exp-c",
        "address": "expc.cisco.com",
        "stage": "handshake",
        "error_code": None,
        "count": 1,
    },
}


@pytest.mark.parametrize("text", EXPECTED, ids=["self-signed", "ip-address", "by-the-node"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_an_excerpt_gives_one_record(text: str, ending: str) -> None:
    result = told(text.replace("\n", ending))
    (record,) = result["refusals"]
    expected = EXPECTED[text]
    assert {key: record[key] for key in expected} == expected
    assert record["cause"] and record["remedy"]
    assert result["connections"]["refused"] == 1
    assert result["skipped_lines"] == 0


def test_sample_lines_name_their_place() -> None:
    (record,) = told(SELF_SIGNED)["refusals"]
    (sample,) = record["samples"]
    number = SELF_SIGNED.splitlines().index(
        "2022-07-11T18:55:26.016+02:00 vcsc traffic_server[18242]: [ET_NET 0]"
    )
    assert (sample["file"], sample["line"]) == ("excerpt", number + 1)
    assert sample["text"].startswith(
        "2022-07-11T18:55:26.016+02:00 vcsc traffic_server[18242]: [ET_NET 0]"
    )
    assert "Error=self signed certificate server=" in sample["text"]


def test_an_excerpt_within_a_large_log_gives_the_same() -> None:
    noise = "2022-07-11T18:50:00.000+02:00 vcsc tvcs: nothing\n" * (4 * CHUNK // 50)
    whole = IP_ADDRESS + noise + IP_ADDRESS.replace("144", "999").replace("17:49", "18:49") + noise
    (record,) = told(whole)["refusals"]
    assert {key: record[key] for key in EXPECTED[IP_ADDRESS]} == EXPECTED[IP_ADDRESS] | {"count": 2}
    assert record["samples"][1]["line"] == (IP_ADDRESS + noise).count("\n") + 4


def test_a_terminal_breaks_lines_at_its_edge() -> None:
    """In the middle of words, too, whatever its width. Copied from there, everything is known as before."""
    expected = EXPECTED[IP_ADDRESS]
    for width in range(60, 240):
        lines = [
            line[at : at + width]
            for line in IP_ADDRESS.splitlines()
            for at in range(0, len(line), width)
        ]
        result = told("\n".join(lines))
        (record,) = result["refusals"]
        assert {key: record[key] for key in expected} == expected, width
        assert result["skipped_lines"] == 0


def test_a_truncated_last_line_is_counted_not_guessed() -> None:
    lines = IP_ADDRESS.splitlines()
    result = told("\n".join([*lines[:3], lines[3][:-20]]))
    assert result["refusals"] == []
    assert result["skipped_lines"] == 1


def test_bare_lines_of_the_real_program() -> None:
    text = (
        "[Jul 11 18:55:26.016] [ET_NET 0] WARNING: Core server certificate verification failed for (cucm.mra.test). "
        "Action=Terminate Error=self-signed certificate server=cucm.mra.test(127.0.0.1) depth=0\n"
    )
    (record,) = told(text * 4, peer="expc1")["refusals"]
    assert (record["peer"], record["address"], record["ports"]) == ("expc1", "cucm.mra.test", [])
    assert (record["certainty"], record["error_code"]) == ("ambiguous", 18)


def test_permissive_peers_warn_and_refuse_nothing() -> None:
    lines = [line for line in IP_ADDRESS.splitlines() if " ERROR: " not in line]
    result = told(
        "\n".join(lines).replace("Terminate", "Continue").replace("502 connect failed", "200 OK")
    )
    (record,) = result["refusals"]
    assert (record["action"], record["ports"]) == ("Continue", [8443])
    assert result["connections"] == {"ok": 1, "refused": 0}


def test_the_same_line_in_two_files_counts_once() -> None:
    files = [Bytes(name, IP_ADDRESS.encode()) for name in ("one", "two")]
    (record,) = analyse(files, Options())["refusals"]
    assert record["count"] == 1


def test_a_rotation_between_request_and_refusal() -> None:
    lines = IP_ADDRESS.splitlines(keepends=True)
    for cut in range(1, len(lines)):
        parts = ["".join(lines[:cut]), "".join(lines[cut:])]
        files = [Bytes(f"part{number}", part.encode()) for number, part in enumerate(parts)]
        (record,) = analyse(files, Options())["refusals"]
        assert (record["ports"], record["certainty"]) == ([8443], "exact"), cut


def test_who_got_through_was_not_refused() -> None:
    """Two requests to one node at once: only the one that was answered with 502 met the refusal."""
    first, allowed, sent, warning, error, answer = IP_ADDRESS.splitlines()
    others = [
        line.replace("144", "145").replace("8443/cucm", "6972/cucm").replace('"8443"', '"6972"')
        for line in (first.replace("ODQ0Mw", "Njk3Mg"), sent)
    ]
    through = answer.replace("144", "145").replace("502 connect failed", "200 OK")
    lines = [first, *others, allowed, sent, warning, error, through, answer]
    (record,) = told("\n".join(lines))["refusals"]
    assert (record["ports"], record["certainty"]) == ([8443], "exact")
    refused = [line.replace("200 OK", "502 connect failed") for line in lines]
    (record,) = told("\n".join(refused))["refusals"]
    assert (record["ports"], record["certainty"]) == ([6972, 8443], "ambiguous")


NOISE = "2022-07-11T17:48:00.000+02:00 vcsc tvcs: nothing\n" * (2 * CHUNK // 49)


@pytest.mark.parametrize("noise", ["", NOISE], ids=["short", "large"])
def test_who_got_through_at_another_attempt_may_have_been_refused_before(noise: str) -> None:
    """While a request to another port of the node fails for another reason."""
    first, _allowed, sent, warning, error, answer = IP_ADDRESS.splitlines()
    other, other_sent, other_answer = (
        line.replace("144", "145").replace('"8443"', '"6972"').replace("ODQ0Mw", "Njk3Mg")
        for line in (first, sent, answer)
    )
    through = answer.replace("502 connect failed", "200 OK")
    lines = [first, other, other_sent, sent, warning, error, sent, through, other_answer]
    (record,) = told(noise + "\n".join(lines) + "\n" + noise)["refusals"]
    assert (record["ports"], record["certainty"]) == ([6972, 8443], "ambiguous")
    lines.remove(sent)  # without another attempt, who got through was not refused
    (record,) = told(noise + "\n".join(lines) + "\n" + noise)["refusals"]
    assert (record["ports"], record["certainty"]) == ([6972], "exact")


def test_a_lone_request_that_got_through_at_another_attempt_was_refused_before() -> None:
    first, allowed, sent, warning, error, answer = IP_ADDRESS.splitlines()
    through = answer.replace("502 connect failed", "200 OK")
    result = told("\n".join([first, allowed, sent, warning, error, sent, through]))
    (record,) = result["refusals"]
    assert (record["ports"], record["certainty"]) == ([8443], "exact")
    assert result["connections"] == {"ok": 1, "refused": 1}


@pytest.mark.parametrize("noise", ["", NOISE], ids=["short", "large"])
def test_only_who_got_through_counts_as_ok_and_once(noise: str) -> None:
    answer = IP_ADDRESS.splitlines()[-1]
    lines = []
    for number, status in enumerate(
        ["200 OK", "302 Found", "200 ", "403 Forbidden", "404 Not Found", "502 x", "503 y"]
    ):
        line = answer.replace("144", str(200 + number)).replace("502 connect failed", status)
        head, _message, _rest = line.partition(' Msg="')
        copy = (
            head.replace('"INFO"', '"DEBUG"') + f"\nHTTPMSG:\n|HTTP/1.1 {status}\n Server: x\n\n |"
        )
        # What follows an answer must not be taken for its status.
        lines += [line, line.replace("Sending Response", "Receive Response")]
        lines += [copy] if status != "200 " else []
    text = noise + "\n".join(lines) + "\n" + noise
    assert told(text)["connections"] == {"ok": 3, "refused": 0}
    copies = "\n".join(line for line in lines if "HTTPMSG" in line)
    assert told(noise + copies + "\n" + noise)["connections"] == {"ok": 2, "refused": 0}


def test_without_requests_what_follows_within_a_second_counts_as_an_attempt() -> None:
    warning = IP_ADDRESS.splitlines()[3]
    times = ["01.491", "02.400", "03.300", "05.000", "05.100"]
    (record,) = told("\n".join(warning.replace("01.491", time) for time in times))["refusals"]
    assert (record["count"], record["certainty"]) == (2, "ambiguous")
