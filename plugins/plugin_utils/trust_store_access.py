# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way to the trust store of a peer that a task asks for."""

from __future__ import annotations

from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.dependencies import (
    missing_dependencies,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import PeerRefused
from ansible_collections.collab.expressway.plugins.plugin_utils.peer_action import PeerConnection
from ansible_collections.collab.expressway.plugins.plugin_utils.trust_store_api import StoreOverApi
from ansible_collections.collab.expressway.plugins.plugin_utils.trust_store_file import StoreInFile
from ansible_collections.collab.expressway.plugins.plugin_utils.trust_store_outcome import Transport


def trust_store_of(connection: PeerConnection, options: dict[str, Any]) -> Transport:
    """By the options `via`, `store_path` and `api_post`. Nothing is connected to yet."""
    missing = missing_dependencies()
    if missing:
        raise PeerRefused(
            f"trust stores cannot be read without {' and '.join(missing)} in the Python of ansible-core on the controller"
        )
    if options["via"] == "api":
        return StoreOverApi(connection.api(), options.get("api_post", "auto"))
    return StoreInFile(connection.root_files, options["store_path"], connection.peer)
