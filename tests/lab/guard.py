# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Automated protection of one peer: too many failed logins from an address block that address."""

from __future__ import annotations

from collections.abc import Callable

from tests.lab.switches import Switches


class Guard:
    """Counts failed logins by client address, over the shell and the API alike.

    `clock` gives seconds that only grow. Source: Expressway facts 1.1.
    """

    def __init__(self, switches: Switches, clock: Callable[[], float]) -> None:
        self._switches = switches
        self._clock = clock
        self._failures: dict[str, list[float]] = {}
        self._blocked_until: dict[str, float] = {}

    def failed(self, address: str) -> None:
        """Note a failed login; enough of them within the block period block the address."""
        now = self._clock()
        period = self._switches.number("block_seconds")
        recent = [then for then in self._failures.get(address, []) if now - then < period]
        self._failures[address] = [*recent, now]
        enough = self._switches.number("failed_logins_before_block")
        if enough and len(self._failures[address]) >= enough:
            self._blocked_until[address] = now + period

    def blocks(self, address: str) -> bool:
        """Whether this address gets no answer now."""
        return self._clock() < self._blocked_until.get(address, 0.0)

    @property
    def blocked(self) -> list[str]:
        """The addresses that get no answer now."""
        return [address for address in self._blocked_until if self.blocks(address)]

    def reset(self) -> None:
        """Forget every failure and every block."""
        self._failures.clear()
        self._blocked_until.clear()
