# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refusals that a certificate itself explains: its dates, purpose, key, names."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.collab.expressway.plugins.module_utils.verdict import (
    verification_errors as errors,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.refusal import (
    ON_THE_NODE,
    UPLOAD,
    Explanation,
    Refusal,
    named,
    service,
)


def expired(refusal: Refusal) -> Explanation:
    old = refusal.at_fault
    ended = f"{named(old)} expired on {old.record['not_after']}"
    if refusal.error.depth == 0:
        return f"The certificate {ended}.", f"Renew it: {ON_THE_NODE}{service(old)}."
    if old in refusal.trusted:
        return (
            f"The CA {ended}, and the peer takes it from its own trust store before a valid one that the origin "
            "sends.",
            f"Remove it from the trust store of every peer and upload its successor {UPLOAD}.",
        )
    return (
        f"The CA {ended}; the origin still sends it.",
        f"Upload the renewed CA of the same key {UPLOAD}, or replace it on the node ({ON_THE_NODE}).",
    )


def not_yet_valid(refusal: Refusal) -> Explanation:
    new = refusal.at_fault
    return (
        f"{named(new)} is valid only from {new.record['not_before']}.",
        "Check the clocks of the peer and of the issuing CA (System > Time), or wait until it is valid.",
    )


def too_long(refusal: Refusal) -> Explanation:
    return (
        "There are more than 7 intermediate CAs between the certificate and its root.",
        "Have the certificate issued from a shorter hierarchy, or trust a self-signed CA closer to it.",
    )


def invalid_ca(refusal: Refusal) -> Explanation:
    issuer = refusal.at_fault
    return (
        f"{named(issuer)} issued a certificate, but is no CA: basicConstraints CA:FALSE or missing, or keyUsage "
        "without keyCertSign.",
        "Have the certificate issued by a proper CA, or reissue that CA certificate with CA:TRUE and keyCertSign.",
    )


def wrong_purpose(refusal: Refusal) -> Explanation:
    certificate = refusal.at_fault
    usages = ", ".join(certificate.record["extended_key_usage"]) or "none"
    what = "The certificate" if refusal.error.depth == 0 else "The CA certificate"
    return (
        f"{what} {named(certificate)} is not meant for TLS servers: its extended key usage ({usages}) or its "
        "keyUsage leaves that out.",
        "Reissue it with the extended key usage serverAuth (and clientAuth, which UC nodes need) and keyUsage "
        f"digitalSignature, keyEncipherment: {ON_THE_NODE}; mind the CA's template.",
    )


def weak_key(refusal: Refusal) -> Explanation:
    weak = refusal.at_fault
    return (
        f"The key of {named(weak)} is too weak: {weak.record['key_type']} {weak.record['key_size']} bits.",
        "Reissue it with RSA 2048 bits or more, or ECDSA.",
    )


def weak_digest(refusal: Refusal) -> Explanation:
    weak = refusal.at_fault
    return (
        f"{named(weak)} is signed with {weak.record['signature_hash'] or 'a weak digest'}, which is too weak.",
        "Have it signed with SHA-256 or better.",
    )


def forbidden_name(refusal: Refusal) -> Explanation:
    leaf = refusal.at_fault
    return (
        f"A CA above {named(leaf)} may not issue for its names (name constraints): "
        f"{', '.join(leaf.names.compared()) or 'none'}. Without dNSName entries the common name is checked.",
        "Have the certificate issued by a CA without that constraint, or with names that it permits.",
    )


def flaw_of_the_pki(flaw: str) -> Callable[[Refusal], Explanation]:
    def explain(refusal: Refusal) -> Explanation:
        return (
            f"{named(refusal.at_fault)} {flaw}.",
            f"Have it reissued without that: {ON_THE_NODE}, or its CA.",
        )

    return explain


def anything_else(refusal: Refusal) -> Explanation:
    return (
        f"OpenSSL refuses {named(refusal.at_fault)}: {errors.error_text(refusal.error.code)}.",
        f"Reissue the certificate; the command in `reproduce` shows the error ({ON_THE_NODE}).",
    )
