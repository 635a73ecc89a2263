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
      contains:
        complete: {description: Whether every source was read., type: bool}
        addresses:
          description: What clients can be given, and the sources that say so.
          type: list
          elements: dict
          contains:
            address: {description: Host name or IP address., type: str}
            product: {description: Product of the node; null where unknown., type: str}
            node: {description: Name of the node., type: str}
            role: {description: What the node is in its cluster; null where unknown., type: str}
            ports: {description: TCP ports that are audited., type: list, elements: int}
            sources: {description: Where the address is known from., type: list, elements: str}
        excluded:
          description: What the inventory leaves out of the audit.
          type: list
          elements: dict
          contains:
            address: {description: Host name or IP address., type: str}
            port: {description: TCP port., type: int}
            node: {description: Name of the node., type: str}
        not_read:
          description: Sources that were asked for in vain.
          type: list
          elements: dict
          contains:
            source: {description: Name of the source., type: str}
            error: {description: Why., type: str}
            remedy: {description: What to do., type: str}
    peers:
      description: How each peer stands.
      type: list
      elements: dict
      contains:
        name: {description: As given., type: str}
        reached: {description: As given., type: bool}
        error: {description: Why it was not reached; null where it was., type: str}
        version: {description: "Release; null where it was not read.", type: str, sample: X14.2.5}
        verification:
          description: C(VerifyOriginServer) as read, V(on), V(off), V(unsupported) (the release has no such switch) or V(unknown).
          type: str
        verifies: {description: Whether the peer verifies origins today; null where nobody can say., type: bool}
        verification_note: {description: What there is to know about that; null without., type: str}
        until: {description: "O(peers[].origin_verification_until), as given.", type: str}
        reason: {description: "O(peers[].origin_verification_reason), as given.", type: str}
        cipher_list: {description: Cipher list toward UC nodes; null where the peer was not reached., type: str}
        cipher_list_assumed: {description: Whether that is the documented default because the peer did not tell its own., type: bool}
        minimum_tls: {description: Lowest TLS version toward UC nodes., type: str, sample: minTLSv1.2}
        trust_store:
          description: The trust store; null where it was not read.
          type: dict
          contains:
            sha256: {description: Digest of the certificates whatever their order., type: str}
            certificates: {description: "SHA-256 of each, in the order of the store.", type: list, elements: str}
            problems: {description: Blocks that are no certificates., type: list, elements: str}
        uc_servers:
          description: Unified CM and IM and Presence servers that the peer is configured with; null where they were not read.
          type: list
          elements: dict
          contains:
            product: {description: "V(cucm) or V(imp).", type: str}
            publisher: {description: Its address., type: str}
            tls_verify: {description: TLS verify mode of the entry., type: str}
        configured_peers: {description: Addresses of the cluster's peers in its own configuration., type: list, elements: str}
        not_read: {description: Why a subset of facts was not read; one key a subset., type: dict}
    origins:
      description: Each address and port with what it presented.
      type: list
      elements: dict
      contains:
        address: {description: As given., type: str}
        port: {description: As given., type: int}
        product: {description: As given., type: str}
        node: {description: As given., type: str}
        connect_to: {description: As given., type: str}
        source: {description: As given., type: str}
        presented:
          description: One entry for each key type, and for V(offered) one for each cipher list.
          type: list
          elements: dict
          contains:
            key_type: {description: "V(rsa), V(ecdsa) or V(offered).", type: str}
            cipher_list: {description: The cipher list of V(offered); else null., type: str}
            leaf_key_type: {description: Key type of the first certificate; null without., type: str}
            chain: {description: "SHA-256 of the certificates as sent, leaf first.", type: list, elements: str}
            tls_version: {description: Negotiated version., type: str}
            cipher: {description: Negotiated cipher suite., type: str}
            connected_to: {description: IP address that was connected to., type: str}
            error: {description: Why nothing was presented; null where it was., type: str}
            error_kind: {description: "RV(collab.expressway.presented_certificates_info#module:presented[].error_kind).", type: str}
    certificates:
      description: Every certificate that was seen, by the SHA-256 of its DER. Each has the keys below.
      type: dict
      contains:
        sha256: {description: "SHA-256 of the DER, in lower-case hexadecimal.", type: str}
        subject: {description: "Subject, RFC 4514.", type: str}
        common_name: {description: "First common name of the subject, or null.", type: str}
        issuer: {description: "Issuer, RFC 4514.", type: str}
        issuer_common_name: {description: "First common name of the issuer, or null.", type: str}
        serial: {description: Serial number in hexadecimal., type: str}
        not_before: {description: "Start of its validity, ISO 8601.", type: str}
        not_after: {description: "End of its validity, ISO 8601.", type: str}
        key_type: {description: "V(rsa), V(ecdsa), V(ed25519) and so on.", type: str}
        key_size: {description: Size of the key in bits., type: int}
        signature_hash: {description: Digest of the signature., type: str, sample: sha256}
        self_signed: {description: Whether it signed itself., type: bool}
        is_ca: {description: Whether the basic constraints say that it is a CA., type: bool}
        san:
          description: Subject alternative names, by kind.
          type: dict
          contains:
            dns: {description: dNSName entries., type: list, elements: str}
            ip: {description: iPAddress entries., type: list, elements: str}
            email: {description: rfc822Name entries., type: list, elements: str}
            uri: {description: uniformResourceIdentifier entries., type: list, elements: str}
        ski: {description: "Subject key identifier in hexadecimal, or null.", type: str}
        aki: {description: "Authority key identifier in hexadecimal, or null.", type: str}
        extended_key_usage: {description: "Purposes of the key.", type: list, elements: str, sample: [serverAuth]}
        pem: {description: The certificate as PEM text., type: str}
    verdicts:
      description:
        - One for each peer, address, port and key type. C(standing) says what it means for logins; V(accepted),
          V(breaks_today), V(breaks_when_verified) or V(breaks_after_change).
      type: list
      elements: dict
      contains:
        peer: {description: Name of the peer., type: str}
        address: {description: Address of the origin., type: str}
        port: {description: Port of the origin., type: int}
        key_type: {description: "V(rsa), V(ecdsa) or V(offered).", type: str}
        leaf_key_type: {description: Key type of the first certificate., type: str}
        chain: {description: "SHA-256 of the certificates, leaf first.", type: list, elements: str}
        leaf_trusted: {description: Whether the leaf itself is in the trust store of the peer., type: bool}
        as_offered: {description: Whether this is the chain that the peer's own cipher list brings today., type: bool}
        standing: {description: What the verdict means for logins; see above., type: str}
        outcome: {description: "V(accepted) or V(refused).", type: str}
        stage: {description: "V(chain) or V(name); null where accepted.", type: str}
        error_code: {description: Error number of OpenSSL 1.1.1; null without., type: int}
        error: {description: The words of OpenSSL 1.1.1; null where accepted., type: str}
        depth: {description: "Certificate that the error is about, counted from the leaf, 0.", type: int}
        name_covered: {description: "What covers the address, V(dns_name) or V(common_name); null where nothing does.", type: str}
        names: {description: Names that the traffic server compares., type: list, elements: str}
        name_findings:
          description: Where RFC 9525 answers otherwise than the traffic server.
          type: list
          elements: dict
          contains:
            code: {description: "RV(collab.expressway.origin_verdict_info#module:verdicts[].name_findings[].code).", type: str}
            text: {description: The same for people., type: str}
        cause: {description: Why it is refused; null where accepted., type: str}
        remedy: {description: What repairs it; null where accepted., type: str}
        reveals: {description: What will still fail once that is repaired., type: list, elements: str}
        weak: {description: Keys and digests that a higher security level or a later OpenSSL refuses., type: list, elements: str}
        log_line: {description: The line that the peer will log; null where accepted., type: str}
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
        - The smallest repair of trust, by peer; empty where nothing could be planned. Each has the keys below. See
          M(collab.expressway.trust_plan_info).
      type: dict
      contains:
        add:
          description: What the trust store of this peer lacks, in the order of upload.
          type: list
          elements: dict
          contains:
            sha256: {description: "SHA-256 of the DER, in lower-case hexadecimal.", type: str}
            subject: {description: "Subject, RFC 4514.", type: str}
            common_name: {description: "First common name, or null.", type: str}
            not_after: {description: "End of its validity, ISO 8601.", type: str}
            reason: {description: Why it is in the plan., type: str}
            seen_in: {description: Where it was seen., type: list, elements: str}
            repairs:
              description: Origins that are refused without it.
              type: list
              elements: dict
              contains:
                address: {description: Address of the origin., type: str}
                port: {description: Port of the origin., type: int}
                key_type: {description: "V(rsa), V(ecdsa) or V(offered).", type: str}
        smallest: {description: Whether it is proven that no smaller set does the same., type: bool}
        accepted_before: {description: Presented chains that are trusted today., type: int}
        accepted_after: {description: Presented chains that are trusted with the plan carried out., type: int}
    summary:
      description: The answer in short.
      type: dict
      contains:
        answer: {description: One sentence., type: str}
        complete: {description: Whether everything that was asked for was looked at., type: bool}
        breaks_today: {description: Number of origins that a verifying peer refuses today as offered., type: int}
        refused: {description: The same whatever the switch of the peer says now., type: int}
        counts:
          description: More numbers.
          type: dict
          contains:
            peers: {description: Peers of the cluster., type: int}
            peers_judged: {description: Peers whose trust store was read., type: int}
            origins: {description: Origins that were asked for., type: int}
            origins_seen: {description: Origins that presented a chain., type: int}
            verdicts_accepted: {description: Verdicts V(accepted)., type: int}
            verdicts_refused: {description: Verdicts V(refused)., type: int}
            breaks_when_verified: {description: Origins that a peer refuses as soon as it verifies., type: int}
            breaks_after_change: {description: Origins that break after a cipher or release change., type: int}
            only_after_change: {description: Those of them that nothing breaks before., type: int}
            not_looked_at: {description: "Length of RV(audit.summary.not_looked_at).", type: int}
            findings:
              description: Findings by severity.
              type: dict
              contains:
                critical: {description: "Logins break today, or protection is off without an end.", type: int}
                warning: {description: Will break something., type: int}
                info: {description: Worth knowing., type: int}
        logins:
          description: Which origins break, why, and what to do; one entry a cause.
          type: list
          elements: dict
          contains:
            standing: {description: "V(breaks_today) or V(breaks_when_verified).", type: str}
            origins:
              description: Address and port of each.
              type: list
              elements: dict
              contains:
                address: {description: Address of the origin., type: str}
                port: {description: Port of the origin., type: int}
            peers: {description: Peers that refuse them., type: list, elements: str}
            key_types: {description: Key types of the refused certificates., type: list, elements: str}
            why: {description: Why., type: str}
            remedy: {description: What to do., type: str}
        not_looked_at:
          description: What was not observed. Nothing of it counts as accepted.
          type: list
          elements: dict
          contains:
            what: {description: "V(source) of addresses, V(address), V(peer), V(subset) of its facts, or V(origin).", type: str}
            peer: {description: Peer that it concerns; null without., type: str}
            peers: {description: Peers whose cipher list it concerns., type: list, elements: str}
            address: {description: Address that it concerns; null without., type: str}
            port: {description: Port that it concerns; null without., type: int}
            key_type: {description: Key type that it concerns; null without., type: str}
            error_kind:
              description:
                - For V(origin) as in RV(collab.expressway.presented_certificates_info#module:presented[].error_kind), or V(not_asked),
                  V(nothing_presented); for V(peer) V(unreached) or V(not_audited); else the name of the subset, of the source or
                  of the check.
              type: str
            reason: {description: Why., type: str}
            remedy: {description: What to do., type: str}
"""

from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.collab.expressway.plugins.module_utils.audit.model import audit_cluster
from ansible_collections.collab.expressway.plugins.module_utils.audit.observations import (
    observation_problems,
)
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
MOST_DAYS = 100_000


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    for library in missing_dependencies():
        module.fail_json(msg=missing_required_lib(library), exception=MISSING[library])
    options = module.params
    complaints = observation_problems(options["peers"], options["presented"], options["discovery"])
    at = moment(options["at"], datetime.now(UTC), complaints)
    if abs(options["expiring_within_days"]) > MOST_DAYS:
        complaints.append(
            f"expiring_within_days: {options['expiring_within_days']} is out of range; give at most {MOST_DAYS}"
        )
    if complaints:
        module.fail_json(msg="; ".join(complaints))
    known: dict[str, Certificate] = {}

    def read_chain(pem: str) -> list[dict[str, Any]]:
        return [describe(certificate) for certificate in read_bundle(pem, known).certificates]

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
