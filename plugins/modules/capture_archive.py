#!/usr/bin/python
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: capture_archive
short_description: Put the answers of Expressway peers into one archive
version_added: 0.1.0
author:
  - The collab.expressway authors (@collab)
description:
  - Writes what M(collab.expressway.capture_info) read of any number of peers into one C(tar.gz), one JSON file for each, with an index that
    says which guess about the appliance each of them confirms or contradicts.
  - The archive has mode 0600 and the time in its name; each run writes a new one.
attributes:
  check_mode:
    description: Can run in check mode, and writes nothing then.
    support: full
  diff_mode:
    description: There is nothing to compare with.
    support: none
options:
  captures:
    description: The RV(collab.expressway.capture_info#module:capture) of each peer.
    type: list
    elements: dict
    required: true
  dest:
    description: Folder for the archive; it is made with mode 0700 where it is missing.
    type: path
    required: true
seealso:
  - module: collab.expressway.capture_info
"""

EXAMPLES = r"""
- name: Read how a peer answers
  collab.expressway.capture_info:
  register: read

- name: Keep the answers of all peers
  collab.expressway.capture_archive:
    captures: "{{ ansible_play_hosts | map('extract', hostvars, 'read') | map(attribute='capture') }}"
    dest: "{{ playbook_dir }}/capture"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
file:
  description: The archive.
  returned: success
  type: str
  sample: /home/me/capture/expressway-capture-20261125T165525Z.tar.gz
switches:
  description: Each guess with C(switch), C(guess), and C(answers), which holds C(answer) and C(verdict) by file.
  returned: success
  type: list
  elements: dict
"""

import os
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.collab.expressway.plugins.module_utils.capture.archive import (
    archive,
    index,
)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "captures": {"type": "list", "elements": "dict", "required": True},
            "dest": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    captures, at = module.params["captures"], int(time.time())
    folder = Path(module.params["dest"])
    path = folder / f"expressway-capture-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(at))}.tar.gz"
    try:
        content = archive(captures, at)
        switches = index(captures)
    except (KeyError, TypeError, AttributeError):
        module.fail_json(
            msg="captures: each entry is what capture_info returned as capture. Nothing was written"
        )
    if not module.check_mode:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(
                os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as file:
                file.write(content)
        except OSError as error:
            module.fail_json(msg=f"dest: {path} cannot be written: {error.strerror}")
    module.exit_json(changed=True, file=str(path), switches=switches)


if __name__ == "__main__":
    main()
