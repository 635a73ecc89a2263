# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""playbooks/diagnose.yml, run as a site runs it: whatever fails on the way, no log is left running."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pytest

from tests.unit.client.peers import Client

PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
LEVELS = [
    f"Logger Developer developer.trafficserver.{module} Level"
    for module in ("http", "http_trans", "iocore", "ssl")
]
LEVELS_BEFORE = ["ERROR", "WARN", "DEBUG", "INFO"]
TRIO = [f"expc{number}.trio.example.test" for number in (1, 2, 3)]


class Site:
    """An inventory of the cluster `trio` and runs of the playbook."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.archives = folder / "archives"
        self.report = folder / "report"
        self.hosts: dict[str, dict[str, Any]] = {
            name: {"ansible_host": client.estate.peer(name).address} for name in TRIO
        }
        self.variables: dict[str, Any] = {
            **client.estate.peer_variables,
            "expressway_command_timeout": 5,
            "expressway_connect_timeout": 5,
            "expressway_cluster": "trio",
            "diagnostics_dest": str(self.archives),
            "diagnostics_poll": 0.05,
        }

    def run(
        self, *arguments: str, playbook: str = "collab.expressway.diagnose", **extra: Any
    ) -> tuple[int, str]:
        """Exit status, and what was said with its white space folded."""
        done = subprocess.run(
            [*self._command({"diagnose_wait": 1} | extra, playbook), *arguments],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd=self.folder,
            env=self._environment,
            timeout=120,
            check=False,
        )
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    def run_on_a_terminal(self, answers: dict[str, bytes]) -> tuple[int, str]:
        """The same where somebody sits before it and, once each text has appeared, types the answer to it."""
        command, environment = self._command({}), self._environment
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            os.execve(command[0], command, environment)
        said, waiting, deadline = "", list(answers.items()), time.monotonic() + 60
        while time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    said += os.read(terminal, 65536).decode(errors="replace")
                except OSError:  # how Linux says that the other side has closed it
                    break
            # A prompt is shown a moment before it takes keys; Ctrl-C would kill the program in between.
            takes_keys = not termios.tcgetattr(terminal)[3] & termios.ISIG
            if waiting and waiting[0][0] in said and takes_keys:
                os.write(terminal, waiting.pop(0)[1])
        else:
            os.kill(child, signal.SIGKILL)
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), " ".join(said.split())

    def _command(
        self, extra: dict[str, Any], playbook: str = "collab.expressway.diagnose"
    ) -> list[str]:
        inventory = self.folder / "hosts.json"
        group = {"hosts": self.hosts, "vars": self.variables}
        inventory.write_text(json.dumps({"all": {"children": {"expressway_c": group}}}))
        more = {"diagnose_report_dest": str(self.report)} | extra
        return [
            PLAYBOOK,
            playbook,
            "-i",
            str(inventory),
            "-e",
            json.dumps(more),
        ]

    @property
    def _environment(self) -> dict[str, str]:
        folder = str(self.folder)
        return os.environ | {"ANSIBLE_NOCOLOR": "1", "COLUMNS": "500", "ANSIBLE_HOME": folder}

    def seen(self, name: str) -> dict[str, Any]:
        return self.client.estate.report(name)

    @property
    def running(self) -> list[str]:
        return [name for name in TRIO if self.seen(name)["diagnostic_logging"]["running"]]

    @property
    def starts(self) -> int:
        return int(self.seen(TRIO[0])["diagnostic_logging"]["starts"])

    def commands(self, name: str) -> list[str]:
        """The modes that the peer was sent."""
        asked = [line.split() for line in self.seen(name)["requests"]]
        return [words[2] for words in asked if len(words) == 3]


@pytest.fixture
def site(client: Client, tmp_path: Path) -> Site:
    return Site(client, tmp_path)


def test_captures_every_peer_puts_the_levels_back_and_prints_no_password(site: Site) -> None:
    # Another level for each module and each peer; one of them is DEBUG already.
    levels = {
        name: dict(zip(LEVELS, (LEVELS_BEFORE * 2)[place:], strict=False))
        for place, name in enumerate(TRIO)
    }
    for name, before in levels.items():
        site.client.estate.peer(name).configuration.update(before)
    code, said = site.run("-vvvv", diagnostics_log_level="DEBUG")
    assert code == 0, said[-3000:]
    assert (site.starts, site.running) == (1, [])
    assert [site.commands(name) for name in TRIO] == [
        ["start", "stop", "collect", "download"],
        ["collect", "download"],
        ["collect", "download"],
    ]
    assert len(list(site.archives.iterdir())) == 3
    for name in TRIO:
        written = [line.rpartition(" ")[2] for line in site.seen(name)["writes"]]
        raised = [level for level in levels[name].values() if level != "DEBUG"]
        assert written == ['"DEBUG"'] * 3 + [f'"{level}"' for level in raised]
        assert {path: site.seen(name)["configuration"][path] for path in LEVELS} == levels[name]
    assert "Ready to download after" in said
    assert "trio: no request was seen." in said
    assert site.client.estate.profile.password not in said
    report = (site.report / "diagnosis.json").read_text()
    assert site.client.estate.profile.password not in report
    assert json.loads(report)["diagnoses"][0]["not_collected"] == []


def test_check_mode_starts_nothing_and_writes_nothing(site: Site) -> None:
    code, said = site.run("--check", diagnostics_log_level="DEBUG")
    assert code == 0, said[-3000:]
    assert [site.commands(name) + site.seen(name)["writes"] for name in TRIO] == [[], [], []]
    assert not site.archives.exists()
    assert not site.report.exists()
    # Levels, log and archive on the primary.
    assert re.search(rf"{TRIO[0]} : ok=\d+ changed=3 ", said), said


def test_without_a_terminal_and_a_time_the_log_is_stopped_again(site: Site) -> None:
    code, said = site.run(diagnose_wait=0, diagnostics_log_level="TRACE")
    assert code == 2
    assert "give the time to wait for the login, for example -e diagnose_wait=120" in said
    assert (site.starts, site.running) == (1, [])
    assert [site.seen(name)["configuration"][LEVELS[0]] for name in TRIO] == ["INFO"] * 3
    assert not site.archives.exists()


def test_a_start_whose_answer_was_lost_is_stopped(site: Site) -> None:
    site.client.estate.set_fault(TRIO[0], {"kind": "drop_after_write", "matching": "start$"})
    code, said = site.run()
    assert code == 2
    assert "Whether the diagnostic log runs now is not known" in said
    assert (site.starts, site.running) == (1, [])


def test_a_peer_whose_log_cannot_be_collected_is_named_and_the_others_are_analysed(
    site: Site,
) -> None:
    site.client.estate.set_fault(TRIO[2], {"kind": "fail", "matching": "collect$"})
    code, said = site.run()
    assert code == 2
    assert site.running == []
    assert f"not looked at: {TRIO[2]}" in said
    assert f"{TRIO[2]}: its log was not collected:" in said
    diagnosis = json.loads((site.report / "diagnosis.json").read_text())["diagnoses"][0]
    assert len(diagnosis["files"]) >= 2
    assert [one["peer"] for one in diagnosis["not_collected"]] == [TRIO[2]]


@pytest.mark.parametrize(
    ("fault", "asked", "refused"),
    [
        ({"kind": "fail", "matching": "PUT .* stop$"}, ["start", "stop", "stop", "stop"], 0),
        # A wrong password is tried once.
        (
            {
                "kind": "drop_after_write",
                "times": 1,
                "matching": "PUT .* start$",
                "then": {"kind": "refuse_login"},
            },
            ["start"],
            1,
        ),
    ],
)
def test_a_log_that_cannot_be_stopped_is_shouted_about(
    site: Site, fault: dict[str, Any], asked: list[str], refused: int
) -> None:
    site.client.estate.set_fault(TRIO[0], fault)
    code, said = site.run()
    assert code == 2
    assert f"{TRIO[0]}: The diagnostic log may still run: stop it" in said
    assert site.commands(TRIO[0])[:4] == asked
    assert site.seen(TRIO[0])["failed_logins"] == refused
    assert site.running == TRIO


def test_a_wait_that_is_no_number_starts_nothing(site: Site) -> None:
    code, said = site.run(diagnose_wait="2m", diagnostics_log_level="DEBUG")
    assert code == 2
    assert "diagnostics_wait" in said and "2m" in said
    assert [site.commands(name) + site.seen(name)["writes"] for name in TRIO] == [[], [], []]


def test_without_some_peers_and_with_relative_folders_it_says_who_was_left_out(site: Site) -> None:
    code, said = site.run(
        "--limit", TRIO[0], diagnostics_dest="archives", diagnose_report_dest="report"
    )
    assert code == 0, said[-3000:]
    assert site.running == []
    assert len(list(site.archives.iterdir())) == 1
    diagnosis = json.loads((site.report / "diagnosis.json").read_text())["diagnoses"][0]
    left_out = [one["peer"] for one in diagnosis["not_collected"]]
    assert left_out == TRIO[1:]
    assert f"not looked at: {left_out[0]}: a peer of this cluster, but not of this run" in said


def test_a_primary_that_fails_before_the_start_is_not_taken_for_one_that_logs(site: Site) -> None:
    site.client.estate.set_fault(TRIO[0], {"kind": "drop", "matching": "DEBUG", "channel": "shell"})
    code, said = site.run(diagnostics_log_level="DEBUG")
    assert code == 2
    assert f"trio: {TRIO[0]} failed before its log was started" in said
    assert "runs already" not in said
    assert [site.commands(name) for name in TRIO] == [[], [], []]
    for name in TRIO:
        assert [site.seen(name)["configuration"][path] for path in LEVELS] == ["INFO"] * 4


def test_ctrl_c_while_it_waits_stops_the_log(site: Site) -> None:
    code, said = site.run_on_a_terminal({"press Enter": b"\x03", "'A' to abort": b"A"})
    assert code == 2
    assert "Nothing was captured: user requested abort!" in said
    assert (site.starts, site.running) == (1, [])


def test_somebody_else_s_log_is_left_alone(site: Site) -> None:
    primary = site.client.estate.peer(TRIO[0])
    site.client.set(diagnostic_mode="shown")
    site.client.estate.call(lambda: primary.diagnostics.command("start", "off"))
    code, said = site.run()
    assert code == 2
    assert "the diagnostic log runs already" in said
    assert (site.starts, site.running) == (1, TRIO)


@pytest.mark.parametrize(
    ("arguments", "fault", "said"),
    [
        (("--limit", f"{TRIO[1]},{TRIO[2]}"), None, "look at --limit"),
        ((), "refuse_login", f"{TRIO[0]} could not be read"),
    ],
)
def test_without_the_primary_nothing_is_started(
    site: Site, arguments: tuple[str, ...], fault: str | None, said: str
) -> None:
    if fault:
        site.client.estate.set_fault(TRIO[0], {"kind": fault})
    code, text = site.run(*arguments)
    assert code == 2
    assert said in text
    assert site.running == []
    assert [site.commands(name) for name in TRIO] == [[], [], []]
    assert site.seen(TRIO[0])["failed_logins"] == (1 if fault else 0)


def test_serial_which_parts_the_peers_starts_nothing(site: Site) -> None:
    role = {"name": "collab.expressway.diagnostics"}
    tasks = [{"ansible.builtin.include_role": role, "vars": {"diagnostics_wait": 1}}]
    play = {"hosts": "all", "gather_facts": False, "serial": 1, "tasks": tasks}
    playbook = site.folder / "serial.yml"
    playbook.write_text(json.dumps([play]))
    code, said = site.run(playbook=str(playbook))
    assert code == 2
    assert "but serial parts its peers" in said
    assert (site.starts, site.running) == (0, [])


def test_an_inventory_without_peers_fails(site: Site) -> None:
    site.hosts.clear()
    code, said = site.run()
    assert code == 2
    assert "nothing would be captured" in said


def test_logs_that_are_there_are_analysed_without_touching_a_peer(site: Site) -> None:
    site.hosts.clear()
    log = site.folder / "old.log"
    head = "2022-07-11T18:55:26.016+02:00 vcsc traffic_server[18242]: [ET_NET 0]"
    log.write_text(
        f"{head} WARNING: Core server certificate verification failed for (cucm.steven.lab). Action=Terminate "
        "Error=self signed certificate server=cucm.steven.lab(10.48.36.215) depth=0\n"
    )
    # As one types it, in the folder where the log is.
    code, said = site.run(diagnose_paths="old.log")
    assert code == 0, said[-3000:]
    assert "logs: 1 request refused by 1 cause." in said
    assert "x cucm.steven.lab on vcsc: 1 request" in said
    assert "does not predict" not in said
    report = (site.report / "diagnosis.txt").read_text()
    assert "cucm.steven.lab" in report
    code, again = site.run(diagnose_paths=[str(log)])
    assert re.search(r"localhost : ok=\d+ changed=0 ", again), again[-600:]

    code, missing = site.run(diagnose_paths=f"{log},{site.folder}/none.log")
    assert code == 2
    assert "none.log" in missing
