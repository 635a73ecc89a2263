#!/usr/bin/python
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: diagnostic_log
short_description: Start, stop and download the diagnostic log of an Expressway peer
version_added: 0.1.0
author:
  - The collab.expressway authors (@collab)
description:
  - Works on Expressway-C and Expressway-E, over the REST API (C(common/diagnosticlogging), since X12.6.3).
  - In a cluster, starting and stopping on the primary peer is enough. Each peer keeps its own log and must be collected from.
  - The role P(collab.expressway.diagnostics#role) does all of it in the right order and never leaves the log running.
extends_documentation_fragment:
  - collab.expressway.attributes
  - collab.expressway.connection
attributes:
  check_mode:
    support: full
    details:
      - Reads what the peer says of its log and sends nothing else. With O(state=collected) a new archive is predicted.
  diff_mode:
    support: none
    details:
      - An archive is new or it is not; its content is for M(collab.expressway.traffic_log_info).
options:
  state:
    description:
      - V(started) starts the log. V(stopped) stops it. V(collected) lets the peer pack its log, waits until the archive is ready, and
        downloads it to O(dest).
      - Most releases are not known to say whether the log runs. Where a peer does not say it, V(started) and V(stopped) are sent, and
        count as changed, every time; a start begins the log anew.
    type: str
    choices: [started, stopped, collected]
    required: true
  packet_capture:
    description: Whether O(state=started) also captures packets on the peer. Captures are large, and hold what is not encrypted.
    type: bool
    default: false
  dest:
    description:
      - Folder on the controller for the archive, made with mode 0700 where it is missing. Required with O(state=collected).
      - The archive gets the name that the peer gives it, without path or unusual characters (C(:) becomes C(_)), behind the inventory
        name of the peer, and mode 0600. It appears when it is complete. A file of that name with other content is kept; the new one
        then has a part of its SHA-256 in its name.
    type: path
  timeout:
    description: Seconds that O(state=collected) may take in all, packing and download.
    type: float
    default: 600
  poll:
    description: Seconds between two looks at whether the archive is ready.
    type: float
    default: 5
notes:
  - A download that breaks goes on where it broke, where the peer allows it, and starts again where it does not.
  - The archive holds the configuration of the peer, log lines with user names and, on request, packets. Treat it as confidential.
  - Progress is shown with C(-vv).
seealso:
  - module: collab.expressway.traffic_log_info
"""

EXAMPLES = r"""
- name: Start the diagnostic log of the cluster
  collab.expressway.diagnostic_log:
    state: started
  when: inventory_hostname == 'expc1.example.test'

- name: Download the log of every peer
  collab.expressway.diagnostic_log:
    state: collected
    dest: diagnostics
    timeout: 1200
  register: collected
"""

RETURN = r"""
state_before:
  description: V(started) or V(stopped); null where the peer does not say.
  returned: success
  type: str
file:
  description: The archive on the controller.
  returned: state is collected, not in check mode
  type: str
  sample: diagnostics/expc1.example.test-diagnostic_log_expc1_2026-11-25_16_55_25.tar.gz
archive_name:
  description: What the peer calls the archive; null where it does not say.
  returned: state is collected, not in check mode
  type: str
  sample: diagnostic_log_expc1_2026-11-25_16:55:25.tar.gz
size:
  description: Bytes of the archive.
  returned: state is collected, not in check mode
  type: int
sha256:
  description: SHA-256 of the archive in hexadecimal digits.
  returned: state is collected, not in check mode
  type: str
login_refused:
  description: Whether the credential was refused. Do not try again then, because the appliance blocks addresses.
  returned: when the peer did not answer, or refused
  type: bool
resumed:
  description: Whether the download broke and went on where it had broken.
  returned: state is collected, not in check mode
  type: bool
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["started", "stopped", "collected"], "required": True},
    "packet_capture": {"type": "bool", "default": False},
    "dest": {"type": "path"},
    "timeout": {"type": "float", "default": 600},
    "poll": {"type": "float", "default": 5},
}
REQUIRED_IF: list[tuple[str, str, list[str]]] = [("state", "collected", ["dest"])]


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENT_SPEC, required_if=REQUIRED_IF, supports_check_mode=True
    )
    module.fail_json(msg="collab.expressway.diagnostic_log runs on the controller, as an action")


if __name__ == "__main__":
    main()
