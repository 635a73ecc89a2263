# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.peer.facts import (
    UnexpectedAnswer,
    cipher_facts,
    mra_facts,
    origin_verification_facts,
    system_facts,
    uc_server_facts,
)
from ansible_collections.collab.expressway.plugins.module_utils.peer.releases import parse_release
from ansible_collections.collab.expressway.plugins.module_utils.peer.xconfiguration import (
    Configuration,
    Setting,
)

SWITCH = "EdgeConfigServer VerifyOriginServer"


def test_a_system_without_a_release_is_no_answer() -> None:
    with pytest.raises(UnexpectedAnswer, match="no release"):
        system_facts({"Software": {"Version": "unknown"}}, Configuration())


@pytest.mark.parametrize(("printed", "is_e"), [("True", True), ("False", False), (None, None)])
def test_what_a_system_does_not_say_is_null(printed: str | None, is_e: bool | None) -> None:
    configuration = {} if printed is None else {"Configuration": {"Expressway": printed}}
    facts = system_facts({"Software": {"Version": "X15.0", **configuration}}, Configuration())
    assert facts == {
        "name": None,
        "product": None,
        "version": "X15.0",
        "serial_number": None,
        "uptime_seconds": None,
        "time": None,
        "is_expressway_e": is_e,
    }


@pytest.mark.parametrize(("value", "state"), [("On", "on"), ("off", "off"), (" Off ", "off")])
def test_the_switch_has_two_states(value: str, state: str) -> None:
    assert origin_verification_facts(Setting(SWITCH, value, True), None)["state"] == state


@pytest.mark.parametrize("value", ["", "Permissive", "1"])
def test_any_other_state_is_no_answer(value: str) -> None:
    with pytest.raises(UnexpectedAnswer, match="neither On nor Off"):
        origin_verification_facts(Setting(SWITCH, value, True), None)


def test_a_new_release_without_the_switch_is_not_taken_for_an_old_one() -> None:
    facts = origin_verification_facts(None, parse_release("X15.0"))
    assert (facts["supported"], facts["state"]) == (False, None)
    assert "should have" in facts["note"]


def test_cipher_lists_that_a_release_lacks_are_null() -> None:
    facts = cipher_facts(Configuration([Setting("Ciphers XCPTLSCiphers Value", "ALL", True)]))
    assert facts["xcp_tls"] == {"cipher_list": "ALL", "protocol": None}
    assert facts["uc_client_tls"] == {"cipher_list": None, "protocol": None}


@pytest.mark.parametrize("records", [{"Message": "busy"}, None, "busy", ["busy"]])
def test_servers_that_are_no_list_are_no_empty_list(records: Any) -> None:
    with pytest.raises(UnexpectedAnswer):
        uc_server_facts(records)


@pytest.mark.parametrize("switch", [{}, [], None, {"Message": "busy"}])
def test_mra_that_does_not_say_is_no_answer(switch: Any) -> None:
    with pytest.raises(UnexpectedAnswer):
        mra_facts(switch, [])


def test_mra() -> None:
    assert mra_facts([{"Enabled": "On", "SSO": "Off"}], [{"Name": "a"}, {"Domain": "b"}]) == {
        "enabled": "on",
        "sso": "off",
        "domains": ["a", "b"],
    }
