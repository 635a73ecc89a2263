# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The filter clusters: hosts of a play → peers of each cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
name: clusters
author: ["The collab.expressway authors (@collab)"]
version_added: 0.1.0
short_description: Hosts by the cluster that they belong to
description:
  - Groups hosts by their variable C(expressway_cluster). Hosts without it belong to no cluster and are left out.
positional: hostvars
options:
  _input:
    description: Names of hosts.
    type: list
    elements: str
    required: true
  hostvars:
    description: The variable C(hostvars).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the peers of each cluster
  ansible.builtin.debug:
    msg: "{{ groups['expressway_c'] | collab.expressway.clusters(hostvars) }}"
"""

RETURN = r"""
_value:
  description: The hosts of each cluster, both in the order in which they were given.
  type: dict
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any


def clusters(
    hosts: Iterable[str], hostvars: Mapping[str, Mapping[str, Any]]
) -> dict[str, list[str]]:
    """See DOCUMENTATION."""
    members: dict[str, list[str]] = {}
    for host in hosts:
        cluster = hostvars[host].get("expressway_cluster")
        if cluster:
            members.setdefault(str(cluster), []).append(host)
    return members


class FilterModule:
    """Hosts and clusters."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"clusters": clusters}
