#!/usr/bin/python
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: uc_addresses_info
short_description: Find every address that clients of a Unified CM cluster can be given
version_added: 0.1.0
author:
  - The collab.expressway authors (@collab)
description:
  - Asks the publisher of a Unified CM cluster for every address that mobile and remote access clients can be given, joins that with what
    the Expressways, DNS and the inventory say, and derives the origins (address and port) that an audit has to look at.
  - "Sources: AXL (System > Server, UC services with their service profiles, nodes that run Cisco Tftp), UDS, the platform CLI
    (C(show network cluster)), DNS SRV, and what is passed in."
  - Sources that disagree are findings. A source that was asked for and not read is never taken for an empty one. The task fails, or
    with O(allow_unread=true) it says in RV(not_read) and RV(complete) what may be missing.
extends_documentation_fragment:
  - collab.expressway.attributes
  - collab.expressway.attributes.info_module
  - collab.expressway.node
requirements:
  - dnspython >= 2.6 on the controller (for O(resolver) only)
  - cryptography and pyOpenSSL on the controller
options:
  sources:
    description:
      - How the publisher is asked.
      - V(axl) needs C(vos_axl_user) and C(vos_axl_password), an application user. V(cli) needs the platform administrator. V(uds) needs
        no login.
    type: list
    elements: str
    choices: [axl, uds, cli]
    default: [axl, uds, cli]
  cluster:
    description: How findings name the cluster. The inventory name of the publisher when not given.
    type: str
  expressway_servers:
    description:
      - What the Expressway peers have configured, as RV(collab.expressway.uc_servers#module:servers) lists it.
    type: list
    elements: dict
    suboptions:
      product:
        description: What it is the publisher of.
        type: str
        choices: [cucm, imp]
        required: true
      publisher:
        description: Its address as configured on the Expressway.
        type: str
        required: true
      tls_verify:
        description: TLS verify mode, V(on) or V(off).
        type: str
      peer:
        description: Peer that has it configured.
        type: str
      axl_username:
        description: Not used; accepted so that a list can be passed as it is.
        type: str
      deployment:
        description: Not used; accepted so that a list can be passed as it is.
        type: str
  nodes:
    description:
      - Nodes that the inventory lists, in the form of the variable C(mra_audit_nodes). They add addresses, override what the same name
        or address has by other sources, or exclude.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the node.
        type: str
        required: true
      product:
        description: What it is.
        type: str
        choices: [cucm, imp, cuc]
      addresses:
        description: What clients ask for.
        type: list
        elements: str
        default: []
      connect_to:
        description: Where to connect instead of the address.
        type: str
      ports:
        description: Its TCP ports, instead of those of its product.
        type: list
        elements: int
      exclude:
        description: Whether these addresses (the whole node without O(nodes[].addresses)) are left out.
        type: bool
        default: false
  resolver:
    description:
      - DNS server to ask for the addresses of all names and for the SRV records of O(domains), as IP address with or without a port
        (V(192.0.2.53), V(192.0.2.53:5353), V([2001:db8::53]:5353)).
      - Without it nothing is resolved here, and DNS is no source.
    type: str
  domains:
    description: Domains whose SRV records C(_cisco-uds._tcp) and C(_cuplogin._tcp) are looked up.
    type: list
    elements: str
    default: []
  ports:
    description:
      - TCP ports of the origins by product, instead of 8443 everywhere and 6972 in addition where Cisco Tftp runs.
      - A port other than the usual ones that a voicemail service or an SRV record names is audited beside them.
    type: dict
    suboptions:
      cucm:
        description: Ports of every Unified CM node.
        type: list
        elements: int
      tftp:
        description: Further ports of Unified CM nodes that run Cisco Tftp. Of every Unified CM node where AXL was not read.
        type: list
        elements: int
      imp:
        description: Ports of IM and Presence nodes.
        type: list
        elements: int
      cuc:
        description: Ports of Unity Connection.
        type: list
        elements: int
  optional_ports:
    description:
      - TCP ports by product that not every node serves; they give RV(optional_origins).
      - By default 6971 of V(tftp) (headset configuration, with the CallManager certificates), and 443 and 7443 of V(cuc).
    type: dict
    suboptions:
      cucm:
        description: Of every Unified CM node.
        type: list
        elements: int
      tftp:
        description: Of Unified CM nodes that run Cisco Tftp.
        type: list
        elements: int
      imp:
        description: Of IM and Presence nodes.
        type: list
        elements: int
      cuc:
        description: Of Unity Connection.
        type: list
        elements: int
  allow_unread:
    description:
      - Go on when a source cannot be read, and list it in RV(not_read).
      - Where nothing at all is known then, the task fails all the same.
    type: bool
    default: false
seealso:
  - module: collab.expressway.mra_audit_info
  - module: collab.expressway.presented_certificates_info
  - module: collab.expressway.uc_certificates_info
  - module: collab.expressway.uc_servers
"""

EXAMPLES = r"""
- name: Find what clients are given, from the publisher alone
  collab.expressway.uc_addresses_info:
  delegate_to: cucm1.example.com
  register: found

- name: Show the origins
  ansible.builtin.debug:
    msg: "{{ item.address }} port {{ item.port }} ({{ item.source }})"
  loop: "{{ found.origins }}"

- name: The same on a site without AXL, with DNS and with what the Expressway is configured with
  collab.expressway.uc_addresses_info:
    sources: [uds, cli]
    resolver: 192.0.2.53
    domains: [example.com]
    expressway_servers: "{{ configured.servers }}"
"""

RETURN = r"""
addresses:
  description: One record for each address that clients can be given.
  returned: success
  type: list
  elements: dict
  contains:
    address:
      description: The host text as it is advertised.
      type: str
    product:
      description: V(cucm), V(imp), V(cuc), or null when no source says.
      type: str
    node:
      description: The node that answers there, by the name that the most trusted source gives it.
      type: str
    role:
      description: V(publisher), V(subscriber), or null.
      type: str
    tftp:
      description: Whether Cisco Tftp runs there. True of every Unified CM node where AXL was not read.
      type: bool
    ports:
      description: TCP ports to audit.
      type: list
      elements: int
    optional_ports:
      description: TCP ports that this product serves on some nodes only.
      type: list
      elements: int
    connect_to:
      description: Where to connect instead of the address, or null.
      type: str
    sources:
      description: Sources that name the address.
      type: list
      elements: str
    profiles:
      description: Service profiles that hand the address out.
      type: list
      elements: str
origins:
  description: One record for each address and port, in the form that M(collab.expressway.mra_audit_info) takes as C(addresses).
  returned: success
  type: list
  elements: dict
optional_origins:
  description: >-
    The same for ports that not every node serves, each with C(optional=true). An audit stays complete where they refuse the connection.
  returned: success
  type: list
  elements: dict
excluded:
  description: Origins that the inventory leaves out.
  returned: success
  type: list
  elements: dict
not_read:
  description: Sources that were asked for in vain, each with C(source), C(error) and C(remedy).
  returned: success
  type: list
  elements: dict
complete:
  description:
    - Whether every source that was asked for was read and every address can be audited.
    - Also false where O(expressway_servers) has a publisher that is no node of this cluster, and O(nodes) says nothing of it, because the
      other nodes of its cluster are not known.
  returned: success
  type: bool
findings:
  description: What a person should act on, in the form of the findings of M(collab.expressway.mra_audit_info).
  returned: success
  type: list
  elements: dict
readings:
  description: What each source said, as C(read) and C(items), or C(error).
  returned: success
  type: dict
resolved:
  description: Name to IP address, or null where the resolver does not know the name. Empty without O(resolver).
  returned: success
  type: dict
release:
  description: Release of Unified CM as UDS tells it, or null.
  returned: success
  type: str
  sample: 14.0.1
login_refused:
  description:
    - Whether the publisher refused the platform administrator. Nobody should log in there with the same password again, because
      appliances block addresses.
    - Not true where only the application user of AXL was refused, which is another account.
  returned: success, and on failure where it is true
  type: bool
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

_PORTS_BY_PRODUCT: dict[str, Any] = {
    "type": "dict",
    "options": {
        product: {"type": "list", "elements": "int"} for product in ("cucm", "tftp", "imp", "cuc")
    },
}

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "sources": {
        "type": "list",
        "elements": "str",
        "choices": ["axl", "uds", "cli"],
        "default": ["axl", "uds", "cli"],
    },
    "cluster": {"type": "str"},
    "expressway_servers": {
        "type": "list",
        "elements": "dict",
        "options": {
            "product": {"type": "str", "choices": ["cucm", "imp"], "required": True},
            "publisher": {"type": "str", "required": True},
            "tls_verify": {"type": "str"},
            "peer": {"type": "str"},
            "axl_username": {"type": "str"},
            "deployment": {"type": "str"},
        },
    },
    "nodes": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "product": {"type": "str", "choices": ["cucm", "imp", "cuc"]},
            "addresses": {"type": "list", "elements": "str", "default": []},
            "connect_to": {"type": "str"},
            "ports": {"type": "list", "elements": "int"},
            "exclude": {"type": "bool", "default": False},
        },
    },
    "resolver": {"type": "str"},
    "domains": {"type": "list", "elements": "str", "default": []},
    "ports": _PORTS_BY_PRODUCT,
    "optional_ports": _PORTS_BY_PRODUCT,
    "allow_unread": {"type": "bool", "default": False},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    module.fail_json(msg="collab.expressway.uc_addresses_info runs on the controller, as an action")


if __name__ == "__main__":
    main()
