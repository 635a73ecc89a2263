# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: trust_protected
short_description: Which certificates uploads must not remove
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
description:
  - Finds what an exact upload would remove although a peer of the cluster, or an origin, is verified with it. Peers whose own
    certificate could not be read keep everything. Made for the role P(collab.expressway.trust_store#role).
positional: peers, presented, origins
options:
  _input:
    description: Uploads as P(collab.expressway.trust_uploads#filter) makes them.
    type: dict
    required: true
  peers:
    description: Names of all peers of the cluster, those outside this run too.
    type: list
    elements: str
    required: true
  presented:
    description: RV(collab.expressway.presented_certificates_info#module:presented) with the names of peers as addresses.
    type: list
    elements: dict
    required: true
  origins:
    description: Origins as in O(collab.expressway.trust_plan_info#module:origins).
    type: list
    elements: dict
    default: []
  listed:
    description:
      - PEM texts of certificates to keep in any case, or paths on the controller. What cannot be read is one of the C(problems).
    type: list
    elements: str
  security_level:
    description: OpenSSL security level of the peers.
    type: int
    default: 1
"""

EXAMPLES = r"""
- name: What has to stay
  ansible.builtin.debug:
    msg: "{{ (uploads | collab.expressway.trust_protected(groups['emea'], own.presented)).expc1.needed_by }}"
"""

RETURN = r"""
_value:
  description: The uploads, with C(protected) (PEM texts), C(needed_by) (by SHA-256) and C(not_looked_at).
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.pem_options import (
    pem_texts,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.protection import (
    needs,
    with_protection,
)


def trust_protected(
    uploads: Mapping[str, Any],
    peers: Sequence[str],
    presented: Sequence[Mapping[str, Any]],
    origins: Sequence[Mapping[str, Any]] = (),
    listed: Sequence[str] | None = None,
    security_level: int = 1,
) -> dict[str, Any]:
    """See DOCUMENTATION."""
    unreadable: list[str] = []
    texts = pem_texts(listed, "trust_store_protected", unreadable)
    return with_protection(
        uploads,
        needs(peers, presented, origins, texts, unreadable),
        datetime.now(UTC),
        security_level=int(security_level),
    )


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"trust_protected": trust_protected}
