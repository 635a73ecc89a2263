# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: trust_stores_to_judge
short_description: The trust stores before and after an upload
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
description:
  - Makes O(collab.expressway.origin_verdict_info#module:trust_stores) whose verdicts
    P(collab.expressway.trust_forecast#filter) understands.
options:
  _input:
    description: Uploads as P(collab.expressway.trust_uploads#filter) makes them.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Judge before and after
  collab.expressway.origin_verdict_info:
    trust_stores: "{{ uploads | collab.expressway.trust_stores_to_judge }}"
    origins: "{{ mra_audit_result | collab.expressway.presented_origins }}"
"""

RETURN = r"""
_value:
  description: PEM text by name.
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.trust_store.rollout import (
    stores_to_judge,
)


def trust_stores_to_judge(uploads: Mapping[str, Any]) -> dict[str, str]:
    """See DOCUMENTATION."""
    return stores_to_judge(uploads)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"trust_stores_to_judge": trust_stores_to_judge}
