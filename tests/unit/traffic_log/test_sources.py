# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logs in folders and archives, whole and damaged, and what is made to harm."""

from __future__ import annotations

import gzip
import io
import os
import random
import subprocess
import sys
import tarfile
import time
import tracemalloc
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log import archives
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.analysis import (
    Options,
    analyse,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.correlation import (
    Correlation,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.scanner import (
    Found,
    Scanner,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.sources import (
    complaints,
    line_numbers,
    open_logs,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.traffic_log.excerpts import IP_ADDRESS, SELF_SIGNED
from tests.unit.traffic_log.generated import ORIGINS, warning

LOG = IP_ADDRESS.encode()
MB = 1 << 20


def read(*paths: Path) -> dict[str, Any]:
    unread: list[str] = []
    skipped: list[dict[str, str]] = []
    logs = open_logs([str(path) for path in paths], unread, skipped)
    result = analyse(logs, Options(), line_numbers)
    result["unread"] = [*result["unread"], *unread]
    result["skipped_files"] = skipped
    return result


def tar(members: Mapping[str, bytes], mode: str = "w:gz", **options: Any) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode, **options) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def zipped(members: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


LONG_NAME = "folder/" * 30 + "messages"
PACKED = {
    "plain": LOG,
    "gzip": gzip.compress(LOG),
    "gzip of two members": gzip.compress(LOG[:300]) + gzip.compress(LOG[300:]),
    "tar": tar({"a/messages": LOG}, "w"),
    "tar.gz": tar({"a/messages": LOG, "b/other": b"nothing\n"}),
    "pax names": tar({LONG_NAME: LOG}, format=tarfile.PAX_FORMAT),
    "gnu names": tar({LONG_NAME: LOG}, format=tarfile.GNU_FORMAT),
    "zip": zipped({"messages": LOG}),
    "tar.gz in tar.gz": tar({"inner.tar.gz": tar({"messages": LOG})}),
    "gz in tar.gz": tar({"messages.1.gz": gzip.compress(LOG)}),
    "zip in tar.gz": tar({"inner.zip": zipped({"messages": LOG})}),
    "tar.gz in zip": zipped({"inner.tar.gz": tar({"messages": LOG})}),
}


@pytest.mark.parametrize("kind", PACKED)
def test_everything_that_an_appliance_packs(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(PACKED[kind])
    result = read(path)
    assert result["unread"] == []
    (record,) = result["refusals"]
    assert (record["address"], record["ports"], record["certainty"]) == (
        "10.48.36.215",
        [8443],
        "exact",
    )
    (sample,) = record["samples"]
    assert sample["line"] == 4
    assert sample["file"].startswith(str(path))
    if "names" in kind:
        assert sample["file"] == f"{path}/{LONG_NAME}"


def test_names_in_archives_lead_nowhere(tmp_path: Path) -> None:
    names = ["../../etc/cron.d/evil", "/etc/passwd", "a\x1b[2J\nb"]
    for make in (tar, zipped):
        path = tmp_path / make.__name__
        path.write_bytes(
            make(
                {name: LOG.replace(b'"144"', b'"%d"' % number) for number, name in enumerate(names)}
            )
        )
        before = sorted(tmp_path.rglob("*"))
        result = read(path)
        assert result["unread"] == []
        assert len(result["files"]) == 3
        assert sorted(tmp_path.rglob("*")) == before
        assert all(one["path"].isprintable() for one in result["files"])


def test_a_folder_is_read_oldest_part_first(tmp_path: Path) -> None:
    lines = SELF_SIGNED.split("\n\n")
    parts = {"messages.2.gz": lines[:4], "messages.1": lines[4:8], "messages": lines[8:]}
    for name, part in parts.items():
        content = ("\n\n".join(part) + "\n\n").encode()
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    (tmp_path / "messages.10").write_bytes(b"older\n")
    (tmp_path / "again").symlink_to(tmp_path / "messages")
    result = read(tmp_path)
    order = [Path(one["path"]).name for one in result["files"]]
    assert order == ["again", "messages.10", "messages.2.gz", "messages.1"]
    (tmp_path / "again").unlink()
    result = read(tmp_path, tmp_path / "messages")
    assert [Path(one["path"]).name for one in result["files"]] == [
        "messages.10",
        "messages.2.gz",
        "messages.1",
        "messages",
    ]
    (record,) = result["refusals"]
    assert (record["ports"], record["certainty"], record["users"]) == ([6972], "exact", ["emusk"])


@pytest.mark.parametrize("kind", ["named", "zip", "with dates"])
def test_parts_are_put_in_order_wherever_they_are_named(tmp_path: Path, kind: str) -> None:
    lines = SELF_SIGNED.split("\n\n")
    texts = ["\n\n".join(part) + "\n\n" for part in (lines[8:], lines[4:8], lines[:4])]
    names = ["messages", "messages.1", "messages.2"]
    if kind == "with dates":
        names = ["messages", "messages-20261120", "messages-20261119"]
    members = {name: text.encode() for name, text in zip(names, texts, strict=True)}
    if kind == "zip":
        paths = [tmp_path / "logs.zip"]
        paths[0].write_bytes(zipped(members))
    else:
        paths = [tmp_path / name for name in names]
        for path in paths:
            path.write_bytes(members[path.name])
    (record,) = read(*paths)["refusals"]
    assert (record["ports"], record["certainty"], record["users"]) == ([6972], "exact", ["emusk"])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_what_an_editor_saved_is_read_like_the_original(tmp_path: Path, encoding: str) -> None:
    line = (
        f"2026-11-20T08:00:00.000+00:00 expc1 traffic_server[1]: [ET_NET 0] {warning(ORIGINS[1])}\n"
    )
    for name, text in {"whole": SELF_SIGNED, "warning": line * 3000}.items():
        original, saved = tmp_path / name, tmp_path / f"{name}.txt"
        original.write_text(text)
        content = text.encode(encoding)
        saved.write_bytes(gzip.compress(content) if name == "whole" else content)
        expected, told = read(original)["refusals"], read(saved)["refusals"]
        for record in (*expected, *told):
            for sample in record["samples"]:
                sample["file"] = ""
        assert told == expected and expected


def test_what_is_no_text_is_named_not_read(tmp_path: Path) -> None:
    (tmp_path / "core").write_bytes(random.Random(1).randbytes(100_000))
    (tmp_path / "log").write_bytes("é\xff\x1b[0m".encode("latin-1") + LOG)
    result = read(tmp_path)
    (skipped,) = result["skipped_files"]
    assert (Path(skipped["path"]).name, skipped["reason"]) == ("core", "it is no text")
    assert result["refusals"]


def test_packet_captures_are_named_not_read(tmp_path: Path) -> None:
    (tmp_path / "eth0.pcap").write_bytes(b"\xd4\xc3\xb2\xa1" + LOG)
    result = read(tmp_path)
    assert result["refusals"] == [] and result["files"] == []
    (skipped,) = result["skipped_files"]
    assert skipped["reason"] == "a packet capture"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (PACKED["tar.gz"][:-20], "cut off"),
        (PACKED["gzip"][:100], "cut off"),
        (PACKED["gzip"][:40] + b"\0\0\0\0" + PACKED["gzip"][44:], "damaged"),
        (PACKED["tar"][:900], "the archive ends within it"),
        (PACKED["zip"][:-30], "no whole zip"),
        (b"BZh91AY&SY", "bzip2 is not read"),
        (b"\xfd7zXZ\0", "xz is not read"),
    ],
    # Not of their content: a packed file holds the second in which it was packed, and all workers must name the tests alike.
    ids=[
        "tar.gz cut off",
        "gzip cut off",
        "gzip damaged",
        "tar cut off",
        "zip cut off",
        "bzip2",
        "xz",
    ],
)
def test_what_is_damaged_is_said(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "download"
    path.write_bytes(content)
    (problem,) = read(path)["unread"]
    assert str(path) in problem and words in problem


def test_a_damaged_archive_does_not_hide_the_other_files(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_bytes(PACKED["tar.gz"][:-20])
    (tmp_path / "b").write_bytes(SELF_SIGNED.encode())
    result = read(tmp_path / "a.tar.gz", tmp_path / "b")
    assert len(result["unread"]) == 1
    assert {one["address"] for one in result["refusals"]} == {"cucm.steven.lab", "10.48.36.215"}


def test_a_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "HARMLESS", 8 * MB)
    bomb = gzip.compress(b"\n" * (64 * MB), 9)
    contents = {
        "gz": bomb,
        "gz in gz": gzip.compress(bomb),
        "zip": zipped({"bomb": b"\n" * (64 * MB)}),
        "tar.gz": tar({"bomb": b"\n" * (64 * MB)}),
    }
    for kind, content in contents.items():
        path = tmp_path / "bomb"
        path.write_bytes(content)
        result = read(path)
        assert "made to harm" in " ".join(result["unread"]), kind
        assert sum(one["bytes"] for one in result["files"]) < 32 * MB


def test_archives_packed_too_deep_and_with_too_many_members(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = LOG
    for _level in range(7):
        content = gzip.compress(content)
    path = tmp_path / "deep"
    path.write_bytes(content)
    assert "deep" in read(path)["unread"][0]
    monkeypatch.setattr(archives, "MOST_MEMBERS", 10)
    path.write_bytes(tar({f"file{number}": b"x\n" for number in range(20)}))
    assert "more than 10 files" in read(path)["unread"][0]


@settings(max_examples=150, deadline=None)
@given(
    content=st.binary(max_size=3000),
    start=st.sampled_from([b"", *archives.NOT_UNPACKED, *PACKED.values()]),
    cut=st.integers(0, 3000),
)
def test_random_bytes_never_break_it(
    content: bytes, start: bytes, cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "random"
    path.write_bytes(start[:cut] + content)
    result = read(path)
    assert isinstance(result["refusals"], list)
    assert all(str(path) in problem for problem in result["unread"])


@settings(max_examples=100, deadline=None)
@given(places=st.lists(st.tuples(st.integers(0, len(LOG) - 1), st.integers(0, 255)), max_size=8))
def test_damaged_lines_never_break_it(places: list[tuple[int, int]]) -> None:
    damaged = bytearray(LOG)
    for place, value in places:
        damaged[place] = value
    correlation = Correlation(lambda made: None)
    for line in Scanner(io.BytesIO(bytes(damaged))).found():
        correlation.take(line, "damaged")
        assert not isinstance(line, Found) or line.record in damaged
    correlation.finish()


class Endless:
    """A stream that repeats a few bytes, made while it is read."""

    def __init__(self, size: int, piece: bytes) -> None:
        self.left = size
        self.piece = piece * (1 + 256 * 1024 // len(piece))

    def readinto(self, buffer: memoryview, /) -> int:
        count = min(len(buffer), self.left, len(self.piece))
        buffer[:count] = self.piece[:count]
        self.left -= count
        return count


@pytest.mark.parametrize(
    "piece",
    [
        b"A",
        b'Txn-id="1" ',
        b"certificate verification failed for (x). Action=Terminate ",
        b"HTTP/1.1 502 ",
        b"certificate verification failed for\n",
        b'Txn-id="1"\n',
    ],
)
def test_what_repeats_for_megabytes(piece: bytes) -> None:
    """In bounded memory; the time only shows that the work is in proportion to the size, whatever stands in the line."""
    size = 4 * MB if piece.endswith(b"\n") else 40 * MB
    tracemalloc.start()
    started = time.process_time()
    scanner = Scanner(Endless(size, piece))
    assert list(scanner.found()) == []
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert scanner.size == size
    assert peak < 32 * MB
    assert time.process_time() - started < 30


def test_a_sparse_file_with_one_line_of_1_gb(tmp_path: Path) -> None:
    """Peak memory of a process of its own."""
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.write(LOG)
        file.seek(1 << 30)
        file.write(b"\n" + SELF_SIGNED.encode())
    script = (
        "import pathlib, re, sys\n"
        "from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.analysis import Options, analyse\n"
        "from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.sources import open_logs\n"
        "result = analyse(open_logs([sys.argv[1]], [], []), Options())\n"
        "print(sorted(one['address'] for one in result['refusals']))\n"
        "status = pathlib.Path('/proc/self/status').read_text()\n"
        "print(int(re.search(r'VmHWM:\\s*(\\d+)', status)[1]) // 1024)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    found, peak = run.stdout.splitlines()
    assert found == "['10.48.36.215', 'cucm.steven.lab']"
    assert int(peak) < 64


def test_paths_are_judged_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "log").write_bytes(LOG)
    paths = [tmp_path / name for name in ("log", "empty", "folder", "missing")]
    told = complaints([str(path) for path in paths])
    assert [text.split(": ")[-1] for text in told] == [
        "it is empty",
        "there is no file in this folder",
        "no such file or folder on the host that runs the module",
    ]
    if os.geteuid() != 0:
        (tmp_path / "log").chmod(0)
        assert "may not be read" in complaints([str(tmp_path / "log")])[0]
