# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways in which a UC node can misbehave on demand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from tests.lab.faults import Fault, FaultError

NODE_KINDS = {
    "down": "listens on no port until it is mended",
    "wrong_credentials": "refuses every login",
    "hang": "takes a request or a line and answers nothing",
    "slow": "waits `seconds` before each answer",
    "truncated": "announces the whole answer over HTTPS, sends half of it and closes",
    "hostile_xml": "answers AXL and UDS with XML that attacks its reader; `variant` says how",
    "throttle": "answers AXL with 503, as a node that is asked too much",
    "http_status": "answers every request over HTTPS with `status`, and with `body`",
    "half_answer": "says half of an answer on the CLI, then nothing more",
    "drop": "says half of an answer on the CLI and closes the connection",
    "fail": "says on the CLI that the command was executed unsuccessfully",
}
NODE_CHANNELS = ("all", "cli", "axl", "uds", "certificates", "web")
"""`web` is every other page; `down` strikes all of them."""
VARIANTS = ("billion_laughs", "external_entity")


@dataclass
class NodeFault(Fault):
    """One fault of a node. `matching` finds a line of the CLI, or `POST /axl/ listProcessNode`,
    `GET /cucm-uds/servers`."""

    kinds: ClassVar[Mapping[str, str]] = NODE_KINDS
    channels: ClassVar[tuple[str, ...]] = NODE_CHANNELS

    channel: str = "all"
    status: int = 500
    variant: str = VARIANTS[0]

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.status, bool) or not isinstance(self.status, int):
            raise FaultError(f"status is a number: got {self.status!r}")
        if not 200 <= self.status <= 599:
            raise FaultError(f"status is a number from 200 to 599: got {self.status}")
        if self.variant not in VARIANTS:
            raise FaultError(f"variant is one of {', '.join(VARIANTS)}: got {self.variant!r}")
