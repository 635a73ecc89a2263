# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate as the platform CLI prints it: a text dump, then PEM (CUCM facts 2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.lab.pki import pem

_LETTERS = {
    NameOID.COUNTRY_NAME: "C",
    NameOID.LOCALITY_NAME: "L",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.COMMON_NAME: "CN",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.ORGANIZATION_NAME: "O",
}
_USAGES = (
    ("digital_signature", "digitalSignature"),
    ("content_commitment", "nonRepudiation"),
    ("key_encipherment", "keyEncipherment"),
    ("data_encipherment", "dataEncipherment"),
    ("key_agreement", "keyAgreement"),
    ("key_cert_sign", "keyCertSign"),
    ("crl_sign", "cRLSign"),
)
_INDENT = "     "


def dump(
    certificate: x509.Certificate, switches: Mapping[str, Any], *, with_pem: bool = True
) -> list[str]:
    """The lines of `show cert`; the PEM header stands on the line of the last bracket."""
    key = certificate.public_key()
    kind, oid = (
        ("RSA", "1.2.840.113549.1.1.1")
        if isinstance(key, rsa.RSAPublicKey)
        else ("EC", "1.2.840.10045.2.1")
    )
    algorithm = certificate.signature_algorithm_oid.dotted_string
    signed = f"SHA256with{'RSA' if algorithm.startswith('1.2.840.113549') else 'ECDSA'}"
    encoded = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    until = "Not After :" if switches["vos_validity_text"] == "not_after" else "To:  "
    lines = [
        "[",
        "  Version: V3",
        f"  Serial Number: {certificate.serial_number:X}",
        f"  SignatureAlgorithm: {signed} ({algorithm})",
        f"  Issuer Name: {_name(certificate.issuer)}",
        f"  Validity From: {_date(certificate.not_valid_before_utc)}",
        f"           {until} {_date(certificate.not_valid_after_utc)}",
        f"  Subject Name: {_name(certificate.subject)}",
        f"  Key: {kind} ({oid})",
        f"    Key value: {encoded.hex()}",
    ]
    extensions = [_extension(extension) for extension in certificate.extensions]
    lines.append(f"  Extensions: {len(extensions)} present")
    for extension in extensions:
        lines += ["  [", *(f"{_INDENT}{line}" for line in extension), "  ]"]
    lines += ["", "  Signature:", *_bytes(certificate.signature), ""]
    if not with_pem:
        return [*lines, "]"]
    first, *rest = pem([certificate]).splitlines()
    return [*lines, f"]{first}", *rest]


def common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


def _name(name: x509.Name) -> str:
    return ", ".join(
        f"{_LETTERS.get(one.oid, one.oid.dotted_string)}={one.value!s}" for one in name
    )


def _date(moment: datetime) -> str:
    """In the node's local zone, here UTC, with its abbreviation."""
    return moment.strftime("%a %b %d %H:%M:%S UTC %Y")


def _extension(extension: x509.Extension[Any]) -> list[str]:
    value, oid = extension.value, extension.oid.dotted_string
    kind, lines = type(value).__name__, []
    if isinstance(value, x509.KeyUsage):
        lines = [
            f"Usages: {''.join(f'{text}, ' for name, text in _USAGES if getattr(value, name))}"
        ]
    elif isinstance(value, x509.ExtendedKeyUsage):
        kind = "ExtKeyUsageSyntax"
        lines = [f"Usage oids: {''.join(f'{one.dotted_string}, ' for one in value)}"]
    elif isinstance(value, x509.SubjectKeyIdentifier):
        lines = [f"keyID: {value.digest.hex()}"]
    elif isinstance(value, x509.AuthorityKeyIdentifier):
        lines = [f"keyID: {(value.key_identifier or b'').hex()}"]
    elif isinstance(value, x509.SubjectAlternativeName):
        # What the appliance prints here is unknown; nobody should read it.
        kind = "SubjectAltName"
        lines = [f"{one.value} (dNSName)" for one in value if isinstance(one, x509.DNSName)]
    critical = str(extension.critical).lower()
    return [f"Extension: {kind} (OID.{oid})", f"Critical: {critical}", *lines]


def _bytes(data: bytes) -> list[str]:
    """Sixteen bytes a line, in hexadecimal digits and as text."""
    lines = []
    for start in range(0, len(data), 16):
        part = data[start : start + 16]
        text = "".join(chr(byte) if 32 < byte < 127 else "." for byte in part)
        lines.append(f"  {start:04X}: {part.hex(' ')} [{text}]")
    return lines
