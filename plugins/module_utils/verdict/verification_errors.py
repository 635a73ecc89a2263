# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verification errors by the numbers and words of OpenSSL 1.1.1, which the Expressway logs.

The numbers are stable between OpenSSL 1.1.1 and 4.0 with one exception; the words are not
(`self-signed` has a hyphen since 3.0, `unsupported` became `unsuitable certificate purpose`).
"""

from __future__ import annotations

OK = 0
MISSING_ISSUER = 2
BAD_SIGNATURE = 7
NOT_YET_VALID = 9
EXPIRED = 10
SELF_SIGNED_LEAF = 18
SELF_SIGNED_IN_CHAIN = 19
UNKNOWN_ISSUER = 20
UNVERIFIED_LEAF = 21
CHAIN_TOO_LONG = 22
INVALID_CA = 24
PATH_LENGTH = 25
WRONG_PURPOSE = 26
KEY_USAGE_WITHOUT_SIGNING = 32
UNKNOWN_CRITICAL_EXTENSION = 34
NOT_PERMITTED_NAME = 47
EXCLUDED_NAME = 48
WEAK_LEAF_KEY = 66
WEAK_CA_KEY = 67
WEAK_DIGEST = 68

INVALID_CA_SINCE_3_0 = 79

TEXTS = {
    1: "unspecified certificate verification error",
    2: "unable to get issuer certificate",
    3: "unable to get certificate CRL",
    4: "unable to decrypt certificate's signature",
    5: "unable to decrypt CRL's signature",
    6: "unable to decode issuer public key",
    7: "certificate signature failure",
    8: "CRL signature failure",
    9: "certificate is not yet valid",
    10: "certificate has expired",
    11: "CRL is not yet valid",
    12: "CRL has expired",
    13: "format error in certificate's notBefore field",
    14: "format error in certificate's notAfter field",
    15: "format error in CRL's lastUpdate field",
    16: "format error in CRL's nextUpdate field",
    17: "out of memory",
    18: "self signed certificate",
    19: "self signed certificate in certificate chain",
    20: "unable to get local issuer certificate",
    21: "unable to verify the first certificate",
    22: "certificate chain too long",
    23: "certificate revoked",
    24: "invalid CA certificate",
    25: "path length constraint exceeded",
    26: "unsupported certificate purpose",
    27: "certificate not trusted",
    28: "certificate rejected",
    29: "subject issuer mismatch",
    30: "authority and subject key identifier mismatch",
    31: "authority and issuer serial number mismatch",
    32: "key usage does not include certificate signing",
    33: "unable to get CRL issuer certificate",
    34: "unhandled critical extension",
    35: "key usage does not include CRL signing",
    36: "unhandled critical CRL extension",
    37: "invalid non-CA certificate (has CA markings)",
    38: "proxy path length constraint exceeded",
    39: "key usage does not include digital signature",
    40: "proxy certificates not allowed, please set the appropriate flag",
    41: "invalid or inconsistent certificate extension",
    42: "invalid or inconsistent certificate policy extension",
    43: "no explicit policy",
    44: "Different CRL scope",
    45: "Unsupported extension feature",
    46: "RFC 3779 resource not subset of parent's resources",
    47: "permitted subtree violation",
    48: "excluded subtree violation",
    49: "name constraints minimum and maximum not supported",
    50: "application verification failure",
    51: "unsupported name constraint type",
    52: "unsupported or invalid name constraint syntax",
    53: "unsupported or invalid name syntax",
    54: "CRL path validation error",
    55: "Path Loop",
    56: "Suite B: certificate version invalid",
    57: "Suite B: invalid public key algorithm",
    58: "Suite B: invalid ECC curve",
    59: "Suite B: invalid signature algorithm",
    60: "Suite B: curve not allowed for this LOS",
    61: "Suite B: cannot sign P-384 with P-256",
    62: "Hostname mismatch",
    63: "Email address mismatch",
    64: "IP address mismatch",
    65: "No matching DANE TLSA records",
    66: "EE certificate key too weak",
    67: "CA certificate key too weak",
    68: "CA signature digest algorithm too weak",
    69: "invalid certificate verification context",
    70: "Issuer certificate lookup error",
    71: "Certificate Transparency required, but no valid SCTs found",
    72: "proxy subject name violation",
    73: "OCSP verification needed",
    74: "OCSP verification failed",
    75: "OCSP unknown cert",
}
"""Error number → text of OpenSSL 1.1.1 (`X509_verify_cert_error_string`)."""


def expressway_code(code: int) -> int:
    """The number that OpenSSL 1.1.1 uses for an error of a newer OpenSSL."""
    return INVALID_CA if code == INVALID_CA_SINCE_3_0 else code


def error_text(code: int) -> str:
    """The words of OpenSSL 1.1.1 for its error number; a number that it does not have is named."""
    return TEXTS.get(code, f"error number {code}")
