# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: trust_problems
short_description: What keeps a roll-out of certificates from beginning
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
description:
  - Without O(uploads) it judges the reads only. Made for the role P(collab.expressway.trust_store#role).
positional: uploads, forecast
options:
  _input:
    description: Reads as P(collab.expressway.trust_reads#filter) makes them.
    type: dict
    required: true
  uploads:
    description: Uploads as P(collab.expressway.trust_uploads#filter) makes them.
    type: dict
  forecast:
    description: As P(collab.expressway.trust_forecast#filter) makes it.
    type: dict
    default: {}
  allow:
    description: See O(collab.expressway.trusted_ca#module:allow).
    type: list
    elements: str
    default: []
  allow_removal_of:
    description: See O(collab.expressway.trusted_ca#module:allow_removal_of).
    type: list
    elements: str
    default: []
  allow_unreachable:
    description: Whether peers that cannot be read may stay as they are.
    type: bool
    default: false
  allow_breaking:
    description: Whether logins may break that work today.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: May anything be written
  ansible.builtin.assert:
    that: reads | collab.expressway.trust_problems | length == 0
"""

RETURN = r"""
_value:
  description: Messages; empty when the roll-out may begin.
  type: list
  elements: str
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.trust_store.rollout import (
    problems_before_writing,
    unread_peers,
)


def trust_problems(
    reads: Mapping[str, Any],
    uploads: Mapping[str, Any] | None = None,
    forecast: Mapping[str, Any] | None = None,
    allow: Sequence[str] = (),
    allow_removal_of: Sequence[str] = (),
    allow_unreachable: bool = False,
    allow_breaking: bool = False,
) -> list[str]:
    """See DOCUMENTATION."""
    unread = unread_peers(reads, allow_unreachable=allow_unreachable)
    if unread or uploads is None:
        return unread
    return problems_before_writing(
        uploads,
        forecast or {},
        datetime.now(UTC),
        allow=allow,
        allow_removal_of=allow_removal_of,
        allow_breaking=allow_breaking,
    )


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"trust_problems": trust_problems}
