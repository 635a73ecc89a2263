# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: trust_reads
short_description: What was read of the trust stores of a cluster
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
description:
  - Collects the results of M(collab.expressway.trusted_ca_info) on the peers of one cluster. What is no whole
    store is an error, never an empty store. Made for the role P(collab.expressway.trust_store#role).
positional: hostvars, elsewhere
options:
  _input:
    description: Names of the peers.
    type: list
    elements: str
    required: true
  hostvars:
    description: The variable C(hostvars).
    type: dict
    required: true
  elsewhere:
    description: Results of the loop that read peers by delegation; C(item) is the name of the peer.
    type: list
    elements: dict
    default: []
  register:
    description: Name of the variable that the task registered.
    type: str
    default: __trust_store_read
  resumed:
    description: Name of the variable that the task before it registered, whose failure kept it from being read.
    type: str
    default: __trust_store_resumed
"""

EXAMPLES = r"""
- name: Which peers could not be read
  ansible.builtin.debug:
    msg: "{{ groups['emea'] | collab.expressway.trust_reads(hostvars, register='store') | dict2items | selectattr('value.error') }}"
"""

RETURN = r"""
_value:
  description: C(pem), C(certificates) (digests in the order of the store) and C(error) by peer.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.trust_store.reads import (
    read_of,
)


def trust_reads(
    peers: Sequence[str],
    hostvars: Mapping[str, Mapping[str, Any]],
    elsewhere: Sequence[Mapping[str, Any]] = (),
    register: str = "__trust_store_read",
    resumed: str = "__trust_store_resumed",
) -> dict[str, Any]:
    """See DOCUMENTATION."""
    delegated = {result.get("item"): result for result in elsewhere}

    def result_of(peer: str) -> Any:
        result = delegated.get(peer) or hostvars[peer].get(register)
        # Not read because something before it went wrong, which says why.
        return hostvars[peer].get(resumed) if (result or {}).get("skipped") else result

    return {peer: read_of(result_of(peer)) for peer in peers}


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"trust_reads": trust_reads}
