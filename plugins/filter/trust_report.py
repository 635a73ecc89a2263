# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: trust_report
short_description: A roll-out of certificates in words
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
description:
  - One line for each peer, and lines for what peers hold differently, for what trust cannot repair and for
    restarts. Made for the role P(collab.expressway.trust_store#role).
positional: predicted
options:
  _input:
    description: What P(collab.expressway.trust_outcome#filter) made of each peer.
    type: list
    elements: dict
    required: true
  predicted:
    description: Whether this is check mode.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Report
  ansible.builtin.debug:
    msg: "{{ groups['emea'] | map('extract', hostvars, 'trust_store_result') | collab.expressway.trust_report }}"
"""

RETURN = r"""
_value:
  description: Lines of text.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.trust_store.outcome import (
    rollout_report,
)


def trust_report(members: Sequence[Mapping[str, Any]], predicted: bool = False) -> list[str]:
    """See DOCUMENTATION."""
    return rollout_report([dict(member) for member in members], predicted=predicted)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"trust_report": trust_report}
