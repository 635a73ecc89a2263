# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: preferred_ciphers
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
short_description: A cipher list with RSA or ECDSA in front
description:
  - Puts C(ECDHE-RSA-AES256-GCM-SHA384) in front of a cipher list, or takes it away from there. Made for the role
    P(collab.expressway.cipher_preference#role).
positional: state
options:
  _input:
    description: A cipher list of an Expressway.
    type: str
    required: true
  state:
    description: V(rsa_first), V(ecdsa_first) or V(unmanaged).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ 'EECDH:EDH:HIGH' | collab.expressway.preferred_ciphers('rsa_first') }}"
"""

RETURN = r"""
_value:
  description: The list.
  type: str
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.collab.expressway.plugins.module_utils.audit.cipher_preference import (
    preferred,
)


def preferred_ciphers(cipher_list: str, state: str) -> str:
    """See DOCUMENTATION."""
    try:
        return preferred(cipher_list, state)
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"preferred_ciphers": preferred_ciphers}
