# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Verdicts of the traffic server on presented certificates, as a task."""

from __future__ import annotations

DOCUMENTATION = r"""
module: origin_verdict_info
short_description: Tell what the Expressway-C traffic server does with certificates of UC nodes
version_added: 0.1.0
description:
  - From X14.2 the traffic server of Cisco Expressway-C verifies the TLS certificate of every UC node that mobile and
    remote access clients reach through it, and answers with 502 where it cannot.
  - This module tells for each trust store and each presented chain whether it is accepted, and if not, at which
    stage, with which error, why, what repairs it, and what will still fail after that.
  - The chain is judged by OpenSSL itself with the purpose, security level and chain length of the traffic server;
    the name by the traffic server's own rules, which differ from those of browsers.
  - Nothing is connected to. Use M(collab.expressway.presented_certificates_info) to read what the nodes present, and
    M(collab.expressway.facts) to read the trust store of a peer.
author:
  - The collab.expressway authors (@collab)
extends_documentation_fragment:
  - collab.expressway.attributes.pure_module
  - collab.expressway.verdict
options:
  trust_stores:
    description:
      - The trusted CA certificates of the peers, by a name that returns in RV(verdicts[].trust_store).
      - Each value is PEM text, or the path of a PEM file on the host that runs the module.
      - The order of the certificates matters where several have the same subject.
    type: dict
    required: true
seealso:
  - module: collab.expressway.presented_certificates_info
  - module: collab.expressway.facts
"""

EXAMPLES = r"""
- name: Read what the nodes present
  collab.expressway.presented_certificates_info:
    origins:
      - {address: cucm1.example.test, port: 8443}
      - {address: cucm1.example.test, port: 6972}
  register: nodes

- name: Judge it with the trust store of two peers
  collab.expressway.origin_verdict_info:
    trust_stores:
      expc1: "{{ hostvars['expc1'].ansible_facts.expressway.trust_store.pem }}"
      expc2: /tmp/expc2-trusted-ca.pem
    origins: >-
      {%- set origins = [] -%}
      {%- for entry in nodes.presented if entry.chain -%}
      {%- set _ = origins.append({'address': entry.address, 'port': entry.port, 'key_type': entry.key_type,
                                  'presented': entry.chain}) -%}
      {%- endfor -%}
      {{ origins }}
  register: judged

- name: Show what breaks, and what to do about it
  ansible.builtin.debug:
    msg: "{{ item.address }}:{{ item.port }} on {{ item.trust_store }}: {{ item.cause }} {{ item.remedy }}"
  loop: "{{ judged.verdicts | selectattr('outcome', 'eq', 'refused') }}"
  loop_control:
    label: "{{ item.address }}"
"""

RETURN = r"""
verdicts:
  description: One verdict for each trust store and origin, by trust store, then by origin, in the given order.
  returned: success
  type: list
  elements: dict
  contains:
    trust_store:
      description: Name of the trust store.
      type: str
      sample: expc1
    address:
      description: Address of the origin.
      type: str
      sample: cucm1.example.test
    port:
      description: Port of the origin.
      type: int
      sample: 8443
    key_type:
      description: O(origins[].key_type), only where it was given.
      type: str
    outcome:
      description: V(accepted) or V(refused).
      type: str
      sample: refused
    stage:
      description:
        - V(chain) when the chain is refused, V(name) when the chain is good (or would be refused only later) and the
          address is not in the certificate, null when accepted.
      type: str
      sample: chain
    error_code:
      description: Error number of OpenSSL 1.1.1, null where no certificate error is involved.
      type: int
      sample: 20
    error:
      description: The words of OpenSSL 1.1.1, or what else is wrong; null when accepted.
      type: str
      sample: unable to get local issuer certificate
    depth:
      description: Which certificate of the chain the error is about, counted from the leaf, 0.
      type: int
      sample: 0
    name_covered:
      description: What covers the address, V(dns_name) or V(common_name); null when nothing does.
      type: str
      sample: dns_name
    names:
      description: All names that the traffic server compares, the dNSName entries and the first common name.
      type: list
      elements: str
    name_findings:
      description: Where RFC 9525 answers otherwise than the traffic server.
      type: list
      elements: dict
      contains:
        code:
          description:
            - One of V(covered_only_by_common_name), V(ip_only_as_text), V(ip_only_as_ip_address), V(wildcard_or_dot),
              V(refused_by_traffic_server_only).
          type: str
        text:
          description: The same for people.
          type: str
    cause:
      description: Why it is refused; null when accepted.
      type: str
    remedy:
      description: What repairs it; null when accepted.
      type: str
    reveals:
      description: What will still fail once that is repaired, because the traffic server tells one error at a time.
      type: list
      elements: str
    weak:
      description: Keys and digests that a higher security level or a later OpenSSL refuses.
      type: list
      elements: str
    store_problems:
      description: Blocks of the trust store that are no certificates, with their place.
      type: list
      elements: str
      sample: ["block 3 (line 41): private key"]
    log_line:
      description:
        - The line that the traffic server of the peer will log, without time and thread; null when accepted.
        - Where the IP address behind the name is not known, V(<IP address>) stands in its place.
      type: str
    reproduce:
      description: Shell commands that show the same with OpenSSL 3.
      type: str
"""

from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.certificates.pem_options import (
    pem_text,
)
from ansible_collections.collab.expressway.plugins.module_utils.dependencies import (
    MISSING,
    missing_dependencies,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.options import (
    OPTIONS,
    check_places,
    moment,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.verdicts import (
    judge_origins,
)

ARGUMENT_SPEC = OPTIONS


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    missing = missing_dependencies()
    if missing:
        module.fail_json(msg=missing_required_lib(missing[0]), exception=MISSING[missing[0]])
    complaints: list[str] = []
    at = moment(module.params["at"], datetime.now(UTC), complaints)
    trust_stores = _trust_stores(module.params["trust_stores"], complaints)
    origins = _origins(module.params["origins"], complaints)
    if complaints:
        module.fail_json(msg="Nothing was judged. " + "; ".join(complaints))
    verdicts = judge_origins(trust_stores, origins, module.params["security_level"], at=at)
    module.exit_json(changed=False, verdicts=verdicts)


def _trust_stores(stores: dict[str, Any], complaints: list[str]) -> dict[str, str]:
    """PEM text by name. What the text holds is judged, not complained about: it is what the peer has."""
    texts: dict[str, str] = {}
    for name, value in stores.items():
        text = pem_text(value, f"trust_stores.{name}", complaints)
        if text is not None:
            texts[str(name)] = text
    return texts


def _origins(origins: list[dict[str, Any]], complaints: list[str]) -> list[dict[str, Any]]:
    check_places(origins, complaints)
    for index, origin in enumerate(origins):
        place = f"origins[{index}]"
        if origin["presented"].strip():
            bundle = read_bundle(origin["presented"])
            problems = bundle.problems or (() if bundle.certificates else ("no certificate in it",))
            complaints.extend(f"{place}.presented: {problem}" for problem in problems)
    optional = ("connect_to", "key_type")
    return [
        {key: value for key, value in origin.items() if value is not None or key not in optional}
        for origin in origins
    ]


if __name__ == "__main__":
    main()
