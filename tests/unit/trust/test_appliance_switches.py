# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""trusted_ca under every guess about the appliance, over both ways."""

from __future__ import annotations

from itertools import product

import pytest

from tests.lab.switches import catalogue, switches_of
from tests.unit.trust.store_client import StoreClient, digests
from tests.unit.trust.trusted import ISSUING, LEAF, NEW, OLD, TWIN
from tests.unit.trust_plan.pki import pem

STOPS = {
    ("api", "api_access", "forbidden"): "API access may be disabled for this account",
    ("api", "api_access", "unauthorized"): "API access may be disabled for this account",
    ("api", "certs_root_endpoint", "absent"): "This release may not have this part of the API",
    ("root_ssh", "root_login", "refused"): "refused the password of user root",
    ("root_ssh", "sftp_posix_rename", "absent"): "cannot rename a file over another one",
}
"""(way, switch, position) → what is said when the store cannot be changed then."""


@pytest.mark.parametrize("via", ["api", "root_ssh"])
@pytest.mark.parametrize(
    "switch", [one.name for one in switches_of("Expressway").values() if one.values]
)
def test_every_position_of_every_switch(client: StoreClient, switch: str, via: str) -> None:
    for position in catalogue()[switch].values:
        client.estate.reset()
        client.hold(pem(*OLD))
        client.set(**{switch: position})
        result = client.trust(*NEW, via=via)
        said = STOPS.get((via, switch, position))
        if said is None:
            assert (result.get("msg"), result["changed"]) == (None, True), position
            assert client.held == digests(*OLD, *NEW)
        else:
            assert said in result["msg"]
            assert client.trust(*NEW, via=via, check=True)["msg"] == result["msg"]
            assert (client.held, result["changed"]) == (digests(*OLD), False)


POSTS = list(
    product(["append", "replace"], ["accepted", "refused", "stored_twice"], ["bad_request", "ok"])
)


@pytest.mark.parametrize(("post", "duplicate", "error_status"), POSTS)
def test_whatever_an_upload_does(
    client: StoreClient, post: str, duplicate: str, error_status: str
) -> None:
    client.set(
        certs_root_post=post, duplicate_certificate=duplicate, business_error_status=error_status
    )
    added = client.trust(*NEW)
    # An API that replaces the store and yet refuses what is in it cannot be given anything.
    possible = (post, duplicate) != ("replace", "refused")
    assert (added.get("failed", False), added["changed"]) == (not possible, possible)
    assert client.held == digests(*OLD, *(NEW if possible else []))
    if not possible:
        assert "The old store was restored" in added["msg"]
    held = client.held
    foretold = client.trust(*OLD, state="exact", check=True)
    # Nobody knows before it is done, so nobody is told that it will be; where nothing has come, nothing goes.
    assert bool(foretold["unproven"]) is possible
    assert [text.endswith(foretold["unproven"]) for text in foretold["warnings"]] == [
        True
    ] * possible
    removed = client.trust(*OLD, state="exact")
    swapped = client.trust(*OLD[1:], ISSUING, state="exact")
    if post == "replace" and possible:
        assert (removed["changed"], removed["via_detail"]) == (True, "replace")
        assert swapped["changed"] is True
        assert client.held == digests(*OLD[1:], ISSUING)
        return
    if possible:
        assert (removed["failed"], removed["changed"], removed["via_detail"]) == (
            True,
            False,
            "append",
        )
        assert "cannot remove certificates" in removed["msg"]
        assert "via: root_ssh" in removed["msg"]
        assert "the same as before" in removed["msg"]
    assert (swapped["failed"], swapped["changed"]) == (True, False)
    assert client.held == held


@pytest.mark.parametrize(
    ("duplicate", "told", "detail"),
    [
        ("accepted", "auto", None),
        ("refused", "auto", "append"),
        ("stored_twice", "auto", "append"),
        ("stored_twice", "append", "append"),
    ],
)
def test_an_api_that_appends(
    client: StoreClient, duplicate: str, told: str, detail: str | None
) -> None:
    client.set(duplicate_certificate=duplicate)
    result = client.trust(*NEW, api_post=told)
    assert result["via_detail"] == detail
    assert client.held == digests(*OLD, *NEW)
    twice = (duplicate, told) == ("stored_twice", "auto")
    assert client.text == pem(*(OLD if twice else []), *OLD, *NEW)
    assert any("twice" in warning for warning in result["warnings"]) is twice


def test_an_api_that_is_told_to_append_removes_nothing_and_is_sent_nothing(
    client: StoreClient,
) -> None:
    for check in (True, False):
        result = client.trust(*OLD[1:], ISSUING, state="exact", api_post="append", check=check)
        assert result["failed"] is True
        assert "cannot remove certificates" in result["msg"]
    assert client.uploads == 0
    assert not client.backups.exists()


@pytest.mark.parametrize("duplicate", ["accepted", "refused", "stored_twice"])
@pytest.mark.parametrize("told", ["append", "replace", "auto"])
def test_an_api_that_appends_cannot_put_a_twin_first_and_says_so(
    client: StoreClient, duplicate: str, told: str
) -> None:
    client.set(duplicate_certificate=duplicate)
    for held, listed in (([*OLD], [TWIN, *OLD]), ([*OLD, TWIN], [TWIN, *OLD])):
        client.hold(pem(*held))
        result = client.trust(*listed, state="exact", allow=["same_name"], api_post=told)
        assert (result["failed"], result["changed"], client.held) == (True, False, digests(*held))
        assert "cannot change which of these comes first: CN=Old Root 1" in result["msg"]
        assert "web interface" in result["msg"] and "via: root_ssh" in result["msg"]
        assert ("api_post: replace is wrong" in result["msg"]) is (told == "replace")


def test_an_api_that_is_wrongly_said_to_replace(client: StoreClient) -> None:
    result = client.trust(*OLD[1:], ISSUING, state="exact", api_post="replace")
    assert (result["failed"], result["changed"], client.held) == (True, False, digests(*OLD))
    assert "api_post: replace is wrong" in result["msg"] and "via: root_ssh" in result["msg"]
    # Too small a store to show it before: old and new are together then.
    client.hold(OLD[0].pem)
    result = client.trust(*NEW, state="exact", api_post="replace")
    assert (result["failed"], result["changed"]) == (True, True)
    assert client.held == digests(OLD[0], *NEW)
    assert "api_post: replace is wrong" in result["msg"] and "via: root_ssh" in result["msg"]


@pytest.mark.parametrize("told", ["append", "replace", "auto"])
def test_an_api_that_replaces_is_sent_the_whole_store(client: StoreClient, told: str) -> None:
    client.set(certs_root_post="replace")
    result = client.trust(*NEW, api_post=told)
    assert (result["changed"], client.text) == (True, pem(*OLD, *NEW))
    # Told that it appends, it is sent the new ones alone, shows that it does not, and is then sent all.
    assert client.uploads == (2 if told == "append" else 1)
    assert result["via_detail"] == {"append": "replace", "replace": "replace", "auto": None}[told]


def test_what_is_no_certificate_is_lost_where_the_api_replaces_and_that_is_said(
    client: StoreClient,
) -> None:
    client.set(certs_root_post="replace")
    client.hold(pem(*OLD) + LEAF.key_pem)
    result = client.trust(*NEW)
    assert client.text == pem(*OLD, *NEW)
    assert any(
        "private key" in warning and "no longer" in warning for warning in result["warnings"]
    )


@pytest.mark.parametrize("error_status", ["bad_request", "ok"])
def test_a_twin_that_the_appliance_refuses(client: StoreClient, error_status: str) -> None:
    client.set(same_name_certificate="refused", business_error_status=error_status)
    result = client.trust(TWIN, allow=["same_name"])
    assert (result["failed"], result["changed"]) == (True, False)
    assert "A certificate with the same subject already exists" in result["msg"]
    assert client.held == digests(*OLD)
    # Twins in the store already make the whole bundle refused, but not what is new.
    client.hold(pem(*OLD, TWIN))
    assert client.trust(*NEW)["via_detail"] == "append"
    assert client.held == digests(*OLD, TWIN, *NEW)


@pytest.mark.parametrize("via", ["api", "root_ssh"])
def test_a_release_whose_api_is_closed_and_wants_the_header(client: StoreClient, via: str) -> None:
    client.set(csrf_header="required")
    assert client.trust(NEW[0], via=via)["changed"] is True
    client.set(api_access="forbidden")
    result = client.trust(NEW[1], via=via)
    assert result["changed"] is (via == "root_ssh")


def test_an_appliance_that_takes_its_time(client: StoreClient) -> None:
    client.fault("slow", seconds=0.05)
    for via in ("api", "root_ssh"):
        client.hold(pem(*OLD))
        assert client.trust(*NEW, via=via, variables={"expressway_command_timeout": 5})["changed"]
        assert client.held == digests(*OLD, *NEW)


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("post", ["append", "replace"])
def test_an_exact_upload_that_could_only_be_tried_is_refused(
    client: StoreClient, post: str, check: bool
) -> None:
    client.set(certs_root_post=post)
    client.hold(OLD[0].pem)
    result = client.trust(*NEW, state="exact", check=check)
    assert "api_post" in result["msg"] and "Nothing was sent" in result["msg"]
    assert (client.uploads, client.held) == (0, digests(OLD[0]))


def test_an_exact_upload_to_a_small_store_where_the_api_is_known(client: StoreClient) -> None:
    client.set(certs_root_post="replace")
    client.hold(OLD[0].pem)
    assert client.trust(*NEW, state="exact", api_post="replace")["changed"]
    assert client.held == digests(*NEW)
