#!/usr/bin/python
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: mra_audit_info
short_description: Judge what the peers of a cluster will refuse, and list what to act on
version_added: 0.1.0
description:
  - Takes what was observed of one Expressway-C cluster (facts of its peers, addresses of the UC nodes behind it, the chains
    that these present) and returns one model with verdicts, findings and a summary.
  - There is a verdict for each peer, address, port and key type. The key type V(offered) is judged with the chain that was
    read with that peer's own cipher list.
  - What was not observed is never taken for accepted. It is listed in RV(audit.summary.not_looked_at).
  - The role P(collab.expressway.mra_audit#role) observes, calls this module and writes the report.
  - The model is described by the JSON schema C(docs/audit.schema.json) of this collection.
author: ["The collab.expressway authors (@collab)"]
extends_documentation_fragment:
  - collab.expressway.attributes.pure_module
requirements:
  - cryptography >= 43
  - pyOpenSSL >= 24.2
options:
  cluster:
    description: Name of the cluster.
    type: str
    required: true
  peers:
    description: All peers of the cluster, also those that could not be reached.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the peer.
        type: str
        required: true
      reached:
        description: Whether facts were read from it.
        type: bool
        required: true
      error:
        description: Why it was not reached.
        type: str
      facts:
        description: RV(collab.expressway.facts#module:ansible_facts.expressway).
        type: dict
      origin_verification_until:
        description: Date (YYYY-MM-DD) until which C(VerifyOriginServer) may be Off on this peer.
        type: str
      origin_verification_reason:
        description: Why it may be Off.
        type: str
  addresses:
    description: Addresses to audit, as the filter P(collab.expressway.origins#filter) makes them.
    type: list
    elements: dict
    required: true
    suboptions:
      address:
        description: Host name or IP address that MRA clients ask for.
        type: str
        required: true
      port:
        description: TCP port.
        type: int
        required: true
      product:
        description: Product of the node (V(cucm), V(imp) or V(cuc)).
        type: str
      node:
        description: Name of the node.
        type: str
      connect_to:
        description: Where the address is found from the probing host.
        type: str
      source:
        description: Where the address is known from.
        type: str
        default: inventory
      optional:
        description:
          - Whether this port is one that not every node serves. Where it refuses the connection it is left out of the audit, with
            a finding of severity V(info), and does not make the audit incomplete.
        type: bool
        default: false
  discovery:
    description:
      - What M(collab.expressway.uc_addresses_info) returned where O(addresses) come from there; C(addresses), C(excluded),
        C(not_read), C(complete) and C(findings). Its findings become findings of the audit, and what it could not read is listed
        in RV(audit.summary.not_looked_at).
    type: dict
  presented:
    description: RV(collab.expressway.presented_certificates_info#module:presented) of these addresses.
    type: list
    elements: dict
    required: true
  certificates:
    description:
      - PEM text of CA certificates known from elsewhere, for example from the C(tomcat-trust) of Unified CM. Where one of
        them is what a peer lacks, the finding names it.
    type: list
    elements: str
    default: []
  at:
    description: Time of the judgement, ISO 8601; now by default. Without an offset it is UTC.
    type: str
  expiring_within_days:
    description: A certificate that ends within so many days is a finding.
    type: int
    default: 30
  security_level:
    description: Security level of OpenSSL on the Expressway; which one it has is not documented.
    type: int
    choices: [0, 1, 2]
    default: 1
seealso:
  - module: collab.expressway.audit_report
  - module: collab.expressway.origin_verdict_info
"""

EXAMPLES = r"""
- name: Read facts and trust store of every peer
  collab.expressway.facts:
    allow_unread: true
  register: observed
  ignore_unreachable: true

- name: Read what the UC nodes present, per key type and to the cipher list of each peer
  collab.expressway.presented_certificates_info:
    origins: "{{ item.origins }}"
    key_types: "{{ item.key_types }}"
    cipher_list: "{{ item.cipher_list }}"
    minimum_tls_version: "{{ item.minimum_tls_version }}"
  loop: "{{ mra_audit_nodes | collab.expressway.origins('emea') | collab.expressway.handshakes(observed_peers) }}"
  loop_control:
    label: "{{ item.cipher_list }}"
  vars:
    observed_peers: "{{ ansible_play_hosts_all | collab.expressway.observed_peers(hostvars, register='observed') }}"
  delegate_to: localhost
  run_once: true
  register: uc

- name: Judge
  collab.expressway.mra_audit_info:
    cluster: emea
    peers: "{{ ansible_play_hosts_all | collab.expressway.observed_peers(hostvars, register='observed') }}"
    addresses: "{{ mra_audit_nodes | collab.expressway.origins('emea') }}"
    presented: "{{ uc.results | map(attribute='presented') | flatten(levels=1) }}"
  delegate_to: localhost
  run_once: true
  register: judged

- name: Show the answer
  ansible.builtin.debug:
    msg: "{{ judged.audit.summary.answer }}"
  run_once: true
"""

RETURN = r"""
audit:
  description: The model; C(docs/audit.schema.json) of this collection describes every key.
  type: dict
  returned: success
  contains:
    schema_version:
      description: Version of the model.
      type: str
      sample: "1.2"
    cluster:
      description: As given.
      type: str
    audited_on:
      description: Date of the judgement (UTC). The time is left out, so that an unchanged cluster gives an unchanged model.
      type: str
      sample: "2026-11-23"
    security_level:
      description: As given.
      type: int
    discovery:
      description:
        - C(complete), C(addresses), C(excluded) and C(not_read) of O(discovery); null without it.
      type: dict
    peers:
      description: How each peer stands; release, verification, cipher list, digests of its trust store.
      type: list
      elements: dict
    origins:
      description: Each address and port with what it presented.
      type: list
      elements: dict
    certificates:
      description: Every certificate that was seen, by the SHA-256 of its DER.
      type: dict
    verdicts:
      description:
        - One for each peer, address, port and key type. C(standing) says what it means for logins; V(accepted),
          V(breaks_today), V(breaks_when_verified) or V(breaks_after_change).
      type: list
      elements: dict
    findings:
      description: What a person should act on, worst first.
      type: list
      elements: dict
      contains:
        id: {description: Stable identifier., type: str}
        check: {description: Name of the check that found it., type: str, sample: breaks_today}
        severity: {description: "V(critical), V(warning) or V(info).", type: str}
        title: {description: What was found., type: str}
        evidence: {description: What shows it., type: list, elements: str}
        remedy: {description: What to do., type: str}
        peers: {description: Peers that it concerns., type: list, elements: str}
        address: {description: Address that it concerns; null without., type: str}
        port: {description: Port that it concerns; null without., type: int}
        key_type: {description: Key type of the certificate that it concerns; null without., type: str}
        reproduce: {description: Shell command that shows the same; null without., type: str}
    plan:
      description:
        - The smallest repair of trust, by peer; C(add) lists what its trust store lacks, each with C(sha256), C(reason), C(seen_in) and
          C(repairs). See M(collab.expressway.trust_plan_info).
      type: dict
    summary:
      description: The answer in short.
      type: dict
      contains:
        answer: {description: One sentence., type: str}
        complete: {description: Whether everything that was asked for was looked at., type: bool}
        breaks_today: {description: Number of origins that a verifying peer refuses today as offered., type: int}
        refused: {description: The same whatever the switch of the peer says now., type: int}
        counts: {description: More numbers., type: dict}
        logins: {description: "Which origins break, why, and what to do; one entry a cause.", type: list, elements: dict}
        not_looked_at: {description: "What was not observed, with its reason and remedy.", type: list, elements: dict}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.collab.expressway.plugins.module_utils.audit.model import audit_cluster
from ansible_collections.collab.expressway.plugins.module_utils.audit.origins import ADDRESS_OPTIONS
from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
    describe,
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.dependencies import (
    MISSING,
    missing_dependencies,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.plan import plan_trust
from ansible_collections.collab.expressway.plugins.module_utils.verdict.options import moment
from ansible_collections.collab.expressway.plugins.module_utils.verdict.verdicts import (
    judge_origins,
)

ARGUMENT_SPEC: dict[str, Any] = {
    "cluster": {"type": "str", "required": True},
    "peers": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "reached": {"type": "bool", "required": True},
            "error": {"type": "str"},
            "facts": {"type": "dict"},
            "origin_verification_until": {"type": "str"},
            "origin_verification_reason": {"type": "str"},
        },
    },
    "addresses": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": ADDRESS_OPTIONS,
    },
    "discovery": {"type": "dict"},
    "presented": {"type": "list", "elements": "dict", "required": True},
    "certificates": {"type": "list", "elements": "str", "default": []},
    "at": {"type": "str"},
    "expiring_within_days": {"type": "int", "default": 30},
    "security_level": {"type": "int", "choices": [0, 1, 2], "default": 1},
}
OF_A_DISCOVERY = ("addresses", "excluded", "not_read", "complete", "findings")


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    for library in missing_dependencies():
        module.fail_json(msg=missing_required_lib(library), exception=MISSING[library])
    options = module.params
    complaints: list[str] = []
    at = moment(options["at"], complaints)
    if complaints:
        module.fail_json(msg="; ".join(complaints))
    known: dict[str, Certificate] = {}

    def read_chain(pem: str) -> list[dict[str, Any]]:
        return [describe(certificate) for certificate in read_bundle(pem, known).certificates]

    missing = [key for key in OF_A_DISCOVERY if key not in (options["discovery"] or OF_A_DISCOVERY)]
    if missing:
        module.fail_json(
            msg=f"discovery has no {', '.join(missing)}; give what uc_addresses_info returned"
        )
    candidates: list[dict[str, Any]] = []
    for index, pem in enumerate(options["certificates"]):
        bundle = read_bundle(pem, known)
        if bundle.problems or not bundle.certificates:
            said = "; ".join(bundle.problems) or "no certificate in it"
            module.fail_json(msg=f"certificates[{index}]: {said}; give PEM text of certificates")
        candidates += [describe(certificate) for certificate in bundle.certificates]
    module.exit_json(
        changed=False,
        audit=audit_cluster(
            cluster=options["cluster"],
            peers=options["peers"],
            addresses=options["addresses"],
            presented=options["presented"],
            at=at,
            read_chain=read_chain,
            judge=judge_origins,
            planner=plan_trust,
            certificates=candidates,
            discovery=options["discovery"] or None,
            expiring_within_days=options["expiring_within_days"],
            security_level=options["security_level"],
        ),
    )


if __name__ == "__main__":
    main()
