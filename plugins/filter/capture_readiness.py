# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: capture_readiness
short_description: On which peer of a cluster the diagnostic log is started
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
description:
  - Finds the primary peer in what was read of a cluster. Made for the role P(collab.expressway.diagnostics#role).
positional: cluster
options:
  _input:
    description: Registered results of M(collab.expressway.facts) with the subset C(cluster), by inventory name.
    type: dict
    required: true
  cluster:
    description: Name of the cluster, for messages.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Look at the cluster as a whole
  ansible.builtin.set_fact:
    ready: "{{ reads | collab.expressway.capture_readiness('emea') }}"
"""

RETURN = r"""
_value:
  description: >-
    C(primary) (inventory name, or null), C(problem) (why nothing can be started, or null), C(unread) (error by inventory name),
    C(absent) (addresses of peers that the primary names and that are not in the input).
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.diagnostics import capture_cluster


def capture_readiness(reads: Mapping[str, Mapping[str, Any]], cluster: str) -> dict[str, Any]:
    """See DOCUMENTATION."""
    return capture_cluster.capture_readiness(reads, cluster)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"capture_readiness": capture_readiness}
