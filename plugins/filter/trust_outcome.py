# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: trust_outcome
short_description: What became of one peer in a roll-out
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
description:
  - Made for the role P(collab.expressway.trust_store#role).
positional: cluster, peer
options:
  _input:
    description: What was seen of the peer, C(read), C(upload), C(forecast) and results of tasks.
    type: dict
    required: true
  cluster:
    description: Name of the cluster.
    type: str
    required: true
  peer:
    description: Name of the peer.
    type: str
    required: true
  check_mode:
    description: Whether this is a prediction.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: What became of it
  ansible.builtin.debug:
    msg: "{{ seen | collab.expressway.trust_outcome('emea', inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: C(outcome), C(certificates), C(added), C(removed), C(doubts), C(restart_required), C(backup_file) and more.
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.trust_store.outcome import (
    member_of_rollout,
)


def trust_outcome(
    seen: Mapping[str, Any], cluster: str, peer: str, check_mode: bool = False
) -> dict[str, Any]:
    """See DOCUMENTATION."""
    return member_of_rollout(cluster, peer, seen, check_mode=check_mode)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"trust_outcome": trust_outcome}
