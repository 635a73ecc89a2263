# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ports of an address: those that MRA clients use, and those that only some nodes serve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.sources import Record
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.statements import (
    HTTPS_PORT,
    Statement,
)

TFTP = "tftp"
ByProduct = Mapping[str, Sequence[int]]

PORTS: ByProduct = {"cucm": (8443,), TFTP: (6972,), "imp": (8443,), "cuc": (8443,)}
"""Ports that MRA reaches through the traffic server, by product; `tftp`: those that a cucm node with Cisco Tftp adds."""

OPTIONAL_PORTS: ByProduct = {TFTP: (6971,), "cuc": (443, 7443)}
"""Ports that not every node serves: headset configuration of a TFTP node, which presents the CallManager certificates (port usage
guide X14.3, Expressway facts 8), HTTPS and notifications (Jetty) of Unity Connection. That all of them pass the traffic server is inferred.
"""


class Wanted(NamedTuple):
    """Ports by product, and those to try beside them."""

    ports: ByProduct
    optional: ByProduct

    def at(
        self, said: list[Statement], listed: list[Record], product: str | None, tftp: bool
    ) -> tuple[list[int], list[int]]:
        """(ports, optional ports): the inventory's, else those of the product and unusual ones that the sources name, else these alone.

        Only where those of the product count are there optional ones: who names ports knows which.
        """
        own = next((item["ports"] for item in listed if item.get("ports")), None)
        if own:
            return [int(port) for port in own], []
        if all(statement.ports is not None for statement in said):
            return sorted({port for statement in said for port in statement.ports or ()}), []
        ports = _of(self.ports, product, tftp) or [HTTPS_PORT]
        named = sorted({statement.port for statement in said if statement.port})
        ports += [port for port in named if port not in ports]
        return ports, [port for port in _of(self.optional, product, tftp) if port not in ports]


def _of(by_product: ByProduct, product: str | None, tftp: bool) -> list[int]:
    ports = (*by_product.get(product or "", ()), *(by_product.get(TFTP, ()) if tftp else ()))
    return list(dict.fromkeys(int(port) for port in ports))
