# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: trust_uploads
short_description: What each peer of a cluster is to be sent
version_added: 0.1.0
author: ["The collab.expressway authors (@collab)"]
description:
  - From the plans of M(collab.expressway.trust_plan_info), or from certificates that somebody chose. Made for the
    role P(collab.expressway.trust_store#role).
positional: plans
options:
  _input:
    description: Reads as P(collab.expressway.trust_reads#filter) makes them.
    type: dict
    required: true
  plans:
    description: RV(collab.expressway.trust_plan_info#module:plans).
    type: dict
  certificates:
    description: PEM texts or paths on the controller instead of plans. What cannot be read is one of the C(problems).
    type: list
    elements: str
  state:
    description: With O(certificates), V(present) or V(exact).
    type: str
    default: present
  order:
    description: With O(state=exact), V(kept) or V(listed), see O(collab.expressway.trusted_ca#module:order).
    type: str
    default: kept
  on_clash:
    description: V(fail), V(skip) or V(upload) where certificates share a common name.
    type: str
    default: fail
  remove_stale:
    description: Whether to take out what a plan advises to remove because it has expired, and no origin needs.
    type: bool
    default: false
  accept_presented:
    description: Whether to upload what is known only from what origins present.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: How many certificates does each peer lack
  ansible.builtin.debug:
    msg: "{{ reads | collab.expressway.trust_uploads(planned.plans) }}"
"""

RETURN = r"""
_value:
  description:
    - By peer, C(certificates), C(expected), C(adds), C(removes), C(reorders), C(before_pem), C(after_pem), C(left_out), C(problems),
      C(reasons) and more.
  type: dict
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.collab.expressway.plugins.module_utils.certificates.pem_options import (
    pem_texts,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.rollout import (
    given_uploads,
    planned_uploads,
)


def trust_uploads(
    reads: Mapping[str, Any],
    plans: Mapping[str, Any] | None = None,
    certificates: Sequence[str] | None = None,
    state: str = "present",
    on_clash: str = "fail",
    accept_presented: bool = False,
    remove_stale: bool = False,
    order: str = "kept",
) -> dict[str, Any]:
    """See DOCUMENTATION."""
    if certificates:
        unreadable: list[str] = []
        texts = pem_texts(certificates, "trust_store_certificates", unreadable)
        return given_uploads(texts, reads, state=state, order=order, unreadable=unreadable)
    try:
        return planned_uploads(
            plans or {},
            reads,
            on_clash=on_clash,
            accept_presented=accept_presented,
            stale_at=datetime.now(UTC) if remove_stale else None,
        )
    except ValueError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"trust_uploads": trust_uploads}
