# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The filter coverage_by_address: what san_coverage_info found, one entry an address, ready to be asserted."""

from __future__ import annotations

DOCUMENTATION = r"""
name: coverage_by_address
author: ["The collab.expressway authors (@collab)"]
version_added: 0.1.0
short_description: Coverage of certificates, one entry an address
description:
  - Groups what M(collab.expressway.san_coverage_info) found by address and puts it into words, so that an assertion can say by itself
    what is wrong and what to do.
options:
  _input:
    description: The result of M(collab.expressway.san_coverage_info).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Assert that the certificates cover their addresses
  ansible.builtin.assert:
    that: item.covered and item.looked_at
    fail_msg: "{{ item.message }}"
  loop: "{{ names | collab.expressway.coverage_by_address }}"
  loop_control:
    label: "{{ item.address }}"
"""

RETURN = r"""
_value:
  description: One entry for each address, in the order in which they were given.
  type: list
  elements: dict
  contains:
    address: {description: What clients ask for., type: str}
    node: {description: Name of the node., type: str}
    covered: {description: Whether every certificate that was seen covers it by the rules of the traffic server., type: bool}
    strict: {description: Whether every one does so by RFC 9525., type: bool}
    looked_at: {description: Whether everything was seen., type: bool}
    message: {description: "What is wrong and what to do, or that all is well.", type: str}
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.collab.expressway.plugins.module_utils.san_coverage.by_address import (
    by_address,
)


def coverage_by_address(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """See DOCUMENTATION."""
    try:
        return by_address(result)
    except (KeyError, TypeError) as error:
        raise AnsibleFilterError(
            f"not what san_coverage_info returned ({type(error).__name__}: {error})"
        ) from error


class FilterModule:
    """Coverage of certificates."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"coverage_by_address": coverage_by_address}
