#!/usr/bin/python
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: uc_certificates_info
short_description: Read the certificates that a UC node holds
version_added: 0.1.0
author:
  - The collab.expressway authors (@collab)
description:
  - Returns one record for each identity certificate of a Unified CM, IM and Presence or Unity Connection node, and for each certificate
    in its trust stores.
  - On release 14 and later they come from the certificate management API, which an account of privilege level 0 may read. Before, they
    come from the platform CLI (C(show cert own), C(show cert trust)), which asks for privilege level 1 and takes one command for each
    certificate.
  - Both take the platform administrator of the node (C(ansible_user), C(ansible_password)), not an application user of AXL.
  - What a node stores and what it presents can differ, for instance where TFTP was not restarted after a change.
    M(collab.expressway.presented_certificates_info) reads what is presented.
extends_documentation_fragment:
  - collab.expressway.attributes
  - collab.expressway.attributes.info_module
  - collab.expressway.node
requirements:
  - cryptography on the controller
  - pyOpenSSL on the controller
options:
  source:
    description:
      - V(auto) asks the API first, and the CLI where the node has no API (releases before 14) or no way leads to it. It does not go on
        after a refused login, because both take the same account.
      - V(api) and V(cli) ask there only.
    type: str
    choices: [auto, api, cli]
    default: auto
  units:
    description:
      - Units to read. A unit that the node does not have is listed in RV(not_given).
      - When not given, those that mobile and remote access meets, as far as the node has them, C(tomcat), C(CallManager), C(cup),
        C(cup-xmpp) and the same with C(-ECDSA).
    type: list
    elements: str
  trust:
    description:
      - Whether the trust stores beside the units are read, too.
      - Over the CLI RV(certificates[].chain) is empty without them.
    type: bool
    default: true
seealso:
  - module: collab.expressway.presented_certificates_info
  - module: collab.expressway.trust_plan_info
  - module: collab.expressway.uc_addresses_info
"""

EXAMPLES = r"""
- name: Read the certificates of a node
  collab.expressway.uc_certificates_info:
  register: held

- name: Show what Tomcat presents and who signed it
  ansible.builtin.debug:
    msg: "{{ item.unit }}: {{ item.subject }} from {{ item.issuer }}, {{ item.sans.dns | join(' ') }}"
  loop: "{{ held.certificates }}"
  loop_control:
    label: "{{ item.sha256 }}"

- name: Read the Tomcat certificates of an older node
  collab.expressway.uc_certificates_info:
    source: cli
    units: [tomcat, tomcat-ECDSA]
    trust: false
"""

RETURN = r"""
certificates:
  description: One record for each identity certificate, in the order of the node.
  returned: success
  type: list
  elements: dict
  contains:
    node:
      description: Inventory name of the node.
      type: str
    host:
      description: Host name or IP address at which it was read.
      type: str
    unit:
      description: Unit, V(tomcat-ECDSA) for instance.
      type: str
    subject:
      description: Subject as in RFC 4514.
      type: str
    common_name:
      description: First common name of the subject, or null.
      type: str
    sans:
      description: Subject alternative names, lists by kind (C(dns), C(ip), C(email), C(uri)).
      type: dict
    sha256:
      description: SHA-256 of the DER, in lowercase hexadecimal digits.
      type: str
    key_type:
      description: V(rsa) or V(ecdsa).
      type: str
    key_size:
      description: Size of the key in bits.
      type: int
    not_before:
      description: Start of validity, ISO 8601 in UTC.
      type: str
    not_after:
      description: End of validity, ISO 8601 in UTC.
      type: str
    self_signed:
      description: Whether subject and issuer are the same and the signature is its own.
      type: bool
    multi_server:
      description: Whether the common name has the form that Unified CM gives multi-server certificates (C(host-ms.domain)).
      type: bool
    issuer:
      description: Issuer as in RFC 4514.
      type: str
    subject_key_identifier:
      description: In hexadecimal digits, or null.
      type: str
    authority_key_identifier:
      description: In hexadecimal digits, or null.
      type: str
    serial:
      description: Serial number in hexadecimal digits.
      type: str
    pem:
      description: The certificate as PEM text.
      type: str
    chain:
      description: >-
        PEM text of the issuers that the node's own trust stores hold, nearest first, found by name and key identifier. No verdict.
      type: list
      elements: str
trust_certificates:
  description: The distinct certificates in the trust stores beside the units. Empty with O(trust=false).
  returned: success
  type: list
  elements: dict
  contains:
    sha256:
      description: SHA-256 of the DER, in lowercase hexadecimal digits.
      type: str
    subject:
      description: Subject as in RFC 4514.
      type: str
    common_name:
      description: First common name of the subject, or null.
      type: str
    units:
      description: Trust stores that hold it, V(tomcat-trust) for instance.
      type: list
      elements: str
    not_after:
      description: End of validity, ISO 8601 in UTC.
      type: str
    pem:
      description: The certificate as PEM text.
      type: str
not_given:
  description: What the node lists and does not give out, or what was asked for and is not there.
  returned: success
  type: list
  elements: dict
  contains:
    unit:
      description: Unit or trust store.
      type: str
    reason:
      description: Why it is not among the others.
      type: str
    listed:
      description: Whether the node lists it.
      type: bool
units:
  description: The units that were to be read.
  returned: success
  type: list
  elements: str
trust_stores:
  description: The trust stores that were to be read. Empty with O(trust=false).
  returned: success
  type: list
  elements: str
source:
  description: How it was read, V(api) or V(cli).
  returned: success
  type: str
api_error:
  description: Why O(source=auto) did not read over the API, otherwise null.
  returned: success
  type: str
node:
  description: Inventory name of the node.
  returned: success
  type: str
server:
  description: How the node calls itself in the API, null over the CLI.
  returned: success
  type: str
product:
  description: V(cucm) or V(imp) where the units tell, otherwise null.
  returned: success
  type: str
release:
  description: Release as the CLI or, of Unified CM, UDS tells it; null where neither does.
  returned: success
  type: str
  sample: 12.5.1.17900-64
login_refused:
  description: >-
    Whether the node refused the platform administrator. Nobody should log in there with the same password again, because appliances
    block addresses.
  returned: when the node did not answer, or refused
  type: bool
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "source": {"type": "str", "choices": ["auto", "api", "cli"], "default": "auto"},
    "units": {"type": "list", "elements": "str"},
    "trust": {"type": "bool", "default": True},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    module.fail_json(
        msg="collab.expressway.uc_certificates_info runs on the controller, as an action"
    )


if __name__ == "__main__":
    main()
