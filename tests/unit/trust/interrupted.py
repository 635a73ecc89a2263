# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task in a process of its own, to be killed while the peer holds it up."""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ansible.plugins.loader import init_plugin_loader
from ansible.utils.collection_loader import AnsibleCollectionConfig

if AnsibleCollectionConfig.collection_finder is None:
    # In a new process, as in conftest.py: before anything is imported from ansible_collections.
    init_plugin_loader()

from tests.unit.trust.store_client import StoreClient

CONTEXT = multiprocessing.get_context("forkserver")
# Everything is imported once; each process is then a copy of one that has no threads.
CONTEXT.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Reachable:
    """The part of an estate that a client needs to reach a peer, without the estate itself."""

    peer_variables: dict[str, Any]
    addresses: dict[str, str]

    def peer(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(address=self.addresses[name])


def start(client: StoreClient, certificates: list[str], options: dict[str, Any]) -> Any:
    """Start a task of trusted_ca; returns its process."""
    reachable = Reachable(
        client.estate.peer_variables,
        {client.name: client.estate.peer(client.name).address},
    )
    variables = client.variables | {"expressway_command_timeout": 60}
    process = CONTEXT.Process(
        target=_run,
        args=(reachable, client.name, variables, client.backups, certificates, options),
        daemon=True,
    )
    process.start()
    return process


def _run(
    estate: Any,
    name: str,
    variables: dict[str, Any],
    backups: Path,
    certificates: list[str],
    options: dict[str, Any],
) -> None:
    StoreClient(estate, name, variables, backups=backups).trust(*certificates, **options)
