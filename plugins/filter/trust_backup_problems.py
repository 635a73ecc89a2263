# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: trust_backup_problems
short_description: Why a backup cannot become a trust store
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
description:
  - Compares the text of a backup with its digest. Made for the role P(collab.expressway.trust_store#role).
positional: text
options:
  _input:
    description: What P(collab.expressway.trust_backup#filter) chose.
    type: dict
    required: true
  text:
    description: The text of the file.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Is the backup whole
  ansible.builtin.assert:
    that: choice | collab.expressway.trust_backup_problems(lookup('ansible.builtin.file', choice.path)) | length == 0
"""

RETURN = r"""
_value:
  description: Messages; empty when it can.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.trust_store.backups import (
    doubts_about_backup,
)


def trust_backup_problems(choice: Mapping[str, Any], text: str) -> list[str]:
    """See DOCUMENTATION."""
    return doubts_about_backup(choice, text)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"trust_backup_problems": trust_backup_problems}
