#!/usr/bin/python
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: trusted_ca_info
short_description: Read the trusted CA certificates of an Expressway peer
version_added: 0.1.0
author:
  - The collab.expressway authors (@collab)
description:
  - Returns one record for each certificate in the trust store of a peer, the store's text, and a digest to compare stores by.
  - A store that cannot be read fails the task; it never passes for an empty one.
extends_documentation_fragment:
  - collab.expressway.attributes
  - collab.expressway.attributes.info_module
  - collab.expressway.connection
  - collab.expressway.trust_store
options:
  via:
    description:
      - V(api) reads over the REST API.
      - V(root_ssh) logs in as root (C(expressway_root_password) or C(expressway_root_private_key_file)) and reads the store's file over
        SFTP, for sites whose API is closed.
    type: str
    choices: [api, root_ssh]
    default: api
seealso:
  - module: collab.expressway.trusted_ca
  - module: collab.expressway.facts
"""

EXAMPLES = r"""
- name: Read the trust store
  collab.expressway.trusted_ca_info:
  register: store

- name: Show what expires this year
  ansible.builtin.debug:
    msg: "{{ item.subject }} expires on {{ item.not_after }}"
  loop: "{{ store.certificates }}"
  loop_control:
    label: "{{ item.sha256 }}"
  when: item.not_after is search('^2026')
"""

RETURN = r"""
certificates:
  description: The distinct certificates in the store's order.
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
    issuer:
      description: Issuer as in RFC 4514.
      type: str
    issuer_common_name:
      description: First common name of the issuer, or null.
      type: str
    serial:
      description: Serial number in hexadecimal digits.
      type: str
    not_before:
      description: Start of validity, ISO 8601 in UTC.
      type: str
    not_after:
      description: End of validity, ISO 8601 in UTC.
      type: str
    key_type:
      description: V(rsa), V(ecdsa), V(ed25519) and so on.
      type: str
    key_size:
      description: Size of the key in bits.
      type: int
    signature_hash:
      description: Digest of the signature, V(sha256) for instance.
      type: str
    self_signed:
      description: Whether subject and issuer are the same and the signature is its own.
      type: bool
    is_ca:
      description: Whether the basic constraints say that it is a CA.
      type: bool
    san:
      description: Subject alternative names, lists by kind (C(dns), C(ip), C(email), C(uri)).
      type: dict
    ski:
      description: Subject key identifier in hexadecimal digits, or null.
      type: str
    aki:
      description: Authority key identifier in hexadecimal digits, or null.
      type: str
    extended_key_usage:
      description: Purposes of the key, V(serverAuth) for instance.
      type: list
      elements: str
    pem:
      description: The certificate as PEM text.
      type: str
count:
  description: How many distinct certificates the store holds.
  returned: success
  type: int
sha256:
  description: Digest of the certificates, whatever their order. Stores with the same digest hold the same certificates.
  returned: success
  type: str
pem:
  description: The store's text as it was read.
  returned: success
  type: str
problems:
  description: One line for each block of the text that is no certificate.
  returned: success
  type: list
  elements: str
duplicates:
  description: One line for each certificate that the text holds more than once.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.options import (
    ACCESS_OPTIONS,
)

ARGUMENT_SPEC = ACCESS_OPTIONS


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    module.fail_json(msg="collab.expressway.trusted_ca_info runs on the controller, as an action")


if __name__ == "__main__":
    main()
