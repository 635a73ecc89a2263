# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A capture of the lab's peers: it tells every position of a switch that it asks for, and nothing about the site."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.collab.expressway.plugins.module_utils.capture.questions import QUESTIONS
from ansible_collections.collab.expressway.plugins.modules.capture_archive import EXAMPLES

from tests.lab.switches import catalogue
from tests.unit.client.peers import Client

TRIO = [f"expc{number}.trio.example.test" for number in (1, 2, 3)]
OPEN = {
    # These two look alike as long as one command is sent at a time.
    ("echo", "line_by_line"),
    ("echo", "on_arrival"),
}
SAID_OTHERWISE = {
    # The same on this release.
    ("api_access", "enabled"): "by_release",
    # Only other items show these apart.
    ("missing_item", "element_not_recognized"): "command_not_recognized",
    ("greeting", "after_enter"): "typical",
}
POSITIONS = [(name, value) for name in QUESTIONS for value in catalogue()[name].values]


def test_the_guesses_are_those_of_the_lab() -> None:
    known = catalogue()
    assert {name: guess for name, (guess, _read) in QUESTIONS.items()} == {
        name: known[name].default for name in QUESTIONS
    }


@pytest.mark.parametrize(("name", "value"), POSITIONS, ids=str)
def test_tells_the_position_of_a_switch(client: Client, name: str, value: str) -> None:
    client.set(**{name: value})
    settled = client.task("capture_info")["capture"]["settled"]
    answer = {record["switch"]: record for record in settled}[name]
    expected = None if (name, value) in OPEN else SAID_OTHERWISE.get((name, value), value)
    assert answer["answer"] == expected
    assert answer["verdict"] == (
        "open" if expected is None else "confirms" if expected == answer["guess"] else "contradicts"
    )


def test_only_reads_and_asks_no_more_after_a_refused_login(client: Client) -> None:
    client.task("capture_info")
    seen = client.seen
    assert seen["writes"] == []
    assert {line.split()[0] for line in seen["requests"]} == {"GET"}
    client.set(api_access="unauthorized")
    capture = client.task("capture_info")["capture"]
    assert [answer["status"] for answer in capture["api"].values()] == [401]
    assert len(capture["not_read"]) == 6
    assert len(client.seen["requests"]) == len(seen["requests"]) + 1


def run(
    client: Client, folder: Path, *arguments: str, playbook: str = "collab.expressway.capture"
) -> tuple[int, str]:
    inventory = folder / "hosts.json"
    variables = {
        **client.estate.peer_variables,
        "expressway_cluster": "trio",
    }
    hosts: dict[str, Any] = {
        name: {"ansible_host": client.estate.peer(name).address} for name in TRIO
    }
    group = {"hosts": hosts, "vars": variables}
    inventory.write_text(json.dumps({"all": {"children": {"expressway_c": group}}}))
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("ansible-playbook")),
            playbook,
            "-i",
            str(inventory),
            "-e",
            "capture_dest=kept",
            *arguments,
        ],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env=os.environ | {"ANSIBLE_NOCOLOR": "1", "COLUMNS": "500", "ANSIBLE_HOME": str(folder)},
        timeout=120,
        check=False,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_one_archive_holds_every_peer_and_nothing_of_the_site(
    client: Client, tmp_path: Path
) -> None:
    client.estate.set_fault(TRIO[1], {"kind": "refuse_login"})
    code, said = run(client, tmp_path, "-vvvv")
    assert code == 2
    assert f"{TRIO[1]} is not in the archive" in said
    assert client.estate.profile.password not in said
    (path,) = (tmp_path / "kept").iterdir()
    assert f"Archive: {path}" in said
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    with tarfile.open(path) as archive:
        files = {
            Path(name).name: archive.extractfile(name).read().decode()  # type: ignore[union-attr]
            for name in archive.getnames()
        }
    assert sorted(files) == ["answers1.json", "answers2.json", "index.json"]
    text = "".join(files.values()).casefold()
    profile = client.estate.profile
    hidden = [profile.user, profile.password, "trio", "example.test", "begin certificate"]
    for name in TRIO:
        peer = client.estate.peer(name)
        serial = peer.status["SystemUnit"]["Hardware"]["SerialNumber"]
        hidden += [name, name.partition(".")[0], peer.address, serial]
    assert [one for one in hidden if one.casefold() in text] == []
    # The same peer has the same name in the answers of each.
    assert all("peer3.example.invalid" in files[f"answers{number}.json"] for number in (1, 2))
    index = json.loads(files["index.json"])["switches"]
    assert {one["switch"] for one in index} == set(QUESTIONS)
    assert {answer["verdict"] for one in index for answer in one["answers"].values()} == {
        "confirms",
        "open",
    }


def test_the_example_keeps_the_answers_of_all_peers(client: Client, tmp_path: Path) -> None:
    play = {"hosts": "all", "gather_facts": False, "tasks": yaml.safe_load(EXAMPLES)}
    playbook = tmp_path / "example.yml"
    playbook.write_text(yaml.safe_dump([play]))
    code, said = run(client, tmp_path, playbook=str(playbook))
    assert code == 0, said[-2000:]
    (path,) = (tmp_path / "capture").iterdir()
    with tarfile.open(path) as archive:
        assert len(archive.getnames()) == len(["index.json", *TRIO])


def test_check_mode_writes_nothing(client: Client, tmp_path: Path) -> None:
    code, said = run(client, tmp_path, "--check")
    assert code == 0, said[-2000:]
    assert "It would be written to" in said
    assert not (tmp_path / "kept").exists()
