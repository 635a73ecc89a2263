# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: not_looked_at
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
short_description: What an audit did not look at, in a few lines
description:
  - What was missed for one reason is told once, with its remedy.
options:
  _input:
    description: C(summary) of RV(collab.expressway.mra_audit_info#module:audit), or an empty dictionary where there was no audit.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: What does the answer leave open
  ansible.builtin.debug:
    msg: "{{ mra_audit_result.summary | collab.expressway.not_looked_at }}"
"""

RETURN = r"""
_value:
  description: Lines of text; none where everything was looked at.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.audit.gaps import in_short

NO_AUDIT = "what the origins present, as there was no audit"


def not_looked_at(summary: Mapping[str, Any]) -> list[str]:
    """See DOCUMENTATION."""
    return in_short(summary["not_looked_at"]) if summary else [NO_AUDIT]


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"not_looked_at": not_looked_at}
