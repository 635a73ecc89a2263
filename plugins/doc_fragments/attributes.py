# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    """Attributes of modules with a connection; `PURE_MODULE` of those that need none and change nothing."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return the changed status prediction without modifying the target.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
"""

    INFO_MODULE = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - Reads only.
  diff_mode:
    support: N/A
    details:
      - Reads only.
"""

    PURE_MODULE = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return the same as without, as it changes nothing.
    support: full
  diff_mode:
    description: Returns details on what has changed when in diff mode.
    support: none
    details: There is nothing that could change.
"""
