# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: switch_declaration
short_description: Check what is declared about VerifyOriginServer
version_added: 0.1.0
author: The collab.expressway authors (@collab)
description:
  - Checks a declared state, its end and its reason. Made for the role P(collab.expressway.origin_verification#role).
positional: until, reason, today
options:
  _input:
    description: The declared state, V(on) or V(off) in any YAML spelling.
    type: raw
    required: true
  until:
    description: Last day of V(off), for example V(2026-12-01).
    type: raw
  reason:
    description: Why V(off).
    type: raw
  today:
    description: The current day, for example V(2026-11-23).
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Is the declaration in order
  ansible.builtin.debug:
    msg: "{{ 'off' | collab.expressway.switch_declaration('2026-12-01', 'CHG0041', '2026-11-23') }}"
"""

RETURN = r"""
_value:
  description: >-
    C(state) (V(on), V(off) or empty), C(until), C(reason), C(expired) (whether the day has passed) and C(problems), a list of messages.
  type: dict
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.peer.switch_declaration import (
    declaration,
)


def switch_declaration(
    state: object, until: object = None, reason: object = None, today: str = ""
) -> dict[str, Any]:
    """See DOCUMENTATION."""
    return declaration(state, until, reason, date.fromisoformat(today)).as_dict()


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"switch_declaration": switch_declaration}
