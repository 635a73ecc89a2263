# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names are looked up side by side, and a resolver that hangs is not waited for."""

from __future__ import annotations

import socket
import time

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.presented.name_lookup import (
    Lookup,
    first_address,
    look_up,
)


def test_addresses_stand_for_themselves_and_names_are_asked_once() -> None:
    asked = []

    def resolver(name: str) -> str:
        asked.append(name)
        return "192.0.2.7"

    hosts = ["192.0.2.1", "2001:db8::1", "a.test", "a.test"]
    assert look_up(hosts, 5, time.monotonic, resolver) == {
        "192.0.2.1": Lookup("192.0.2.1", None),
        "2001:db8::1": Lookup("2001:db8::1", None),
        "a.test": Lookup("192.0.2.7", None),
    }
    assert asked == ["a.test"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (OSError("no resolver"), "no resolver"),
        (UnicodeError("label too long"), "label too long"),
    ],
)
def test_a_name_without_an_address_says_why(error: Exception, words: str) -> None:
    def resolver(name: str) -> str:
        raise error

    assert look_up(["a.test"], 5, time.monotonic, resolver) == {"a.test": Lookup(None, words)}


def test_a_resolver_that_hangs_costs_its_own_names_only() -> None:
    def resolver(name: str) -> str:
        if name.startswith("dead"):
            time.sleep(3)
        return "192.0.2.7"

    started = time.monotonic()
    found = look_up(
        [*(f"dead{n}.test" for n in range(20)), "alive.test"], 0.4, time.monotonic, resolver
    )
    assert time.monotonic() - started < 1.5
    assert found["alive.test"] == Lookup("192.0.2.7", None)
    assert found["dead3.test"] == Lookup(None, "the name servers gave no answer within 0.4 s")


def test_the_end_is_told_by_the_clock_that_was_given() -> None:
    ticks = iter([0.0, 61.0])

    def resolver(name: str) -> str:
        time.sleep(3)
        return name

    began = time.monotonic()
    found = look_up(["dead.test"], 60, lambda: next(ticks), resolver)
    assert found["dead.test"].error == "the name servers gave no answer within 60 s"
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (["2001:db8::1", "192.0.2.1", "192.0.2.2"], "192.0.2.1"),
        (["2001:db8::2", "2001:db8::1"], "2001:db8::2"),
        (["fe80::1%eth0", "2001:db8::1"], "2001:db8::1"),
    ],
)
def test_ipv4_comes_first_and_link_local_never(
    monkeypatch: pytest.MonkeyPatch, found: list[str], expected: str
) -> None:
    entries = [(None, None, None, "", (ip, 0)) for ip in found]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: entries)
    assert first_address("a.test") == expected


def test_a_name_with_nothing_but_link_local_addresses_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entries = [(None, None, None, "", ("fe80::1%eth0", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: entries)
    assert look_up(["a.test"], 5, time.monotonic)["a.test"].error == "only found fe80::1%eth0"


def test_the_resolver_of_this_host_prefers_ipv4() -> None:
    assert first_address("localhost").startswith("127.")
