# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a chain or a name is refused, and what repairs it, for the person who is woken up by it.

Classified by the error number, never by the depth alone: a CA-signed certificate whose issuer is
unknown fails at depth 0 too, like a self-signed one, and needs another remedy.
"""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict import (
    refused_certificates,
    refused_trust,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict import (
    verification_errors as errors,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.origin_names import (
    canonical_ip,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.refusal import (
    ON_THE_NODE,
    Explanation,
    Refusal,
)


def explain_chain(refusal: Refusal) -> Explanation:
    """Cause and remedy of a chain error."""
    explain = EXPLANATIONS.get(refusal.error.code, refused_certificates.anything_else)
    return explain(refusal)


def explain_name(address: str, leaf: Certificate) -> Explanation:
    """Cause and remedy when the certificate does not cover the address that clients ask for."""
    covered = leaf.names.compared()
    listed = ", ".join(covered[:10]) + (
        f" and {len(covered) - 10} more" if len(covered) > 10 else ""
    )
    ip = canonical_ip(address)
    if ip is None:
        cause = f"The certificate does not name {address}. It names {listed or 'nothing at all'}."
        return cause, (
            f"Reissue it with {address} as subject alternative name (dNSName), or advertise a name that it "
            "holds: CUCM System > Server, or the UC service. Then refresh the UC servers on the Expressway-C."
        )
    cause = f"Clients ask for the IP address {ip}, and the certificate names {listed or 'nothing at all'}."
    if ip in leaf.names.ip:
        cause += (
            " Its iPAddress entry does not count: the traffic server compares the address as text with "
            "dNSName entries and the common name (by its source; not seen on a real Expressway)."
        )
    hosts = [
        name for name in covered if canonical_ip(name) is None and "." in name and "*" not in name
    ]
    instead = (
        f"{hosts[0]}, which the certificate names,"
        if hosts
        else "the FQDN, with a certificate that names it,"
    )
    return cause, (
        f"Advertise {instead} instead of {ip}: CUCM System > Server, or the UC service. Then refresh the UC servers "
        "on the Expressway-C."
    )


def explain_unloadable_store(problem: str) -> Explanation:
    """Cause and remedy when OpenSSL takes nothing from the peer's trust store."""
    return (
        f"The trust store cannot be loaded ({problem}), so the traffic server trusts nothing; the version that "
        "the Expressway is believed to have does not even start.",
        "Repair the trust store: remove or replace that block, or upload the CA certificates again "
        "(Maintenance > Security > Trusted CA certificate).",
    )


def explain_nothing_presented() -> Explanation:
    """Cause and remedy when the origin sends no certificate at all."""
    return (
        "The origin sends no certificate, so the TLS handshake fails before anything is verified.",
        f"Check the service behind the port and its certificate: {ON_THE_NODE}.",
    )


def explain_broken_handshake(reason: str) -> Explanation:
    """Cause and remedy when the client cannot even read what the origin sends."""
    return (
        f"The TLS client cannot read the Certificate message ({reason}), so nothing is verified.",
        f"Reissue the certificate, or send fewer certificates with it: {ON_THE_NODE}.",
    )


EXPLANATIONS: dict[int, Callable[[Refusal], Explanation]] = {
    errors.SELF_SIGNED_LEAF: refused_trust.self_signed_leaf,
    errors.SELF_SIGNED_IN_CHAIN: refused_trust.self_signed_in_chain,
    errors.UNKNOWN_ISSUER: refused_trust.unknown_issuer,
    errors.UNVERIFIED_LEAF: refused_trust.unknown_issuer,
    errors.MISSING_ISSUER: refused_trust.missing_root,
    errors.BAD_SIGNATURE: refused_trust.bad_signature,
    errors.EXPIRED: refused_certificates.expired,
    errors.NOT_YET_VALID: refused_certificates.not_yet_valid,
    errors.CHAIN_TOO_LONG: refused_certificates.too_long,
    errors.INVALID_CA: refused_certificates.invalid_ca,
    errors.PATH_LENGTH: refused_certificates.flaw_of_the_pki(
        "stands deeper below its CA than that CA's path length allows"
    ),
    errors.WRONG_PURPOSE: refused_certificates.wrong_purpose,
    errors.UNKNOWN_CRITICAL_EXTENSION: refused_certificates.flaw_of_the_pki(
        "has a critical extension that OpenSSL does not know"
    ),
    errors.NOT_PERMITTED_NAME: refused_certificates.forbidden_name,
    errors.EXCLUDED_NAME: refused_certificates.forbidden_name,
    errors.WEAK_LEAF_KEY: refused_certificates.weak_key,
    errors.WEAK_CA_KEY: refused_certificates.weak_key,
    errors.WEAK_DIGEST: refused_certificates.weak_digest,
}
