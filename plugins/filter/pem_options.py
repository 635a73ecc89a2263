# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: pem_options
short_description: Variables that hold PEM texts or paths, and what cannot be read of them
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
description:
  - Looks at every value before anything is done with any. Made for the role P(collab.expressway.trust_store#role).
options:
  _input:
    description:
      - By the name of a variable, a PEM text, the path of a file on the controller, or a list of these. A path is relative to the
        folder in which C(ansible-playbook) was started, as in O(collab.expressway.trusted_ca#module:certificates).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Refuse what cannot be read
  ansible.builtin.assert:
    that: unreadable | length == 0
  vars:
    unreadable: "{{ ({'trust_store_candidates': trust_store_candidates} | collab.expressway.pem_options).problems }}"
"""

RETURN = r"""
_value:
  description:
    - C(given), by the name of a variable a list of PEM texts and absolute paths; C(problems), a message for each value that is neither.
  type: dict
"""

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.pem_options import (
    absolute,
    pem_texts,
)


def pem_options(variables: Mapping[str, Any]) -> dict[str, Any]:
    """See DOCUMENTATION."""
    problems: list[str] = []
    for name, value in variables.items():
        pem_texts(value, name, problems)
    return {
        "given": {name: absolute(value) for name, value in variables.items()},
        "problems": problems,
    }


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"pem_options": pem_options}
