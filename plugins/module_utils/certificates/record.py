# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people and reports want to know about a certificate, field by field.

Certificates of real systems break rules (negative serial numbers, odd extensions), and a library
may then refuse one field. That field is None or empty; the others are still told.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from ansible_collections.collab.expressway.plugins.module_utils.certificates.names import printable
from ansible_collections.collab.expressway.plugins.module_utils.dependencies import x509

Value = TypeVar("Value")

KEY_TYPES = {
    "RSAPublicKey": "rsa",
    "ECPublicKey": "ecdsa",
    "DSAPublicKey": "dsa",
    "Ed25519PublicKey": "ed25519",
    "Ed448PublicKey": "ed448",
}
KEY_SIZES = {"ed25519": 256, "ed448": 456}
COMMON_NAME = "2.5.4.3"
_MULTI_SERVER = re.compile(r"[^.]+-ms(\..*)?", re.IGNORECASE)


def certificate_record(der: bytes, parsed: Any) -> dict[str, Any]:
    """The fields of a CertificateRecord, without `sha256` and `pem`.

    `parsed` is OpenSSL's object of the same certificate: it tells serial number and validity of
    certificates that cryptography refuses altogether.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        certificate: Any = _readable(lambda: x509.load_der_x509_certificate(der))
        extensions: dict[str, Any] = (
            _readable(
                lambda: {item.oid.dotted_string: item.value for item in certificate.extensions}
            )
            or {}
        )
        subject, issuer = (
            _readable(lambda: certificate.subject),
            _readable(lambda: certificate.issuer),
        )
        key_type, key_size = _key(certificate)
        alternative = extensions.get("2.5.29.17")
        basic = extensions.get("2.5.29.19")
        subject_key: Any = extensions.get("2.5.29.14")
        authority_key: Any = extensions.get("2.5.29.35")
        return {
            "subject": _name_text(subject),
            "common_name": _common_name(subject),
            "issuer": _name_text(issuer),
            "issuer_common_name": _common_name(issuer),
            "serial": _readable(lambda: format(parsed.get_serial_number(), "x")),
            "not_before": _readable(lambda: _time(parsed.get_notBefore())),
            "not_after": _readable(lambda: _time(parsed.get_notAfter())),
            "key_type": key_type,
            "key_size": key_size,
            "signature_hash": _readable(lambda: certificate.signature_hash_algorithm.name),
            "self_signed": subject is not None
            and subject == issuer
            and _own_signature(certificate),
            "is_ca": bool(basic is not None and basic.ca),
            "san": {
                "dns": _alternative_names(alternative, "DNSName"),
                "ip": [str(value) for value in _alternative_names(alternative, "IPAddress")],
                "email": _alternative_names(alternative, "RFC822Name"),
                "uri": _alternative_names(alternative, "UniformResourceIdentifier"),
            },
            "ski": _hex(lambda: subject_key.digest),
            "aki": _hex(lambda: authority_key.key_identifier),
            "extended_key_usage": _readable(
                lambda: [_usage(oid) for oid in extensions["2.5.29.37"]]
            )
            or [],
        }


def was_signed_by(der: bytes, issuer_der: bytes) -> bool:
    """Does the signature of one DER certificate fit the key of another? False where that cannot be told."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            certificate = x509.load_der_x509_certificate(der)
            certificate.verify_directly_issued_by(x509.load_der_x509_certificate(issuer_der))
        except Exception:
            return False
    return True


def _readable(read: Callable[[], Value]) -> Value | None:
    """The value, or None where the certificate does not have it or breaks the rules for it.

    What cryptography raises on odd certificates is not one family of errors.
    """
    try:
        return read()
    except Exception:
        return None


def _hex(read: Callable[[], bytes | None]) -> str | None:
    value = _readable(read)
    return None if value is None else value.hex()


def _name_text(name: Any) -> str | None:
    return _readable(lambda: printable(name.rfc4514_string()))


def _common_name(name: Any) -> str | None:
    return _readable(
        lambda: next(
            printable(str(attribute.value))
            for attribute in name
            if attribute.oid.dotted_string == COMMON_NAME
        )
    )


def _key(certificate: Any) -> tuple[str, int | None]:
    key: Any = None if certificate is None else _readable(certificate.public_key)
    if key is None:
        return "unknown", None
    key_type = KEY_TYPES.get(type(key).__name__, "unknown")
    return key_type, _readable(lambda: key.key_size) or KEY_SIZES.get(key_type)


def _own_signature(certificate: Any) -> bool:
    """Subject equals issuer; is the signature its own? A key that cannot check counts as yes."""
    try:
        certificate.verify_directly_issued_by(certificate)
    except Exception as error:
        return type(error).__name__ != "InvalidSignature"
    return True


def _time(openssl_time: bytes | None) -> str | None:
    """ISO 8601 with Z, from OpenSSL's `20260131120000Z`."""
    if openssl_time is None:
        return None
    moment = datetime.strptime(openssl_time.decode("ascii"), "%Y%m%d%H%M%SZ")
    return moment.replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _alternative_names(alternative: Any, kind: str) -> list[Any]:
    if alternative is None:
        return []
    return [entry.value for entry in alternative if type(entry).__name__ == kind]


def _usage(oid: Any) -> str:
    """`serverAuth`, or the dotted identifier of a purpose without a name."""
    name = getattr(oid, "_name", "Unknown OID")
    return oid.dotted_string if name == "Unknown OID" else name


def is_multi_server_name(common_name: str | None) -> bool:
    """Is it of the form that Unified CM gives multi-server certificates: `cucm1-ms.example.com`?"""
    return _MULTI_SERVER.fullmatch(common_name or "") is not None
