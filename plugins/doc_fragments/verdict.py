# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations


class ModuleDocFragment:
    """Options of modules that judge what UC nodes present; their specification is in module_utils/verdict/options.py."""

    DOCUMENTATION = r"""
options:
  origins:
    description: What the UC nodes present.
    type: list
    elements: dict
    required: true
    suboptions:
      address:
        description: Host name or IP address that clients ask for, which the certificate must cover.
        type: str
        required: true
      port:
        description: TCP port.
        type: int
        required: true
      presented:
        description:
          - The certificates as the node sends them, PEM text, leaf first.
          - May be empty for a node that sends none.
        type: str
        required: true
      connect_to:
        description:
          - IP address behind O(origins[].address), for RV(collab.expressway.origin_verdict_info#module:verdicts[].log_line). It does not
            matter to M(collab.expressway.trust_plan_info).
        type: str
      key_type:
        description: Handed through to the result, wherever the origin is named.
        type: str
  security_level:
    description:
      - OpenSSL security level of the peer. The one of the Expressway is not known; V(1) is the default of the OpenSSL
        that it is believed to have.
    type: int
    default: 1
    choices: [0, 1, 2, 3, 4, 5]
  at:
    description:
      - The moment of the verdicts in ISO 8601, for instance V(2026-12-01T00:00:00Z). UTC when it names no zone.
      - Default is now.
    type: str
requirements:
  - cryptography
  - pyOpenSSL
"""
