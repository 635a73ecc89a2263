# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: diagnosis_lines
short_description: What a login broke on, in words
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
description:
  - Lines of text for each cluster with every origin that was refused, by which peers, how often, for whom, why, and what to do. Made for
    the role P(collab.expressway.diagnostics#role).
options:
  _input:
    description: >-
      One entry for each cluster with C(cluster), C(not_collected) and what M(collab.expressway.traffic_log_info) returned.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Name the culprits
  ansible.builtin.debug:
    msg: "{{ diagnostics_result | collab.expressway.diagnosis_lines }}"
"""

RETURN = r"""
_value:
  description: Lines of text.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.diagnostics import diagnosis


def diagnosis_lines(diagnoses: Sequence[Mapping[str, Any]]) -> list[str]:
    """See DOCUMENTATION."""
    return diagnosis.diagnosis_lines(diagnoses)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"diagnosis_lines": diagnosis_lines}
