#!/usr/bin/python
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: command
short_description: Run commands of the Expressway administrator's shell
version_added: 0.1.0
author:
  - The collab.expressway authors (@collab)
description:
  - Runs C(xStatus), C(xConfiguration) and C(xCommand) lines one after the other in one session and returns what the peer said.
  - Refuses whatever may write, before it logs in, unless O(allow_writes=true). To set values use M(collab.expressway.configuration).
extends_documentation_fragment:
  - collab.expressway.attributes
  - collab.expressway.connection
attributes:
  check_mode:
    support: partial
    details:
      - Commands that read are run. Commands that may write are not; their output is empty and the task counts as changed.
  diff_mode:
    support: none
options:
  commands:
    description:
      - Command lines, in order. The first one that the peer refuses ends the task.
    type: list
    elements: str
    required: true
  allow_writes:
    description:
      - Also run commands that may write. These are C(xConfiguration) with a colon or a quote, every C(xCommand) that is not known to
        read only, and everything that is not recognised.
      - The task then counts as changed, because what such a command does cannot be told from its answer.
    type: bool
    default: false
seealso:
  - module: collab.expressway.configuration
  - module: collab.expressway.facts
"""

EXAMPLES = r"""
- name: What does the peer say about itself, and which edge settings has it
  collab.expressway.command:
    commands:
      - xStatus SystemUnit
      - xConfiguration EdgeConfigServer
  register: answers

- name: Show the release
  ansible.builtin.debug:
    var: answers.parsed[0].status.SystemUnit.Software.Version

- name: Restart the application (ends MRA sessions)
  collab.expressway.command:
    commands:
      - xCommand Restart
    allow_writes: true
"""

RETURN = r"""
stdout:
  description: The answers in the order of O(commands), without echo and without the final C(OK).
  returned: always, up to the first command that failed
  type: list
  elements: str
  sample:
    - '*c xConfiguration EdgeConfigServer VerifyOriginServer: "On"'
stdout_lines:
  description: RV(stdout) in lines.
  returned: always, up to the first command that failed
  type: list
  elements: list
parsed:
  description: The answers as data, one entry for each of RV(stdout).
  returned: always, up to the first command that failed
  type: list
  elements: dict
  contains:
    settings:
      description: Value by path for an answer of C(xConfiguration), otherwise null.
      type: dict
      sample:
        EdgeConfigServer VerifyOriginServer: "On"
    status:
      description: Nested status for an answer of C(xStatus), otherwise null.
      type: dict
not_run:
  description: Commands that were left out in check mode because they may write.
  returned: always
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "commands": {"type": "list", "elements": "str", "required": True},
    "allow_writes": {"type": "bool", "default": False},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    module.fail_json(msg="collab.expressway.command runs on the controller, as an action")


if __name__ == "__main__":
    main()
