# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is not sent to a trust store, and what is not taken out of it, each with its reason.

Everything is found before anything is sent. Some refusals can be overridden by name (`ALLOWABLE`);
private keys and what is no certificate never.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    NOTHING_IN_IT,
    Certificate,
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.candidates import (
    issues_certificates,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.clashes import (
    WAYS_OUT,
    common_name,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.change import (
    TrustStoreChange,
)

LEAF, EXPIRED, SAME_NAME = "leaf", "expired", "same_name"
ALLOWABLE = (LEAF, EXPIRED, SAME_NAME)


@dataclass(frozen=True)
class Refusal:
    """One reason not to go on. `allow`: the name that overrides it, None where nothing does."""

    reason: str
    certificate: Certificate | None = None
    allow: str | None = None

    @property
    def text(self) -> str:
        """One line for people."""
        if self.certificate is None:
            return self.reason
        record = self.certificate.record
        return f"{record['subject']} (SHA-256 {record['sha256']}): {self.reason}"

    @property
    def record(self) -> dict[str, Any]:
        """{sha256, subject, reason, allow}; the first two are None for what is no certificate."""
        record = self.certificate.record if self.certificate else {}
        return {
            "sha256": record.get("sha256"),
            "subject": record.get("subject"),
            "reason": self.reason,
            "allow": self.allow,
        }


def read_given(texts: Sequence[str], option: str) -> tuple[list[Certificate], list[Refusal]]:
    """The certificates of PEM `texts` in order, and a refusal for everything else in them.

    `option` names where the texts came from; the place of a text is `option[0]`.
    """
    known: dict[str, Certificate] = {}
    certificates: list[Certificate] = []
    refused: list[Refusal] = []
    for number, text in enumerate(texts):
        place = f"{option}[{number}]"
        bundle = read_bundle(text, known)
        certificates += bundle.certificates
        refused += [Refusal(f"{place}: {_problem(problem)}") for problem in bundle.problems]
        if not bundle.certificates and not bundle.problems:
            refused.append(Refusal(f"{place}: {NOTHING_IN_IT}"))
    return certificates, refused


def refused_additions(
    change: TrustStoreChange, at: datetime, allow: Iterable[str] = ()
) -> list[Refusal]:
    """Why certificates that would be added must not be. What the store holds already is not judged."""
    found: list[Refusal] = []
    for certificate in change.added:
        record = certificate.record
        if not record["self_signed"] and not issues_certificates(certificate):
            found.append(
                Refusal(
                    "a server certificate that a CA signed does nothing in a trust store; "
                    f"upload its issuer '{record['issuer']}'",
                    certificate,
                    LEAF,
                )
            )
        if record["not_after"] is None or record["not_before"] is None:
            found.append(Refusal("its validity cannot be read", certificate, EXPIRED))
        elif datetime.fromisoformat(record["not_after"]) <= at:
            reason = f"expired on {record['not_after']}; in a store it can win over its successor"
            found.append(Refusal(reason, certificate, EXPIRED))
        elif datetime.fromisoformat(record["not_before"]) > at:
            reason = (
                f"not valid before {record['not_before']}; in a store it can win over its predecessor, and what "
                "is below it is refused until then"
            )
            found.append(Refusal(reason, certificate, EXPIRED))
    found += _same_names(change)
    allowed = frozenset(allow)
    return [refusal for refusal in found if refusal.allow not in allowed]


def _same_names(change: TrustStoreChange) -> list[Refusal]:
    """Additions whose common name the store keeps, or another addition has (CSCwa12905)."""
    by_name: dict[tuple[str, str], list[Certificate]] = {}
    for certificate in change.wanted:
        by_name.setdefault(common_name(certificate), []).append(certificate)
    found = []
    for certificate in change.added:
        others = [one for one in by_name[common_name(certificate)] if one != certificate]
        if others:
            kind, name = common_name(certificate)
            where = ", ".join(
                f"{'the store holds' if one in change.before.members else 'also to be sent is'} "
                f"serial {one.record['serial']} (SHA-256 {one.sha256})"
                for one in others
            )
            reason = (
                f"the {kind} '{certificate.record['common_name'] or name}' is taken: {where}. An Expressway trusts "
                f"only the first of two certificates with one common name (CSCwa12905). {' Or: '.join(WAYS_OUT)}"
            )
            found.append(Refusal(reason, certificate, SAME_NAME))
    return found


def refused_removals(
    change: TrustStoreChange, protected: Iterable[Certificate], allowed: Iterable[str]
) -> list[Refusal]:
    """Why certificates that would leave must stay. `allowed` are SHA-256 digests as `digest` returns them."""
    needed, told = frozenset(protected), frozenset(allowed)
    if change.before.certificates and not change.wanted:
        return [Refusal("this would leave the trust store empty; list every certificate to keep")]
    return [
        Refusal(
            "removing it is refused, because the cluster's peers or an origin need it (option protected); "
            "list its SHA-256 in allow_removal_of to remove it all the same",
            certificate,
        )
        for certificate in change.removed
        if certificate in needed and certificate.sha256 not in told
    ]


def digest(text: str) -> str:
    """A SHA-256 as people paste it (colons, blanks, upper case), normalised. Raises ValueError."""
    plain = re.sub(r"[:\s]", "", text).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", plain):
        raise ValueError(f"no SHA-256 in hexadecimal digits: {text[:80]!r}")
    return plain


def _problem(problem: str) -> str:
    if problem.endswith("private key"):
        return f"{problem}. A private key is never sent to a trust store; take it out of this file"
    return problem
