#!/usr/bin/python
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: facts
short_description: Facts of a Cisco Expressway peer
version_added: 0.1.0
author:
  - The collab.expressway authors (@collab)
description:
  - Returns what a peer says about itself as C(ansible_facts.expressway), read over its shell and its REST API.
  - A fact that could not be read is never an empty one. The task fails, or with O(allow_unread=true) the fact is null and
    RV(ansible_facts.expressway.not_read) says why.
extends_documentation_fragment:
  - collab.expressway.attributes
  - collab.expressway.attributes.info_module
  - collab.expressway.connection
requirements:
  - cryptography and pyOpenSSL on the controller (for V(trust_store))
options:
  gather_subset:
    description:
      - What to read. V(all) is everything; a name with V(!) in front leaves that one out (alone, it means all but that one).
      - V(uc_servers) and V(mra) need the REST API, V(trust_store) what O(trust_store_via) says, the others the shell. What is not
        asked for is not connected to.
    type: list
    elements: str
    default: [all]
    choices:
      - all
      - system
      - cluster
      - origin_verification
      - ciphers
      - trust_store
      - uc_servers
      - mra
      - "!system"
      - "!cluster"
      - "!origin_verification"
      - "!ciphers"
      - "!trust_store"
      - "!uc_servers"
      - "!mra"
  trust_store_via:
    description:
      - V(api) reads the trust store over the REST API.
      - V(root_ssh) logs in as root (C(expressway_root_password) or C(expressway_root_private_key_file)) and reads the store's file over
        SFTP, for sites whose API is closed. V(uc_servers) and V(mra) are asked for over the API all the same.
    type: str
    choices: [api, root_ssh]
    default: api
  allow_unread:
    description:
      - Go on when a subset cannot be read, and list it in RV(ansible_facts.expressway.not_read).
      - A peer whose shell cannot be reached is UNREACHABLE all the same.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Read everything
  collab.expressway.facts:

- name: Read release and switch over SSH only
  collab.expressway.facts:
    gather_subset: [system, origin_verification]

- name: Show them
  ansible.builtin.debug:
    msg: "{{ ansible_facts.expressway.system.version }}: {{ ansible_facts.expressway.origin_verification.state }}"
"""

RETURN = r"""
ansible_facts:
  description: The facts, under the key C(expressway). Subsets that were not asked for are left out.
  returned: success
  type: dict
  contains:
    expressway:
      description: Facts of this peer.
      type: dict
      contains:
        system:
          description: What the appliance is.
          type: dict
          contains:
            name:
              description: System name, null when it is not listed.
              type: str
            product:
              description: Product as the appliance calls itself.
              type: str
            version:
              description: Release.
              type: str
              sample: X14.2.5
            serial_number:
              description: Serial number.
              type: str
            uptime_seconds:
              description: Seconds since the start.
              type: int
            time:
              description: The appliance's own time, as it prints it.
              type: str
            is_expressway_e:
              description: Whether this is an Expressway-E, null when the appliance does not say.
              type: bool
        cluster:
          description: The cluster as this peer sees it.
          type: dict
          contains:
            name:
              description: Cluster name, empty on a standalone peer.
              type: str
            primary:
              description: Index of the primary peer.
              type: int
            peers:
              description: Peers of the cluster as C(index) and C(address), empty on a standalone peer.
              type: list
              elements: dict
            peer_index:
              description: Index of this peer, null when it cannot be told. The variable C(expressway_peer_index) decides.
              type: int
            is_primary:
              description: Whether this peer is the primary; true on a standalone peer, null when it cannot be told.
              type: bool
        origin_verification:
          description: Whether the traffic server verifies UC nodes.
          type: dict
          contains:
            supported:
              description: Whether the peer has the setting VerifyOriginServer.
              type: bool
            state:
              description: V(on), V(off), or null when it has not.
              type: str
            note:
              description: What it means that it has not.
              type: str
        ciphers:
          description: >-
            C(cipher_list) and C(protocol) for each of C(uc_client_tls), C(https), C(reverse_proxy_tls), C(sip_tls), C(smtp_tls) and
            C(xcp_tls); null where the release has none.
          type: dict
        trust_store:
          description: The trusted CA certificates of this peer.
          type: dict
          contains:
            pem:
              description: The bundle as the peer returned it.
              type: str
            sha256:
              description: Digest over the sorted certificate digests; equal for stores with equal certificates.
              type: str
            certificates:
              description: One record for each certificate, in the order of the bundle.
              type: list
              elements: dict
            problems:
              description: Blocks of the bundle that are no certificates, by place.
              type: list
              elements: str
        uc_servers:
          description: >-
            Publishers that the peer knows, C(cucm) and C(imp), each with C(publisher), C(axl_username) and C(tls_verify).
          type: dict
        mra:
          description: C(enabled), C(sso) and C(domains) of Mobile and Remote Access.
          type: dict
        not_read:
          description: Message by subset that could not be read.
          type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.options import (
    ACCESS_OPTIONS,
)

SUBSETS = (
    "system",
    "cluster",
    "origin_verification",
    "ciphers",
    "trust_store",
    "uc_servers",
    "mra",
)

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "gather_subset": {
        "type": "list",
        "elements": "str",
        "default": ["all"],
        "choices": ["all", *SUBSETS, *(f"!{name}" for name in SUBSETS)],
    },
    "trust_store_via": ACCESS_OPTIONS["via"],
    "allow_unread": {"type": "bool", "default": False},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    module.fail_json(msg="collab.expressway.facts runs on the controller, as an action")


if __name__ == "__main__":
    main()
