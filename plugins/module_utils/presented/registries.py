# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The numbers of TLS, up to version 1.2, with the names that OpenSSL and the RFCs give them.

Sources: the IANA registries of cipher suites, signature schemes, supported groups and alerts;
OpenSSL's names from `openssl ciphers -V`.
"""

from __future__ import annotations

from collections.abc import Mapping

RSA_SUITES: Mapping[int, str] = {
    0xC030: "ECDHE-RSA-AES256-GCM-SHA384",
    0xC02F: "ECDHE-RSA-AES128-GCM-SHA256",
    0xCCA8: "ECDHE-RSA-CHACHA20-POLY1305",
    0xC028: "ECDHE-RSA-AES256-SHA384",
    0xC027: "ECDHE-RSA-AES128-SHA256",
    0xC014: "ECDHE-RSA-AES256-SHA",
    0xC013: "ECDHE-RSA-AES128-SHA",
    0x009F: "DHE-RSA-AES256-GCM-SHA384",
    0x009E: "DHE-RSA-AES128-GCM-SHA256",
    0x006B: "DHE-RSA-AES256-SHA256",
    0x0067: "DHE-RSA-AES128-SHA256",
    0x0039: "DHE-RSA-AES256-SHA",
    0x0033: "DHE-RSA-AES128-SHA",
    0x009D: "AES256-GCM-SHA384",
    0x009C: "AES128-GCM-SHA256",
    0x003D: "AES256-SHA256",
    0x003C: "AES128-SHA256",
    0x0035: "AES256-SHA",
    0x002F: "AES128-SHA",
    0xC09D: "AES256-CCM",
    0xC09C: "AES128-CCM",
    0xC012: "ECDHE-RSA-DES-CBC3-SHA",
    0x0016: "DHE-RSA-DES-CBC3-SHA",
    0x000A: "DES-CBC3-SHA",
    0xC011: "ECDHE-RSA-RC4-SHA",
    0x0005: "RC4-SHA",
    0x0004: "RC4-MD5",
}
"""What makes a server present its RSA certificate, strong suites first. Number → OpenSSL name."""

ECDSA_SUITES: Mapping[int, str] = {
    0xC02C: "ECDHE-ECDSA-AES256-GCM-SHA384",
    0xC02B: "ECDHE-ECDSA-AES128-GCM-SHA256",
    0xCCA9: "ECDHE-ECDSA-CHACHA20-POLY1305",
    0xC024: "ECDHE-ECDSA-AES256-SHA384",
    0xC023: "ECDHE-ECDSA-AES128-SHA256",
    0xC00A: "ECDHE-ECDSA-AES256-SHA",
    0xC009: "ECDHE-ECDSA-AES128-SHA",
    0xC0AD: "ECDHE-ECDSA-AES256-CCM",
    0xC0AC: "ECDHE-ECDSA-AES128-CCM",
    0xC008: "ECDHE-ECDSA-DES-CBC3-SHA",
    0xC007: "ECDHE-ECDSA-RC4-SHA",
}
"""What makes a server present its ECDSA certificate, strong suites first. Number → name."""

RSA_SIGNATURES = (0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0809, 0x080A, 0x080B, 0x0201)
"""Signature schemes made with an RSA key: PSS, PKCS #1 v1.5, keys that are PSS only, SHA-1."""

ECDSA_SIGNATURES = (0x0403, 0x0503, 0x0603, 0x0203)
"""Signature schemes made with an ECDSA key, SHA-1 last."""

GROUPS = (0x001D, 0x0017, 0x0018, 0x0019, 0x001E)
"""x25519, P-256, P-384, P-521, x448. A server holds back an ECDSA key on a curve not named."""

VERSIONS: Mapping[int, str] = {0x0301: "TLSv1", 0x0302: "TLSv1.1", 0x0303: "TLSv1.2"}
"""Protocol version on the wire → OpenSSL name."""

ALERTS: Mapping[int, str] = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    22: "record_overflow",
    40: "handshake_failure",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    100: "no_renegotiation",
    109: "missing_extension",
    110: "unsupported_extension",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    115: "unknown_psk_identity",
    116: "certificate_required",
    120: "no_application_protocol",
}
"""Alert number → name."""
