# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: refused_when_verifying
short_description: What the peers of an audit refuse as soon as they verify
version_added: 0.1.0
author: The collab.expressway authors (@collab)
description:
  - One line for each address, port and cause that a peer refuses when VerifyOriginServer is On, with today's cipher lists.
options:
  _input:
    description: RV(collab.expressway.mra_audit_info#module:audit).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: What would setting it On break
  ansible.builtin.debug:
    msg: "{{ mra_audit_result | collab.expressway.refused_when_verifying }}"
"""

RETURN = r"""
_value:
  description: Lines of text, empty when nothing is refused.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.peer.switch_cluster import (
    refused_when_verifying,
)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"refused_when_verifying": refused_when_verifying}
