# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the explanations of refusals share: the refusal, the places to act, and names for certificates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # who reads logs needs the words, and no OpenSSL
    from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
        Certificate,
    )
    from ansible_collections.collab.expressway.plugins.module_utils.certificates.names import (
        NameKey,
    )
    from ansible_collections.collab.expressway.plugins.module_utils.verdict.chain_judgement import (
        ChainError,
    )

UPLOAD = "to the trust store of every peer (Maintenance > Security > Trusted CA certificate)"
ON_THE_NODE = "Cisco Unified OS Administration > Security > Certificate Management of the UC node"
ONE_COMMON_NAME = "of several with one common name the first in the list counts, CSCwa12905"


@dataclass(frozen=True)
class Refusal:
    """A refused chain: the first error, what the origin sent (leaf first), what the peer trusts."""

    error: ChainError
    presented: Sequence[Certificate]
    trusted: Sequence[Certificate]

    @property
    def at_fault(self) -> Certificate:
        """The certificate at the error's depth; the last one sent when OpenSSL names none."""
        return (
            self.error.certificate or self.presented[min(self.error.depth, len(self.presented) - 1)]
        )

    def trusted_with_subject(self, name: NameKey) -> list[Certificate]:
        return [item for item in self.trusted if name and item.subject_key == name]


Explanation = tuple[str, str]
"""(cause, remedy), one or two sentences each."""


def named(certificate: Certificate) -> str:
    """A certificate in words that find it again: subject and the start of its SHA-256."""
    return (
        f"'{certificate.record['subject'] or '(no subject)'}' (SHA-256 {certificate.sha256[:16]})"
    )


def issuer_sought(certificate: Certificate) -> str:
    """The CA to look for: its subject, and its subject key identifier where the certificate tells it."""
    key = certificate.record["aki"]
    subject = f"'{certificate.record['issuer'] or '(no issuer)'}'"
    return f"{subject} (subject key identifier {key})" if key else subject


def listed(certificates: Sequence[Certificate]) -> str:
    return ", ".join(map(named, certificates))


def service(leaf: Certificate) -> str:
    """The entry of that page: UC nodes keep their web certificates apart by key type."""
    return ", tomcat-ECDSA" if leaf.record["key_type"] == "ecdsa" else ", tomcat"
