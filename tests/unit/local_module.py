# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module that needs no peer, as a user runs it: ansible-playbook on the controller."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - collab.expressway.{module}: "{{{{ item }}}}"
      register: result
      ignore_errors: true
      loop: "{{{{ calls }}}}"
    - ansible.builtin.copy:
        content: "{{{{ result.results | to_json }}}}"
        dest: "{{{{ dest }}}}"
        mode: "0600"
      check_mode: false
"""


def results_of(
    module: str, calls: Sequence[dict[str, Any]], folder: Path, *arguments: str
) -> list[dict[str, Any]]:
    """The results of one run with these calls of a module, failed ones too; `arguments` are those of ansible-playbook."""
    play, variables, dest = (folder / f"{module}-{name}" for name in ("play", "calls", "results"))
    play.write_text(PLAY.format(module=module))
    variables.write_text(json.dumps({"calls": calls, "dest": str(dest)}))
    done = subprocess.run(
        [PLAYBOOK, play, "-i", "localhost,", "-e", f"@{variables}", *arguments],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    said = done.stdout + done.stderr
    assert dest.exists() and "Traceback" not in said, said
    results: list[dict[str, Any]] = json.loads(dest.read_text())
    return results
