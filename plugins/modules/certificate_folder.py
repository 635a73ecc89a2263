#!/usr/bin/python
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: certificate_folder
short_description: Keep the certificates of UC nodes in a folder
version_added: 0.1.0
description:
  - Writes one PEM file for each certificate, C(<node>_<unit>.pem); one for all that a node trusts, C(<node>_trust.pem); and
    C(index.json), which describes them.
  - A file is written whole or not at all, and only when its content changes. Tasks that keep different nodes in one folder at the same time
    wait for each other.
  - What the index says of nodes that are not given is kept, and so is what it says of units and trust stores that were not read this
    time. C(<node>_trust.pem) is left alone by a run that reads fewer of the trust stores than it holds.
  - A file of a certificate that was asked for and that its node no longer lists is reported in RV(stale) and never deleted.
author: ["The collab.expressway authors (@collab)"]
extends_documentation_fragment:
  - collab.expressway.written_folder
attributes:
  diff_mode:
    description: Shows how the index changes, and which of the other files do.
    support: full
options:
  nodes:
    description: Results of M(collab.expressway.uc_certificates_info), one for each node.
    type: list
    elements: dict
    required: true
seealso:
  - module: collab.expressway.uc_certificates_info
"""

EXAMPLES = r"""
- name: Read the certificates of a node
  collab.expressway.uc_certificates_info:
  register: held

- name: Keep those of all nodes
  collab.expressway.certificate_folder:
    nodes: "{{ ansible_play_hosts | map('extract', hostvars, 'held') }}"
    dest: "{{ playbook_dir }}/certificates"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
files:
  description: Paths of the files of what was read, the index too.
  type: list
  elements: str
  returned: success
  sample: [/home/me/certificates/cucm1.example.com_tomcat.pem]
stale:
  description: Paths of files that hold a certificate which its node no longer has.
  type: list
  elements: str
  returned: success
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.collab.expressway.plugins.module_utils.certificates.folder import (
    INDEX,
    FolderRefused,
    folder_files,
    stale_files,
)
from ansible_collections.collab.expressway.plugins.module_utils.written_files import (
    locked,
    replace_file,
    text_of,
)

ARGUMENT_SPEC: dict[str, Any] = {
    "nodes": {"type": "list", "elements": "dict", "required": True},
    "dest": {"type": "path", "required": True},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    nodes, dest = module.params["nodes"], Path(module.params["dest"])
    try:
        contents, changes = _planned(nodes, dest)
        if changes and not module.check_mode:
            dest.mkdir(parents=True, exist_ok=True)
            with locked(dest / INDEX):
                # Once more: what the index says of other nodes may have come in the meantime.
                contents, changes = _planned(nodes, dest)
                for name, _before in changes:
                    replace_file(module, dest / name, contents[name])
        present = [path.name for path in dest.iterdir()] if dest.is_dir() else []
    except FolderRefused as error:
        module.fail_json(msg=f"dest {dest}: {error}")
    except (KeyError, TypeError) as error:
        module.fail_json(
            msg=f"nodes: not what uc_certificates_info returned ({type(error).__name__}: {error})"
        )
    except OSError as error:
        module.fail_json(msg=f"dest {dest}: {error}; give a folder that this user may write")
    module.exit_json(
        changed=bool(changes),
        files=[str(dest / name) for name in contents],
        stale=[str(dest / name) for name in stale_files(present, nodes, contents)],
        diff=[_diff(dest / name, before, contents[name]) for name, before in changes],
    )


def _planned(
    nodes: list[dict[str, Any]], dest: Path
) -> tuple[dict[str, str], list[tuple[str, str | None]]]:
    """The files that `dest` is to hold, and those of them that differ, each with what it holds now."""
    contents = folder_files(nodes, _index(dest / INDEX))
    found = {name: text_of(dest / name) for name in contents}
    return contents, [(name, found[name]) for name in contents if found[name] != contents[name]]


def _index(path: Path) -> str | None:
    """What is there as the index. Raises FolderRefused for what can be no index, which is not to be overwritten."""
    try:
        return path.read_bytes().decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise FolderRefused(
            f"{INDEX} in it cannot be read ({type(error).__name__}); move it away or give another folder"
        ) from error


def _diff(path: Path, before: str | None, after: str) -> dict[str, str]:
    """The index says what changed; base64 would only say it again, in a form nobody reads."""
    if path.name == INDEX:
        return {
            "before_header": str(path),
            "after_header": str(path),
            "before": before or "",
            "after": after,
        }
    return {"prepared": f"{path}: {'written' if before is None else 'rewritten'}\n"}


if __name__ == "__main__":
    main()
