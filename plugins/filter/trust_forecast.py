# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: trust_forecast
short_description: What an upload will change for logins
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
description:
  - Compares the verdicts before and after an upload, peer by peer. Made for the role
    P(collab.expressway.trust_store#role).
positional: verdicts, origins
options:
  _input:
    description: Uploads as P(collab.expressway.trust_uploads#filter) makes them.
    type: dict
    required: true
  verdicts:
    description: Verdicts on P(collab.expressway.trust_stores_to_judge#filter).
    type: list
    elements: dict
    required: true
  origins:
    description: The origins of these verdicts.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: What becomes accepted
  ansible.builtin.debug:
    msg: "{{ (uploads | collab.expressway.trust_forecast(judged.verdicts, origins)).expc1.repaired }}"
"""

RETURN = r"""
_value:
  description: By peer, C(verdicts) (those after), and the texts C(repaired), C(broken) and C(refused).
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.trust_store.rollout import (
    forecast,
)


def trust_forecast(
    uploads: Mapping[str, Any],
    verdicts: Sequence[Mapping[str, Any]],
    origins: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """See DOCUMENTATION."""
    return forecast(uploads, verdicts, origins)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"trust_forecast": trust_forecast}
