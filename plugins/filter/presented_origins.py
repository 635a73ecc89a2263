# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: presented_origins
short_description: The presented chains of an audit, for verdicts and trust plans
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
description:
  - Turns RV(collab.expressway.mra_audit_info#module:audit) into the origins that
    M(collab.expressway.trust_plan_info) and M(collab.expressway.origin_verdict_info) take, each distinct chain of
    an address and port once.
positional: key_types
options:
  _input:
    description: RV(collab.expressway.mra_audit_info#module:audit).
    type: dict
    required: true
  key_types:
    description: Handshakes that count, V(rsa), V(ecdsa) and V(offered); all by default.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Plan from an audit
  collab.expressway.trust_plan_info:
    trust_stores: {expc1: /tmp/expc1.pem}
    origins: "{{ mra_audit_result | collab.expressway.presented_origins }}"
"""

RETURN = r"""
_value:
  description: C(address), C(port), C(key_type), C(connect_to) and C(presented) of each.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.trust_store.rollout import (
    presented_origins as origins_of,
)


def presented_origins(
    audit: Mapping[str, Any], key_types: Sequence[str] = ("rsa", "ecdsa", "offered")
) -> list[dict[str, Any]]:
    """See DOCUMENTATION."""
    return origins_of(audit, key_types)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"presented_origins": presented_origins}
