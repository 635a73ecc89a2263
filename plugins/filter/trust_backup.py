# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: trust_backup
short_description: Which backup of a trust store is put back on a peer
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
description:
  - Chooses from a file or a folder of backups. Made for the role P(collab.expressway.trust_store#role).
positional: peer, hosts
options:
  _input:
    description: Path of the file or of the folder.
    type: str
    required: true
  peer:
    description: Name of the peer.
    type: str
    required: true
  hosts:
    description: All hosts of the run.
    type: list
    elements: str
    required: true
  folder:
    description: Whether the path is a folder.
    type: bool
    default: false
  manifest:
    description: The entries of C(manifest.json) in that folder.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Which one would it be
  ansible.builtin.debug:
    msg: "{{ 'trust-store-backups' | collab.expressway.trust_backup('expc1', ['expc1'], folder=true, manifest=entries) }}"
"""

RETURN = r"""
_value:
  description: C(path), C(sha256), C(note) and C(problem), each null where it does not apply.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.trust_store.backups import (
    choose_backup,
)


def trust_backup(
    given: str,
    peer: str,
    hosts: Sequence[str],
    folder: bool = False,
    manifest: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """See DOCUMENTATION."""
    return choose_backup(peer, hosts, given, folder=folder, manifest=manifest)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"trust_backup": trust_backup}
