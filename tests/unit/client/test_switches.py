# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a real peer turns out to do: every setting of every switch of the lab, one at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.switches import catalogue, switches_of
from tests.unit.client.peers import Client

SWITCH = "EdgeConfigServer VerifyOriginServer"
PROVEN_ELSEWHERE = ("diagnostic_", "traffic_log_")
"""Switches of logs, which neither facts nor settings meet: tests/unit/diagnostics works under them."""
ALL_POSITIONS = [
    (name, value)
    for name, switch in switches_of("Expressway").items()
    if not name.startswith(PROVEN_ELSEWHERE)
    for value in (switch.values or (switch.default, 0, 1))
]
REFUSED_BY_API = {
    ("api_access", "forbidden"),
    ("api_access", "unauthorized"),
    ("certs_root_endpoint", "absent"),
}


def test_what_is_left_out_here_is_tested_there() -> None:
    folder = Path(__file__).parents[1] / "diagnostics"
    tested = " ".join(path.read_text() for path in folder.glob("test_*.py"))
    left_out = [name for name in switches_of("Expressway") if name.startswith(PROVEN_ELSEWHERE)]
    assert left_out
    assert [name for name in left_out if name not in tested] == []


@pytest.mark.parametrize(("name", "value"), ALL_POSITIONS, ids=str)
def test_reading_and_setting_work_under(client: Client, name: str, value: object) -> None:
    trio = client.peer("expc2.trio.example.test")
    client.set(**{name: value})

    facts = trio.task("facts", allow_unread=True)["ansible_facts"]["expressway"]
    assert facts["system"]["version"] == "X14.2.5"
    assert facts["origin_verification"] == {"supported": True, "state": "on", "note": None}
    assert facts["cluster"]["primary"] == 1
    assert [peer["index"] for peer in facts["cluster"]["peers"]] == [1, 2, 3]
    assert (facts["cluster"]["peer_index"], facts["cluster"]["is_primary"]) == (2, False)
    assert facts["ciphers"]["uc_client_tls"]["protocol"] == "minTLSv1.2"
    if (name, value) in REFUSED_BY_API:
        assert facts["trust_store"] is None
        assert "trust_store" in facts["not_read"]
    else:
        assert facts["not_read"] == {}
        assert len(facts["trust_store"]["certificates"]) == 2

    # One setting of each kind.
    settings = {
        SWITCH.lower(): "off",
        "EdgeConfigServer CredentialTtl": 3600,
        "SystemUnit Name": "Frankfurt 1",
    }
    first = client.task("configuration", settings=settings)
    assert first["changed"] is True
    assert first["after"] == {
        SWITCH: "Off",
        "EdgeConfigServer CredentialTtl": "3600",
        "SystemUnit Name": "Frankfurt 1",
    }
    assert client.seen["configuration"] | first["after"] == client.seen["configuration"]
    assert len(client.seen["writes"]) == 3
    second = client.task("configuration", settings=settings)
    assert (second["changed"], second["commands"]) == (False, [])
    assert len(client.seen["writes"]) == 3

    lifted = client.task("origin_verification", state="on")
    assert (lifted["before"], lifted["after"], lifted["changed"]) == ("off", "on", True)
    assert client.seen["configuration"][SWITCH] == "On"
    assert client.seen["failed_logins"] == (
        0 if value != "unauthorized" else client.seen["failed_logins"]
    )


@pytest.mark.parametrize("missing_item", catalogue()["missing_item"].values)
@pytest.mark.parametrize("cluster", ["old", "between"])
def test_a_release_without_the_switch_says_so(
    client: Client, cluster: str, missing_item: str
) -> None:
    old = client.peer(f"expc1.{cluster}.example.test")
    client.set(missing_item=missing_item)
    note = {"old": "does not verify origin servers", "between": "audit it as verifying"}[cluster]

    facts = old.task("facts", gather_subset=["origin_verification"])["ansible_facts"]["expressway"]
    assert (facts["origin_verification"]["supported"], facts["origin_verification"]["state"]) == (
        False,
        None,
    )
    assert note in facts["origin_verification"]["note"]

    read = old.task("origin_verification")
    assert (read["supported"], read["before"], read["changed"]) == (False, None, False)

    for check in (False, True):
        failed = old.task("origin_verification", check=check, state="off")
        assert failed["failed"] is True
        assert failed["supported"] is False
        assert old.name in failed["msg"]
        assert note in failed["msg"]
        assert "Nothing was changed" in failed["msg"]

    wanted = old.task("configuration", settings={"SystemUnit Name": "other", SWITCH: "Off"})
    assert wanted["failed"] is True
    assert SWITCH in wanted["msg"]
    assert "Nothing was changed" in wanted["msg"]
    assert old.seen["writes"] == []
