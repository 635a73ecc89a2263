# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Looks up many host names at once, and ends in time when a name server does not answer."""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

_THREADS = 32


class Lookup(NamedTuple):
    """Either the IP address to connect to, or why there is none."""

    ip: str | None
    error: str | None


@lru_cache(maxsize=4096)
def is_ip_literal(host: str) -> bool:
    """Whether the text is an IPv4 or IPv6 address, and not a name.

    An IPv6 address with a zone (`fe80::1%eth0`) is not: it means nothing away from its link.
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def look_up(
    hosts: Iterable[str],
    seconds: float,
    clock: Callable[[], float],
    resolver: Callable[[str], str] | None = None,
) -> dict[str, Lookup]:
    """One answer for each distinct host, within `seconds` on the clock. IP addresses stand for themselves.

    A name with several addresses gives its first IPv4 address, else its first address: one
    connection is made, as the traffic server does when all is well.
    """
    hosts = set(hosts)
    answers = {host: Lookup(host, None) for host in hosts if is_ip_literal(host)}
    names = hosts - answers.keys()
    if not names:
        return answers
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    found: queue.SimpleQueue[tuple[str, Lookup]] = queue.SimpleQueue()
    for name in sorted(names):
        waiting.put(name)
    until = clock() + seconds
    for _thread in range(min(_THREADS, len(names))):
        # Daemons: a thread that hangs in the resolver must not hold up the end of the process.
        threading.Thread(
            target=_work, args=(waiting, found, resolver or first_address), daemon=True
        ).start()
    while names:
        try:
            name, answer = found.get(timeout=max(0.0, until - clock()))
        except queue.Empty:
            break
        answers[name] = answer
        names.discard(name)
    late = Lookup(None, f"the name servers gave no answer within {seconds:g} s")
    answers.update((name, late) for name in names)
    return answers


def first_address(name: str) -> str:
    """The address that this host's resolver gives; raises OSError or UnicodeError if none."""
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)]
    usable = sorted(filter(is_ip_literal, found), key=lambda ip: ":" in ip)
    if not usable:
        raise OSError(f"only found {', '.join(found)}")
    return usable[0]


def _work(
    waiting: queue.SimpleQueue[str],
    found: queue.SimpleQueue[tuple[str, Lookup]],
    resolver: Callable[[str], str],
) -> None:
    while True:
        try:
            name = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            answer = Lookup(resolver(name), None)
        except (OSError, UnicodeError) as error:
            answer = Lookup(None, getattr(error, "strerror", None) or str(error))
        found.put((name, answer))
