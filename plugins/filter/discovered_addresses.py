# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The filter discovered_addresses: what several publishers advertise → the addresses and ports to audit."""

from __future__ import annotations

DOCUMENTATION = r"""
name: discovered_addresses
author: ["The collab.expressway authors (@collab)"]
version_added: 0.1.0
short_description: Addresses to audit from what publishers advertise
description:
  - Joins the results of M(collab.expressway.uc_addresses_info) from all publishers behind one Expressway cluster with what the
    inventory and the Expressway-C peers say, and derives the addresses and ports to audit.
  - A publisher that could not be asked makes the result incomplete. It never makes it smaller in silence.
positional: cluster
options:
  _input:
    description: Results of a loop over the publishers, failed ones too.
    type: list
    elements: dict
    required: true
  cluster:
    description: Name of the Expressway cluster, for findings and messages.
    type: str
    default: this cluster
  nodes:
    description:
      - Nodes of the inventory in the form of C(mra_audit_nodes). Each adds addresses, overrides what is known of the node with the same
        name or address (C(product), C(connect_to), C(ports)), or leaves it out (C(exclude)).
    type: list
    elements: dict
    default: []
  peers:
    description: Peers as P(collab.expressway.observed_peers#filter) makes them; the publishers that they are configured with are compared.
    type: list
    elements: dict
    default: []
  held:
    description: >-
      Results of a loop with M(collab.expressway.uc_certificates_info) over the publishers; a failed one makes the result incomplete, and so
      does one that was skipped because the publisher had refused the login before.
    type: list
    elements: dict
    default: []
  ports:
    description: Ports by product (C(cucm), C(imp), C(cuc), and C(tftp) for nodes with Cisco Tftp), where they are not the usual ones.
    type: dict
  optional_ports:
    description: Ports by product that not every node serves. Without it 6971 of C(tftp), and 443 and 7443 of C(cuc).
    type: dict
  resolved:
    description: >-
      Name to IP address of nodes that no publisher told of, as RV(collab.expressway.resolved_addresses#lookup:_raw[].addresses).
    type: dict
    default: {}
  resolver_error:
    description: Why the DNS server did not say where they all are. It makes the result incomplete.
    type: str
"""

EXAMPLES = r"""
- name: Ask the publishers of Unified CM
  collab.expressway.uc_addresses_info:
    allow_unread: true
  loop: "{{ groups['uc_publishers'] }}"
  delegate_to: "{{ item }}"
  run_once: true
  register: asked
  ignore_errors: true
  ignore_unreachable: true

- name: Show every address
  ansible.builtin.debug:
    msg: "{{ (asked.results | collab.expressway.discovered_addresses('emea')).origins }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: What M(collab.expressway.uc_addresses_info) returns, for all publishers together.
  type: dict
  contains:
    addresses: {description: What clients can be given., type: list, elements: dict}
    origins: {description: Each address with each of its ports., type: list, elements: dict}
    optional_origins: {description: Addresses with ports that not every node serves., type: list, elements: dict}
    excluded: {description: What the inventory leaves out., type: list, elements: dict}
    not_read: {description: "Sources that were asked for in vain, with error and remedy.", type: list, elements: dict}
    complete: {description: "Whether every source was read, no publisher of the Expressway-C was left out, and every address can be audited.", type: bool}
    findings: {description: "What a person should act on, worst first.", type: list, elements: dict}
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.collab.expressway.plugins.module_utils.audit.nodes import (
    NodeRefused,
    inventory_items,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_addresses.publishers import (
    addresses_of_publishers,
)


def discovered_addresses(
    results: list[dict[str, Any]],
    cluster: str = "this cluster",
    nodes: Any = (),
    peers: list[dict[str, Any]] | None = None,
    held: list[dict[str, Any]] | None = None,
    ports: dict[str, list[int]] | None = None,
    optional_ports: dict[str, list[int]] | None = None,
    resolved: dict[str, str | None] | None = None,
    resolver_error: str | None = None,
) -> dict[str, Any]:
    """See DOCUMENTATION."""
    try:
        items = inventory_items(nodes, cluster)
    except NodeRefused as error:
        raise AnsibleFilterError(str(error)) from error
    return addresses_of_publishers(
        cluster=cluster,
        results=results,
        nodes=items,
        peers=peers or (),
        held=held or (),
        ports=ports,
        optional_ports=optional_ports,
        resolved=resolved,
        resolver_error=resolver_error,
    )


class FilterModule:
    """Addresses that publishers advertise."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"discovered_addresses": discovered_addresses}
