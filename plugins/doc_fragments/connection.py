# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    """What all modules that talk to a peer have in common."""

    DOCUMENTATION = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/collab.expressway.expressway) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - collab.expressway.expressway
requirements:
  - paramiko >= 3.4 on the controller
notes:
  - Runs on the controller, over the connection C(collab.expressway.expressway), which takes address and credentials from the usual
    inventory variables. See C(ansible-doc -t connection collab.expressway.expressway).
  - One task is one login and one logout.
  - A peer that cannot be reached or logged in to, or whose session breaks down before anything is written, is UNREACHABLE. A peer
    that refuses something fails the task.
"""
