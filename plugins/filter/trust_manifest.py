# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: trust_manifest
short_description: The backups of trust stores in a folder
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
description:
  - Reads C(manifest.json) in a folder of backups on the controller. A manifest that cannot be understood is an error, never an
    empty one. Made for the role P(collab.expressway.trust_store#role).
options:
  _input:
    description: Path of the folder, as in O(collab.expressway.trusted_ca#module:backup_dir).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Which changes were interrupted
  ansible.builtin.debug:
    msg: "{{ 'trust-store-backups' | collab.expressway.trust_manifest | selectattr('open', 'defined') | map(attribute='peer') }}"
"""

RETURN = r"""
_value:
  description: The entries, oldest first; none where there is no manifest.
  type: list
  elements: dict
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.collab.expressway.plugins.plugin_utils.trust_store_backup import (
    entries_in,
)


def trust_manifest(folder: str) -> list[dict[str, Any]]:
    """See DOCUMENTATION."""
    try:
        return entries_in(Path(folder).expanduser())
    except (OSError, ValueError) as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"trust_manifest": trust_manifest}
