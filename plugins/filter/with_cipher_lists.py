# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: with_cipher_lists
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
short_description: Observed peers as they will be with other cipher lists
description:
  - For an audit of what a change of cipher lists would bring. Made for the role P(collab.expressway.cipher_preference#role).
positional: cipher_lists
options:
  _input:
    description: Peers as P(collab.expressway.observed_peers#filter) makes them.
    type: list
    elements: dict
    required: true
  cipher_lists:
    description: Cipher list toward UC servers by peer.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: What has to be asked to know what another list brings
  ansible.builtin.debug:
    msg: "{{ addresses | collab.expressway.handshakes(peers | collab.expressway.with_cipher_lists({'expc1': 'ECDHE-RSA-AES256-GCM-SHA384:HIGH'})) }}"
"""

RETURN = r"""
_value:
  description: Peers in the same shape.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.audit.cipher_preference import (
    with_cipher_lists as peers_with_cipher_lists,
)


def with_cipher_lists(
    observed: Sequence[Mapping[str, Any]], cipher_lists: Mapping[str, str]
) -> list[dict[str, Any]]:
    """See DOCUMENTATION."""
    return peers_with_cipher_lists(observed, cipher_lists)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"with_cipher_lists": with_cipher_lists}
