# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: switch_readiness
short_description: May VerifyOriginServer be set in a cluster, and where first
version_added: 0.1.0
author: The collab.expressway authors (@collab)
description:
  - Judges what was read from the peers of one cluster before anything is written. Made for the role
    P(collab.expressway.origin_verification#role).
options:
  _input:
    description: Registered result of M(collab.expressway.facts) by inventory name.
    type: dict
    required: true
  cluster:
    description: Name of the cluster.
    type: str
    required: true
  declared:
    description: Wanted state by inventory name.
    type: dict
    required: true
  left_out:
    description: Peers of the cluster that are not part of this run.
    type: list
    elements: str
    default: []
  allow_partial:
    description: Whether a part of the cluster may be set.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Which peer is written first
  ansible.builtin.debug:
    msg: "{{ ({'expc1': read} | collab.expressway.switch_readiness(cluster='emea', declared={'expc1': 'off'})).primary }}"
"""

RETURN = r"""
_value:
  description: >-
    C(problems) (messages, empty when all is well), C(primary) (inventory names to write first) and C(states) (state by inventory name).
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.peer.switch_cluster import readiness


def switch_readiness(
    reads: Mapping[str, Mapping[str, Any]],
    cluster: str,
    declared: Mapping[str, str],
    left_out: list[str] | None = None,
    allow_partial: bool = False,
) -> dict[str, Any]:
    """See DOCUMENTATION."""
    return readiness(
        cluster, reads, declared, left_out or [], allow_partial=allow_partial
    ).as_dict()


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"switch_readiness": switch_readiness}
