#!/usr/bin/python
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: uc_servers
short_description: List the publishers that an Expressway peer has configured, or have it look them up again
version_added: 0.1.0
author:
  - The collab.expressway authors (@collab)
description:
  - Lists the Unified CM and IM and Presence publishers of an Expressway-C with their TLS verify mode, over the REST API.
  - With O(state=refreshed) each publisher is entered again as it is, which makes the peer look its cluster up over AXL, the way it does
    when a publisher is added. B(This is unproven on a device.) Cisco documents the button Refresh on the pages under Configuration >
    Unified Communications only, and no source says what entering a known publisher again does. RV(unproven) marks such a result.
  - The API lists publishers only. Subscribers, and the addresses that clients are given, come from the publisher.
    M(collab.expressway.uc_addresses_info) asks there.
extends_documentation_fragment:
  - collab.expressway.attributes
  - collab.expressway.connection
attributes:
  check_mode:
    support: full
    details:
      - In check mode no lookup is made.
  diff_mode:
    support: none
    details:
      - The API does not show what a lookup found.
options:
  state:
    description:
      - V(listed) reads only.
      - V(refreshed) has the publishers looked up again and reports V(changed) for it, because the API does not show whether the peer
        found anything new. Do it on the primary peer. It can take longer than 10 seconds for each publisher; raise
        C(expressway_command_timeout) where that is too short.
    type: str
    choices: [listed, refreshed]
    default: listed
  products:
    description: Whose publishers are looked up again.
    type: list
    elements: str
    choices: [cucm, imp]
    default: [cucm, imp]
  publishers:
    description: Publishers to look up again, as they are configured. All of O(products) when not given.
    type: list
    elements: str
  axl_password:
    description:
      - Password of the AXL user that the publishers are configured with. Needed for O(state=refreshed), because the peer does not give
        it out.
      - Where publishers have different ones, run the task once for each, with O(publishers).
    type: str
seealso:
  - module: collab.expressway.facts
  - module: collab.expressway.uc_addresses_info
"""

EXAMPLES = r"""
- name: List what the peer has configured
  collab.expressway.uc_servers:
  register: configured

- name: Show where TLS verify mode is off
  ansible.builtin.debug:
    msg: "{{ item.publisher }} is not verified when it is looked up"
  loop: "{{ configured.servers | selectattr('tls_verify', 'equalto', 'off') }}"

- name: Look one publisher up again
  collab.expressway.uc_servers:
    state: refreshed
    publishers: [cucm1.example.com]
    axl_password: "{{ vault_axl_password }}"
"""

RETURN = r"""
servers:
  description: One record for each publisher, as it was listed first.
  returned: success
  type: list
  elements: dict
  contains:
    product:
      description: V(cucm) or V(imp).
      type: str
    publisher:
      description: Its address as configured.
      type: str
    axl_username:
      description: AXL user that the peer logs in with.
      type: str
    tls_verify:
      description: >-
        TLS verify mode, V(on) or V(off). On verifies the publisher only, and only while it is looked up.
      type: str
    deployment:
      description: Deployment that it belongs to, null where the API does not list it.
      type: str
    peer:
      description: Inventory name of the peer.
      type: str
not_read:
  description: Products that could not be read, each with C(product) and C(reason). Always has Unity Connection.
  returned: success
  type: list
  elements: dict
lookups:
  description: One record for each lookup with C(product), C(publisher) and C(answer), the peer's words (null in check mode).
  returned: when O(state=refreshed)
  type: list
  elements: dict
unproven:
  description: Marks a result whose meaning nobody has seen on a device.
  returned: when O(state=refreshed)
  type: bool
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

_PRODUCTS = ["cucm", "imp"]

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["listed", "refreshed"], "default": "listed"},
    "products": {"type": "list", "elements": "str", "choices": _PRODUCTS, "default": _PRODUCTS},
    "publishers": {"type": "list", "elements": "str"},
    "axl_password": {"type": "str", "no_log": True},
}
REQUIRED_IF = [("state", "refreshed", ["axl_password"])]


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENT_SPEC, required_if=REQUIRED_IF, supports_check_mode=True
    )
    module.fail_json(msg="collab.expressway.uc_servers runs on the controller, as an action")


if __name__ == "__main__":
    main()
