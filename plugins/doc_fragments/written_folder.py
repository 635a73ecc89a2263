# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    """What modules have in common that keep files in a folder."""

    DOCUMENTATION = r"""
options:
  dest:
    description: Folder for the files; it is made when it is missing.
    type: path
    required: true
attributes:
  check_mode:
    description: Can run in check mode and tells which files would change, without writing.
    support: full
"""
