# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks on the trust store of one emulated peer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.trust_store.change import TrustStore

from tests.lab.faults import Fault
from tests.unit.client.peers import Client
from tests.unit.trust_plan.pki import Made

NAME = "expc1.lone.example.test"


@dataclass
class StoreClient(Client):
    """A client with a folder for backups."""

    backups: Path = Path("backups")

    def trust(
        self, *certificates: Made | str, check: bool = False, **options: Any
    ) -> dict[str, Any]:
        """The result of one task of trusted_ca."""
        variables = options.pop("variables", None)
        texts = [one if isinstance(one, str) else one.pem for one in certificates]
        return self.task(
            "trusted_ca",
            check=check,
            variables=variables,
            certificates=texts,
            backup_dir=str(self.backups),
            **options,
        )

    def hold(self, text: str) -> None:
        """Make the peer trust `text`."""
        peer = self.estate.peer(self.name)
        self.estate.call(lambda: peer.trust(text))

    @property
    def text(self) -> str:
        return str(self.seen["trust_store"])

    @property
    def held(self) -> list[str]:
        """The digests of what the peer trusts, in order, each once."""
        return [one.sha256 for one in TrustStore.read(self.text).certificates]

    def soon(self, condition: Callable[[dict[str, Any]], bool], seconds: float = 5) -> bool:
        """Whether what the peer has seen fulfils `condition` in time: it notices a closed connection later."""
        deadline = time.monotonic() + seconds
        while not (fulfilled := condition(self.seen)) and time.monotonic() < deadline:
            time.sleep(0.01)
        return fulfilled

    def fault_left(self) -> Fault | None:
        peer = self.estate.peer(self.name)
        return self.estate.call(lambda: peer.fault)

    @property
    def fault_struck(self) -> bool:
        """Has the last of the faults struck as often as it was to?"""
        left = self.fault_left()
        return left is None or left.times == 0

    @property
    def uploads(self) -> int:
        return sum(request.startswith("POST") for request in self.seen["requests"])


def digests(*certificates: Made) -> list[str]:
    return [one.sha256 for one in certificates]
