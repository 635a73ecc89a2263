# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: cipher_preference_limits
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
short_description: Where a cipher list does not decide which certificate comes
description:
  - Lists the origins that present the other key type all the same. Made for the role P(collab.expressway.cipher_preference#role).
positional: state
options:
  _input:
    description: RV(collab.expressway.mra_audit_info#module:audit) with the wanted cipher lists.
    type: dict
    required: true
  state:
    description: V(rsa_first), V(ecdsa_first) or V(unmanaged).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Where does it not help
  ansible.builtin.debug:
    msg: "{{ mra_audit_result | collab.expressway.cipher_preference_limits('rsa_first') }}"
"""

RETURN = r"""
_value:
  description: One text for each origin, with the reason.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.audit.cipher_preference import (
    where_it_cannot_help,
)


def cipher_preference_limits(audit: Mapping[str, Any], state: str) -> list[str]:
    """See DOCUMENTATION."""
    return where_it_cannot_help(audit, state)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"cipher_preference_limits": cipher_preference_limits}
