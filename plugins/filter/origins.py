# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The filter origins: a site's list of UC nodes → the addresses and ports to audit."""

from __future__ import annotations

DOCUMENTATION = r"""
name: origins
author: ["The collab.expressway authors (@collab)"]
version_added: 0.1.0
short_description: Addresses to audit from a list of UC nodes
description:
  - Turns the list of UC nodes of one cluster into one entry for each advertised address and port.
  - An address is what MRA clients ask for, so what Unified CM advertises (System > Server, UC services), not what happens to
    resolve here.
positional: cluster
options:
  _input:
    description:
      - The nodes. Each is a dictionary with C(name), C(product) (V(cucm), V(imp) or V(cuc)) and C(addresses) (one or more);
        C(connect_to) and C(ports) are optional.
      - Without C(ports), V(cucm) is audited at 8443 and 6972, V(imp) and V(cuc) at 8443.
    type: list
    elements: dict
    required: true
  cluster:
    description: Name of the cluster, for messages.
    type: str
    default: this cluster
  resolved:
    description: >-
      Address to IP address, as RV(collab.expressway.resolved_addresses#lookup:_raw[].addresses). Where to connect for addresses of
      nodes without C(connect_to).
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show what would be audited
  vars:
    mra_audit_nodes:
      - {name: cucm1.example.com, product: cucm, addresses: [cucm1.example.com]}
      - {name: imp1.example.com, product: imp, addresses: [imp1.example.com], connect_to: 192.0.2.21}
  ansible.builtin.debug:
    msg: "{{ mra_audit_nodes | collab.expressway.origins('emea') }}"
"""

RETURN = r"""
_value:
  description: One entry for each address and port, in the order of the nodes.
  type: list
  elements: dict
  contains:
    address: {description: What clients ask for., type: str}
    port: {description: TCP port., type: int}
    product: {description: Product of the node., type: str}
    node: {description: Name of the node., type: str}
    connect_to: {description: Where to connect instead of the address; null without., type: str}
    source: {description: Where the address is known from; V(inventory)., type: str}
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.collab.expressway.plugins.module_utils.audit.nodes import (
    NodeRefused,
    addresses_of,
)


def origins(
    nodes: Any, cluster: str = "this cluster", resolved: dict[str, str | None] | None = None
) -> list[dict[str, Any]]:
    """See DOCUMENTATION."""
    try:
        return addresses_of(nodes, cluster, resolved or {})
    except NodeRefused as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """Filters of the audit."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"origins": origins}
