# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    """What all modules that talk to a UC node have in common."""

    DOCUMENTATION = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/collab.expressway.uc) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - collab.expressway.uc
requirements:
  - paramiko >= 3.4 on the controller
notes:
  - Runs on the controller, over the connection C(collab.expressway.vos), which takes address and credentials from the usual inventory
    variables. See C(ansible-doc -t connection collab.expressway.vos).
  - One task is one login at most and one logout.
  - A node that cannot be reached or logged in to is UNREACHABLE. A node that refuses something fails the task.
"""
