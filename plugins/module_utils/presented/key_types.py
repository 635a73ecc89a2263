# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How to ask an origin for the certificate of one key type, and how to tell that it was given."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from ansible_collections.collab.expressway.plugins.module_utils.dependencies import x509
from ansible_collections.collab.expressway.plugins.module_utils.presented.outcomes import (
    Outcome,
    failed,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.registries import (
    ECDSA_SIGNATURES,
    ECDSA_SUITES,
    RSA_SIGNATURES,
    RSA_SUITES,
)


class KeyType(NamedTuple):
    """One kind of public key that an origin may hold a certificate for."""

    name: str
    label: str
    suites: Mapping[int, str]
    """What chooses the certificate up to TLS 1.2."""
    signatures: tuple[int, ...]
    """What is named beside `suites`: all schemes, for they also tell which chains are welcome."""
    tls13_signatures: str
    """What chooses the certificate in TLS 1.3, as a list for OpenSSL.

    PKCS #1 v1.5 may sign certificates there, never the handshake: so naming it welcomes a chain
    that an RSA CA has issued without welcoming an RSA leaf.
    """


_RSA_ISSUERS = "rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512"

RSA = KeyType(
    "rsa",
    "RSA",
    RSA_SUITES,
    RSA_SIGNATURES + ECDSA_SIGNATURES,
    "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512"
    f":rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:{_RSA_ISSUERS}",
)
ECDSA = KeyType(
    "ecdsa",
    "ECDSA",
    ECDSA_SUITES,
    ECDSA_SIGNATURES + RSA_SIGNATURES,
    f"ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:{_RSA_ISSUERS}",
)
KEY_TYPES: Mapping[str, KeyType] = {key_type.name: key_type for key_type in (RSA, ECDSA)}

_BY_ALGORITHM = {
    "1.2.840.113549.1.1.1": "rsa",
    "1.2.840.113549.1.1.10": "rsa",
    "1.2.840.10045.2.1": "ecdsa",
    "1.3.101.112": "ed25519",
    "1.3.101.113": "ed448",
    "1.2.840.10040.4.1": "dsa",
}


@lru_cache(maxsize=4096)
def leaf_key_type(certificate: bytes) -> str | None:
    """`rsa`, `ecdsa`, … or the dotted algorithm of the key; None if this is no certificate."""
    try:
        algorithm = x509.load_der_x509_certificate(certificate).public_key_algorithm_oid
    except (ValueError, x509.InvalidVersion):
        return None
    return _BY_ALGORITHM.get(algorithm.dotted_string, algorithm.dotted_string)


def held_to(asked: KeyType, outcome: Outcome) -> Outcome:
    """The outcome, unless its leaf is not of the key type asked for: then the error that says so.

    A server may answer with any certificate it likes; in TLS 1.3 some do.
    """
    if not outcome.chain:
        return outcome
    found = leaf_key_type(outcome.chain[0])
    if found == asked.name:
        return outcome
    if found is None:
        return outcome._replace(
            error_kind="protocol",
            error="presented a first certificate that cannot be parsed; inspect it with"
            " openssl asn1parse and replace it on the node",
        )
    return failed(
        "key_type_not_offered",
        f"presented a certificate with a key of type {found} where only {asked.label} was asked"
        f" for: it presents no {asked.label} certificate on this port",
    )
