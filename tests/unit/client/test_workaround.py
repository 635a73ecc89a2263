# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""playbooks/workaround.yml, run as a site runs it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.unit.client.peers import Client

SWITCH = "EdgeConfigServer VerifyOriginServer"
PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
OFF: dict[str, Any] = {
    "state": "off",
    "until": str(date.today() + timedelta(days=7)),
    "reason": "CHG0041",
}
ELSEWHERE = "cucm1.trio.example.test"
TRIO = [f"expc{number}.trio.example.test" for number in (1, 2, 3)]


class Site:
    """An inventory of the cluster `trio` and runs of the playbook."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.hosts: dict[str, dict[str, Any]] = {
            name: {"ansible_host": client.estate.peer(name).address} for name in TRIO
        }
        self.variables: dict[str, Any] = {
            **client.estate.peer_variables,
            "expressway_command_timeout": 5,
            "expressway_connect_timeout": 5,
            "expressway_cluster": "trio",
            "origin_verification_replication_timeout": 4,
            "mra_audit_nodes": [],
        }

    def run(self, *arguments: str, declared: dict[str, Any] | None = None, **extra: Any) -> Run:
        inventory = self.folder / "hosts.json"
        variables = self.variables | {
            f"origin_verification_{name}": value for name, value in (declared or {}).items()
        }
        inventory.write_text(
            json.dumps(
                {
                    "all": {
                        "hosts": {ELSEWHERE: {}},
                        "children": {"expressway_c": {"hosts": self.hosts, "vars": variables}},
                    }
                }
            )
        )
        done = subprocess.run(
            [
                PLAYBOOK,
                "collab.expressway.workaround",
                "-i",
                str(inventory),
                *(["-e", json.dumps(extra)] if extra else []),
                *arguments,
            ],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=os.environ
            | {"ANSIBLE_NOCOLOR": "1", "COLUMNS": "500", "ANSIBLE_HOME": str(self.folder)},
            timeout=120,
            check=False,
        )
        return Run(done)

    def states(self) -> list[str]:
        return [self.client.estate.report(name)["configuration"][SWITCH] for name in self.hosts]

    def writes(self) -> list[list[str]]:
        return [self.client.estate.report(name)["writes"] for name in self.hosts]


class Run:
    """What a run said: `text` with its white space folded, `changed` by peer from the recap."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.code = done.returncode
        self.raw = done.stdout + done.stderr
        self.text = " ".join(self.raw.split())
        self.changed = {
            match[1]: int(match[2])
            for match in re.finditer(
                r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", done.stdout, re.MULTILINE
            )
            if match[1] != "localhost"
        }


@pytest.fixture
def site(client: Client, tmp_path: Path) -> Site:
    return Site(client, tmp_path)


def test_off_twice_and_on_again(site: Site) -> None:
    site.client.set(origin_verification_scope="replicated")
    everywhere, nowhere = dict.fromkeys(TRIO, 1), dict.fromkeys(TRIO, 0)

    predicted = site.run("--check", "--diff", **OFF)
    assert (predicted.code, predicted.changed) == (0, everywhere), predicted.raw
    assert site.writes() == [[], [], []]
    off = site.run("--diff", **OFF)
    assert (off.code, off.changed) == (0, everywhere), off.raw
    assert site.states() == ["Off", "Off", "Off"]
    assert off.raw.count(f"-xConfiguration {SWITCH}: On") == 3
    assert off.raw.count(f"+xConfiguration {SWITCH}: Off") == 3
    assert said_off(TRIO, "by replication") in off.text
    assert [len(lines) for lines in site.writes()] == [1, 0, 0]

    again = site.run(**OFF)
    assert (again.code, again.changed) == (0, nowhere)
    assert f"is Off on {TRIO[0]} (as before)" in again.text

    # Declared off in the inventory, lifted by hand.
    assert site.run("--check", declared=OFF, state="on").changed == everywhere
    on = site.run(declared=OFF, state="on")
    assert (on.code, on.changed) == (0, everywhere)
    assert site.states() == ["On", "On", "On"]
    assert f"trio: VerifyOriginServer is On on {TRIO[0]} (changed)" in on.text


def test_a_declaration_in_the_inventory_is_enough_where_each_peer_has_its_own_switch(
    site: Site,
) -> None:
    site.client.set(origin_verification_scope="per_peer")
    run = site.run(declared=OFF | {"state": False})
    assert (run.code, site.states()) == (0, ["Off", "Off", "Off"]), run.raw
    assert said_off(TRIO, "changed") in run.text
    assert [len(lines) for lines in site.writes()] == [1, 1, 1]
    on = site.run(state="on")
    assert (on.changed, site.states()) == (dict.fromkeys(TRIO, 1), ["On", "On", "On"]), on.raw


def said_off(peers: list[str], by: str) -> str:
    first, *others = peers
    rest = ", ".join(f"{name} ({by})" for name in others)
    return f"trio: VerifyOriginServer is Off on {first} (changed), {rest}, until {OFF['until']}: CHG0041"


INCOMPLETE: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({}, {}, "no state is given and none is declared"),
    ({}, {"state": "disabled"}, "it must be on or off"),
    ({}, {"state": "off"}, "needs origin_verification_until"),
    ({}, OFF | {"until": "next week"}, "it must be a day such as 2026-12-01"),
    ({}, OFF | {"reason": " "}, "needs origin_verification_reason"),
    ({"state": False, "until": OFF["until"]}, {}, "needs origin_verification_reason"),
]


def test_an_incomplete_declaration_touches_nothing(site: Site) -> None:
    # One cluster of one peer for each.
    clusters = [*TRIO, *(f"expc1.{name}.example.test" for name in ("lone", "between", "late"))]
    site.hosts = {
        name: {
            "ansible_host": site.client.estate.peer(name).address,
            "expressway_cluster": name,
            **{f"origin_verification_{key}": value for key, value in declared.items()},
            **given,
        }
        for name, (declared, given, _said) in zip(clusters, INCOMPLETE, strict=True)
    }
    run = site.run()
    assert run.code == 2
    for name, (_declared, _given, said) in zip(clusters, INCOMPLETE, strict=True):
        found = re.search(rf"fatal: \[{re.escape(name)}\].*?(?=fatal: |PLAY RECAP)", run.text)
        assert found and said in found[0] and "Nothing was touched" in found[0], (name, run.raw)
    assert [site.client.estate.report(name)["logins"] for name in clusters] == [0] * 6


@pytest.mark.parametrize(
    ("kind", "said"),
    [("refuse_login", "refused the password"), ("half_answer", "did not answer")],
)
def test_one_peer_that_cannot_be_read_keeps_the_whole_cluster_untouched(
    site: Site, kind: str, said: str
) -> None:
    site.client.estate.set_fault(TRIO[2], {"kind": kind, "channel": "shell"})
    site.variables["expressway_command_timeout"] = 2
    run = site.run("-vvvvv", **OFF)
    assert run.code == 2
    assert f"trio: {TRIO[2]} could not be read" in run.text
    assert said in run.text
    assert "Nothing was written on any peer of trio" in run.text
    assert "Add the missing ones" not in run.text
    assert site.writes() == [[], [], []]
    assert site.client.estate.profile.password not in run.raw


def test_peers_that_are_left_out_are_named(site: Site) -> None:
    limited = site.run("--limit", f"{TRIO[0]},{TRIO[1]}", **OFF)
    assert limited.code == 2
    assert f"{TRIO[2]} belong(s) to the cluster but not to this run" in limited.text
    del site.hosts[TRIO[2]]
    short = site.run(**OFF)
    assert short.code == 2
    assert "says that its cluster has 3 peers" in short.text
    assert site.writes() == [[], []]
    partial = site.run(declared={"allow_partial_cluster": True}, **OFF)
    assert partial.code == 0
    assert site.states() == ["Off", "Off"]


def test_a_primary_whose_answer_is_lost_keeps_the_others_untouched_and_is_read_back(
    site: Site,
) -> None:
    site.client.set(origin_verification_scope="per_peer")
    site.client.estate.set_fault(
        TRIO[0], {"kind": "drop_after_write", "channel": "shell", "matching": f"{SWITCH}:"}
    )
    run = site.run(**OFF)
    assert run.code == 2
    assert "the primary peer is not known to be set" in run.text
    assert f"Whether '{SWITCH}' was set is unknown" in run.text
    assert "Nothing was changed" not in run.text
    assert f"{TRIO[1]}: VerifyOriginServer should be off and reads on. Nothing was written on it" in run.text  # fmt: skip
    assert f"is Off on {TRIO[0]} (changed)" in run.text
    assert f"is On on {TRIO[1]} (as before), {TRIO[2]} (as before)" in run.text
    assert run.changed == {TRIO[0]: 1, TRIO[1]: 0, TRIO[2]: 0}
    assert site.states() == ["Off", "On", "On"]


def test_a_peer_that_fails_late_is_in_the_report_of_all(site: Site) -> None:
    site.client.set(origin_verification_scope="per_peer")
    site.client.estate.set_fault(
        TRIO[1], {"kind": "drop", "channel": "shell", "matching": f"{SWITCH}:"}
    )
    run = site.run(**OFF)
    assert run.code == 2
    assert site.states() == ["Off", "On", "Off"]
    assert f"trio: VerifyOriginServer is On on {TRIO[1]} (as before)" in run.text
    assert f"{TRIO[1]}: VerifyOriginServer should be off and reads on." in run.text
    assert f"is Off on {TRIO[0]} (changed), {TRIO[2]} (changed)" in run.text


def test_past_the_day_it_says_what_on_would_break_and_sets_nothing(site: Site) -> None:
    (node,) = site.client.estate.profile.nodes
    site.variables["mra_audit_nodes"] = [
        {"name": node.name, "product": "cuc", "addresses": [node.name], "connect_to": node.address}
    ]
    for name in TRIO:
        peer = site.client.estate.peer(name)
        site.client.estate.call(partial(peer.configure, {SWITCH: "Off"}))
    yesterday = str(date.today() - timedelta(days=1))
    run = site.run(declared=OFF | {"until": yesterday})
    assert run.code == 2
    assert f"was declared until {yesterday}, which has passed" in run.text
    assert "It is left as it is, Off." in run.text
    assert f"{node.name}:8443 on {', '.join(TRIO)}: " in run.text, run.raw
    assert "expired on" in run.text
    assert site.states() == ["Off"] * 3
    assert site.writes() == [[], [], []]


def test_past_the_day_it_fails_as_loudly_when_the_audit_cannot_be_made(site: Site) -> None:
    run = site.run(declared=OFF | {"until": "2020-02-29"})
    assert run.code == 2
    assert "was declared until 2020-02-29, which has passed" in run.text
    assert "Nobody knows what breaks, because the audit failed" in run.text
    assert "It is left as it is, On." in run.text
    assert site.writes() == [[], [], []]


@pytest.mark.parametrize("limit", [(), ("--limit", ELSEWHERE)], ids=str)
def test_a_run_without_peers_fails(site: Site, limit: tuple[str, ...]) -> None:
    if not limit:
        site.hosts.clear()
    run = site.run(*limit, **OFF)
    assert run.code == 2
    assert "No host of the group expressway_c is in this run: nothing would be set" in run.text
    assert site.writes() == [[]] * len(site.hosts)


def test_no_password_in_the_loudest_output_of_the_last_day(site: Site) -> None:
    run = site.run("-vvvvv", "--diff", **OFF | {"until": str(date.today())})
    assert run.code == 0
    assert "SSH login as admin" in run.raw
    assert site.client.estate.profile.password not in run.raw
