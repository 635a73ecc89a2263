# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Role cipher_preference, run as its README says, against peers and UC nodes of an estate."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.collab.expressway.plugins.module_utils.audit.cipher_preference import (
    changes_for_logins,
    where_it_cannot_help,
)

from tests.lab.estate import RunningEstate, own_network, running_estate
from tests.lab.peer_traffic import CIPHERS_SETTING
from tests.lab.profile import DEFAULT_PROFILE

CHECKOUT = Path(__file__).resolve().parents[3]
PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
PLAY = """
- hosts: "{{ clusters }}"
  gather_facts: false
  pre_tasks:
    - ansible.builtin.include_role: {name: collab.expressway.mra_audit}
      vars: {mra_audit_report: false}
      when: not cipher_preference_observe
      tags: audit
  roles:
    - role: collab.expressway.cipher_preference
  tasks:
    - ansible.builtin.copy:
        dest: "{{ written }}"
        content: >-
          {{ {'audit': mra_audit_result,
              'what_if': dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars)
                              | map(attribute='cipher_preference_what_if', default={})))} | to_json }}
        mode: "0600"
      delegate_to: localhost
      check_mode: false
      changed_when: false
      diff: false
      run_once: true
      when: cipher_preference_state != 'unmanaged'
"""
RSA_SUITE = "ECDHE-RSA-AES256-GCM-SHA384:"
ESTATE: dict[str, Any] = yaml.safe_load(DEFAULT_PROFILE.read_text())
OF_THE_LAB: dict[str, str] = ESTATE["cipher_lists"]
FURTHER_LISTS = {
    "rsa-without-ecdsa": "ECDHE-RSA-AES256-GCM-SHA384:EECDH:!ECDSA",
    "one-suite-each": "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-GCM-SHA384",
}
OWN_PREFERENCE = "ecdsa-by-own-preference-in-tls-1.2"
REPAIRABLE, TLS_1_3 = "ip-address-as-san", "ecdsa-by-server-preference"

# Cluster → the cipher list of each peer, and the situation of each node.
CLUSTERS: dict[str, tuple[list[str], list[str]]] = {
    "whole": (["ecdsa-first"] * 2, [REPAIRABLE, TLS_1_3, OWN_PREFERENCE]),
    "breaking": (["one-suite-each"], [REPAIRABLE]),
    "limited": (["rsa-first", "rsa-without-ecdsa", *["rsa-first"] * 4], ["healthy"]),
    "unread": (["rsa-first"] * 3, ["healthy"]),
    "failing": (["rsa-first"] * 2, ["healthy"]),
    "unknown": (["rsa-first"], []),
    "unseen": (["rsa-first"], ["healthy"]),
}
# No handshake is over by then.
VARIABLES: dict[str, dict[str, Any]] = {"unseen": {"mra_audit_deadline": 0.0001}}


def peers_of(cluster: str) -> list[str]:
    lists, _situations = CLUSTERS[cluster]
    return [f"expc{number}.{cluster}.example.test" for number in range(1, len(lists) + 1)]


WHOLE = peers_of("whole")
MISHAPS = [cluster for cluster in CLUSTERS if cluster != "whole"]


def profile() -> dict[str, Any]:
    described = copy.deepcopy(ESTATE)
    described["cipher_lists"] |= FURTHER_LISTS
    own_preference = copy.deepcopy(described["situations"][TLS_1_3])
    for listener in own_preference["listeners"].values():
        listener["tls"] = ["1.2"]
    described["situations"][OWN_PREFERENCE] = own_preference
    described["clusters"] = {
        cluster: {
            "domain": f"{cluster}.example.test",
            "release": "X14.2.5",
            "peers": [
                {
                    "name": f"expc{number}.{cluster}.example.test",
                    "address": f"{{n}}.{place}.{number}",
                    "ciphers": cipher_list,
                    "trust_store": ["corporate-root"],
                }
                for number, cipher_list in enumerate(lists, start=1)
            ],
            "nodes": [
                {
                    "name": f"cucm{number}.{cluster}.example.test",
                    "product": "cuc" if situation == "healthy" else "cucm",
                    "role": "publisher" if number == 1 else "subscriber",
                    "address": f"{{n}}.{place}.{100 + number}",
                    "situation": situation,
                }
                for number, situation in enumerate(situations, start=1)
            ],
        }
        for place, (cluster, (lists, situations)) in enumerate(CLUSTERS.items(), start=1)
    }
    return described


class Site:
    """The estate as an inventory beside that of the lab, whose variables it shares, and runs of the role."""

    def __init__(self, estate: RunningEstate, folder: Path) -> None:
        self.estate = estate
        self.folder = folder
        (folder / "play.yml").write_text(PLAY)
        clusters = {
            cluster.name: {
                "hosts": {peer.name: {"ansible_host": peer.address} for peer in cluster.peers},
                "vars": {
                    "expressway_cluster": cluster.name,
                    **VARIABLES.get(cluster.name, {}),
                    "mra_audit_nodes": [
                        {
                            "name": node.name,
                            "product": node.product,
                            "addresses": [node.name],
                            "connect_to": node.address,
                            "ports": [listener.port for listener in node.listeners],
                        }
                        for node in cluster.nodes
                    ],
                },
            }
            for cluster in estate.profile.clusters
        }
        (folder / "hosts.json").write_text(json.dumps({"expressway_c": {"children": clusters}}))

    def run(
        self, state: str, *arguments: str, clusters: list[str] | None = None, **switches: bool
    ) -> Run:
        """Run it for `clusters` (`whole`); `switches`: further variables of the role."""
        written = self.folder / "written.json"
        written.unlink(missing_ok=True)
        variables = {
            "clusters": clusters or ["whole"],
            "cipher_preference_state": state,
            "written": str(written),
            "lab_state": str(self.estate.state),
            "cipher_preference_observe": True,
            **{f"cipher_preference_{name}": value for name, value in switches.items()},
        }
        inventories = ["-i", "inventory/lab", "-i", str(self.folder / "hosts.json")]
        done = subprocess.run(
            [
                PLAYBOOK,
                str(self.folder / "play.yml"),
                *inventories,
                "-e",
                json.dumps(variables),
                *arguments,
            ],
            capture_output=True,
            text=True,
            cwd=CHECKOUT,
            env=os.environ
            | {
                "LAB_NETWORK": self.estate.profile.network,
                "ANSIBLE_NOCOLOR": "1",
                "COLUMNS": "500",
            },
            timeout=120,
            check=False,
        )
        return Run(done, json.loads(written.read_text()) if written.exists() else {})

    def lists(self, peers: list[str]) -> list[str]:
        return [self.estate.report(name)["configuration"][CIPHERS_SETTING] for name in peers]

    def writes(self, peers: list[str]) -> list[str]:
        return [line for name in peers for line in self.estate.report(name)["writes"]]


class Run:
    """What a run said: `text` with its white space folded, `changed` by peer from the recap, `audit` of the first cluster."""

    def __init__(self, done: subprocess.CompletedProcess[str], written: dict[str, Any]) -> None:
        self.code = done.returncode
        self.raw = done.stdout + done.stderr
        self.text = " ".join(self.raw.split())
        found = re.finditer(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", done.stdout, re.MULTILINE)
        self.changed = {match[1]: int(match[2]) for match in found}
        self.audit: dict[str, Any] = written.get("audit", {})
        self.what_if: dict[str, dict[str, list[str]]] = written.get("what_if", {})

    def failures(self, peer: str) -> str:
        """What was said where `peer` failed."""
        end = r"(?=(?:fatal|changed|ok|skipping): \[|\[ERROR\]|TASK \[|PLAY RECAP)"
        return " ".join(re.findall(rf"fatal: \[{re.escape(peer)}\]: FAILED!.*?{end}", self.text))


@pytest.fixture(scope="module")
def estate() -> Iterator[RunningEstate]:
    with running_estate(own_network(), profile=profile(), traffic_servers=False) as running:
        yield running


@pytest.fixture
def site(estate: RunningEstate, tmp_path: Path) -> Site:
    estate.reset()
    return Site(estate, tmp_path)


def what_was_told(run: Run) -> dict[str, list[str]]:
    """What the role foretold, the same on every peer."""
    told = next(iter(run.what_if.values()), {})
    assert run.what_if == dict.fromkeys(WHOLE, told), run.raw
    return told


def what_was_found(before: Run, after: Run, state: str) -> dict[str, list[str]]:
    """The same, of what two audits found."""
    return {
        **changes_for_logins(before.audit, after.audit),
        "cannot_help": where_it_cannot_help(after.audit, state),
    }


def places(lines: list[str]) -> list[str]:
    return [line.split(": ")[0] for line in lines]


def test_there_and_back_as_foretold(site: Site) -> None:
    everywhere, nowhere = dict.fromkeys(WHOLE, 1), dict.fromkeys(WHOLE, 0)
    before = site.lists(WHOLE)
    wanted = [RSA_SUITE + cipher_list for cipher_list in before]

    predicted = site.run("rsa_first", "--check", "--diff")
    assert (predicted.code, predicted.changed) == (0, everywhere), predicted.raw
    assert (site.lists(WHOLE), site.writes(WHOLE)) == (before, [])
    shown = [line for line in predicted.raw.splitlines() if re.match("[+-]xConf", line)]
    assert shown == [
        f'{sign}xConfiguration {CIPHERS_SETTING}: "{cipher_list}"'
        for old, new in zip(before, wanted, strict=True)
        for sign, cipher_list in (("-", old), ("+", new))
    ]
    repaired = f"cucm1.whole.example.test:6972 [{', '.join(WHOLE)}]"
    foretold = what_was_told(predicted)
    assert foretold["repaired"] == [repaired]
    assert foretold["broken"] == []
    assert places(foretold["refused"]) == [
        "cucm2.whole.example.test:6972",
        "cucm3.whole.example.test:6972",
    ]
    by_version, by_order = foretold["cannot_help"]
    assert by_version.startswith("cucm2.whole.example.test:6972: TLS 1.3 is negotiated")
    assert by_order.startswith("cucm3.whole.example.test:6972: it orders by its own preference")

    first = site.run("rsa_first")
    assert (first.code, first.changed) == (0, everywhere), first.raw
    assert site.lists(WHOLE) == wanted
    assert what_was_told(first) == foretold
    for run in (predicted, first):
        said, *_tasks_that_write = re.split(r"TASK \[\S+ : Set it on ", run.text)
        assert f"repaired: {repaired}" in said
        for place in foretold["cannot_help"]:
            assert f"the list does not decide: {place}" in said
    written = site.writes(WHOLE)

    again = site.run("rsa_first", observe=False)
    assert (again.code, again.changed) == (0, nowhere), again.raw
    assert again.text.count("Read what every peer says of itself") == 1
    assert site.writes(WHOLE) == written
    # What the second run saw before it went on is what an audit after the first one finds.
    assert what_was_found(first, again, "rsa_first") == foretold

    # Whoever writes it, a peer whose list changes has changed.
    site.estate.set_switches({"replication_seconds": 0})
    back = site.run("ecdsa_first", allow_breaking=True)
    assert (back.code, back.changed) == (0, everywhere), back.raw
    assert site.lists(WHOLE) == before
    assert len(site.writes(WHOLE)) == len(written) + 1
    foretold = what_was_told(back)
    assert places(foretold["broken"]) == ["cucm1.whole.example.test:6972"]
    assert foretold["cannot_help"] == [
        ", ".join(f"cucm{number}.whole.example.test:8443" for number in (1, 2, 3))
        + ": no ECDSA certificate there"
    ]
    # The lists are those of the beginning, and so is what an audit finds.
    assert what_was_found(back, predicted, "ecdsa_first") == foretold
    written = site.writes(WHOLE)

    left = site.run("unmanaged")
    assert (left.code, left.changed) == (0, nowhere), left.raw
    assert (site.lists(WHOLE), site.writes(WHOLE)) == (before, written)


def test_nothing_is_written_where_it_refuses(site: Site) -> None:
    (breaking,), (unknown,), (unseen,) = map(peers_of, ("breaking", "unknown", "unseen"))
    limited, against, *left_out = peers_of("limited")
    read, unreachable, mute = peers_of("unread")
    failing, second = peers_of("failing")
    present = [
        breaking,
        unknown,
        unseen,
        limited,
        against,
        read,
        unreachable,
        mute,
        failing,
        second,
    ]
    site.estate.set_fault(unreachable, {"kind": "reset"})
    site.estate.set_fault(
        mute, {"kind": "drop", "channel": "shell", "matching": "^xConfiguration Ciphers"}
    )
    write = f"^xConfiguration {CIPHERS_SETTING}:"
    site.estate.set_fault(failing, {"kind": "drop", "channel": "shell", "matching": write})
    before = site.lists(present)
    why_not = "is not part of this run (--limit, serial, or failed before)"
    breaks = (
        "would break cucm1.breaking.example.test:6972: self-signed",
        # No suite is left in common with a server that has an RSA certificate only.
        "; cucm1.breaking.example.test:8443 (at ",
    )
    refusals = {
        breaking: ("breaking", breaks),
        unseen: ("unseen", ["no login could be judged", "cucm1.unseen.example.test:8443"]),
        limited: ("limited", ["; ".join(f"{peer} {why_not}" for peer in (against, *left_out))]),
        read: ("unread", [f"{peer} did not tell its cipher list" for peer in (unreachable, mute)]),
    }

    refused = site.run("ecdsa_first", "--limit", ",".join(present), clusters=MISHAPS)
    assert (refused.code, refused.changed) == (2, dict.fromkeys(present, 0)), refused.raw
    for peer, (cluster, reasons) in refusals.items():
        said = refused.failures(peer)
        assert f"Nothing was written on any peer of {cluster}" in said, (peer, refused.raw)
        assert [reason for reason in reasons if reason not in said] == [], (peer, said)
    assert "speaks against ECDSA (!ECDSA)" in refused.failures(against)
    assert "Nothing was touched" in refused.failures(unknown)
    assert f"{failing}, the primary peer, is not known to be set" in refused.failures(second)
    assert site.lists(present) == before
    assert site.writes([*present, *left_out]) == []

    site.estate.set_fault(failing, None)
    partial = site.run(
        "ecdsa_first", "--limit", ",".join(present), clusters=MISHAPS, allow_partial_cluster=True
    )
    set_now = [limited, read, failing, second]
    assert partial.changed == dict.fromkeys(present, 0) | dict.fromkeys(set_now, 1), partial.raw
    assert site.lists(set_now) == [OF_THE_LAB["ecdsa-first"]] * 4
    assert [partial.failures(peer) for peer in (*set_now, unreachable, mute)] == [""] * 6
    said = partial.failures(breaking)
    assert [reason for reason in breaks if reason not in said] == [], said
    assert site.writes([breaking, unknown, unseen, against, unreachable, mute, *left_out]) == []
    untouched = [unknown, *left_out]
    assert [site.estate.report(peer)["logins"] for peer in untouched] == [0] * len(untouched)

    blind = site.run("rsa_first", "--skip-tags", "audit", observe=False)
    assert "cipher_preference_observe is false and there is no mra_audit_result" in blind.text
    assert (blind.code, blind.changed) == (2, dict.fromkeys(WHOLE, 0)), blind.raw
