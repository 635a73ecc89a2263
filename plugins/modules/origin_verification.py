#!/usr/bin/python
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: origin_verification
short_description: Let the traffic server of an Expressway peer verify UC nodes, or not
version_added: 0.1.0
author:
  - The collab.expressway authors (@collab)
description:
  - Reads and sets C(xConfiguration EdgeConfigServer VerifyOriginServer), which is On by default from X14.2.
  - Off lets the traffic server accept any certificate of a UC node. That opens CVE-2022-20814 again (interception between
    Expressway-C and Unified CM), so it is a workaround for a stated time and never a repair.
  - The role P(collab.expressway.origin_verification#role) does this for whole clusters and keeps an eye on the time.
extends_documentation_fragment:
  - collab.expressway.attributes
  - collab.expressway.connection
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
options:
  state:
    description:
      - Whether origins are verified. When not given the module only reads.
      - Fails on a release without the setting.
    type: str
    choices: ["on", "off"]
  until:
    description: The day until which V(off) is meant to last. Only repeated in the result and in the warning.
    type: str
  reason:
    description: Why O(state=off). Only repeated in the result and in the warning.
    type: str
  replication_wait:
    description:
      - Seconds to wait, before writing, for the primary peer to bring the wanted state to this one. Nobody waits in check mode.
      - Cisco gives one to two minutes for replication, and no source says whether this setting is replicated.
    type: int
    default: 0
  before:
    description:
      - The state that an earlier read in the same run found. RV(before), C(changed) and the difference count from it, so that a change
        that replication made in the meantime is reported as the change that check mode predicted.
    type: str
    choices: ["on", "off"]
seealso:
  - module: collab.expressway.facts
"""

EXAMPLES = r"""
- name: Read the state
  collab.expressway.origin_verification:
  register: verification

- name: Work around refused logins until the certificates are repaired
  collab.expressway.origin_verification:
    state: "off"
    until: "2026-12-01"
    reason: CHG0041 tomcat-ECDSA certificates of the emea cluster

- name: Back to safe
  collab.expressway.origin_verification:
    state: "on"
"""

RETURN = r"""
before:
  description: State before, V(on) or V(off); null when the peer has no such setting.
  returned: success
  type: str
  sample: "on"
after:
  description: State afterwards, or what it would be in check mode.
  returned: success
  type: str
  sample: "off"
supported:
  description: Whether the peer has the setting.
  returned: always, once the peer has been read
  type: bool
followed:
  description: Whether replication brought the wanted state, while the task waited or since O(before) was read.
  returned: success
  type: bool
release:
  description: Release of the peer, null when it does not say.
  returned: always, once the peer has been read
  type: str
  sample: X14.2.5
note:
  description: What it means when RV(supported) is false, otherwise null.
  returned: always, once the peer has been read
  type: str
until:
  description: O(until), as given.
  returned: success
  type: str
reason:
  description: O(reason), as given.
  returned: success
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["on", "off"]},
    "until": {"type": "str"},
    "reason": {"type": "str"},
    "replication_wait": {"type": "int", "default": 0},
    "before": {"type": "str", "choices": ["on", "off"]},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    module.fail_json(
        msg="collab.expressway.origin_verification runs on the controller, as an action"
    )


if __name__ == "__main__":
    main()
