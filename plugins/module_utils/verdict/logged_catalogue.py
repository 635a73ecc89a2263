# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The catalogue for refusals that only a log tells of. It needs no OpenSSL, so that logs can be read anywhere.

Classified by the error number, never by the depth, as in `catalogue`; both explain the same errors.
"""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.collab.expressway.plugins.module_utils.verdict import (
    refused_unseen,
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
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.refused_unseen import (
    LoggedRefusal,
)


def explain_logged_chain(
    code: int | None, error: str, depth: int | None, address: str
) -> Explanation:
    """Cause and remedy of a chain error that only a log line tells of; `code` None for words that no OpenSSL has."""
    explain = refused_unseen.anything_else
    if code is not None:
        explain = UNSEEN.get(code, explain)
    return explain(LoggedRefusal(error, depth, address))


def explain_logged_name(address: str) -> Explanation:
    """The same for an address that the certificate, which is not known, does not cover."""
    ip = canonical_ip(address)
    if ip is None:
        return f"The certificate does not name {address}.", (
            f"Reissue it with {address} as subject alternative name (dNSName), or advertise a name that it "
            "holds: CUCM System > Server, or the UC service. Then refresh the UC servers on the Expressway-C."
        )
    return (
        f"Clients ask for the IP address {ip}, and the certificate does not hold it as dNSName or common name. An "
        "iPAddress entry does not count: the traffic server compares the address as text (by its source; not seen "
        "on a real Expressway).",
        f"Advertise the FQDN, with a certificate that names it, instead of {ip}: CUCM System > Server, or the UC "
        "service. Then refresh the UC servers on the Expressway-C.",
    )


def explain_logged_plugin(address: str) -> Explanation:
    """The same for a refusal by a plugin of the traffic server."""
    return (
        f"A plugin of the traffic server refuses the certificate of {address}; the log does not say why.",
        "Judge the certificate with an audit; if it is accepted there, open a support case with this line.",
    )


def explain_logged_handshake(reason: str, address: str) -> Explanation:
    """The same for a failed handshake without a refusal by the peer: mostly the origin refused the peer."""
    if "certificate verify failed" in reason:
        return (
            f"The peer refuses the certificate of {address}; the line that says why is not in the log.",
            "Judge the certificate with an audit, or read a log that starts earlier.",
        )
    if "alert unknown ca" in reason or "alert bad certificate" in reason:
        return (
            f"{address} refuses the certificate that this peer shows it as TLS client: {reason}.",
            f"Upload the CA of the peer's server certificate as tomcat-trust and CallManager-trust: {ON_THE_NODE}. Then "
            "restart the services that it names.",
        )
    return (
        f"The TLS handshake with {address} fails before a certificate is judged: {reason}.",
        "Check the service behind the port, its TLS versions and ciphers.",
    )


UNSEEN: dict[int, Callable[[LoggedRefusal], Explanation]] = {
    errors.SELF_SIGNED_LEAF: refused_unseen.self_signed_leaf,
    errors.SELF_SIGNED_IN_CHAIN: refused_unseen.self_signed_in_chain,
    errors.UNKNOWN_ISSUER: refused_unseen.unknown_issuer,
    errors.UNVERIFIED_LEAF: refused_unseen.unknown_issuer,
    errors.MISSING_ISSUER: refused_unseen.missing_root,
    errors.BAD_SIGNATURE: refused_unseen.bad_signature,
    errors.EXPIRED: refused_unseen.expired,
    errors.NOT_YET_VALID: refused_unseen.not_yet_valid,
    errors.CHAIN_TOO_LONG: refused_unseen.too_long,
    errors.INVALID_CA: refused_unseen.invalid_ca,
    errors.PATH_LENGTH: refused_unseen.flaw_of_the_pki(
        "stands deeper below its CA than that CA's path length allows"
    ),
    errors.WRONG_PURPOSE: refused_unseen.wrong_purpose,
    errors.UNKNOWN_CRITICAL_EXTENSION: refused_unseen.flaw_of_the_pki(
        "has a critical extension that OpenSSL does not know"
    ),
    errors.NOT_PERMITTED_NAME: refused_unseen.forbidden_name,
    errors.EXCLUDED_NAME: refused_unseen.forbidden_name,
    errors.WEAK_LEAF_KEY: refused_unseen.weak_key,
    errors.WEAK_CA_KEY: refused_unseen.weak_key,
    errors.WEAK_DIGEST: refused_unseen.weak_digest,
}
"""The same errors, told without their certificate."""
