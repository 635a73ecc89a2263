#!/usr/bin/python
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: audit_report
short_description: Write audits as HTML, JSON and text
version_added: 0.1.0
description:
  - Writes the audits of any number of clusters into one folder; C(mra-audit.html) is a single file that asks no network for
    anything, C(mra-audit.json) follows the JSON schema C(docs/audit.schema.json) of this collection, C(mra-audit.txt) is for
    tickets and mails.
  - A file is written whole or not at all, and only when its content changes.
author: ["The collab.expressway authors (@collab)"]
extends_documentation_fragment:
  - collab.expressway.written_folder
attributes:
  diff_mode:
    description: Shows how the text report changes, and which of the other files do.
    support: full
options:
  audits:
    description: RV(collab.expressway.mra_audit_info#module:audit) of each cluster.
    type: list
    elements: dict
    required: true
  formats:
    description: Which files to write.
    type: list
    elements: str
    choices: [html, json, text]
    default: [html, json, text]
seealso:
  - module: collab.expressway.mra_audit_info
"""

EXAMPLES = r"""
- name: Write the report
  collab.expressway.audit_report:
    audits: ["{{ mra_audit_result }}"]
    dest: "{{ playbook_dir }}/mra-audit"
  delegate_to: localhost
  run_once: true
  register: report

- name: Show the summary
  ansible.builtin.debug:
    msg: "{{ report.summary.splitlines() }}"
"""

RETURN = r"""
files:
  description: The path of each file by its format.
  type: dict
  returned: success
  sample: {html: /home/me/mra-audit/mra-audit.html}
summary:
  description: Which logins break, why and what to do, in at most 24 lines of at most 100 columns.
  type: str
  returned: success
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.collab.expressway.plugins.module_utils.report.files import (
    FILE_NAMES,
    render,
)
from ansible_collections.collab.expressway.plugins.module_utils.report.text import (
    printable_lines,
    screen,
)
from ansible_collections.collab.expressway.plugins.module_utils.written_files import (
    replace_file,
    text_of,
)

ARGUMENT_SPEC: dict[str, Any] = {
    "audits": {"type": "list", "elements": "dict", "required": True},
    "dest": {"type": "path", "required": True},
    "formats": {
        "type": "list",
        "elements": "str",
        "choices": list(FILE_NAMES),
        "default": list(FILE_NAMES),
    },
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    audits, dest = module.params["audits"], Path(module.params["dest"])
    try:
        contents = {kind: render(audits, kind) for kind in module.params["formats"]}
    except (KeyError, TypeError) as error:
        module.fail_json(
            msg=f"audits: not what mra_audit_info returned as audit ({type(error).__name__}: {error})"
        )
    try:
        changes = [
            (kind, before)
            for kind, content in contents.items()
            if (before := text_of(dest / FILE_NAMES[kind])) != content
        ]
        if not module.check_mode:
            dest.mkdir(parents=True, exist_ok=True)
            for kind, _before in changes:
                replace_file(module, dest / FILE_NAMES[kind], contents[kind])
    except OSError as error:
        module.fail_json(msg=f"dest {dest}: {error}; give a folder that this user may write")
    module.exit_json(
        changed=bool(changes),
        files={kind: str(dest / FILE_NAMES[kind]) for kind in contents},
        summary=printable_lines(screen(audits)),
        diff=[_diff(dest, kind, before, contents[kind]) for kind, before in changes],
    )


def _diff(dest: Path, kind: str, before: str | None, after: str) -> dict[str, str]:
    """The text report says what changed; the others would only say it again, in a form nobody reads."""
    path = str(dest / FILE_NAMES[kind])
    if kind == "text":
        return {
            "before_header": path,
            "after_header": path,
            "before": before or "",
            "after": after,
        }
    return {"prepared": f"{path}: {'written' if before is None else 'rewritten'}\n"}


if __name__ == "__main__":
    main()
