# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The filter observed_peers: what the facts task of each peer gave, also where it gave nothing."""

from __future__ import annotations

DOCUMENTATION = r"""
name: observed_peers
author: ["The collab.expressway authors (@collab)"]
version_added: 0.1.0
short_description: What was observed of each peer, for mra_audit_info
description:
  - Makes the option O(collab.expressway.mra_audit_info#module:peers) from the results of M(collab.expressway.facts).
  - A peer without a result (unreachable, failed, dropped from the play before) is an entry that was not reached.
positional: hostvars
options:
  _input:
    description: Names of the peers of one cluster.
    type: list
    elements: str
    required: true
  hostvars:
    description: The variable C(hostvars).
    type: dict
    required: true
  register:
    description: Name of the variable that the task with M(collab.expressway.facts) registered; by default that of P(collab.expressway.mra_audit#role).
    type: str
    default: mra_audit_observed
"""

EXAMPLES = r"""
- name: Read facts of every peer
  collab.expressway.facts:
    allow_unread: true
  register: observed
  ignore_unreachable: true

- name: Show who answered
  ansible.builtin.debug:
    msg: "{{ ansible_play_hosts_all | collab.expressway.observed_peers(hostvars, register='observed') }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: One entry for each host, in the given order.
  type: list
  elements: dict
  contains:
    name: {description: Name of the host., type: str}
    reached: {description: Whether there are facts., type: bool}
    error: {description: Why there are none; null with facts., type: str}
    facts: {description: RV(collab.expressway.facts#module:ansible_facts.expressway); null without., type: dict}
    origin_verification_until: {description: The variable of the host., type: str}
    origin_verification_reason: {description: The variable of the host., type: str}
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any


def observed_peers(
    hosts: Iterable[str],
    hostvars: Mapping[str, Mapping[str, Any]],
    register: str = "mra_audit_observed",
) -> list[dict[str, Any]]:
    """See DOCUMENTATION."""
    return [_observed(host, hostvars[host], register) for host in hosts]


def _observed(host: str, variables: Mapping[str, Any], register: str) -> dict[str, Any]:
    result = variables.get(register) or {}
    facts = (result.get("ansible_facts") or {}).get("expressway")
    reason = result.get("msg") or "this peer left the play before its facts were read"
    return {
        "name": host,
        "reached": facts is not None,
        "error": None if facts is not None else str(reason),
        "facts": facts,
        "origin_verification_until": variables.get("origin_verification_until"),
        "origin_verification_reason": variables.get("origin_verification_reason"),
    }


class FilterModule:
    """What was observed of peers."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"observed_peers": observed_peers}
