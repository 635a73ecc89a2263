#!/usr/bin/python
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: capture_info
short_description: Read how an Expressway peer answers, without what is secret
version_added: 0.1.0
author:
  - The collab.expressway authors (@collab)
description:
  - Reads what settles the guesses that this collection makes about the appliance, because nobody could look at a real one. Nothing is
    changed on the peer.
  - Passwords, user names, host names, addresses, serial numbers and certificates are taken out before anything is returned. Settings keep
    their names; values other than switches, short numbers, releases and cipher lists become their length.
extends_documentation_fragment:
  - collab.expressway.attributes
  - collab.expressway.attributes.info_module
  - collab.expressway.connection
options:
  names:
    description:
      - Host names and addresses of all peers that are captured, in the same order for each of them. The first becomes
        C(peer1.example.invalid), and so on, in the answers of every peer.
    type: list
    elements: str
    default: []
notes:
  - The API is asked until it refuses the login, and then no more. What was not read is listed.
seealso:
  - module: collab.expressway.capture_archive
"""

EXAMPLES = r"""
- name: Read how the peers answer
  collab.expressway.capture_info:
    names: "{{ groups['expressway_c'] }}"
  register: read
"""

RETURN = r"""
capture:
  description:
    - C(greeting), what the shell says first; C(shell), each command with its lines as they came and whether it was C(refused); C(api), each
      path with C(status), C(headers), C(line_end) and C(body); C(not_read); and C(settled).
    - C(settled) has one entry for each guess with its C(switch), C(guess), C(answer) and C(verdict) (V(confirms), V(contradicts) or
      V(open)).
  returned: success
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "names": {"type": "list", "elements": "str", "default": []},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    module.fail_json(msg="collab.expressway.capture_info runs on the controller, as an action")


if __name__ == "__main__":
    main()
