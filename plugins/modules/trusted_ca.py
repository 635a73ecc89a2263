#!/usr/bin/python
# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: trusted_ca
short_description: Trusted CA certificates of an Expressway peer
version_added: 0.1.0
author:
  - The collab.expressway authors (@collab)
description:
  - Adds certificates to the trust store of one peer, or makes the store hold exactly the certificates of a list. Trust stores are not
    replicated within a cluster, so every peer needs its own task.
  - A certificate is identified by the SHA-256 of its DER. Comments and repetitions are no difference. What stays keeps its order, what
    comes is put behind it.
  - Of certificates with one common name the first counts. So with O(state=exact), and only there, their order among each other is part of
    the state, and that of O(certificates) is the one wanted. Any other order is no difference.
  - Reads the store, checks everything that could be wrong, saves the store on the controller, writes, and reads back. What is returned is
    what was read back. A store that is neither the old nor the wanted one afterwards is restored as far as the way in use allows, and the
    message says what the peer holds.
  - Private keys and anything that is no certificate are never sent. Server certificates that a CA signed, certificates that have
    expired or are not valid yet, and certificates whose common name another one has (an Expressway trusts only the first of these, CSCwa12905) are refused
    unless O(allow) names them. What the store holds already is not judged.
  - The documentation of the appliance does not say whether its API appends an upload to the store or replaces the store. With
    O(api_post=auto) the whole store as it is wanted is uploaded, which is right either way.
extends_documentation_fragment:
  - collab.expressway.attributes
  - collab.expressway.connection
  - collab.expressway.trust_store
attributes:
  check_mode:
    support: full
    details:
      - Whether the API can remove certificates, or change their order, shows only when it is tried; RV(unproven) and a warning say so.
  diff_mode:
    support: full
    details:
      - Shows one line for each certificate, with its subject and SHA-256.
options:
  certificates:
    description:
      - PEM text, or paths of PEM files on the controller (relative to the current folder). One item may hold several certificates.
      - Keep private keys out of these files. They are refused, but a task's options can appear in its log.
    type: list
    elements: str
    required: true
  state:
    description:
      - V(present) adds what is missing.
      - V(exact) also removes everything that is not in O(certificates). It needs an API that replaces the store, or O(via=root_ssh); an
        API that appends makes the task fail before or, where that cannot be known, after an upload that changed nothing.
      - Which of the two an API is shows in the order of two certificates. A store without two of different common names is refused unless
        O(api_post) says it.
      - It needs the same to change the order of certificates with one common name, and finds out in the same way.
    type: str
    choices: [present, exact]
    default: present
  order:
    description:
      - The order of a store that is written with O(state=exact).
      - V(kept) changes as little as possible, V(listed) takes that of O(certificates), as a backup has it.
      - A store of which only certificates of different common names stand in another order is not written in either case.
    type: str
    choices: [kept, listed]
    default: kept
  protected:
    description:
      - Certificates that O(state=exact) must not remove, as PEM text or paths, for example the issuers of the certificates that the
        peers of the cluster show to each other, and those that configured origins need.
    type: list
    elements: str
    default: []
  allow_removal_of:
    description: SHA-256 digests of certificates that may be removed although they are O(protected).
    type: list
    elements: str
    default: []
  allow:
    description:
      - What is sent although it is refused by default.
      - V(leaf) a server certificate that a CA signed, V(expired) an expired certificate or one that is not valid yet, V(same_name) a
        certificate with the common name of another one in the store.
    type: list
    elements: str
    choices: [leaf, expired, same_name]
    default: []
  via:
    description:
      - V(api) uses the REST API.
      - V(root_ssh) logs in as root (C(expressway_root_password) or C(expressway_root_private_key_file)) and replaces the store's file over
        SFTP, by a new file that is renamed over it. Mode and owner are kept. The vendor does not support this; it is meant for sites
        whose API is closed. An SFTP server that cannot rename over a file (C(posix-rename@openssh.com)) is refused before anything is
        written.
    type: str
    choices: [api, root_ssh]
    default: api
  api_post:
    description:
      - What an upload over the API does, where you know it of your release. V(append) uploads new certificates alone and refuses to remove
        any; V(replace) and V(auto) upload the whole store. V(auto) finds out as far as it matters.
      - Before an upload that also removes or reorders, V(replace) is not believed where the store can show whether it is so.
    type: str
    choices: [auto, append, replace]
    default: auto
  backup:
    description: Whether the store is saved on the controller before it is changed. Without it there is no journal either.
    type: bool
    default: true
  backup_dir:
    description:
      - Folder on the controller for backups, relative to the current folder. Made with mode 0700 when it is missing; files have mode 0600.
      - C(manifest.json) in it lists every backup with peer, cluster, time, digest and number of certificates. It is a journal, too. The
        entry of a change that was killed stays open, and the next task with this folder puts back what that change took away.
    type: str
    default: ./trust-store-backups
  cluster:
    description: Name of the cluster for the manifest of backups. The variable C(expressway_cluster) of the host when not given.
    type: str
notes:
  - This module knows no origins. With O(state=exact) nothing but O(protected) keeps a CA that logins need from being removed; the role
    P(collab.expressway.trust_store#role) finds out what that is, and foretells which logins would break.
  - Cisco's guides ask for a restart of the peer after its trust store was changed. RV(restart_required) says so; nothing is restarted.
seealso:
  - module: collab.expressway.trusted_ca_info
  - module: collab.expressway.trust_plan_info
"""

EXAMPLES = r"""
- name: Trust the corporate root
  collab.expressway.trusted_ca:
    certificates:
      - /etc/pki/ca-trust/source/anchors/corporate-root.pem

- name: Show what it would do
  collab.expressway.trusted_ca:
    certificates:
      - /etc/pki/ca-trust/source/anchors/corporate-root.pem
  check_mode: true
  diff: true

- name: Trust exactly what a backup holds, where the API is closed
  collab.expressway.trusted_ca:
    certificates:
      - trust-store-backups/expc1.example.test-20261123T120000Z-0123456789abcdef.pem
    state: exact
    order: listed
    allow: [leaf, expired, same_name]
    via: root_ssh
"""

RETURN = r"""
added:
  description: Certificates that were added, or would be in check mode.
  returned: success, and failure after something was sent
  type: list
  elements: dict
  contains: &certificate
    sha256:
      description: SHA-256 of the DER, in hexadecimal digits.
      type: str
    subject:
      description: Subject as in RFC 4514.
      type: str
    common_name:
      description: First common name of the subject.
      type: str
    not_after:
      description: End of validity.
      type: str
removed:
  description: Certificates that were removed, or would be in check mode.
  returned: success, and failure after something was sent
  type: list
  elements: dict
  contains: *certificate
kept:
  description: Certificates that were there and stay.
  returned: success, and failure after something was sent
  type: list
  elements: dict
  contains: *certificate
reordered:
  description: Those of RV(kept) that got another place among the certificates of their common name, or would in check mode.
  returned: success, and failure after something was sent
  type: list
  elements: dict
  contains: *certificate
refused:
  description: What must not be sent or removed. The task fails when there is any, and nothing was sent.
  returned: success, and failure by refusal
  type: list
  elements: dict
  contains:
    sha256:
      description: SHA-256 of the certificate; null where it is none.
      type: str
    subject:
      description: Subject of the certificate; null where it is none.
      type: str
    reason:
      description: Why it is refused.
      type: str
    allow:
      description: The value of O(allow) that overrides the refusal; null where nothing does.
      type: str
backup_file:
  description: Path of the backup on the controller; null when nothing was changed, in check mode, and without O(backup).
  returned: success, and failure after something was sent
  type: str
before_sha256:
  description: Digest of the certificates in the store before, whatever their order.
  returned: success, and failure after something was sent
  type: str
after_sha256:
  description: The same afterwards, as read back; in check mode what it would be; null when it could not be read back.
  returned: success, and failure after something was sent
  type: str
held:
  description:
    - SHA-256 of each certificate of the store as it was read back, in its order, each once.
    - Null when nothing was sent, when it could not be read back, and when it holds anything that is no certificate.
  returned: success, and failure after something was sent
  type: list
  elements: str
unproven:
  description: In check mode, what only the upload itself shows, such as whether the API can remove certificates or change their order; otherwise null.
  returned: success
  type: str
via_detail:
  description: Whether the API appended or replaced, V(append) or V(replace), where that showed; otherwise null.
  returned: success, and failure after something was sent
  type: str
restart_required:
  description: Whether the peer needs a restart by Cisco's guides, because its store was changed.
  returned: success, and failure after something was sent
  type: bool
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.options import (
    ACCESS_OPTIONS,
)

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "certificates": {"type": "list", "elements": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "exact"], "default": "present"},
    "order": {"type": "str", "choices": ["kept", "listed"], "default": "kept"},
    "protected": {"type": "list", "elements": "str", "default": []},
    "allow_removal_of": {"type": "list", "elements": "str", "default": []},
    "allow": {
        "type": "list",
        "elements": "str",
        "choices": ["leaf", "expired", "same_name"],
        "default": [],
    },
    **ACCESS_OPTIONS,
    "api_post": {"type": "str", "choices": ["auto", "append", "replace"], "default": "auto"},
    "backup": {"type": "bool", "default": True},
    "backup_dir": {"type": "str", "default": "./trust-store-backups"},
    "cluster": {"type": "str"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    module.fail_json(msg="collab.expressway.trusted_ca runs on the controller, as an action")


if __name__ == "__main__":
    main()
