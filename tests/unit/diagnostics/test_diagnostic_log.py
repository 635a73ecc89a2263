# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What diagnostic_log does to a peer, what it leaves on the controller, and how it fails."""

from __future__ import annotations

import hashlib
import tarfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.diagnostics.archive_names import (
    announced_name,
    archive_name,
)
from ansible_collections.collab.expressway.plugins.module_utils.diagnostics.log_status import (
    log_status,
    refuses,
)
from ansible_collections.collab.expressway.plugins.module_utils.peer.facts import UnexpectedAnswer
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.diagnostics import DiagnosticLogging
from tests.unit.client.peers import Client

PATH = "/api/provisioning/common/diagnosticlogging"
TRIO = [f"expc{number}.trio.example.test" for number in (1, 2, 3)]
BOTH_METHODS = pytest.mark.parametrize("method", ["put", "post"])


def log_of(client: Client) -> DiagnosticLogging:
    return client.estate.peer(client.name).diagnostics


def captured(client: Client) -> None:
    """Start and stop the log on the primary, so that there is something to collect."""
    log = client.estate.peer(TRIO[0]).diagnostics
    client.estate.call(lambda: [log.command("start", "off"), log.command("stop", None)])


def collect(client: Client, dest: Path, **options: Any) -> dict[str, Any]:
    return client.task(
        "diagnostic_log", state="collected", dest=str(dest), **{"poll": 0.02} | options
    )


def modes(client: Client) -> list[str]:
    """The modes that the peer was sent, with the method of each."""
    return [
        f"{line.split()[0]} {line.split()[2]}"
        for line in client.seen["requests"]
        if len(line.split()) == 3
    ]


# --- start and stop -----------------------------------------------------------------------------


@BOTH_METHODS
def test_starts_and_stops_the_whole_cluster_from_its_primary(client: Client, method: str) -> None:
    client.set(diagnostic_method=method, diagnostic_mode="shown")
    predicted = client.task("diagnostic_log", check=True, state="started", packet_capture=True)
    assert modes(client) == []
    started = client.task("diagnostic_log", state="started", packet_capture=True)
    assert started == predicted
    assert (started["state_before"], started["changed"]) == ("stopped", True)
    assert [client.peer(name).seen["diagnostic_logging"] for name in TRIO] == [
        {"running": True, "captures_packets": True, "starts": 1}
    ] * 3
    again = client.task("diagnostic_log", state="started", packet_capture=True)
    assert (again["state_before"], again["changed"], "warnings" in again) == (
        "started",
        False,
        False,
    )

    stopped = client.task("diagnostic_log", state="stopped")
    assert (stopped["state_before"], stopped["changed"]) == ("started", True)
    assert not any(client.peer(name).seen["diagnostic_logging"]["running"] for name in TRIO)
    assert client.task("diagnostic_log", state="stopped")["changed"] is False
    # The first PUT is answered with 405 where POST is wanted, once a task.
    assert (
        modes(client)
        == {
            "put": ["PUT start", "PUT stop"],
            "post": ["PUT start", "POST start", "PUT stop", "POST stop"],
        }[method]
    )


def test_a_peer_that_does_not_tell_its_state_is_told_again(client: Client) -> None:
    for _again in range(2):
        done = client.task("diagnostic_log", state="started")
        assert (done["state_before"], done["changed"]) == (None, True)
    assert client.seen["diagnostic_logging"]["starts"] == 2


@pytest.mark.parametrize("status", ["bad_request", "ok"])
def test_a_start_that_is_refused_because_the_log_runs_changes_nothing(
    client: Client, status: str
) -> None:
    client.set(diagnostic_start_again="refused", business_error_status=status)
    client.task("diagnostic_log", state="started")
    again = client.task("diagnostic_log", state="started", packet_capture=True)
    assert (again["state_before"], again["changed"]) == ("started", False)
    assert "not known to capture packets" in again["warnings"][0]


@pytest.mark.parametrize("kind", ["drop", "drop_after_write", "fail"])
def test_a_start_without_an_answer_keeps_the_host_so_that_it_can_be_stopped(
    client: Client, kind: str
) -> None:
    client.fault(kind, matching="PUT .* start")
    result = client.task("diagnostic_log", state="started")
    assert (result["failed"], result["changed"]) == (True, True)
    assert "unreachable" not in result
    assert "Whether the diagnostic log runs now is not known" in result["msg"]
    assert client.seen["diagnostic_logging"]["running"] is (kind == "drop_after_write")


@pytest.mark.parametrize(
    "switches",
    [
        {"csrf_header": "required"},
        {"success_message": "operation_successful", "diagnostic_mode": "shown"},
        {
            "diagnostic_method": "post",
            "csrf_header": "required",
            "diagnostic_start_again": "refused",
        },
    ],
)
def test_the_whole_way_under(client: Client, tmp_path: Path, switches: dict[str, str]) -> None:
    client.set(**switches)
    assert client.task("diagnostic_log", state="started")["changed"] is True
    assert client.task("diagnostic_log", state="stopped")["changed"] is True
    assert Path(collect(client, tmp_path)["file"]).stat().st_size > 100


def test_on_another_peer_only_that_one_is_started(client: Client) -> None:
    client.peer(TRIO[1]).task("diagnostic_log", state="started")
    assert [client.peer(name).seen["diagnostic_logging"]["running"] for name in TRIO] == [
        False,
        True,
        False,
    ]


# --- collect ------------------------------------------------------------------------------------


@BOTH_METHODS
@pytest.mark.parametrize("kind", ["tar_gz", "zip"])
def test_collects_the_archive_whole_and_for_its_owner_only(
    client: Client, tmp_path: Path, kind: str, method: str
) -> None:
    client.set(diagnostic_archive=kind, diagnostic_method=method)
    captured(client)
    result = collect(client, tmp_path / "new" / "folder")
    path = Path(result["file"])
    suffix = {"tar_gz": ".tar.gz", "zip": ".zip"}[kind]
    assert result["changed"] is True
    assert ":" in result["archive_name"]
    assert (
        path.name == f"{client.name}-{result['archive_name'].replace(':', '_')}"
        and path.name.endswith(suffix)
    )
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    content = path.read_bytes()
    assert (result["size"], result["sha256"], result["resumed"]) == (
        len(content),
        hashlib.sha256(content).hexdigest(),
        False,
    )
    assert list(path.parent.iterdir()) == [path]
    if kind == "zip":
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()
    else:
        with tarfile.open(path) as archive:
            names = archive.getnames()
    assert [name.partition("_")[0] for name in names] == ["loggingsnapshot", "xconf"]


def test_a_packet_capture_is_there_when_it_was_asked_for(client: Client, tmp_path: Path) -> None:
    client.task("diagnostic_log", state="started", packet_capture=True)
    client.task("diagnostic_log", state="stopped")
    with tarfile.open(collect(client, tmp_path)["file"]) as archive:
        assert archive.getnames()[-1].endswith(".pcap")


def test_check_mode_predicts_an_archive_and_lets_nothing_be_packed(
    client: Client, tmp_path: Path
) -> None:
    result = client.task(
        "diagnostic_log", check=True, state="collected", dest=str(tmp_path / "none")
    )
    assert result["changed"] is True
    assert "file" not in result
    assert modes(client) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("ranges", "cuts", "resumed"),
    [
        ("supported", 1, True),
        ("supported", 5, True),
        ("supported_by_version", 2, True),
        ("ignored", 2, False),
    ],
)
def test_a_download_that_is_cut_is_completed(
    client: Client, tmp_path: Path, ranges: str, cuts: int, resumed: bool
) -> None:
    client.set(diagnostic_range=ranges)
    captured(client)
    client.fault("cut_download", times=cuts)
    result = collect(client, tmp_path)
    assert result["resumed"] is resumed, result
    served = log_of(client).command("download", None)
    assert Path(result["file"]).read_bytes() == served.content  # type: ignore[union-attr]
    assert modes(client).count("PUT download") == cuts + 1


def test_a_download_that_gets_nowhere_is_given_up_without_a_file(
    client: Client, tmp_path: Path
) -> None:
    client.set(diagnostic_range="ignored")
    captured(client)
    client.fault("drop", matching="download")
    result = collect(client, tmp_path)
    assert result["unreachable"] is True
    assert "bytes early" in result["msg"]
    # The first try got further than nothing, three more did not get further than that.
    assert modes(client).count("PUT download") == 4
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ranges", ["supported", "supported_by_version"])
def test_another_archive_in_the_middle_of_a_download_is_not_glued_to_the_first(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ranges: str
) -> None:
    client.set(diagnostic_range=ranges)
    captured(client)
    client.fault("cut_download", times=1)
    log = log_of(client)
    first = client.estate.call(log._made_archive)
    # Without a version only its size shows that it is another one.
    same_size = first.content[:-1] + bytes([first.content[-1] ^ 1])
    other = replace(first, content=first.content + b"more" if ranges == "supported" else same_size)
    served = iter([first, other, other])
    monkeypatch.setattr(log, "_download", lambda: next(served))
    result = collect(client, tmp_path)
    assert Path(result["file"]).read_bytes() == other.content
    assert result["resumed"] is False


def test_a_download_that_is_cut_after_one_byte_goes_on(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    captured(client)
    client.fault("cut_download", times=1)
    log = log_of(client)
    tiny = replace(client.estate.call(log._made_archive), content=b"\x1f\x8b")
    monkeypatch.setattr(log, "_download", lambda: tiny)
    assert (collect(client, tmp_path)["size"], len(modes(client))) == (2, 3)


@pytest.mark.parametrize("content", [b"<html>", b"\x1fx", b""])
def test_what_is_no_archive_is_not_kept(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    captured(client)
    log = log_of(client)
    other = replace(client.estate.call(log._made_archive), content=content)
    monkeypatch.setattr(log, "_download", lambda: other)
    result = collect(client, tmp_path)
    assert result["failed"] is True
    assert ("neither gzip nor zip" if content else "empty archive") in result["msg"]
    assert list(tmp_path.iterdir()) == []


def test_collecting_that_takes_too_long_says_so(client: Client, tmp_path: Path) -> None:
    client.set(diagnostic_collect_seconds=30)
    captured(client)
    began = time.monotonic()
    result = collect(client, tmp_path, timeout=0.3)
    assert time.monotonic() - began < 20
    assert result["failed"] is True
    for said in (client.name, "it says: Collecting", "Raise timeout"):
        assert said in result["msg"]
    assert list(tmp_path.iterdir()) == []


def test_a_log_that_runs_is_not_collected(client: Client, tmp_path: Path) -> None:
    client.task("diagnostic_log", state="started")
    for shown in ("not_shown", "shown"):
        client.set(diagnostic_mode=shown)
        result = collect(client, tmp_path)
        assert result["failed"] is True
        assert "stop" in result["msg"].casefold()


@pytest.mark.parametrize("status", ["bad_request", "ok"])
def test_without_a_log_the_peer_s_own_words_are_told(
    client: Client, tmp_path: Path, status: str
) -> None:
    client.set(business_error_status=status)
    result = collect(client, tmp_path)
    assert result["failed"] is True
    assert "There is no diagnostic log to collect" in result["msg"]
    assert client.name in result["msg"]


def test_a_second_file_never_takes_the_place_of_the_first(client: Client, tmp_path: Path) -> None:
    captured(client)
    first = collect(client, tmp_path)
    content = Path(first["file"]).read_bytes()
    Path(first["file"]).write_bytes(b"notes of an engineer")
    log_of(client)._archive = None
    again = collect(client, tmp_path)
    assert again["changed"] is True
    assert again["sha256"][:12] in again["file"]
    assert Path(first["file"]).read_bytes() == b"notes of an engineer"
    assert len(Path(again["file"]).read_bytes()) == len(content)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"state": "collected"}, "state is collected but all of the following are missing: dest"),
        ({"state": "running"}, "value of state must be one of"),
        ({"state": "started", "timeout": 0}, "seconds above 0. Nothing was sent"),
        ({"state": "collected", "dest": "/dev/null/x"}, "is no folder on the controller"),
    ],
)
def test_a_wrong_option_touches_no_peer(client: Client, options: dict[str, Any], said: str) -> None:
    try:
        message = client.task("diagnostic_log", **options)["msg"]
    except Exception as error:
        message = str(error)
    assert said in message
    assert client.seen["requests"] == []


@pytest.mark.parametrize(
    ("switches", "fault", "said"),
    [
        ({"api_access": "forbidden"}, None, "HTTP status 403"),
        ({"api_access": "unauthorized"}, None, "one try was made"),
        ({}, {"kind": "refuse_login"}, "one try was made"),
        ({}, {"kind": "fail"}, "HTTP status 500"),
    ],
)
@pytest.mark.parametrize("state", ["started", "stopped", "collected"])
def test_a_peer_that_says_no_is_asked_once(
    client: Client,
    tmp_path: Path,
    state: str,
    switches: dict[str, str],
    fault: dict[str, Any] | None,
    said: str,
) -> None:
    client.set(**switches)
    if fault:
        client.fault(**fault)
    result = client.task("diagnostic_log", state=state, dest=str(tmp_path))
    assert (result["failed"], result["changed"]) == (True, False)
    assert said in result["msg"]
    assert result["login_refused"] is ("one try" in said)
    assert len(client.seen["requests"]) == 1
    assert client.estate.profile.password not in str(result)


# --- names and statuses -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="log_16:55:25.tar.gz"', "log_16:55:25.tar.gz"),
        ("attachment; filename=log.tar.gz", "log.tar.gz"),
        ("attachment; filename*=UTF-8''l%C3%B6g.zip", "lög.zip"),
        ("attachment", None),
        ("", None),
        (None, None),
    ],
)
def test_reads_the_announced_name(header: str | None, name: str | None) -> None:
    assert announced_name(header) == name


@pytest.mark.parametrize(
    ("announced", "name"),
    [
        ("../../../root/.ssh/authorized_keys", "p-authorized_keys"),
        ("..\\..\\boot.ini", "p-boot.ini"),
        ("/etc/passwd", "p-passwd"),
        ("..", "p-diagnostic_log"),
        (None, "p-diagnostic_log"),
        ("a\x00b\nc;rm -rf.zip", "p-a_b_c_rm_-rf.zip"),
        ("x" * 500 + ".tar.gz", "p-" + "x" * 93 + ".tar.gz"),
    ],
)
def test_a_name_is_never_a_path(announced: str | None, name: str) -> None:
    assert archive_name("p", announced) == name


@given(st.text(), st.text() | st.none())
def test_any_name_stays_in_its_folder(peer: str, announced: str | None) -> None:
    name = archive_name(peer, announced)
    assert Path("/folder", name).resolve().parent == Path("/folder")
    assert 0 < len(name) <= 201
    assert not name.startswith(".")


@given(st.text())
def test_any_header_gives_a_name_or_none(header: str) -> None:
    announced = announced_name(header)
    assert announced is None or announced


@pytest.mark.parametrize(
    ("answer", "ready", "state"),
    [
        ({"DownLoadStatus": "Ready to download"}, True, None),
        ({"DownloadStatus": "Not ready"}, False, None),
        ({"Mode": "start", "DownLoadStatus": "Not available"}, False, "started"),
        ({"mode": "Stopped"}, False, "stopped"),
        ({"Mode": "what", "DownLoadStatus": ""}, False, None),
    ],
)
def test_reads_what_the_peer_says(answer: dict[str, str], ready: bool, state: str | None) -> None:
    status = log_status(answer)
    assert (status.ready, status.state) == (ready, state)


@pytest.mark.parametrize("answer", [[], None, "Ready to download", {"Message": "no"}])
def test_an_answer_that_is_no_status_is_a_failure(answer: object) -> None:
    with pytest.raises(UnexpectedAnswer):
        log_status(answer)


@pytest.mark.parametrize(
    ("message", "no"),
    [
        (None, False),
        ("The operation was successful", False),
        ("Diagnostic logging started", False),
        ("Diagnostic logging is in progress", False),
        ("Diagnostic logging is already in progress", True),
        ("Diagnostic logging is in progress: stop it first", True),
        ("Unable to start", True),
        ("Operation failed", True),
    ],
)
def test_a_refusal_may_come_with_status_200(message: str | None, no: bool) -> None:
    assert refuses(message) is no
