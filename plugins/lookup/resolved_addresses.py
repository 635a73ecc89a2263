# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The lookup resolved_addresses: host names asked of one DNS server, from the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
name: resolved_addresses
author: ["The collab.expressway authors (@collab)"]
version_added: 0.1.0
short_description: Ask one DNS server where hosts are
description:
  - Asks a DNS server for the IP address of each host name, as M(collab.expressway.uc_addresses_info) does for what a publisher says.
    For names that nobody but the inventory or the Expressway-C knows.
  - A DNS server that does not answer is told in the result, and does not fail the task.
requirements:
  - dnspython >= 2.6 on the controller
options:
  _terms:
    description: Host names. IP addresses among them are left out.
    type: list
    elements: str
    required: true
  resolver:
    description: DNS server, as IP address with or without a port (V(192.0.2.53), V(192.0.2.53:5353), V([2001:db8::53]:5353)).
    type: str
    required: true
seealso:
  - module: collab.expressway.uc_addresses_info
"""

EXAMPLES = r"""
- name: Show where two nodes are
  ansible.builtin.debug:
    msg: "{{ (query('collab.expressway.resolved_addresses', 'cucm1.example.com', 'cuc1.example.com', resolver='192.0.2.53') | first).addresses }}"
"""

RETURN = r"""
_raw:
  description: One entry.
  type: list
  elements: dict
  contains:
    addresses: {description: Name to IP address; null where the DNS server does not know the name., type: dict}
    error: {description: Why names are missing; null where all were answered., type: str}
"""

from collections.abc import Iterable
from typing import Any

from ansible.plugins.lookup import LookupBase
from ansible_collections.collab.expressway.plugins.plugin_utils.dns_client import DnsClient, is_ip
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import PeerRefused


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(
        self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any
    ) -> list[dict[str, Any]]:
        self.set_options(var_options=variables, direct=kwargs)
        names = dict.fromkeys(str(term) for term in terms if not is_ip(str(term)))
        return [_answer(self.get_option("resolver"), names)]


def _answer(resolver: str, names: Iterable[str]) -> dict[str, Any]:
    """What was answered before the server fell silent is kept; after that nothing more is asked."""
    addresses: dict[str, str | None] = {}
    try:
        client = DnsClient(resolver)
        for name in names:
            addresses.update(client.addresses([name]))
    except PeerRefused as error:
        return {"addresses": addresses, "error": str(error)}
    return {"addresses": addresses, "error": None}
