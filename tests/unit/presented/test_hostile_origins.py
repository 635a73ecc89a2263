# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Origins that misbehave cost their own entry an error, and nobody else a chain or a second."""

from __future__ import annotations

import contextlib
import resource
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.presented.chains import (
    Offer,
    read_presented_chains,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.endpoints import Limits
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import Origin

from tests.unit.presented import flights
from tests.unit.presented.pki import Pki
from tests.unit.presented.servers import HOME, Listener, listening

TIMEOUT = 0.6
SLACK = 1.5
"""How late a run may end, in seconds, on a machine that is busy with other things."""
ALL = ("rsa", "ecdsa", "offered")

Behaviour = Callable[[socket.socket], Any]


def read(
    listener: Listener, *key_types: str, timeout: float = TIMEOUT, deadline: float = 20
) -> list[dict[str, Any]]:
    return read_presented_chains(
        [Origin(HOME, listener.port)],
        key_types or ALL,
        Offer(),
        Limits(timeout, deadline, max_connections=50, max_connections_per_host=3),
        time.monotonic,
    )


def silent(client: socket.socket) -> None:
    client.settimeout(10)
    while client.recv(4096):
        pass


def drip(client: socket.socket) -> None:
    for byte in flights.flight([b"x" * 500]):
        client.sendall(bytes((byte,)))
        time.sleep(0.05)


def reset(client: socket.socket) -> None:
    client.recv(4096)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def sends(answer: bytes, times: int = 1) -> Behaviour:
    def behave(client: socket.socket) -> None:
        client.recv(4096)
        for _answer in range(times):
            client.sendall(answer)
        silent(client)

    return behave


def leaves(client: socket.socket) -> None:
    client.recv(4096)


def closes_half_way(client: socket.socket) -> None:
    client.recv(4096)
    client.sendall(flights.record(flights.server_hello())[:20])


HUGE = flights.records(flights.server_hello() + flights.certificate([b"c" * 10_000_000]))
ENDLESS = 1_000_000

HOSTILE: dict[str, tuple[Behaviour, set[str], str]] = {
    "silent": (silent, {"timeout"}, "presented no certificates within 0.6 s"),
    "drip": (drip, {"timeout"}, "presented no certificates within 0.6 s"),
    "reset": (reset, {"reset"}, "hung up"),
    "closed": (leaves, {"closed"}, "hung up"),
    "closed half-way": (closes_half_way, {"closed"}, "closed the connection"),
    "a banner": (sends(b"220 mail.test ESMTP\r\n"), {"plaintext"}, "'220 mail.test ESMTP'"),
    "plain HTTP": (sends(b"HTTP/1.1 400 Bad Request\r\n"), {"plaintext"}, "does not speak TLS"),
    "noise": (sends(bytes(range(128, 160))), {"protocol"}, "no TLS record"),
    "no common cipher": (sends(flights.alert(40)), {"no_common_cipher"}, "in common"),
    "an alert": (sends(flights.alert(80)), {"alert"}, "internal_error"),
    "half a flight": (
        sends(flights.record(flights.server_hello())[:-9]),
        {"timeout"},
        "presented no certificates",
    ),
    "10 MB of certificate": (sends(HUGE), {"protocol", "reset"}, ""),
    "endless empty records": (sends(flights.record(b""), ENDLESS), {"protocol", "alert"}, ""),
    "endless hello requests": (
        sends(flights.record(flights.message(0, b"")), ENDLESS),
        {"protocol", "timeout"},
        "",
    ),
}


@pytest.mark.parametrize(("behave", "kinds", "words"), HOSTILE.values(), ids=HOSTILE.keys())
def test_misbehaviour_is_named_in_time(behave: Behaviour, kinds: set[str], words: str) -> None:
    with listening(behave) as listener:
        started = time.monotonic()
        entries = read(listener)
        took = time.monotonic() - started
    assert took < 2 * TIMEOUT + SLACK  # the first goes ahead, the others follow together
    for entry in entries:
        assert entry["error_kind"] in kinds, entry
        assert words in entry["error"] or entry["key_type"] == "offered"
        assert entry["error"].startswith(f"{HOME}:{listener.port} ")
        assert (entry["chain"], entry["sha256"]) == ("", [])


def test_a_refused_port_is_tried_once() -> None:
    with socket.create_server((HOME, 0)) as reserved:
        port = reserved.getsockname()[1]
    entries = read_presented_chains(
        [Origin(HOME, port)], ALL, Offer(), Limits(2, 10, 10, 2), time.monotonic
    )
    assert [entry["error_kind"] for entry in entries] == ["refused"] * 3
    assert "check that the service is started" in entries[0]["error"]


def test_packets_that_are_dropped_cost_one_timeout_for_all_key_types() -> None:
    """A full accept queue: Linux drops what comes on top."""
    with full_queue() as port:
        started = time.monotonic()
        entries = read_presented_chains(
            [Origin(HOME, port)], ALL, Offer(), Limits(TIMEOUT, 10, 10, 3), time.monotonic
        )
        took = time.monotonic() - started
    assert [entry["error_kind"] for entry in entries] == ["timeout"] * 3
    assert "did not answer the connection" in entries[2]["error"]
    assert took < TIMEOUT + SLACK


def test_what_waits_behind_a_connection_when_the_deadline_passes_was_not_started() -> None:
    with full_queue() as port:
        entries = read_presented_chains(
            [Origin(HOME, port)], ALL, Offer(), Limits(5, 0.3, 10, 3), time.monotonic
        )
    assert [entry["error_kind"] for entry in entries] == ["timeout", "not_started", "not_started"]


@contextlib.contextmanager
def full_queue() -> Iterator[int]:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind((HOME, 0))
        server.listen(0)
        for _filler in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(server.getsockname())
        time.sleep(0.05)
        yield server.getsockname()[1]


def test_hostile_neighbours_cost_a_good_origin_nothing(pki: Pki) -> None:
    good = sends(flights.flight(pki.rsa.chain))
    with contextlib.ExitStack() as stack:
        bad = [stack.enter_context(listening(behave)) for behave, _kinds, _said in HOSTILE.values()]
        well = [stack.enter_context(listening(good, f"127.24.8.{n}")) for n in range(1, 40)]
        origins = [Origin(server.ip, server.port) for server in (*bad, *well)]
        entries = read_presented_chains(
            origins, ["rsa"], Offer(), Limits(1, 20, 100, 2), time.monotonic
        )
    assert [bool(entry["error"]) for entry in entries] == [True] * len(bad) + [False] * len(well)


@pytest.fixture
def many_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@contextlib.contextmanager
def silent_endpoints(count: int) -> Iterator[list[Origin]]:
    """Sockets that the kernel accepts connections for, and nobody else does."""
    with contextlib.ExitStack() as stack:
        origins = []
        for number in range(count):
            server = stack.enter_context(socket.create_server((address(number), 0)))
            origins.append(Origin(*server.getsockname()))
        yield origins


@pytest.mark.usefixtures("many_files")
@pytest.mark.parametrize(
    ("limits", "kinds"),
    [
        pytest.param(Limits(1, 30, 2000, 2), {"timeout"}, id="all at once"),
        pytest.param(Limits(9, 1.5, 2000, 2), {"timeout", "not_started"}, id="a deadline"),
        pytest.param(Limits(9, 1.5, 50, 2), {"timeout", "not_started"}, id="few connections"),
    ],
)
def test_a_thousand_silent_origins_hold_up_nothing(limits: Limits, kinds: set[str]) -> None:
    with silent_endpoints(1000) as origins:
        started = time.monotonic()
        entries = read_presented_chains(origins, ["rsa"], Offer(), limits, time.monotonic)
        took = time.monotonic() - started
    assert {entry["error_kind"] for entry in entries} <= kinds
    window = len(origins) / 128 * 0.2 + limits.timeout
    assert took < min(window, limits.deadline) + SLACK
    if limits.max_connections == 50:
        assert sum(entry["error_kind"] == "timeout" for entry in entries) == 50
        assert "raise deadline" in entries[-1]["error"]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_node_never_sees_more_connections_than_allowed(pki: Pki, most: int) -> None:
    """Counted from the acceptance to just before the answer, while no client can be done."""
    lock = threading.Lock()
    open_now, counts = [], []

    def slow(client: socket.socket) -> None:
        with lock:
            open_now.append(client)
            counts.append(len(open_now))
        client.recv(4096)
        time.sleep(0.05)
        with lock:
            open_now.remove(client)
        client.sendall(flights.flight(pki.rsa.chain))
        silent(client)

    with listening(slow) as one, listening(slow) as two:
        origins = [
            Origin(f"cucm{number}.test", server.port, HOME)
            for number in range(4)
            for server in (one, two)
        ]
        entries = read_presented_chains(
            origins, ["rsa"], Offer(), Limits(5, 30, 100, most), time.monotonic
        )
    assert [entry["error"] for entry in entries] == [None] * 8
    assert len(counts) == 8
    assert max(counts) == most


@pytest.mark.usefixtures("many_files")
def test_good_origins_behind_one_slow_server_are_all_found(pki: Pki) -> None:
    """It takes 5 s for all of them and 0.5 s for those in the window; a connection may take 2.5 s."""
    limits = Limits(2.5, 60, 2000, 2)
    with slow_farm(1300, flights.flight(pki.rsa.chain), seconds_each=0.004) as origins:
        entries = read_presented_chains(origins, ["rsa"], Offer(), limits, time.monotonic)
    assert [entry["error"] for entry in entries if entry["error"]] == []


@contextlib.contextmanager
def slow_farm(count: int, answer: bytes, seconds_each: float) -> Iterator[list[Origin]]:
    """Many endpoints of one thread, which works through their connections one by one."""
    stop = threading.Event()
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        origins = []
        for number in range(count):
            server = stack.enter_context(socket.create_server((address(number), 0)))
            selector.register(server, selectors.EVENT_READ)
            origins.append(Origin(*server.getsockname()))

        def work() -> None:
            while not stop.is_set():
                for key, _events in selector.select(0.05):
                    ready: Any = key.fileobj
                    client = stack.enter_context(ready.accept()[0])
                    with contextlib.suppress(OSError):
                        client.recv(4096)
                        time.sleep(seconds_each)
                        client.sendall(answer)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield origins
        finally:
            stop.set()
            thread.join()


def address(number: int) -> str:
    """One loopback address for each of up to 10,000 origins."""
    return f"127.24.{100 + number // 250}.{number % 250 + 1}"
