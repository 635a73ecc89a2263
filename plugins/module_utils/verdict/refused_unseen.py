# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The explanations of refusals when only a log line tells of them: the certificate itself is not known.

They say what those of `refused_trust` and `refused_certificates` say, without what only the certificate tells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.collab.expressway.plugins.module_utils.verdict.refusal import (
    ON_THE_NODE,
    UPLOAD,
    Explanation,
)


@dataclass(frozen=True)
class LoggedRefusal:
    """What the log line tells: the words of OpenSSL 1.1.1, the depth (0 is the leaf), the address of the origin."""

    error: str
    depth: int | None
    address: str

    @property
    def certificate(self) -> str:
        """The certificate in words. The depth says which one it is, never what is wrong with it."""
        if self.depth is None:
            return f"a certificate that {self.address} sends"
        if self.depth == 0:
            return f"the certificate of {self.address}"
        return f"the CA certificate {self.depth} above that of {self.address}"

    @property
    def of_a_ca(self) -> bool:
        return bool(self.depth)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def self_signed_leaf(refusal: LoggedRefusal) -> Explanation:
    return (
        f"{refusal.address} sends a self-signed certificate, which the peer does not trust.",
        f"Upload this very certificate {UPLOAD}, or have it signed by a CA that the peers trust ({ON_THE_NODE}, tomcat "
        "or tomcat-ECDSA).",
    )


def self_signed_in_chain(refusal: LoggedRefusal) -> Explanation:
    return (
        f"{refusal.address} sends its root CA ({refusal.certificate}), which the peer does not trust.",
        f"Upload the root CA {UPLOAD}; the origin sends it, so it can be taken from there.",
    )


def unknown_issuer(refusal: LoggedRefusal) -> Explanation:
    return (
        f"The issuer of {refusal.certificate} is neither sent by the origin nor trusted.",
        f"Upload the CA that issued it {UPLOAD}, and the CAs above it up to the self-signed root; or let the node send "
        f"its intermediate certificates (upload them as tomcat-trust before the tomcat certificate, {ON_THE_NODE}).",
    )


def missing_root(refusal: LoggedRefusal) -> Explanation:
    return (
        f"The trust store holds an intermediate CA of {refusal.address}, but not the root above it.",
        f"Upload the CA above it {UPLOAD}, up to the self-signed root. An intermediate alone is never enough.",
    )


def bad_signature(refusal: LoggedRefusal) -> Explanation:
    return (
        f"The signature of {refusal.certificate} does not fit its issuer: the trust store holds a CA of the same "
        "subject with another key before the right one, or the certificate was changed.",
        "Keep only the CA that really signed the certificate in the trust store of every peer; if other nodes need both, "
        f"reissue the certificate with an authority key identifier ({ON_THE_NODE}).",
    )


def expired(refusal: LoggedRefusal) -> Explanation:
    cause = f"{_capital(refusal.certificate)} has expired."
    if not refusal.of_a_ca:
        return cause, f"Renew it: {ON_THE_NODE}, tomcat or tomcat-ECDSA."
    return (
        f"{cause} It stands in the peer's own trust store, or the origin still sends it.",
        f"Remove it from the trust store of every peer and upload its successor {UPLOAD}, or replace it on the node "
        f"({ON_THE_NODE}).",
    )


def not_yet_valid(refusal: LoggedRefusal) -> Explanation:
    return (
        f"{_capital(refusal.certificate)} is not valid yet.",
        "Check the clocks of the peer and of the issuing CA (System > Time), or wait until it is valid.",
    )


def too_long(refusal: LoggedRefusal) -> Explanation:
    return (
        f"There are more than 7 intermediate CAs between the certificate of {refusal.address} and its root.",
        "Have the certificate issued from a shorter hierarchy, or trust a self-signed CA closer to it.",
    )


def invalid_ca(refusal: LoggedRefusal) -> Explanation:
    return (
        f"{_capital(refusal.certificate)} issued a certificate, but is no CA: basicConstraints CA:FALSE or missing, or "
        "keyUsage without keyCertSign.",
        "Have the certificate issued by a proper CA, or reissue that CA certificate with CA:TRUE and keyCertSign.",
    )


def wrong_purpose(refusal: LoggedRefusal) -> Explanation:
    return (
        f"{_capital(refusal.certificate)} is not meant for TLS servers: its extended key usage or its keyUsage leaves "
        "that out.",
        "Reissue it with the extended key usage serverAuth (and clientAuth, which UC nodes need) and keyUsage "
        f"digitalSignature, keyEncipherment: {ON_THE_NODE}; mind the CA's template.",
    )


def weak_key(refusal: LoggedRefusal) -> Explanation:
    return (
        f"The key of {refusal.certificate} is too weak.",
        "Reissue it with RSA 2048 bits or more, or ECDSA.",
    )


def weak_digest(refusal: LoggedRefusal) -> Explanation:
    return (
        f"{_capital(refusal.certificate)} is signed with a digest that is too weak.",
        "Have it signed with SHA-256 or better.",
    )


def forbidden_name(refusal: LoggedRefusal) -> Explanation:
    return (
        f"A CA above the certificate of {refusal.address} may not issue for its names (name constraints). Without dNSName "
        "entries the common name is checked.",
        "Have the certificate issued by a CA without that constraint, or with names that it permits.",
    )


def flaw_of_the_pki(flaw: str) -> Callable[[LoggedRefusal], Explanation]:
    def explain(refusal: LoggedRefusal) -> Explanation:
        return (
            f"{_capital(refusal.certificate)} {flaw}.",
            f"Have it reissued without that: {ON_THE_NODE}, or its CA.",
        )

    return explain


def anything_else(refusal: LoggedRefusal) -> Explanation:
    return (
        f"OpenSSL refuses {refusal.certificate}: {refusal.error}.",
        f"Reissue the certificate ({ON_THE_NODE}).",
    )
