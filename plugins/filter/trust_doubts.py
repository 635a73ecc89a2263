# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: trust_doubts
short_description: Why an upload cannot be called done
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
description:
  - Compares the store that was read back, and the verdicts on it, with what was predicted. Made for the role
    P(collab.expressway.trust_store#role).
positional: written, read_back, read, verdicts, predicted
options:
  _input:
    description: The upload of this peer, see P(collab.expressway.trust_uploads#filter).
    type: dict
    required: true
  written:
    description: Result of M(collab.expressway.trusted_ca).
    type: dict
    required: true
  read_back:
    description: Result of M(collab.expressway.trusted_ca_info).
    type: dict
    required: true
  read:
    description: What was read before, see P(collab.expressway.trust_reads#filter).
    type: dict
    required: true
  verdicts:
    description: Verdicts on the store that was read back.
    type: list
    elements: dict
    default: []
  predicted:
    description: Verdicts of the forecast.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Is it done
  ansible.builtin.assert:
    that: (upload | collab.expressway.trust_doubts(written, read_back, reads.expc1)).doubts | length == 0
"""

RETURN = r"""
_value:
  description: C(doubts), messages that are empty when all is well, and C(put_back), whether to send the former store again.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.trust_store.outcome import (
    doubts,
    may_put_back,
)


def trust_doubts(
    upload: Mapping[str, Any],
    written: Mapping[str, Any],
    read_back: Mapping[str, Any],
    read: Mapping[str, Any],
    verdicts: Sequence[Mapping[str, Any]] = (),
    predicted: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """See DOCUMENTATION."""
    found = doubts(upload, written, read_back, verdicts, predicted, read)
    return {"doubts": found, "put_back": bool(found) and may_put_back(read, upload, read_back)}


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"trust_doubts": trust_doubts}
