# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys and digests below 112 bits of security, which OpenSSL refuses from security level 2 on.

The level of the Expressway's own OpenSSL is not known, so a certificate that passes at level 1 only
is told as a warning.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.dependencies import crypto

LEVEL = 2
LEAST_BITS = {"rsaEncryption": 2048, "dsa": 2048, "ec": 224}
# OpenSSL's numbers of key types; pyOpenSSL names only the first two.
KINDS = {6: "rsaEncryption", 912: "rsaEncryption", 116: "dsa", 408: "ec"}
NAMES = {"rsaEncryption": "RSA", "dsa": "DSA", "ec": "ECDSA"}
WEAK_DIGESTS = ("md2", "md4", "md5", "sha1")


def weak_key(parsed: Any) -> str | None:
    """`RSA key of 1024 bits` when it is weak, else None. `parsed` is OpenSSL's object."""
    kind, bits = _key(parsed)
    return f"{NAMES[kind]} key of {bits} bits" if kind and bits < LEAST_BITS[kind] else None


def is_ecdsa(parsed: Any) -> bool:
    return _key(parsed)[0] == "ec"


def _key(parsed: Any) -> tuple[str | None, int]:
    try:
        key = parsed.get_pubkey()
    except crypto.Error:
        return None, 0
    return KINDS.get(key.type()), key.bits()


def weak_digest(parsed: Any) -> str | None:
    """`sha1` when the certificate is signed with a weak digest, else None."""
    name = parsed.get_signature_algorithm().decode("ascii", "replace").lower()
    if "pss" in name:
        algorithm = parsed.to_cryptography().signature_hash_algorithm
        name = algorithm.name if algorithm else ""
    return next((digest for digest in WEAK_DIGESTS if digest in name.replace("-", "")), None)
