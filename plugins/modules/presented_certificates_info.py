#!/usr/bin/python
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: presented_certificates_info
short_description: Read the certificate chains that UC nodes present
version_added: 0.1.0
description:
  - Reads which certificate chains the TLS ports of Unified CM, IM and Presence and Unity Connection
    nodes present, for RSA and for ECDSA apart, and as one Expressway would get them with its own
    cipher list.
  - One task reads any number of origins. What an origin does (refuse, hang, talk plain text) is
    part of the result and never fails the task. Nothing is verified here, see
    M(collab.expressway.origin_verdict_info).
  - The name sent in the handshake (SNI) is the one that the traffic server of an Expressway sends,
    O(origins[].address), and none if that is an IP address.
  - Runs on the controller or, with C(delegate_to), on a host that reaches the UC network.
author: ["The collab.expressway authors (@collab)"]
extends_documentation_fragment:
  - collab.expressway.attributes.pure_module
requirements:
  - cryptography >= 43
  - pyOpenSSL >= 24.2
options:
  origins:
    description:
      - The TLS endpoints to read. The same origin given twice is read once and answered twice.
    type: list
    elements: dict
    required: true
    suboptions:
      address:
        description: Host name or IP address that MRA clients ask for, as advertised.
        type: str
        required: true
      port:
        description: TCP port, from 1 to 65535.
        type: int
        required: true
      connect_to:
        description:
          - Host name or IP address to connect to, where this host cannot resolve
            O(origins[].address). The SNI stays that of O(origins[].address).
          - A name with several addresses is connected to at its first IPv4 address, else at its
            first one.
        type: str
  key_types:
    description:
      - What to ask each origin for.
      - V(rsa) and V(ecdsa) offer the cipher suites of this key type only, in TLS 1.0 to 1.2, and
        end after the certificates. An origin that turns this down is asked again in TLS 1.3. Both
        read legacy origins, with 1024-bit keys or SHA-1.
      - V(offered) makes a complete handshake with O(cipher_list), and so shows the one chain that
        an Expressway with that list gets.
    type: list
    elements: str
    choices: [rsa, ecdsa, offered]
    default: [rsa, ecdsa, offered]
  cipher_list:
    description:
      - The cipher list that V(offered) offers, in OpenSSL's syntax and in this order, as
        C(xConfiguration Ciphers UcClientTLSCiphers) of the peer has it. Default is the documented
        default of X15.0.
      - Names that this host's OpenSSL does not know are passed over. The task fails if nothing is
        left.
      - Legacy origins can be read, as C(@SECLEVEL=0) is appended to a list without a security
        level.
    type: str
    default: EECDH:EDH:HIGH:-AES256+SHA:!MEDIUM:!LOW:!3DES:!MD5:!PSK:!eNULL:!aNULL
  minimum_tls_version:
    description: Lowest TLS version to offer for V(offered), as C(UcClientTLSProtocol) has it.
    type: str
    choices: ["1.0", "1.1", "1.2", "1.3"]
    default: "1.2"
  maximum_tls_version:
    description: Highest TLS version that V(offered) offers.
    type: str
    choices: ["1.0", "1.1", "1.2", "1.3"]
    default: "1.3"
  timeout:
    description: Seconds that one connection may take, from its start to the certificates.
    type: float
    default: 5
  deadline:
    description:
      - Seconds that the whole task may take, name lookups (half of it at most) included.
      - What is not done by then is RV(presented[].error_kind=timeout) or
        RV(presented[].error_kind=not_started).
    type: float
    default: 120
  max_connections:
    description: Connections open at once; the host's limit of open files bounds it too.
    type: int
    default: 1000
  max_connections_per_host:
    description: Connections that may be open at once to one IP address.
    type: int
    default: 2
seealso:
  - module: collab.expressway.origin_verdict_info
"""

EXAMPLES = r"""
- name: Read what a Unified CM presents on its MRA ports
  collab.expressway.presented_certificates_info:
    origins:
      - {address: cucm1.example.com, port: 8443}
      - {address: cucm1.example.com, port: 6972}
  register: uc

- name: Show what could not be read
  ansible.builtin.debug:
    msg: "{{ uc.presented | selectattr('error') | map(attribute='error') | list }}"

- name: Read what one Expressway gets, from a host in the UC network
  collab.expressway.presented_certificates_info:
    origins:
      - address: cucm2.example.com
        port: 8443
        connect_to: 192.0.2.12
    key_types: [offered]
    cipher_list: ECDHE-RSA-AES256-GCM-SHA384:EECDH:EDH:HIGH:!aNULL
    maximum_tls_version: "1.2"
  delegate_to: jump.example.com
"""

RETURN = r"""
presented:
  description:
    - One entry for each origin and key type, in the order of O(origins) and, within, of
      O(key_types).
  type: list
  elements: dict
  returned: success
  contains:
    address:
      description: As given.
      type: str
      sample: cucm1.example.com
    port:
      description: As given.
      type: int
      sample: 8443
    connect_to:
      description: As given.
      type: str
    connected_to:
      description: The IP address that was connected to; V(null) if the name could not be resolved.
      type: str
      sample: 192.0.2.11
    key_type:
      description:
        - V(rsa), V(ecdsa) or V(offered). A chain reported for V(rsa) or V(ecdsa) always has a first
          certificate of that key type.
      type: str
      sample: rsa
    tls_version:
      description: The negotiated version, in OpenSSL's words.
      type: str
      sample: TLSv1.2
    cipher:
      description: The negotiated cipher suite, in OpenSSL's words.
      type: str
      sample: ECDHE-RSA-AES256-GCM-SHA384
    cipher_list:
      description: O(cipher_list) for RV(presented[].key_type=offered), else V(null).
      type: str
    chain:
      description:
        - The certificates as sent, PEM, usually the leaf first; empty if none were presented.
        - It can stand beside RV(presented[].error) where a handshake failed after the certificates,
          for example because the origin asks for a client certificate.
      type: str
    sha256:
      description: SHA-256 of each certificate (DER) in lower-case hexadecimal.
      type: list
      elements: str
    error_kind:
      description:
        - V(null) if all went well, else why not.
        - V(refused), V(reset), V(closed), V(timeout), V(unresolved), V(not_started), that is the
          deadline came first; V(plaintext), the port speaks something else than TLS;
          V(no_common_cipher), there is no certificate of this key type, or no TLS version or cipher
          suite in common; V(key_type_not_offered), the origin presented another key type than it
          was asked for; V(alert), V(protocol), another TLS alert, an answer that breaks the rules.
      type: str
      sample: timeout
    error:
      description: The same in a sentence that names the origin and what to check.
      type: str
      sample: >-
        cucm1.example.com:8443 (at 192.0.2.11) refused the connection; check that the service is
        started, that the port is right, and that no firewall on the way rejects it
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.collab.expressway.plugins.module_utils.dependencies import (
    MISSING,
    missing_dependencies,
    x509,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.chains import (
    Offer,
    read_presented_chains,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.endpoints import Limits
from ansible_collections.collab.expressway.plugins.module_utils.presented.openssl_probe import (
    DEFAULT_CIPHER_LIST,
    TLS_VERSIONS,
    CipherListRefused,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import (
    OriginRefused,
    read_origins,
)

_KEY_TYPES = ["rsa", "ecdsa", "offered"]
_VERSIONS = list(TLS_VERSIONS)
_DAY = 86400

ARGUMENT_SPEC: dict[str, Any] = {
    "origins": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "address": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
            "connect_to": {"type": "str"},
        },
    },
    "key_types": {
        "type": "list",
        "elements": "str",
        "choices": _KEY_TYPES,
        "default": _KEY_TYPES,
    },
    "cipher_list": {"type": "str", "default": DEFAULT_CIPHER_LIST},
    "minimum_tls_version": {"type": "str", "choices": _VERSIONS, "default": "1.2"},
    "maximum_tls_version": {"type": "str", "choices": _VERSIONS, "default": "1.3"},
    "timeout": {"type": "float", "default": 5},
    "deadline": {"type": "float", "default": 120},
    "max_connections": {"type": "int", "default": 1000},
    "max_connections_per_host": {"type": "int", "default": 2},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    for library in missing_dependencies():
        module.fail_json(msg=missing_required_lib(library), exception=MISSING[library])
    if not hasattr(x509.Certificate, "public_key_algorithm_oid"):
        module.fail_json(msg=missing_required_lib("cryptography >= 43"))
    options = module.params
    problem = _problem(options)
    if problem:
        module.fail_json(msg=problem)
    offer = Offer(
        options["cipher_list"], options["minimum_tls_version"], options["maximum_tls_version"]
    )
    limits = Limits(
        options["timeout"],
        options["deadline"],
        options["max_connections"],
        options["max_connections_per_host"],
    )
    try:
        origins = read_origins(options["origins"])
        presented = read_presented_chains(
            origins, options["key_types"], offer, limits, time.monotonic
        )
    except OriginRefused as refused:
        module.fail_json(msg=str(refused))
    except CipherListRefused as refused:
        module.fail_json(
            msg=f"cipher_list: OpenSSL on this host refuses {offer.cipher_list!r} ({refused}); give"
            " the value of 'xConfiguration Ciphers UcClientTLSCiphers Value', without its quotes"
        )
    module.exit_json(changed=False, presented=presented)


def _problem(options: dict[str, Any]) -> str | None:
    """What no single option can tell, or the argument spec cannot."""
    for name in ("timeout", "deadline"):
        if not 0 < options[name] <= _DAY:
            return f"{name}: {options[name]:g} is not between 0 and {_DAY} seconds"
    for name in ("max_connections", "max_connections_per_host"):
        if options[name] < 1:
            return f"{name}: {options[name]} is less than 1"
    twice = {name for name in options["key_types"] if options["key_types"].count(name) > 1}
    if twice:
        return f"key_types: {', '.join(sorted(twice))} is given more than once"
    minimum, maximum = options["minimum_tls_version"], options["maximum_tls_version"]
    if minimum > maximum:
        return f"minimum_tls_version {minimum} is above maximum_tls_version {maximum}"
    return None


if __name__ == "__main__":
    main()
