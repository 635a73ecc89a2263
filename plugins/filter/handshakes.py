# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The filter handshakes: what has to be asked of the origins so that every peer can be judged."""

from __future__ import annotations

DOCUMENTATION = r"""
name: handshakes
author: ["The collab.expressway authors (@collab)"]
version_added: 0.1.0
short_description: Handshakes that an audit has to make
description:
  - Makes the options of M(collab.expressway.presented_certificates_info), one set for each cipher list that the peers of a
    cluster have. The first also asks for each key type, which no cipher list changes.
  - A peer that does not tell its cipher list counts with the documented default of X15.0.
positional: peers
options:
  _input:
    description: Addresses as P(collab.expressway.origins#filter) makes them.
    type: list
    elements: dict
    required: true
  peers:
    description: Peers as P(collab.expressway.observed_peers#filter) makes them.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Read what the origins present to every peer
  collab.expressway.presented_certificates_info:
    origins: "{{ item.origins }}"
    key_types: "{{ item.key_types }}"
    cipher_list: "{{ item.cipher_list }}"
    minimum_tls_version: "{{ item.minimum_tls_version }}"
  loop: "{{ mra_audit_nodes | collab.expressway.origins('emea') | collab.expressway.handshakes(peers) }}"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: One entry for each distinct cipher list.
  type: list
  elements: dict
  contains:
    origins: {description: "Address, port and connect_to of each origin.", type: list, elements: dict}
    key_types: {description: "V(rsa), V(ecdsa) and V(offered), or V(offered) alone.", type: list, elements: str}
    cipher_list: {description: The cipher list to offer., type: str}
    minimum_tls_version: {description: Lowest version to offer., type: str}
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.audit.origins import (
    KEY_TYPES,
    OFFERED,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.peers import offers


def handshakes(
    addresses: list[dict[str, Any]], peers: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """See DOCUMENTATION."""
    origins = [
        {key: address[key] for key in ("address", "port", "connect_to")} for address in addresses
    ]
    return [
        {
            "origins": origins,
            "key_types": [OFFERED] if index else list(KEY_TYPES),
            "cipher_list": cipher_list,
            "minimum_tls_version": minimum,
        }
        for index, (cipher_list, minimum) in enumerate(offers(peers))
    ]


class FilterModule:
    """What has to be asked of origins."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"handshakes": handshakes}
