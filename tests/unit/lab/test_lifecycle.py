# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line: up, status, down, and what happens when something is in the way."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import process
from tests.lab.__main__ import main
from tests.lab.estate import own_network
from tests.lab.process import LabError

NETWORK = own_network()
PROJECT = Path(__file__).parents[3]


class Lab:
    """The command line with a state folder and a network of its own; `up` is a real process."""

    def __init__(self, state: Path) -> None:
        self.state = state

    def __call__(
        self, command: str, *more: str, code: int = 0, traffic_servers: bool = False
    ) -> str:
        arguments = [command, "--network", NETWORK, "--state", str(self.state), *more]
        if command == "up":
            arguments += ["--cluster", "apac"]
            arguments += [] if traffic_servers else ["--without-traffic-servers"]
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            assert main(arguments) == code, said.getvalue()
        return said.getvalue()

    @property
    def pid(self) -> int | None:
        return process.holder(self.state / "pid")


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    monkeypatch.chdir(PROJECT)
    lab = Lab(tmp_path / "state")
    yield lab
    process.end(lab.state / "pid")


def answers(address: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


def wait_until_gone(lab: Lab, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while lab.pid is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    return lab.pid is None


def test_up_status_down(lab: Lab) -> None:
    assert "No estate runs here" in lab("status", code=3)
    said = lab("up", traffic_servers=True)
    pid = lab.pid
    assert pid is not None
    for place in (f"{NETWORK}.2.1", "X15.0", f"{NETWORK}.12.31", "healthy", "inventory/lab"):
        assert place in said
    assert "emea" not in said
    assert f"It runs already (pid {pid})" in lab("up")
    assert f"pid {pid}\n" in lab("status")
    assert {"known_hosts", "api-ca.pem", "estate.json", "estate.log", "pid"} <= {
        path.name for path in lab.state.iterdir()
    }
    assert answers(f"{NETWORK}.2.1", 5022) and answers(f"{NETWORK}.12.1", 6972)
    assert f"Ended pid {pid}" in lab("down")
    assert lab.pid is None
    assert not answers(f"{NETWORK}.2.1", 5022) and not answers(f"{NETWORK}.2.1", 8443)
    assert not (lab.state / "estate.json").exists()
    assert "No estate runs here" in lab("down")


def test_the_pasted_commands_work(lab: Lab) -> None:
    said = lab("up", traffic_servers=True)
    commands = {line.split()[0]: line.strip() for line in said.splitlines() if line[:2] == "  "}
    for name, answer in (("openssl", "BEGIN CERTIFICATE"), ("curl", "HTTP/1.1 ")):
        if name in commands and shutil.which(name):
            done = subprocess.run(
                commands[name],
                shell=True,
                cwd=PROJECT,
                capture_output=True,
                text=True,
                timeout=20,
                check=False,
            )
            assert answer in done.stdout, (commands[name], done.stdout, done.stderr)


def test_switches_faults_and_reset(lab: Lab) -> None:
    assert "Without real traffic servers" in lab("up")
    assert "no traffic servers run here" in lab("logins", code=1)
    said = lab("switch", "certs_root_post=replace", "session_limit=3")
    assert "certs_root_post = replace" in said and "session_limit = 3" in said
    assert "read_end" not in said
    assert "read_end" in lab("switch")
    assert "one of" in lab("switch", "certs_root_post=maybe", code=1)
    assert "hang" in lab("fault", "expc1.apac.example.test", "hang", "times=2")
    assert "throttle" in lab("fault", "cucm1.apac.example.test", "throttle", "times=2")
    assert "no peer" in lab("fault", "nobody", "hang", code=1)
    assert "as they were" in lab("reset")
    assert "certs_root_post = append" in lab("switch")


def test_logins_are_printed_or_refused_with_a_reason(lab: Lab) -> None:
    lab("up", traffic_servers=True)
    description = json.loads((lab.state / "estate.json").read_text())
    if not description["traffic_server"]:
        assert "trafficserver" in lab("logins", code=1)
        return
    assert "0 without a clear answer" in lab("logins")
    results = json.loads(lab("logins", "--json"))
    assert [{**request} for request in description["requests"]] == [
        {name: login[name] for name in ("peer", "address", "port", "url")} for login in results
    ]
    assert {login["status"] for login in results} == {200, 502}


def test_a_lifetime_ends_it(lab: Lab) -> None:
    lab("up", "--lifetime", "0.5")
    assert wait_until_gone(lab, 15)
    assert not answers(f"{NETWORK}.2.1", 5022)


def test_a_port_in_use_is_named(lab: Lab) -> None:
    with socket.create_server((f"{NETWORK}.12.1", 6972)):
        said = lab("up", code=1)
    assert f"{NETWORK}.12.1" in said and "6972" in said and "Traceback" not in said
    assert lab.pid is None
    assert not answers(f"{NETWORK}.2.1", 5022)


def test_a_wrong_network_is_refused_before_anything_starts(lab: Lab) -> None:
    said = lab("up", "--network", "10.1", code=1)
    assert said.startswith("lab: network: '10.1' is not the start of a loopback address")
    assert not lab.state.exists()


def test_after_a_kill_the_next_up_takes_over(lab: Lab) -> None:
    lab("up", traffic_servers=True)
    first = lab.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert wait_until_gone(lab, 5)
    assert (lab.state / "pid").exists()
    assert "No estate runs here" in lab("status", code=3)
    lab("up", traffic_servers=True)
    assert lab.pid not in (None, first)
    assert answers(f"{NETWORK}.2.1", 5022)


def test_a_pid_that_nobody_holds_is_never_signalled(tmp_path: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        pid_file = tmp_path / "pid"
        pid_file.write_text(f"{stranger.pid}\n")
        assert process.holder(pid_file) is None
        assert process.end(pid_file) is None
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_one_process_holds_a_pid_file(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with process.holding(pid_file):
        assert process.holder(pid_file) == os.getpid()
        with (
            pytest.raises(LabError, match=f"runs already: pid {os.getpid()}"),
            process.holding(pid_file),
        ):
            pass
        assert process.holder(pid_file) == os.getpid()
    assert not pid_file.exists()
