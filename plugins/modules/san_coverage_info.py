#!/usr/bin/python
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: san_coverage_info
short_description: Tell whether every certificate covers the addresses that clients ask for
version_added: 0.1.0
description:
  - Takes origins, what they present and what their nodes store, and tells for each address, port and certificate whether the
    certificate covers the address by the rules of the traffic server. The strict reading of RFC 9525 stands beside it.
  - The traffic server compares dNSName entries, then the first common name; an IP address is compared as text, so that an
    iPAddress entry never counts. This is its source and was confirmed on the program; whether Cisco's build differs is unknown.
  - Certificates that are stored for a port and key type but were not presented there count as well, because they may come with
    the next restart or cipher change. One that the origin says it cannot present is left out.
  - What was not seen is never taken for covered. It is listed in RV(not_looked_at).
  - Chains, trust and validity are not looked at; see M(collab.expressway.origin_verdict_info).
author: ["The collab.expressway authors (@collab)"]
extends_documentation_fragment:
  - collab.expressway.attributes.pure_module
requirements:
  - cryptography >= 43
  - pyOpenSSL >= 24.2
options:
  origins:
    description:
      - Addresses and ports, as RV(collab.expressway.uc_addresses_info#module:origins) or the filter
        P(collab.expressway.origins#filter) give them.
    type: list
    elements: dict
    required: true
    suboptions:
      address:
        description: Host name or IP address that MRA clients ask for.
        type: str
        required: true
      port:
        description: TCP port.
        type: int
        required: true
      product:
        description: Product of the node (V(cucm), V(imp) or V(cuc)).
        type: str
      node:
        description: Name of the node. Addresses with the same node share its certificates; without it the address is the node.
        type: str
      connect_to:
        description: Where the address is found from the probing host.
        type: str
      source:
        description: Where the address is known from; several are joined by C(+).
        type: str
        default: inventory
      optional:
        description: Whether not every node serves this port. Where it refuses the connection there is nothing to look at.
        type: bool
        default: false
  presented:
    description: RV(collab.expressway.presented_certificates_info#module:presented) of these origins.
    type: list
    elements: dict
    default: []
  certificates:
    description:
      - RV(collab.expressway.uc_certificates_info#module:certificates) of their nodes. Only C(node), C(host), C(unit) and C(pem) of
        an entry are read. An entry belongs to the origins whose O(origins[].node), O(origins[].address) or
        O(origins[].connect_to) is its C(node) or its C(host).
    type: list
    elements: dict
    default: []
seealso:
  - module: collab.expressway.presented_certificates_info
  - module: collab.expressway.origin_verdict_info
"""

EXAMPLES = r"""
- name: Read what the UC nodes present, per key type
  collab.expressway.presented_certificates_info:
    origins: "{{ item.origins }}"
    key_types: "{{ item.key_types }}"
  loop: "{{ mra_audit_nodes | collab.expressway.origins('emea') | collab.expressway.handshakes([]) }}"
  loop_control:
    label: "{{ item.cipher_list }}"
  delegate_to: localhost
  run_once: true
  register: uc

- name: Compare names
  collab.expressway.san_coverage_info:
    origins: "{{ mra_audit_nodes | collab.expressway.origins('emea') }}"
    presented: "{{ uc.results | map(attribute='presented') | flatten(levels=1) }}"
  delegate_to: localhost
  run_once: true
  register: names

- name: Show what to write into the new CSRs
  ansible.builtin.debug:
    msg: "{{ item.nodes | join(', ') }}: {{ item.text.splitlines() }}"
  loop: "{{ names.csr }}"
  loop_control:
    label: "{{ item.common_name }}"
  run_once: true
"""

RETURN = r"""
coverage:
  description: One entry for each address, port and certificate that can be met there.
  type: list
  elements: dict
  returned: success
  contains:
    address: {description: As given., type: str}
    port: {description: As given., type: int}
    node: {description: Name of the node., type: str}
    product: {description: As given., type: str}
    key_type: {description: "Key type of the certificate; V(rsa) or V(ecdsa).", type: str}
    where: {description: "V(presented) there, or only V(stored) on the node.", type: str}
    unit: {description: "Certificate unit that belongs to this port and key type.", type: str, sample: tomcat-ECDSA}
    sha256: {description: SHA-256 of the DER in lower-case hexadecimal., type: str}
    covered: {description: Whether the traffic server takes it for this address., type: bool}
    by: {description: "V(dns_name) or V(common_name); null where not covered.", type: str}
    strict: {description: Whether RFC 9525 takes it., type: bool}
    strict_findings: {description: "Where the two differ, in sentences.", type: list, elements: str}
    finding:
      description:
        - What is wrong; null where nothing is. V(node_missing_from_multi_server), V(ip_address_advertised), V(short_host_name),
          V(unity_alias), V(no_san), V(common_name_only), V(ip_only_as_ip_san), V(presented_differs_from_stored), V(wildcard)
          or V(name_not_in_certificate).
      type: str
    remedy: {description: What to do; null where nothing is wrong., type: str}
    csr: {description: The entry of RV(csr) that repairs it; null where none is needed., type: dict}
findings:
  description: What a person should act on, worst first; one entry for each kind and address.
  type: list
  elements: dict
  returned: success
  contains:
    id: {description: Stable identifier., type: str}
    check: {description: "As RV(coverage[].finding).", type: str}
    severity: {description: "V(critical), V(warning) or V(info).", type: str}
    title: {description: What was found., type: str}
    evidence: {description: What shows it., type: list, elements: str}
    remedy: {description: What to do., type: str}
    address: {description: Address that it concerns., type: str}
    port: {description: Always null; a finding is about all ports of its address., type: int}
    key_type: {description: Always null; a finding is about all certificates of its address., type: str}
    peers: {description: Always empty; names are compared alike by every peer., type: list, elements: str}
    reproduce: {description: Always null., type: str}
csr:
  description: Certificates to reissue, each with all names that it then needs.
  type: list
  elements: dict
  returned: success
  contains:
    nodes:
      description:
        - Nodes that hold it. Of a multi-server certificate also those that hold the one of the other key type and of which none of this key
          type was seen, as they may hold it, too.
      type: list
      elements: str
    units: {description: Units that it is for., type: list, elements: str}
    multi_server: {description: Whether several nodes share it., type: bool}
    common_name: {description: Common name of the certificate that it replaces., type: str}
    dns: {description: "Every name; those that it has, then those that it lacks.", type: list, elements: str}
    ip_addresses: {description: Advertised IP addresses that are left out; advertise a name instead., type: list, elements: str}
    left_out:
      description:
        - Names that are not in RV(csr[].dns), each with C(name) and C(reason). IP addresses, names without a domain and names that are not
          ASCII, unless the certificate has them already.
      type: list
      elements: dict
    unseen_nodes:
      description: Nodes of which no certificate was seen. Where one of them shares this certificate, its names are missing here.
      type: list
      elements: str
    text: {description: "The names, one a line, to paste into the CSR dialogue.", type: str}
not_looked_at:
  description: What nobody saw.
  type: list
  elements: dict
  returned: success
  contains:
    address: {description: As given., type: str}
    port: {description: As given., type: int}
    node: {description: As given., type: str}
    key_type: {description: Key type that was not seen; null for all., type: str}
    reason: {description: Why., type: str}
    remedy: {description: What to do., type: str}
not_compared:
  description:
    - Nodes with O(certificates) that belong to none of O(origins), so that nothing was compared with them. Where clients do use such a
      node, name it in C(mra_audit_nodes) with its addresses.
  type: list
  elements: str
  returned: success
covered:
  description: Whether every certificate covers its address, and everything was looked at.
  type: bool
  returned: success
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.collab.expressway.plugins.module_utils.audit.observations import PRESENTED
from ansible_collections.collab.expressway.plugins.module_utils.audit.origins import ADDRESS_OPTIONS
from ansible_collections.collab.expressway.plugins.module_utils.dependencies import (
    MISSING,
    missing_dependencies,
)
from ansible_collections.collab.expressway.plugins.module_utils.records import Shape, misfits
from ansible_collections.collab.expressway.plugins.module_utils.san_coverage.model import (
    san_coverage,
)

ARGUMENT_SPEC: dict[str, Any] = {
    "origins": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": ADDRESS_OPTIONS,
    },
    "presented": {"type": "list", "elements": "dict", "default": []},
    "certificates": {"type": "list", "elements": "dict", "default": []},
}
STORED: Shape = {"node": str, "unit": str, "pem": str}
SOURCE = "give what {}_certificates_info returned"


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    for library in missing_dependencies():
        module.fail_json(msg=missing_required_lib(library), exception=MISSING[library])
    options = module.params
    complaints = [
        *misfits("presented", options["presented"], PRESENTED, SOURCE.format("presented")),
        *misfits("certificates", options["certificates"], STORED, SOURCE.format("uc")),
    ]
    if complaints:
        module.fail_json(msg="; ".join(complaints))
    module.exit_json(
        changed=False,
        **san_coverage(
            origins=options["origins"],
            presented=options["presented"],
            certificates=options["certificates"],
        ),
    )


if __name__ == "__main__":
    main()
