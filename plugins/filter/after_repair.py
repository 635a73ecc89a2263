# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: after_repair
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
short_description: Observed peers as they will be after a repair
description:
  - For the audit that a dry run of P(collab.expressway.trust_store#role) ends with.
positional: trust_stores
options:
  _input:
    description: Peers as P(collab.expressway.observed_peers#filter) makes them.
    type: list
    elements: dict
    required: true
  trust_stores:
    description: PEM text by peer.
    type: dict
    required: true
  verification:
    description: VerifyOriginServer as it will be, V(on) or V(off). Without it, it stays.
    type: str
"""

EXAMPLES = r"""
- name: Judge what will be
  collab.expressway.mra_audit_info:
    cluster: emea
    peers: "{{ peers | collab.expressway.after_repair({'expc1': store}, verification='on') }}"
    addresses: "{{ mra_audit_nodes | collab.expressway.origins('emea') }}"
    presented: "{{ nodes.presented }}"
"""

RETURN = r"""
_value:
  description: Peers in the same shape.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.peer.predicted_peers import (
    after_repair as peers_after_repair,
)


def after_repair(
    observed: Sequence[Mapping[str, Any]],
    trust_stores: Mapping[str, str],
    verification: str | None = None,
) -> list[dict[str, Any]]:
    """See DOCUMENTATION."""
    return peers_after_repair(observed, trust_stores, verification=verification)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"after_repair": after_repair}
