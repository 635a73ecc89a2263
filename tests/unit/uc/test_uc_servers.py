# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a peer has configured, and the lookup that nobody has proven on a device."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.peer.uc_servers import says_no

from tests.lab.estate import RunningEstate
from tests.unit.client.peers import Client
from tests.unit.uc.nodes import AXL_PASSWORD

PEER = "expc1.emea.example.test"
CUCM, IMP = "cucm1.emea.example.test", "imp1.emea.example.test"
REFRESH: dict[str, Any] = {"state": "refreshed", "axl_password": AXL_PASSWORD}
PATH = "/api/provisioning/controller/server"


@pytest.fixture
def peer(nodes_estate: RunningEstate) -> Client:
    nodes_estate.reset()
    return Client(nodes_estate, PEER)


def test_the_publishers_are_listed(peer: Client) -> None:
    result = peer.task("uc_servers")
    common = {
        "axl_username": "expressway-axl",
        "tls_verify": "off",
        "deployment": None,
        "peer": PEER,
    }
    assert result["servers"] == [
        {"product": "cucm", "publisher": CUCM, **common},
        {"product": "imp", "publisher": IMP, **common},
    ]
    assert result["changed"] is False
    assert [one["product"] for one in result["not_read"]] == ["cuc"]
    assert "unproven" not in result
    assert peer.seen["writes"] == []


@pytest.mark.parametrize("message", ["as_recorded", "operation_successful"])
def test_a_refresh_looks_each_publisher_up(peer: Client, message: str) -> None:
    peer.set(success_message=message)
    result = peer.task("uc_servers", **REFRESH)
    assert (result["changed"], result["unproven"]) == (True, True)
    assert [one["publisher"] for one in result["lookups"]] == [CUCM, IMP]
    assert all(one["answer"] for one in result["lookups"])
    assert peer.seen["writes"] == [f"POST {PATH}/cucm {CUCM}", f"POST {PATH}/imp {IMP}"]
    assert AXL_PASSWORD not in str(result)
    # Entering again what is there adds nothing.
    assert peer.task("uc_servers")["servers"] == result["servers"]


def test_only_the_chosen_publishers_are_looked_up(peer: Client) -> None:
    peer.task("uc_servers", **REFRESH, products=["imp"])
    peer.task("uc_servers", **REFRESH, publishers=[CUCM])
    assert peer.seen["writes"] == [f"POST {PATH}/imp {IMP}", f"POST {PATH}/cucm {CUCM}"]


def test_check_mode_predicts_and_looks_nothing_up(peer: Client) -> None:
    result = peer.task("uc_servers", check=True, **REFRESH)
    assert (result["changed"], result["unproven"]) == (True, True)
    assert [one["answer"] for one in result["lookups"]] == [None, None]
    assert peer.seen["writes"] == []


@pytest.mark.parametrize("status", ["ok", "bad_request"])
@pytest.mark.parametrize(
    ("switches", "options", "said"),
    [
        ({"uc_server_again": "refused"}, {}, "already exists"),
        ({}, {"axl_password": "wrong horse"}, "AXL authentication failed"),
    ],
)
def test_a_refused_lookup_fails_whatever_its_status(
    peer: Client, status: str, switches: dict[str, Any], options: dict[str, Any], said: str
) -> None:
    peer.set(business_error_status=status, **switches)
    result = peer.task("uc_servers", **(REFRESH | options))
    assert (result["failed"], result["changed"]) == (True, False)
    assert said in result["msg"]
    assert CUCM in result["msg"]
    assert "wrong horse" not in str(result)
    # The second publisher was not tried with what the first refused.
    assert peer.seen["requests"].count(f"POST {PATH}/imp") == 0


@pytest.mark.parametrize("kind", ["drop_after_write", "fail"])
def test_a_lookup_that_may_have_been_made_counts_as_a_change(peer: Client, kind: str) -> None:
    peer.fault(kind, channel="api", matching="POST")
    result = peer.task("uc_servers", **REFRESH)
    assert (result["failed"], result["changed"]) == (True, True)
    assert "may have been carried out" in result["msg"]


@pytest.mark.parametrize("kind", ["drop", "fail"])
def test_a_list_that_cannot_be_read_after_the_lookup_does_not_hide_it(
    peer: Client, kind: str
) -> None:
    listed = {"channel": "api", "matching": f"GET {PATH}/cucm"}
    peer.fault("slow", seconds=0, times=1, **listed, then={"kind": kind, **listed})
    result = peer.task("uc_servers", **REFRESH)
    assert (result.get("failed"), result["changed"]) == (True, True)
    assert f"the lookup of {CUCM} (cucm) was carried out, but what {PEER}" in result["msg"]
    assert peer.seen["writes"] == [f"POST {PATH}/cucm {CUCM}"]


def test_an_unknown_publisher_is_named_with_those_that_there_are(peer: Client) -> None:
    result = peer.task("uc_servers", **REFRESH, publishers=["cucm9.example.com"])
    assert result["failed"] is True
    assert "cucm9.example.com" in result["msg"]
    assert f"{CUCM}, {IMP}" in result["msg"]
    assert peer.seen["writes"] == []


def test_a_refresh_needs_the_password(peer: Client) -> None:
    with pytest.raises(Exception, match="axl_password"):
        peer.task("uc_servers", state="refreshed")


def test_a_closed_api_fails_the_list(peer: Client) -> None:
    peer.set(api_access="forbidden")
    result = peer.task("uc_servers")
    assert result["failed"] is True
    assert "HTTP status 403" in result["msg"]


@pytest.mark.parametrize(
    ("answer", "no"),
    [
        ("Operation was successful", False),
        ("Root Certificate updated.", False),
        ("", False),
        ("Completed without errors", False),
        ("CommandError: Socket Error: Timeout", True),
        ("Failed to connect to publisher", True),
    ],
)
def test_bad_news_is_told_by_its_words(answer: str, no: bool) -> None:
    assert says_no(answer) is no
