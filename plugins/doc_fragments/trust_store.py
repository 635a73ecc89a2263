# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    """What modules that reach the trust store of a peer have in common."""

    DOCUMENTATION = r"""
options:
  store_path:
    description: The store's file on the peer, for O(via=root_ssh).
    type: str
    default: /tandberg/persistent/certs/ca.pem
requirements:
  - cryptography on the controller
  - pyOpenSSL on the controller
"""
