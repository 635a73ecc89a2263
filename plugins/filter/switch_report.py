# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: switch_report
short_description: Peers by the state of VerifyOriginServer, in words
version_added: 0.1.0
author: The collab.expressway authors (@collab)
description:
  - One line for each cluster and state. Made for the role P(collab.expressway.origin_verification#role).
options:
  _input:
    description: >-
      One entry for each peer with C(cluster), C(peer), C(declaration), and the registered results C(read), C(set) and C(read_back).
    type: list
    elements: dict
    required: true
  predicted:
    description: Whether the states are those that check mode predicts.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Report
  ansible.builtin.debug:
    msg: "{{ outcomes | collab.expressway.switch_report }}"
"""

RETURN = r"""
_value:
  description: Lines of text.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.peer.switch_cluster import report


def switch_report(outcomes: list[Mapping[str, Any]], predicted: bool = False) -> list[str]:
    """See DOCUMENTATION."""
    return report(outcomes, predicted=predicted)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"switch_report": switch_report}
