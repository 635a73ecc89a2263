# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.audit.cipher_preference import (
    changes_for_logins,
    preferred,
    where_it_cannot_help,
    with_cipher_lists,
)
from hypothesis import given
from hypothesis import strategies as st

LIST = "EECDH:EDH:HIGH:!aNULL"
RSA = "ECDHE-RSA-AES256-GCM-SHA384:"


@pytest.mark.parametrize(
    ("before", "state", "after"),
    [
        (LIST, "rsa_first", RSA + LIST),
        (RSA + LIST, "rsa_first", RSA + LIST),
        (RSA + LIST, "ecdsa_first", LIST),
        (RSA + RSA + LIST, "ecdsa_first", LIST),
        (LIST, "ecdsa_first", LIST),
        (LIST, "unmanaged", LIST),
        (RSA + LIST, "unmanaged", RSA + LIST),
        (LIST + ":!ECDSA", "rsa_first", RSA + LIST + ":!ECDSA"),
    ],
)
def test_one_suite_in_front_decides(before: str, state: str, after: str) -> None:
    assert preferred(before, state) == after


@pytest.mark.parametrize(
    ("before", "state", "says"),
    [
        (LIST, "ecdsa", "rsa_first, ecdsa_first, unmanaged"),
        (LIST + ":!ECDSA", "ecdsa_first", "!ECDSA"),
        (LIST + ":+ECDSA", "ecdsa_first", r"\+ECDSA"),
        (RSA, "ecdsa_first", "nothing but"),
    ],
)
def test_what_cannot_be_done_is_said(before: str, state: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        preferred(before, state)


@given(
    st.text("ABCDHER:!-+", min_size=1), st.sampled_from(["rsa_first", "ecdsa_first", "unmanaged"])
)
def test_the_second_time_changes_nothing(cipher_list: str, state: str) -> None:
    try:
        once = preferred(cipher_list, state)
    except ValueError:
        return
    assert preferred(once, state) == once


def origin(leaf: str, tls: str = "TLSv1.2", other: bool = True) -> dict[str, Any]:
    def entry(
        key_type: str, leaf_key_type: str, cipher_list: str | None, seen: bool = True
    ) -> dict[str, Any]:
        return {
            "key_type": key_type,
            "leaf_key_type": leaf_key_type,
            "cipher_list": cipher_list,
            "chain": ["aa"] if seen else [],
            "tls_version": tls,
        }

    return {
        "address": "cucm1",
        "port": 6972,
        "presented": [entry("rsa", "rsa", None, other), entry("offered", leaf, LIST)],
    }


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        (origin("rsa"), None),
        (origin("ecdsa", "TLSv1.3"), "TLS 1.3"),
        (origin("ecdsa"), "own preference"),
        (origin("ecdsa", other=False), "no RSA certificate"),
    ],
)
def test_where_the_list_does_not_decide(seen: dict[str, Any], says: str | None) -> None:
    peers = [
        {"name": "expc1", "reached": True, "cipher_list": LIST},
        {"name": "expc2", "reached": False},
    ]
    lines = where_it_cannot_help({"origins": [seen], "peers": peers}, "rsa_first")
    assert lines == [] if says is None else (len(lines) == 1 and says in lines[0])
    assert where_it_cannot_help({"origins": [seen], "peers": peers}, "unmanaged") == []


def verdict(peer: str, outcome: str, key_type: str = "offered") -> dict[str, Any]:
    refused = outcome == "refused"
    return {
        "peer": peer,
        "address": "cucm1",
        "port": 8443,
        "key_type": key_type,
        "outcome": outcome,
        "stage": "chain" if refused else None,
        "error_code": 10 if refused else None,
        "error": "certificate has expired" if refused else None,
        "depth": 0,
        "leaf_trusted": False,
    }


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("refused", "accepted", "repaired"),
        ("accepted", "refused", "broken"),
        ("refused", "refused", "refused"),
        ("accepted", "accepted", None),
        (None, "refused", "broken"),
    ],
)
def test_what_two_audits_say_differently(before: str | None, after: str, kind: str | None) -> None:
    old = {"verdicts": [verdict("expc1", before), verdict("expc2", before)] if before else []}
    # Only what the peers' own lists bring counts.
    new = {
        "verdicts": [
            verdict("expc1", after),
            verdict("expc2", after),
            verdict("expc1", "refused", "rsa"),
        ]
    }
    said = changes_for_logins(old, new)
    told = {name: lines for name, lines in said.items() if lines}
    assert list(told) == ([kind] if kind else [])
    if kind:
        words = "" if kind == "repaired" else ": expired → renew it"
        assert told[kind] == [f"cucm1:8443{words} [expc1, expc2]"]


def test_a_change_of_lists_touches_nothing_else() -> None:
    facts = {
        "system": {},
        "ciphers": {"uc_client_tls": {"cipher_list": LIST, "protocol": "minTLSv1.2"}},
    }
    peers = [
        {"name": "expc1", "facts": facts},
        {"name": "expc2", "facts": None},
        {"name": "expc3", "facts": facts},
    ]
    changed = with_cipher_lists(peers, {"expc1": RSA + LIST, "expc2": "x"})
    assert changed[0]["facts"]["ciphers"]["uc_client_tls"] == {
        "cipher_list": RSA + LIST,
        "protocol": "minTLSv1.2",
    }
    assert changed[1:] == peers[1:]
    assert facts["ciphers"]["uc_client_tls"]["cipher_list"] == LIST


@pytest.mark.parametrize(
    ("error", "reached", "told"),
    [
        ("timed out", True, ["cucm1:8443: timed out [expc1]"]),
        ("cucm1:8443 timed out", True, ["cucm1:8443 timed out [expc1]"]),
        # Nobody looked, or not for this peer.
        (None, True, []),
        ("timed out", False, []),
    ],
)
def test_a_login_that_nothing_is_presented_to_any_more_is_broken(
    error: str | None, reached: bool, told: list[str]
) -> None:
    entry: dict[str, Any] = {
        "key_type": "offered",
        "cipher_list": LIST,
        "chain": [],
        "error": error,
    }
    after = {
        "verdicts": [],
        "peers": [{"name": "expc1", "reached": reached, "cipher_list": LIST}],
        "origins": [{"address": "cucm1", "port": 8443, "presented": [entry] if error else []}],
    }
    was_accepted = {"verdicts": [verdict("expc1", "accepted")]}
    assert changes_for_logins(was_accepted, after)["broken"] == told
    # What is refused already cannot break.
    assert changes_for_logins({"verdicts": [verdict("expc1", "refused")]}, after)["broken"] == []
