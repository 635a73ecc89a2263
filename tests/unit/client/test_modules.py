# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules do to a peer, what they say, and what they refuse to do."""

from __future__ import annotations

import json
import urllib.error
from typing import Any

import pytest

from tests.unit.client.peers import Client

SWITCH = "EdgeConfigServer VerifyOriginServer"
TTL = "EdgeConfigServer CredentialTtl"
API_SUBSETS = ["trust_store", "uc_servers", "mra"]


# --- configuration ------------------------------------------------------------------------------


def test_check_mode_predicts_what_happens_and_writes_nothing(client: Client) -> None:
    settings = {SWITCH: False, TTL: "28800", "SystemUnit Name": "new name"}
    predicted = client.task("configuration", check=True, settings=settings)
    assert client.seen["writes"] == []
    done = client.task("configuration", settings=settings)
    assert predicted == done
    assert done["changed"] is True
    assert (
        done["commands"]
        == client.seen["writes"]
        == [
            f"xConfiguration {SWITCH}: Off",
            'xConfiguration SystemUnit Name: "new name"',
        ]
    )
    assert (
        done["diff"]["before"]
        == f'xConfiguration {SWITCH}: On\nxConfiguration SystemUnit Name: "{client.name}"\n'
    )
    assert (
        done["diff"]["after"]
        == f'xConfiguration {SWITCH}: Off\nxConfiguration SystemUnit Name: "new name"\n'
    )
    assert client.task("configuration", check=True, settings=settings)["changed"] is False


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"EdgeConfigServer VerifyOrigin": "Off"},
            "write it in full: 'EdgeConfigServer VerifyOriginServer'",
        ),
        (
            {"EdgeConfigServer VerifyOriginServr": "Off"},
            "Near it are 'EdgeConfigServer VerifyOriginServer'",
        ),
        ({"EdgeConfigServer": "Off"}, "is not one setting but has several"),
        ({"Nonsense Setting": "Off"}, "there is no setting 'Nonsense Setting'"),
        ({TTL: "an hour"}, "must be a decimal number"),
        ({SWITCH: "Off Off"}, "must be one word"),
        ({"SystemUnit Name": 'a "b"'}, "double quote at position 3"),
        ({"SystemUnit Name": "a\nxCommand Boot"}, "U+000A at position 2"),
        ({"SystemUnit Name: x\nxCommand Boot": "a"}, "is no path of a setting"),
        ({"SystemUnit Name": ["a"]}, "must be one text, number or boolean"),
        ({"SystemUnit Name": "a", "systemunit  name": "b"}, "twice"),
    ],
)
def test_a_wrong_setting_keeps_the_others_from_being_written(
    client: Client, settings: dict[str, Any], said: str
) -> None:
    result = client.task(
        "configuration", settings={TTL: 1, **settings} if TTL not in settings else settings
    )
    assert result["failed"] is True
    assert said in result["msg"]
    assert client.name in result["msg"]
    assert client.seen["writes"] == client.seen["commands"] == []


def test_a_refused_value_ends_the_task_and_says_what_was_changed_before(client: Client) -> None:
    result = client.task(
        "configuration", settings={TTL: 1, "EdgeConfigServer RateLimitLogins": 101, SWITCH: "Off"}
    )
    assert (result["failed"], result["changed"]) == (True, True)
    assert "refused `xConfiguration EdgeConfigServer RateLimitLogins: 101`" in result["msg"]
    assert f"Changed before that: {TTL} (it was 28800)" in result["msg"]
    assert client.seen["writes"] == [f"xConfiguration {TTL}: 1"]
    assert client.seen["configuration"][SWITCH] == "On"


@pytest.mark.parametrize(
    ("kind", "written"), [("hang", 0), ("drop", 0), ("half_answer", 1), ("drop_after_write", 1)]
)
def test_a_session_that_breaks_while_writing_fails_and_writes_no_more(
    client: Client, kind: str, written: int
) -> None:
    client.fault(kind, channel="shell", matching=f"{TTL}:")
    result = client.task(
        "configuration",
        variables={"expressway_command_timeout": 1},
        settings={TTL: 1, SWITCH: "Off"},
    )
    # Nobody can tell these apart from here, so each counts as a change.
    assert (result["failed"], result["changed"]) == (True, True)
    assert "Nothing was changed" not in result["msg"]
    # Half of OK CR LF is OK: the first write is then done, and the second is the one that nobody knows of.
    unknown = SWITCH if kind == "half_answer" else TTL
    assert f"Whether '{unknown}' was set is unknown" in result["msg"]
    assert client.name in result["msg"]
    assert len(client.seen["writes"]) == written
    assert client.seen["configuration"][SWITCH] == "On"


def test_a_setting_that_is_overwritten_at_once_fails(client: Client) -> None:
    client.set(write_on_subordinate="overwritten", replication_seconds=0)
    second = client.peer("expc2.trio.example.test")
    result = second.task("configuration", settings={TTL: 1})
    assert (result["failed"], result["changed"]) == (True, True)
    assert "answered OK to" in result["msg"]
    assert "the setting is now 28800" in result["msg"]


def test_secrets_are_in_no_output(client: Client) -> None:
    result = client.task(
        "configuration",
        settings={"SystemUnit Name": "hidden horse", TTL: 1},
        secrets=["systemunit name"],
    )
    assert client.seen["configuration"]["SystemUnit Name"] == "hidden horse"
    assert "hidden horse" not in str(result)
    assert client.name not in str(result["diff"]["before"])
    assert result["after"] == {"SystemUnit Name": "********", TTL: "1"}
    client.set(refused_value="error_same_line")
    refused = client.task(
        "configuration", settings={"SystemUnit Name": "x" * 51}, secrets=["SystemUnit Name"]
    )
    assert refused["failed"] is True
    assert "x" * 51 not in str(refused)


def test_a_declared_kind_wins(client: Client) -> None:
    path = "Ethernet 1 IP V4 Address"
    assert client.task("configuration", settings={path: "192.0.2.7"})["commands"] == [
        f'xConfiguration {path}: "192.0.2.7"'
    ]
    bare = client.task("configuration", settings={path: "192.0.2.8"}, kinds={path: "enumeration"})
    assert bare["failed"] is True
    assert f"refused `xConfiguration {path}: 192.0.2.8`" in bare["msg"]


# --- command ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        f"xConfiguration {SWITCH}: Off",
        "xCommand Boot",
        "xcom restart",
        "XCOMMAND Force Config Update",
        'xConf SystemUnit Name: "x"',
        "nonsense",
        "xFeedback Register",
    ],
)
def test_writes_are_refused_before_the_login(client: Client, command: str) -> None:
    result = client.task("command", commands=["xStatus SystemUnit", command])
    assert result["failed"] is True
    assert "entry 2" in result["msg"]
    assert (client.seen["logins"], client.seen["writes"], client.seen["commands"]) == (0, [], [])


@pytest.mark.parametrize(
    "command", ["xStatus\nxCommand Boot", "", "bye", "xStatus \x03", "xStatus " + "x" * 4000]
)
def test_what_is_no_command_line_is_refused_even_when_writes_are_allowed(
    client: Client, command: str
) -> None:
    result = client.task("command", commands=[command], allow_writes=True)
    assert result["failed"] is True
    assert client.seen["logins"] == 0


def test_allowed_writes_run_but_not_in_check_mode(client: Client) -> None:
    commands = [f"xConfiguration {SWITCH}: Off", f"xConfiguration {SWITCH}", "xCommand Restart"]
    predicted = client.task("command", check=True, commands=commands, allow_writes=True)
    assert predicted["not_run"] == [commands[0], commands[2]]
    assert predicted["changed"] is True
    assert client.seen["writes"] == client.seen["commands"] == []
    done = client.task("command", commands=commands, allow_writes=True)
    assert done["changed"] is True
    assert done["parsed"][1]["settings"] == {SWITCH: "Off"}
    assert client.seen["commands"] == ["xCommand Restart"]


@pytest.mark.parametrize(
    "wording", ["command_not_recognized", "error_same_line", "error_previous_line", "error_only"]
)
def test_the_first_refused_command_ends_the_task(client: Client, wording: str) -> None:
    client.set(unknown_command=wording)
    result = client.task(
        "command", commands=["xStatus SystemUnit", "xStatus Nonsense", "xConfiguration SystemUnit"]
    )
    assert result["failed"] is True
    assert result["msg"].startswith(
        f"{client.name} ({client.estate.peer(client.name).address}) refused `xStatus Nonsense`: "
    )
    assert len(result["stdout"]) == 1
    assert result["parsed"][0]["status"]["SystemUnit"]["Software"]["Version"] == "X14.2.5"
    assert "xConfiguration SystemUnit" not in client.seen["lines"]


# --- facts --------------------------------------------------------------------------------------


def test_only_what_is_asked_for_is_connected_to(client: Client) -> None:
    over_api = client.task("facts", gather_subset=API_SUBSETS)["ansible_facts"]["expressway"]
    assert set(over_api) == {*API_SUBSETS, "not_read"}
    assert over_api["mra"] == {"enabled": "on", "sso": "off", "domains": ["example.test"]}
    assert over_api["uc_servers"] == {"cucm": [], "imp": []}
    assert client.seen["logins"] == 0
    client.estate.reset()
    over_shell = client.task("facts", gather_subset=["!trust_store", "!uc_servers", "!mra"])[
        "ansible_facts"
    ]["expressway"]
    assert set(over_shell) == {"system", "cluster", "origin_verification", "ciphers", "not_read"}
    assert client.seen["requests"] == []


def test_a_standalone_peer_is_its_own_primary(client: Client) -> None:
    facts = client.task("facts", gather_subset=["cluster"])["ansible_facts"]["expressway"]
    assert facts["cluster"] == {
        "name": "",
        "primary": 1,
        "peers": [],
        "peer_index": None,
        "is_primary": True,
    }


def test_a_declared_index_wins(client: Client) -> None:
    third = client.peer("expc3.trio.example.test")
    unnamed = {"inventory_hostname": "some-alias"}
    facts = third.task("facts", variables=unnamed, gather_subset=["cluster"])["ansible_facts"][
        "expressway"
    ]
    assert (facts["cluster"]["peer_index"], facts["cluster"]["is_primary"]) == (None, None)
    facts = third.task(
        "facts", variables=unnamed | {"expressway_peer_index": 3}, gather_subset=["cluster"]
    )["ansible_facts"]["expressway"]
    assert (facts["cluster"]["peer_index"], facts["cluster"]["is_primary"]) == (3, False)
    wrong = third.task("facts", variables={"expressway_peer_index": 4}, gather_subset=["cluster"])
    assert "expressway_peer_index is 4" in wrong["msg"]


@pytest.mark.parametrize(
    ("switches", "variables", "said", "status"),
    [
        ({"api_access": "forbidden"}, {}, "API access may be disabled", "failed"),
        (
            {"api_access": "unauthorized"},
            {},
            "one try was made), or API access may be disabled",
            "failed",
        ),
        ({}, {"expressway_api_password": "wrong horse"}, "one try was made", "failed"),
        ({"certs_root_endpoint": "absent"}, {}, "HTTP status 404", "failed"),
        ({}, {"expressway_api_ca_path": None}, "is not trusted", "unreachable"),
        (
            {},
            {"expressway_api_ca_path": "/nonexistent"},
            "names no file: /nonexistent",
            "unreachable",
        ),
        (
            {},
            {"expressway_api_ca_path": __file__},
            "holds no CA certificates that can be read",
            "unreachable",
        ),
        ({}, {"expressway_api_port": 1}, "did not answer GET", "unreachable"),
        ({}, {"ansible_host": "expc1..example.test"}, "did not answer GET", "unreachable"),
        ({}, {"ansible_host": "expc1]"}, "did not answer GET", "unreachable"),
        ({}, {"ansible_password": None}, "set expressway_api_password", "unreachable"),
        # The SSH port is no TLS server.
        ({}, {"expressway_api_port": 5022}, "did not answer GET", "unreachable"),
    ],
)
def test_the_trust_store_that_cannot_be_read_is_never_empty(
    client: Client, switches: dict[str, Any], variables: dict[str, Any], said: str, status: str
) -> None:
    client.set(**switches)
    result = client.task("facts", variables=variables, gather_subset=["trust_store"])
    assert result[status] is True
    assert said in result["msg"]
    assert client.name in result["msg"]
    assert str(variables.get("expressway_api_password")) not in result["msg"]
    assert client.seen["failed_logins"] == (1 if variables.get("expressway_api_password") else 0)
    allowed = client.task(
        "facts", variables=variables, gather_subset=["trust_store"], allow_unread=True
    )
    facts = allowed["ansible_facts"]["expressway"]
    assert facts["trust_store"] is None
    assert said in facts["not_read"]["trust_store"]


@pytest.mark.parametrize("kind", ["hang", "half_answer", "drop", "reset", "silent"])
def test_an_api_that_breaks_is_unreachable(client: Client, kind: str) -> None:
    client.fault(kind, channel="api")
    result = client.task(
        "facts", variables={"expressway_command_timeout": 1}, gather_subset=["trust_store"]
    )
    assert result["unreachable"] is True
    assert "did not answer GET" in result["msg"]


def test_the_csrf_header_is_sent_with_every_request(client: Client) -> None:
    client.set(csrf_header="required")
    api = client.connection().api()
    # Only a writing request is refused without it, and the client has no public one yet.
    with pytest.raises(urllib.error.HTTPError) as refused:
        api._request.post(f"{api._origin}/api/provisioning/certs/root")
    with refused.value as answer:
        assert (answer.code, json.load(answer)["Message"]) == (400, "No file was uploaded")


def test_certificates_need_not_be_checked_where_the_inventory_says_so(client: Client) -> None:
    variables = {"expressway_api_ca_path": None, "expressway_api_validate_certs": False}
    result = client.task("facts", variables=variables, gather_subset=["trust_store"])
    assert len(result["ansible_facts"]["expressway"]["trust_store"]["certificates"]) == 2


# --- origin_verification ------------------------------------------------------------------------


def test_off_and_on_again(client: Client) -> None:
    predicted = client.task(
        "origin_verification", check=True, state=False, until="2026-12-01", reason="CHG1"
    )
    assert client.seen["writes"] == []
    off = client.task("origin_verification", state=False, until="2026-12-01", reason="CHG1")
    assert off["changed"] is predicted["changed"] is True
    assert off["diff"] == predicted["diff"]
    assert (off["before"], off["after"], off["until"], off["reason"]) == (
        "on",
        "off",
        "2026-12-01",
        "CHG1",
    )
    assert "is Off until 2026-12-01 (CHG1)" in off["warnings"][0]
    assert "CVE-2022-20814" in off["warnings"][0]
    again = client.task("origin_verification", state="off")
    assert (again["changed"], again["before"], again["after"]) == (False, "off", "off")
    assert "CVE-2022-20814" in again["warnings"][0]
    on = client.task("origin_verification", state="on")
    assert on["changed"] is True
    assert "warnings" not in on
    assert client.seen["writes"] == [
        f"xConfiguration {SWITCH}: Off",
        f"xConfiguration {SWITCH}: On",
    ]


@pytest.mark.parametrize(("scope", "followed"), [("replicated", True), ("per_peer", False)])
def test_replication_is_waited_for_and_counts_as_the_change(
    client: Client, scope: str, followed: bool
) -> None:
    client.set(origin_verification_scope=scope, replication_seconds=0.5)
    primary, other = client.peer("expc1.trio.example.test"), client.peer("expc2.trio.example.test")
    primary.task("origin_verification", state="off")
    result = other.task("origin_verification", state="off", before="on", replication_wait=3)
    assert (result["changed"], result["followed"]) == (True, followed)
    assert (result["before"], result["after"]) == ("on", "off")
    assert other.seen["configuration"][SWITCH] == "Off"
    assert len(other.seen["writes"]) == (0 if followed else 1)


def test_what_replication_brought_before_the_login_is_still_the_change(client: Client) -> None:
    client.set(replication_seconds=0)
    client.peer("expc1.trio.example.test").task("origin_verification", state="off")
    other = client.peer("expc2.trio.example.test")
    while other.seen["configuration"][SWITCH] != "Off":
        pass
    result = other.task("origin_verification", state="off", before="on")
    assert (result["changed"], result["followed"]) == (True, True)


# --- all of them --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("command", {"commands": ["xStatus SystemUnit"]}),
        ("facts", {}),
        ("configuration", {"settings": {"SystemUnit Name": "x"}}),
        ("origin_verification", {"state": "off"}),
    ],
)
def test_no_result_holds_the_password(client: Client, module: str, options: dict[str, Any]) -> None:
    password = client.estate.profile.password
    assert password not in str(client.task(module, **options))
    client.fault("drop")
    assert password not in str(client.task(module, **options))


def test_a_peer_that_says_a_password_back_is_not_quoted_with_it(client: Client) -> None:
    root = {"expressway_root_password": "root horse", "expressway_api_user": "admin"}
    client.fault("fail", channel="api", body='{"Message": "no login <login>, root horse"}')
    result = client.task("uc_servers", variables=root)
    assert "no login Basic ******** ********, ********" in result["msg"]


def test_a_port_of_the_api_that_is_none_is_not_taken_for_another_one(client: Client) -> None:
    result = client.task("uc_servers", variables={"expressway_api_port": 65_536 + 10_443})
    assert "expressway_api_port of expc1.lone.example.test" in result["msg"]


def test_an_error_that_nobody_can_read_is_an_error(client: Client) -> None:
    client.fault("fail", channel="api", body="[" * 50_000)
    result = client.task("uc_servers")
    assert "HTTP status 500" in result["msg"]
