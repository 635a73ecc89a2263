# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import describe
from ansible_collections.collab.expressway.plugins.modules.trusted_ca_info import ARGUMENT_SPEC
from ansible_collections.collab.expressway.plugins.plugin_utils.peer_action import (
    PeerAction,
    PeerConnection,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.trust_store_access import (
    trust_store_of,
)


class ActionModule(PeerAction):
    """See the module of the same name."""

    argument_spec = ARGUMENT_SPEC

    def perform(self, options: dict[str, Any], connection: PeerConnection) -> dict[str, Any]:
        store = trust_store_of(connection, options).read()
        return {
            "changed": False,
            "certificates": [describe(certificate) for certificate in store.certificates],
            "count": len(store.certificates),
            "sha256": store.sha256,
            "pem": store.text,
            "problems": list(store.problems),
            "duplicates": list(store.duplicates),
        }
