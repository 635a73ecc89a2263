# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log that a peer of the lab hands out says what its real traffic server did."""

from __future__ import annotations

import io
import os
import re
import tarfile
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.lab import logins, traffic_server
from tests.lab.diagnostics import Archive
from tests.lab.estate import RunningEstate, own_network, running_estate
from tests.lab.traffic_log import Asked, Warning, expressway_c_lines, utc_stamp

PEER = "expc1.emea.example.test"
EDGE = "expe2.emea.example.test"


@pytest.fixture(scope="module")
def estate() -> Iterator[RunningEstate]:
    if not traffic_server.installed():
        if os.environ.get("COLLAB_REQUIRE_TRAFFIC_SERVER") == "1":
            pytest.fail("COLLAB_REQUIRE_TRAFFIC_SERVER=1, but traffic_server is not installed")
        pytest.skip("traffic_server is not installed (Debian package trafficserver)")
    with running_estate(own_network(), ["emea"]) as running:
        yield running


def capture(estate: RunningEstate, names: tuple[str, ...] = (PEER, EDGE)) -> list[logins.Login]:
    """Log in everywhere while the logs of `names` run, and collect them."""
    order = [(name, mode) for mode in ("start", "stop", "collect") for name in names]
    peers = {name: estate.peer(name).diagnostics for name in names}
    made: list[logins.Login] = []
    for name, mode in order:
        if mode == "stop" and not made:
            made = estate.log_in()
        estate.call(lambda name=name, mode=mode: peers[name].command(mode, "off"))  # type: ignore[misc]
    for name in names:
        wait_until_ready(estate, name)
    return made


def wait_until_ready(estate: RunningEstate, name: str) -> None:
    log = estate.peer(name).diagnostics
    deadline = time.monotonic() + 15
    while not estate.call(log.status)["DownLoadStatus"].startswith("Ready"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def log_text(estate: RunningEstate, name: str) -> str:
    archive = estate.call(lambda: estate.peer(name).diagnostics.command("download", None))
    assert isinstance(archive, Archive)
    with tarfile.open(fileobj=io.BytesIO(archive.content)) as packed:
        (snapshot,) = (name for name in packed.getnames() if name.startswith("loggingsnapshot"))
        file = packed.extractfile(snapshot)
        assert file is not None
        return file.read().decode()


def test_each_login_is_a_transaction_and_each_refusal_a_warning(estate: RunningEstate) -> None:
    made = [login for login in capture(estate) if login["peer"] == PEER]
    text = log_text(estate, PEER)
    statuses = Counter(login["status"] for login in made)
    for detail in ("Receive Request", "Sending Request", "Sending Response"):
        assert text.count(f'Detail="{detail}"') == len(made)
    for status, count in statuses.items():
        assert text.count(f'Msg="HTTP/1.1 {status} ') == count
    refused = [login for login in made if login["status"] == logins.REFUSED]
    warned = re.findall(r"WARNING: .*(?:failed for|SNI) \(([^)]*)\)", text)
    assert Counter(warned) == Counter(login["address"] for login in refused)
    # The name check writes no ERROR line, the chain check does, with the words of OpenSSL 1.1.1.
    assert text.count(" ERROR: SSL connection failed for ") == text.count("Core server certificate")
    assert "self signed certificate" in text
    assert "self-signed" not in text
    for login in made:
        assert f"/{login['url'].split('/')[3]}/cucm-uds/version HTTP/1.1" in text
    times = [line.partition(" ")[0] for line in text.splitlines()]
    assert times == sorted(times)

    edge = log_text(estate, EDGE)
    assert "WARNING" not in edge
    assert edge.count('Event="Sending HTTP error response" Status="502"') >= len(refused)


def test_what_was_logged_before_a_restart_and_outside_the_capture(estate: RunningEstate) -> None:
    estate.log_in()
    estate.estate._traffic[PEER].log.flush()
    log = estate.peer(PEER).diagnostics
    estate.call(lambda: log.command("start", "off"))
    before = len(estate.log_in()) // 3
    estate.call(lambda: estate.peer(PEER).configure({"EdgeConfigServer VerifyOriginServer": "Off"}))
    after = len(estate.log_in()) // 3
    estate.call(lambda: [log.command("stop", None), log.command("collect", None)])
    wait_until_ready(estate, PEER)
    text = log_text(estate, PEER)
    assert text.count('Detail="Receive Request"') == before + after
    estate.reset()


def test_the_switches_change_words_and_lines() -> None:
    warning = Warning(
        1000.5,
        "[ET_NET 0] WARNING: Core server certificate verification failed for (a). Action=Terminate "
        "Error=self-signed certificate server=a(127.0.0.1) depth=0",
    )
    asked = Asked(
        1000.4, 0.2, ("127.0.0.1", 5), "GET", 502, "127.0.0.9",
        "/" + logins.token("d", "a", 8443) + "/x", "http://p:8443/" + logins.token("d", "a", 8443) + "/x?username=u",
    )  # fmt: skip
    switches = {"traffic_log_error_line": "absent", "traffic_log_openssl": "openssl_3"}
    lines = expressway_c_lines([warning, asked], "expc1", 7, switches, debug=True)
    assert [re.sub(r".*?\]: ", "", line, count=1)[:30] for line in lines][-1].startswith("UTCTime")
    assert not any("ERROR" in line for line in lines)
    assert any("Error=self-signed certificate" in line for line in lines)
    assert any('Username="u"' in line for line in lines)
    assert any("\nHTTPMSG:\n|GET /x?username=u HTTP/1.1\n" in line for line in lines)
    assert utc_stamp(1000.402) == "1970-01-01 00:16:40,402"
