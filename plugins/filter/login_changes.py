# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: login_changes
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
short_description: What two audits of one cluster say differently about logins
description:
  - Compares what the peers' own cipher lists bring in two audits.
positional: after
options:
  _input:
    description: RV(collab.expressway.mra_audit_info#module:audit) of before.
    type: dict
    required: true
  after:
    description: RV(collab.expressway.mra_audit_info#module:audit) of afterwards, or as predicted.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: What did it bring
  ansible.builtin.debug:
    msg: "{{ (before | collab.expressway.login_changes(after)).repaired }}"
"""

RETURN = r"""
_value:
  description: The lists C(repaired), C(broken) and C(refused), one text for each address, port and cause.
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.audit.cipher_preference import (
    changes_for_logins,
)


def login_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[str]]:
    """See DOCUMENTATION."""
    return changes_for_logins(before, after)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"login_changes": login_changes}
