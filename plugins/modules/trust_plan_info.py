#!/usr/bin/python
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The smallest set of certificates that repairs the trust of each peer, as a task."""

from __future__ import annotations

DOCUMENTATION = r"""
module: trust_plan_info
short_description: Plan the smallest set of CA certificates for the trust store of each Expressway-C
version_added: 0.1.0
description:
  - Finds for each trust store the smallest set of certificates with which the traffic server accepts the chain of
    every origin that trust can repair. Nothing is uploaded, and nothing is connected to.
  - What is enough, and that none of it can be left out, is decided by OpenSSL as in
    M(collab.expressway.origin_verdict_info), never by comparing names.
  - A self-signed root (or the self-signed server certificate itself) is always needed, an intermediate CA only where the
    origin does not send it or the store would hide it. Origins that are accepted today stay accepted.
  - Candidates are what O(candidates) holds, what the origins present, and what the other trust stores hold. Expired
    certificates, server certificates that a CA signed, and private keys are never proposed.
  - What adding cannot repair is told with its remedy, a name that is missing from a certificate for instance, an
    issuer that was never seen, or a stale certificate that has to leave the trust store.
notes:
  - An expired CA in a trust store wins over the valid one of its name that an origin sends. Where taking it out is all that the
    origin needs, nothing is planned to be added for it, and RV(plans.remove) names it. OpenSSL would accept the chain with the
    valid one beside it, too; but two CAs of one common name clash (CSCwa12905), so removal is what is advised.
  - Where more than that is missing, the root, or the valid CA because the origin does not send it, RV(plans.add) holds what gets
    the chain accepted beside the expired CA. RV(plans.conflicts) then names both, and removal is the first of its remedies unless
    an origin needs the expired one. Plan again once it is out, because less may be enough.
author:
  - The collab.expressway authors (@collab)
extends_documentation_fragment:
  - collab.expressway.attributes.pure_module
  - collab.expressway.verdict
options:
  trust_stores:
    description:
      - The trusted CA certificates of the peers, by a name that returns as the key in RV(plans).
      - Each value is PEM text, or the path of a PEM file on the host that runs the module.
      - The order of the certificates matters where several have the same subject. Uploads are taken to come last.
    type: dict
    required: true
  candidates:
    description:
      - CA certificates known from elsewhere, from C(tomcat-trust) of a Unified CM for instance.
      - PEM text, the path of a PEM file on the host that runs the module, or a list of these.
      - What of it must not go into a trust store is told in RV(refused_candidates) and left out.
      - Keep private keys out of these files. They are refused, but a task's options can appear in its log.
    type: raw
seealso:
  - module: collab.expressway.origin_verdict_info
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

- name: Plan what two peers have to trust
  collab.expressway.trust_plan_info:
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
    candidates:
      - /tmp/tomcat-trust.pem
      - "{{ lookup('ansible.builtin.file', 'corporate-ca.pem') }}"
  register: trust

- name: Show what to upload to which peer, and why
  ansible.builtin.debug:
    msg: "{{ item.0.key }}: {{ item.1.subject }} ({{ item.1.sha256 }}). {{ item.1.reason }}"
  loop: "{{ trust.plans | dict2items | subelements('value.add') }}"
  loop_control:
    label: "{{ item.1.common_name }}"

- name: Show what no upload repairs
  ansible.builtin.debug:
    msg: "{{ item.1.address }}:{{ item.1.port }} on {{ item.0.key }}: {{ item.1.why }} {{ item.1.remedy }}"
  loop: "{{ trust.plans | dict2items | subelements('value.unrepaired') }}"
  loop_control:
    label: "{{ item.1.address }}"
"""

RETURN = r"""
plans:
  description:
    - One plan for each trust store, by its name. Each has the keys below.
    - The order of O(trust_stores), O(origins) and O(candidates) does not matter.
  returned: success
  type: dict
  contains:
    add:
      description: The certificates to upload, in this order. Empty when trust is not what is missing.
      type: list
      elements: dict
      contains:
        sha256:
          description: SHA-256 of the certificate (DER), lower-case hexadecimal.
          type: str
        subject:
          description: Subject, RFC 4514.
          type: str
          sample: CN=Example Corporate Root CA,O=Example
        common_name:
          description: First common name, or null.
          type: str
        not_after:
          description: End of its validity, ISO 8601.
          type: str
          sample: "2036-01-31T12:00:00Z"
        pem:
          description: The certificate.
          type: str
        reason:
          description: Why it is in the plan, for people.
          type: str
        seen_in:
          description:
            - Where it was seen. V(candidates), C(trust store of) a peer, or C(presented by) an origin.
            - Compare one that only origins present with its owner before it is trusted.
          type: list
          elements: str
          sample: ["candidates", "presented by cucm1.example.test:8443"]
        repairs:
          description:
            - The origins that are refused without it, by address, port and, where given, key type. They are accepted
              at stage V(chain) with the complete plan.
            - An origin that could do with either of two certificates, both needed by others, is named under those it
              leads over.
          type: list
          elements: dict
          contains:
            address: {description: Address of the origin., type: str}
            port: {description: Port of the origin., type: int}
            key_type: {description: "O(origins[].key_type), only where it was given.", type: str}
    conflicts:
      description:
        - Certificates of the plan that share a common name with another certificate of the store or of the plan. Cisco
          documents that an Expressway trusts only one of them (CSCwa12905).
        - Certificates that could repair an origin, but for such a namesake, are listed too, though they are not in
          RV(plans.add).
      type: list
      elements: dict
      contains:
        common_name:
          description: The common name; null where whole subjects without one are the same.
          type: str
        in_store:
          description: Those in the trust store.
          type: list
          elements: dict
          contains:
            sha256: {description: "SHA-256 of the DER, in lower-case hexadecimal.", type: str, sample: 5f0c…}
            subject: {description: "Subject, RFC 4514.", type: str, sample: CN=cucm1}
            serial: {description: Serial number in hexadecimal., type: str, sample: 4f1d}
            not_after: {description: "End of its validity, ISO 8601.", type: str, sample: "2030-01-01T00:00:00Z"}
            needed_by:
              description: The origins that need it.
              type: list
              elements: dict
              contains:
                address: {description: Address of the origin., type: str}
                port: {description: Port of the origin., type: int}
                key_type: {description: "O(origins[].key_type), only where it was given.", type: str}
        wanted:
          description: Those to be uploaded.
          type: list
          elements: dict
          contains:
            sha256: {description: "SHA-256 of the DER, in lower-case hexadecimal.", type: str, sample: 90be…}
            subject: {description: "Subject, RFC 4514.", type: str, sample: CN=cucm1}
            serial: {description: Serial number in hexadecimal., type: str, sample: 4f1e}
            not_after: {description: "End of its validity, ISO 8601.", type: str, sample: "2031-01-01T00:00:00Z"}
        remedies:
          description: The ways out, any of which is enough.
          type: list
          elements: str
    remove:
      description:
        - Certificates that have to leave the trust store before some origins are accepted, as they have expired or
          hide another one. This is advice, no part of RV(plans.add).
      type: list
      elements: dict
      contains:
        sha256:
          description: SHA-256 of the certificate (DER), lower-case hexadecimal.
          type: str
        subject:
          description: Subject, RFC 4514.
          type: str
        common_name:
          description: First common name, or null.
          type: str
        not_after:
          description: End of its validity, ISO 8601.
          type: str
        repairs:
          description: The origins that it keeps from being accepted.
          type: list
          elements: dict
          contains:
            address: {description: Address of the origin., type: str}
            port: {description: Port of the origin., type: int}
            key_type: {description: "O(origins[].key_type), only where it was given.", type: str}
        needed_by:
          description: The origins that are refused without it. Empty when none of O(origins) needs it.
          type: list
          elements: dict
          contains:
            address: {description: Address of the origin., type: str}
            port: {description: Port of the origin., type: int}
            key_type: {description: "O(origins[].key_type), only where it was given.", type: str}
    unrepaired:
      description: Every origin that is still refused with the plan.
      type: list
      elements: dict
      contains:
        address:
          description: Address of the origin.
          type: str
        port:
          description: Port of the origin.
          type: int
        key_type:
          description: O(origins[].key_type), only where it was given.
          type: str
        kind:
          description:
            - V(name), the certificate does not cover the address;
              V(issuer_not_found), see RV(plans.not_found);
              V(stale_in_store), an expired certificate in the trust store wins, see RV(plans.remove);
              V(clash), two certificates of one subject hide each other;
              V(expired), V(not_yet_valid), V(purpose), V(signature), V(certificate), the certificate or a CA above it
              has to be reissued;
              V(unreadable), the trust store or what the origin sends cannot be read.
          type: str
          sample: name
        stage:
          description: V(chain), or V(name) where the chain is accepted.
          type: str
        error_code:
          description: Error number of OpenSSL 1.1.1 with the plan carried out, or null.
          type: int
        why:
          description: Why trust does not repair it.
          type: str
        remedy:
          description: What repairs it.
          type: str
        reveals:
          description: What will still fail after that.
          type: list
          elements: str
    not_found:
      description: Issuers that were never seen, so that nothing can be proposed for what they issued.
      type: list
      elements: dict
      contains:
        issuer:
          description: Subject of the CA to look for, RFC 4514.
          type: str
        common_name:
          description: Its first common name, or null.
          type: str
        aki:
          description: Its subject key identifier in hexadecimal, as the certificate below it tells; or null.
          type: str
        needed_by:
          description: The origins that need it.
          type: list
          elements: dict
          contains:
            address: {description: Address of the origin., type: str}
            port: {description: Port of the origin., type: int}
            key_type: {description: "O(origins[].key_type), only where it was given.", type: str}
        where_to_look:
          description: Places where it may be found.
          type: list
          elements: str
    smallest:
      description:
        - Whether it is proven that no smaller set does the same. Only very tangled PKIs end the search before.
        - None of RV(plans.add) can be left out in any case.
      type: bool
    at_least:
      description: How many certificates are needed at least, equal to the length of RV(plans.add) when proven.
      type: int
    ways:
      description:
        - What is of use without the rest of RV(plans.add). For each group of origins that need the same, the sets of certificates
          (SHA-256), any of which is enough for them.
        - A part of a set repairs nothing, such as an intermediate CA without its root.
      type: list
      elements: list
      sample: [[["90be…", "5f0c…"]]]
    accepted_before:
      description: How many of O(origins) are accepted at stage V(chain) today; the same origin and chain count once.
      type: int
    accepted_after:
      description: How many of them are accepted at stage V(chain) with the plan carried out.
      type: int
refused_candidates:
  description: What of O(candidates) is never proposed.
  returned: success
  type: list
  elements: dict
  contains:
    place:
      description: Which of the candidates.
      type: str
      sample: candidates[1]
    reason:
      description: Why.
      type: str
      sample: "block 3 (line 41): private key: a key never leaves the host that it belongs to; take it out of this file"
    sha256:
      description: SHA-256 of the certificate, null where it is none.
      type: str
    subject:
      description: Subject of the certificate, null where it is none.
      type: str
    common_name:
      description: First common name, or null.
      type: str
"""

from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.collab.expressway.plugins.module_utils.certificates.pem_options import (
    pem_text,
    pem_texts,
)
from ansible_collections.collab.expressway.plugins.module_utils.dependencies import (
    MISSING,
    missing_dependencies,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.plan import plan_trust
from ansible_collections.collab.expressway.plugins.module_utils.verdict.options import (
    OPTIONS,
    check_places,
    moment,
)

ARGUMENT_SPEC: dict[str, Any] = {
    **OPTIONS,
    "candidates": {"type": "raw"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    missing = missing_dependencies()
    if missing:
        module.fail_json(msg=missing_required_lib(missing[0]), exception=MISSING[missing[0]])
    options = module.params
    complaints: list[str] = []
    at = moment(options["at"], datetime.now(UTC), complaints)
    stores = {
        str(name): pem_text(value, f"trust_stores.{name}", complaints)
        for name, value in options["trust_stores"].items()
    }
    candidates = pem_texts(options["candidates"], "candidates", complaints)
    check_places(options["origins"], complaints)
    if complaints:
        module.fail_json(msg="Nothing was planned. " + "; ".join(complaints))
    planned = plan_trust(
        {name: text for name, text in stores.items() if text is not None},
        options["origins"],
        candidates,
        at=at,
        security_level=options["security_level"],
    )
    module.exit_json(changed=False, **planned)


if __name__ == "__main__":
    main()
