# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates that a plan may propose, where each was seen, and why others are refused.

A trust store takes CAs and self-signed server certificates. Anything else in it does nothing for the
traffic server (a server certificate that a CA signed), or harm (an expired certificate wins over the
valid one that a server sends), or ends a career (a private key).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    NOTHING_IN_IT,
    Certificate,
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.dependencies import x509

GIVEN = "candidates"
PRESENTED = "presented by "
TRUSTED = "trust store of "
"""Where a candidate was seen: the first word or words of each entry in `seen_in`."""


@dataclass(frozen=True)
class Candidate:
    """A certificate that may be proposed. `seen_in`: sorted, for people, never empty."""

    certificate: Certificate
    seen_in: tuple[str, ...]

    @property
    def only_presented(self) -> bool:
        """Known from nothing but what origins send, so that nobody has vouched for it yet."""
        return all(place.startswith(PRESENTED) for place in self.seen_in)


@dataclass(frozen=True)
class RefusedCandidate:
    """A block of the given candidates that is never proposed. `certificate` is None where it is none."""

    place: str
    reason: str
    certificate: Certificate | None = None


def refusal(certificate: Certificate, at: datetime) -> str | None:
    """Why `certificate` must not go into a trust store at that moment; None when it may."""
    record = certificate.record
    if not record["self_signed"] and not issues_certificates(certificate):
        return (
            "not a CA and not self-signed: a server certificate that a CA signed is not trusted by being "
            f"in the store, its root is: upload the CA '{record['issuer']}'"
        )
    starts, ends = _moment(record["not_before"]), _moment(record["not_after"])
    if ends is None or starts is None:
        return "its validity cannot be read"
    if ends <= at:
        return f"expired on {record['not_after']}: in a trust store it can win over its valid successor"
    if starts > at:
        return f"not valid before {record['not_before']}"
    return None


def issues_certificates(certificate: Certificate) -> bool:
    """Is it a CA by its basicConstraints or, where it has none, by its keyUsage (as OpenSSL reads it)?"""
    if certificate.record["is_ca"]:
        return True
    try:
        extensions = certificate.parsed.to_cryptography().extensions
        by_identifier = {item.oid.dotted_string: item.value for item in extensions}
    except Exception:  # what cryptography raises on odd certificates is not one family of errors
        return False
    usage = by_identifier.get(x509.ExtensionOID.KEY_USAGE.dotted_string)
    constraints = by_identifier.get(x509.ExtensionOID.BASIC_CONSTRAINTS.dotted_string)
    return constraints is None and usage is not None and bool(usage.key_cert_sign)


def gather_candidates(
    given: Sequence[str],
    presented: Mapping[str, Iterable[Certificate]],
    trusted: Mapping[str, Iterable[Certificate]],
    at: datetime,
    known: dict[str, Certificate],
) -> tuple[list[Candidate], list[RefusedCandidate]]:
    """All that may be proposed, by SHA-256, and what of `given` may not, in its order.

    `given`: PEM texts of certificates known from elsewhere. `presented`: origin → what it sends.
    `trusted`: peer → its trust store. `known` as for `read_bundle`. Only what was given on purpose is
    reported as refused: that an origin presents its own certificate is no mistake.
    """
    seen: dict[Certificate, set[str]] = {}
    refused: list[RefusedCandidate] = []
    reasons: dict[Certificate, str | None] = {}
    for number, text in enumerate(given, start=1):
        where = f"{GIVEN}[{number - 1}]" if len(given) > 1 else GIVEN
        bundle = read_bundle(text, known)
        refused += [RefusedCandidate(where, _never(problem)) for problem in bundle.problems]
        if bundle.unloadable and not bundle.problems:
            refused.append(RefusedCandidate(where, NOTHING_IN_IT))
        for certificate in dict.fromkeys(bundle.certificates):
            reason = reasons.setdefault(certificate, refusal(certificate, at))
            if reason:
                refused.append(RefusedCandidate(where, reason, certificate))
            else:
                seen.setdefault(certificate, set()).add(GIVEN)
    for word, places in ((PRESENTED, presented), (TRUSTED, trusted)):
        for place, certificates in places.items():
            for certificate in certificates:
                if certificate not in reasons:
                    reasons[certificate] = refusal(certificate, at)
                if reasons[certificate] is None:
                    seen.setdefault(certificate, set()).add(word + place)
    candidates = [
        Candidate(certificate, tuple(sorted(places))) for certificate, places in seen.items()
    ]
    return sorted(candidates, key=lambda one: one.certificate.sha256), refused


def refused_record(refused: RefusedCandidate) -> dict[str, Any]:
    """For the result: {place, reason, sha256, subject, common_name}; the last three may be None."""
    record = refused.certificate.record if refused.certificate else {}
    return {
        "place": refused.place,
        "reason": refused.reason,
        **{key: record.get(key) for key in ("sha256", "subject", "common_name")},
    }


def _never(problem: str) -> str:
    if problem.endswith("private key"):
        return (
            f"{problem}: a key never leaves the host that it belongs to; take it out of this file"
        )
    return problem


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
