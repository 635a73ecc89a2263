# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks on the trust store of one emulated peer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.trust_store_change import TrustStore

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

    @property
    def uploads(self) -> int:
        return sum(request.startswith("POST") for request in self.seen["requests"])


def digests(*certificates: Made) -> list[str]:
    return [one.sha256 for one in certificates]
