#!/usr/bin/python
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: configuration
short_description: Set xConfiguration values of an Expressway peer
version_added: 0.1.0
author:
  - The collab.expressway authors (@collab)
description:
  - Reads every named setting, writes only those that differ, and reads each of them back, all in one session.
  - Nothing is written before every path has been found and every value has been checked.
  - Values are written as their kind demands - strings in quotes, enumerations and integers bare. The kinds of common settings are
    known; for others the kind follows from what the peer shows and from the value; O(kinds) decides where that is wrong.
  - Values that could end the line or hold a second command are refused, and so is a double quote, which the shell cannot represent.
extends_documentation_fragment:
  - collab.expressway.attributes
  - collab.expressway.connection
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Shows the C(xConfiguration) lines that differ.
options:
  settings:
    description:
      - Wanted value by path, for example C(EdgeConfigServer CredentialTtl). The path is the full one; case does not matter.
      - YAML booleans stand for C(On) and C(Off).
    type: dict
    required: true
  kinds:
    description:
      - The kind of a setting by path, V(string), V(enumeration) or V(integer), where it is not recognised.
    type: dict
    default: {}
  secrets:
    description:
      - Paths of O(settings) whose values are secret. They are shown neither in results nor in differences. Settings with a name such
        as C(Password) are treated so in any case.
      - A peer that shows a secret encrypted makes the task write, and count as changed, every time.
    type: list
    elements: str
    default: []
notes:
  - In a cluster most settings are replicated from the primary peer, and what is set on another peer is overwritten.
seealso:
  - module: collab.expressway.origin_verification
  - module: collab.expressway.command
"""

EXAMPLES = r"""
- name: Slow down login attempts and name the system
  collab.expressway.configuration:
    settings:
      EdgeConfigServer RateLimitLogins: 3
      EdgeConfigServer RateLimitPeriod: 300
      SystemUnit Name: expc1 Frankfurt

- name: Prefer RSA certificates of UC nodes
  collab.expressway.configuration:
    settings:
      Ciphers UcClientTLSCiphers Value: >-
        ECDHE-RSA-AES256-GCM-SHA384:EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL
"""

RETURN = r"""
before:
  description: Value by path before, for every setting.
  returned: success
  type: dict
  sample:
    EdgeConfigServer RateLimitLogins: "0"
after:
  description: Value by path afterwards, for every setting; in check mode what it would be.
  returned: success
  type: dict
  sample:
    EdgeConfigServer RateLimitLogins: "3"
commands:
  description: The command lines that were sent to change something, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample:
    - "xConfiguration EdgeConfigServer RateLimitLogins: 3"
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "settings": {"type": "dict", "required": True},
    "kinds": {"type": "dict", "default": {}},
    "secrets": {"type": "list", "elements": "str", "default": [], "no_log": False},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    module.fail_json(msg="collab.expressway.configuration runs on the controller, as an action")


if __name__ == "__main__":
    main()
