# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""playbooks/diagnose.yml, run as a site runs it: whatever fails on the way, no log is left running."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.client.peers import Client

PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
LEVELS = [
    f"Logger Developer developer.trafficserver.{module} Level"
    for module in ("http", "http_trans", "iocore", "ssl")
]
TRIO = [f"expc{number}.trio.example.test" for number in (1, 2, 3)]


class Site:
    """An inventory of the cluster `trio` and runs of the playbook."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.archives = folder / "archives"
        self.report = folder / "report"
        profile, state = client.estate.profile, client.estate.state
        self.hosts: dict[str, dict[str, Any]] = {
            name: {"ansible_host": client.estate.peer(name).address} for name in TRIO
        }
        self.variables: dict[str, Any] = {
            "ansible_connection": "collab.expressway.expressway",
            "ansible_port": profile.ssh_port,
            "ansible_user": profile.user,
            "ansible_password": profile.password,
            "expressway_known_hosts_file": str(state / "known_hosts"),
            "expressway_api_port": profile.api_port,
            "expressway_api_ca_path": str(state / "api-ca.pem"),
            "expressway_command_timeout": 5,
            "expressway_connect_timeout": 5,
            "expressway_cluster": "trio",
            "diagnostics_dest": str(self.archives),
            "diagnostics_poll": 0.05,
        }

    def run(self, *arguments: str, **extra: Any) -> tuple[int, str]:
        """Exit status, and what was said with its white space folded."""
        inventory = self.folder / "hosts.json"
        group = {"hosts": self.hosts, "vars": self.variables}
        inventory.write_text(json.dumps({"all": {"children": {"expressway_c": group}}}))
        more = {"diagnose_wait": 1, "diagnose_report_dest": str(self.report)} | extra
        command = [PLAYBOOK, "collab.expressway.diagnose", "-i", str(inventory)]
        done = subprocess.run(
            [*command, "-e", json.dumps(more), *arguments],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd=self.folder,
            env=os.environ
            | {"ANSIBLE_NOCOLOR": "1", "COLUMNS": "500", "ANSIBLE_HOME": str(self.folder)},
            timeout=120,
            check=False,
        )
        return done.returncode, " ".join((done.stdout + done.stderr).split())

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
        assert written == ['"DEBUG"'] * 4 + ['"INFO"'] * 4
        assert [site.seen(name)["configuration"][path] for path in LEVELS] == ["INFO"] * 4
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


def test_a_log_that_cannot_be_stopped_is_shouted_about(site: Site) -> None:
    site.client.estate.set_fault(TRIO[0], {"kind": "fail", "matching": "PUT .* stop$"})
    code, said = site.run()
    assert code == 2
    assert f"{TRIO[0]}: The diagnostic log may still run: stop it" in said
    assert site.commands(TRIO[0])[:4] == ["start", "stop", "stop", "stop"]
    assert site.running == TRIO


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
    code, said = site.run(diagnose_paths=str(log))
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
