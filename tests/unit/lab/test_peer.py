# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""State of peers and clusters: replication, reset, blocks, faults. Time is a list, not a clock."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from tests.lab.faults import KINDS, FaultError, describe_fault
from tests.lab.guard import Guard
from tests.lab.peer import Cluster, Peer
from tests.lab.releases import Release
from tests.lab.switches import Switches
from tests.unit.lab.served_peers import certificate

VERIFY = "EdgeConfigServer VerifyOriginServer"
TTL = "EdgeConfigServer CredentialTtl"
NAME = "SystemUnit Name"


class Later:
    """Stands in for the event loop: what is due runs when the test says so."""

    def __init__(self) -> None:
        self.due: list[tuple[float, Callable[[], None]]] = []

    def __call__(self, seconds: float, action: Callable[[], None]) -> Later:
        self.due.append((seconds, action))
        return self

    def cancel(self) -> None:
        self.due.clear()

    def pass_time(self) -> None:
        due, self.due = self.due, []
        for _seconds, action in due:
            action()


def peers(
    count: int = 3, release: str = "X14.2.5", *, listed_by: str = "name", **positions: object
) -> tuple[list[Peer], Later, list[str]]:
    later, changes = Later(), []
    cluster = Cluster("emea", listed_by=listed_by, later=later)
    switches = Switches(positions)
    return (
        [
            Peer(
                f"expc{number}.emea.example.test",
                f"127.21.1.{number}",
                cluster,
                release,
                switches=switches,
                on_change=lambda peer: changes.append(peer.name),
            )
            for number in range(1, count + 1)
        ],
        later,
        changes,
    )


def type_in(peer: Peer, line: str) -> str:
    answered = peer.ask(line)
    peer.carry_out(line, answered)
    return answered.lines[-1]


def values(members: list[Peer], path: str) -> list[str]:
    return [peer.configuration[path] for peer in members]


# --- replication --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("positions", "writer", "line", "path", "at_once", "at_last"),
    [
        ({}, 0, f"{VERIFY}: Off", VERIFY, "Off On On", "Off Off Off"),
        ({"replication_seconds": 0}, 0, f"{VERIFY}: Off", VERIFY, "Off Off Off", "Off Off Off"),
        ({}, 1, f"{VERIFY}: Off", VERIFY, "On Off On", "On On On"),
        ({"write_on_subordinate": "kept"}, 1, f"{VERIFY}: Off", VERIFY, "On Off On", "On Off On"),
        (
            {"origin_verification_scope": "per_peer"},
            0,
            f"{VERIFY}: Off",
            VERIFY,
            "Off On On",
            "Off On On",
        ),
        (
            {"origin_verification_scope": "per_peer"},
            2,
            f"{VERIFY}: Off",
            VERIFY,
            "On On Off",
            "On On Off",
        ),
        # The switch of the scope is about this one setting only.
        (
            {"origin_verification_scope": "per_peer"},
            0,
            f"{TTL}: 1",
            TTL,
            "1 28800 28800",
            "1 1 1",
        ),
        ({}, 2, f"{TTL}: 1", TTL, "28800 28800 1", "28800 28800 28800"),
        ({}, 0, 'IP DNS Hostname: "x"', "IP DNS Hostname", "x expc2 expc3", "x expc2 expc3"),
        ({}, 1, 'IP DNS Hostname: "x"', "IP DNS Hostname", "expc1 x expc3", "expc1 x expc3"),
    ],
)
def test_replication(
    positions: dict[str, Any], writer: int, line: str, path: str, at_once: str, at_last: str
) -> None:
    members, later, _changes = peers(**positions)
    assert type_in(members[writer], f"xConfiguration {line}") == "OK"
    assert values(members, path) == at_once.split()
    later.pass_time()
    assert values(members, path) == at_last.split()
    assert [len(peer.record.writes) for peer in members].count(1) == 1


def test_the_primary_wins_with_the_value_that_it_has_when_time_has_passed() -> None:
    members, later, changes = peers(replication_seconds=60)
    for line in (f"{VERIFY}: Off", f"{VERIFY}: On"):
        type_in(members[0], f"xConfiguration {line}")
    assert [seconds for seconds, _action in later.due] == [60, 60]
    later.pass_time()
    assert values(members, VERIFY) == ["On"] * 3
    assert changes == [members[0].name] * 2


def test_a_line_of_several_settings_replicates_each() -> None:
    members, later, _changes = peers(2)
    type_in(members[0], f"xConfiguration {TTL}: 1 RateLimitLogins: 9")
    later.pass_time()
    assert values(members, TTL) == ["1", "1"]
    assert values(members, "EdgeConfigServer RateLimitLogins") == ["9", "9"]


def test_a_refused_line_and_a_write_of_the_same_value_change_nothing() -> None:
    members, later, changes = peers(2)
    assert type_in(members[0], f"xConfiguration {VERIFY}: Maybe") == "ERROR"
    assert members[0].record.writes == []
    assert type_in(members[0], f"xConfiguration {VERIFY}: On") == "OK"
    assert members[0].record.writes == [f"xConfiguration {VERIFY}: On"]
    later.pass_time()
    assert changes == []


# --- the cluster's table ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listed_by", "addresses"),
    [
        ("name", ["expc1.emea.example.test", "expc2.emea.example.test", ""]),
        ("address", ["127.21.1.1", "127.21.1.2", ""]),
    ],
)
def test_alternates(listed_by: str, addresses: list[str]) -> None:
    members, _later, _changes = peers(2, listed_by=listed_by)
    for peer in members:
        table = [peer.configuration[f"Alternates Peer {number} Address"] for number in (1, 2, 3)]
        assert table == addresses
        assert peer.configuration["Alternates Cluster Name"] == "emea"
        assert peer.configuration["Alternates ConfigurationPrimary"] == "1"


def test_a_standalone_peer_has_an_empty_table_and_replicates_nothing() -> None:
    (peer,), later, _changes = peers(1)
    assert peer.configuration["Alternates Cluster Name"] == ""
    assert peer.configuration["Alternates Peer 1 Address"] == ""
    type_in(peer, f"xConfiguration {VERIFY}: Off")
    assert later.due == []
    assert peer.ask("xStatus Alternates").lines == ("*s Alternates: /", "*s/end", "OK")


def test_a_cluster_has_six_peers_at_most() -> None:
    with pytest.raises(ValueError, match="cluster emea has 6 peers already: expc7"):
        peers(7)


@pytest.mark.parametrize(
    ("position", "first_line"),
    [
        ("with_peers", '     Name: "emea"'),
        ("empty", "*s/end"),
        ("command_not_recognized", None),
    ],
)
def test_cluster_status(position: str, first_line: str | None) -> None:
    members, _later, _changes = peers(2, cluster_status=position)
    lines = members[0].ask("xStatus Cluster").lines
    assert lines == ("Command not recognized.",) if first_line is None else lines[1] == first_line
    if position == "with_peers":
        assert '       Address: "127.21.1.2"' in lines


# --- one peer -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("release", "positions", "value", "verifies"),
    [
        ("X14.2.5", {}, None, True),
        ("X14.2.5", {}, "Off", False),
        ("X15.5", {}, None, True),
        ("X14.0.7", {}, None, False),
        ("X14.0.8", {}, None, False),
        ("X14.0.8", {"verification_before_x14_2": "from_x14_0_8"}, None, True),
        ("X14.0.7", {"verification_before_x14_2": "from_x14_0_8"}, None, False),
    ],
)
def test_who_verifies_origins(
    release: str, positions: dict[str, Any], value: str | None, verifies: bool
) -> None:
    (peer,), _later, _changes = peers(1, release, **positions)
    if value:
        peer.configure({VERIFY: value})
    assert peer.verifies_origins is verifies


def test_an_unknown_initial_setting_is_a_mistake_of_the_estate() -> None:
    with pytest.raises(ValueError, match=f"a: X14.0.7 has no setting '{VERIFY}'"):
        Peer("a", "127.21.1.1", Cluster("c"), "X14.0.7", configuration={VERIFY: "On"})


@pytest.mark.parametrize("release", ["14.2", "X14", "X14.2-rc1", ""])
def test_a_release_has_a_shape(release: str) -> None:
    with pytest.raises(ValueError, match="a release looks like"):
        Release(release)


def test_releases_are_ordered_by_number() -> None:
    releases = [Release(text) for text in ("X15.0", "X14.10", "X14.2", "X8.11.3", "X14.2.5")]
    ordered = [str(release) for release in sorted(releases)]
    assert ordered == ["X8.11.3", "X14.2", "X14.2.5", "X14.10", "X15.0"]


def test_reset_restores_everything_and_tells_once() -> None:
    members, later, changes = peers(2, read_end="ok")
    first = members[0]
    before = first.report()
    first.switches.set(read_end="star_end_ok")
    first.set_fault({"kind": "hang"})
    for _attempt in range(5):
        first.lets_in("admin", "wrong", "127.0.0.1", "shell")
    type_in(first, f"xConfiguration {VERIFY}: Off")
    type_in(first, "xCommand Restart")
    first.trust("other")
    assert first.guard.blocks("127.0.0.1")
    assert first.record.commands == ["xCommand Restart"]
    changes.clear()
    first.reset()
    assert first.report() == before
    assert (first.fault, first.switches["read_end"], later.due) == (None, "ok", [])
    assert changes == [first.name]
    first.reset()
    assert changes == [first.name]


def test_reset_returns_to_initial_values_that_were_given() -> None:
    peer = Peer("a.b", "127.21.1.1", Cluster("c"), "X15.0", configuration={VERIFY: "Off"})
    peer.configure({VERIFY: "On"})
    peer.reset()
    assert peer.configuration[VERIFY] == "Off"


def test_the_report_is_json() -> None:
    (peer,), _later, _changes = peers(1)
    report = json.loads(json.dumps(peer.report()))
    assert report["configuration"][VERIFY] == "On"
    assert {"trust_store", "sessions", "logins", "writes", "blocked", "release"} <= set(report)


def test_a_report_does_not_follow_what_happens_later() -> None:
    (peer,), _later, _changes = peers(1)
    report = peer.report()
    type_in(peer, f"xConfiguration {VERIFY}: Off")
    assert (report["configuration"][VERIFY], report["writes"]) == ("On", [])


# --- blocks and faults --------------------------------------------------------------------------


def test_guard_counts_within_the_block_period_and_by_address() -> None:
    now = [0.0]
    guard = Guard(Switches(failed_logins_before_block=3, block_seconds=10), lambda: now[0])
    guard.failed("a")
    guard.failed("b")
    now[0] = 9
    guard.failed("a")
    assert guard.blocked == []
    now[0] = 10  # the first failure is forgotten
    guard.failed("a")
    assert guard.blocked == []
    guard.failed("a")
    assert guard.blocked == ["a"]
    now[0] = 19.9
    assert guard.blocks("a")
    assert not guard.blocks("b")
    now[0] = 20
    assert not guard.blocks("a")
    guard.failed("a")
    assert not guard.blocks("a")


def test_guard_may_be_off() -> None:
    guard = Guard(Switches(failed_logins_before_block=0), lambda: 0)
    for _attempt in range(100):
        guard.failed("a")
    assert guard.blocked == []


@pytest.mark.parametrize(
    ("description", "says"),
    [
        ({"kind": "explode"}, "no fault 'explode'; there are silent, reset,"),
        ({"kind": "hang", "channel": "ssh"}, "channel is one of both, shell, api, root: got 'ssh'"),
        ({"kind": "hang", "wait": 3}, "a fault has kind, seconds, times, matching, channel"),
        ({"kind": "slow", "seconds": "3"}, "seconds is a number: got '3'"),
        ({"kind": "fail", "body": 3}, "body is text: got 3"),
        ({"kind": "hang", "times": 1.5}, "times is a whole number or null: got 1.5"),
        ({"kind": "hang", "matching": "("}, "matching is a regular expression"),
        ({"kind": "hang", "matching": 3}, "matching is a regular expression"),
    ],
)
def test_says_what_is_wrong_with_a_fault(description: dict[str, Any], says: str) -> None:
    with pytest.raises(FaultError) as error:
        describe_fault(description)
    assert says in str(error.value)


@pytest.mark.parametrize("description", [None, {}, {"kind": None}, {"kind": "none"}])
def test_no_fault(description: dict[str, Any] | None) -> None:
    assert describe_fault(description) is None


def test_a_fault_strikes_its_channel_and_text_so_many_times() -> None:
    fault = describe_fault({"kind": "hang", "channel": "shell", "matching": "Off$", "times": 2})
    assert fault is not None
    assert not fault.strikes("api", ("hang",), "x Off")
    assert not fault.strikes("shell", ("drop",), "x Off")
    assert not fault.strikes("shell", ("hang",), "x On")
    struck = [fault.strikes("shell", ("hang",), "x Off") for _command in range(3)]
    assert struck == [True, True, False]


def test_every_kind_of_fault_is_looked_at_by_a_server() -> None:
    lab = Path(__file__).parents[2] / "lab"
    code = "".join(
        (lab / name).read_text() for name in ("doorway.py", "peer.py", "ssh.py", "rest.py")
    )
    assert [kind for kind in KINDS if f'"{kind}"' not in code] == []


# --- many ---------------------------------------------------------------------------------------


def test_two_hundred_peers_listen_within_seconds(tmp_path: Path) -> None:
    pem, key = certificate("expressway.example.test")
    (tmp_path / "api.pem").write_text(pem + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "api.pem")
    host_key = asyncssh.generate_private_key("ssh-ed25519")

    async def run() -> tuple[float, str]:
        began = time.monotonic()
        many = [
            Peer(f"p{number}.example.test", f"127.21.9.{number + 1}", Cluster("c"), "X15.0")
            for number in range(200)
        ]
        try:
            for peer in many:
                await peer.start_ssh(host_key)
                await peer.start_rest(context)
            seconds = time.monotonic() - began
            connection = await asyncssh.connect(
                many[-1].address,
                many[-1].ssh_port or 0,
                username="admin",
                password="lab-admin-password",
                known_hosts=None,
            )
            async with connection, connection.create_process() as process:
                process.stdin.write("xStatus SystemUnit Software Version\nbye\n")
                said = await process.stdout.read()
        finally:
            await asyncio.gather(*(peer.stop() for peer in many))
        return seconds, said

    seconds, said = asyncio.run(run())
    assert seconds < 5
    assert 'Version: "X15.0"' in said
