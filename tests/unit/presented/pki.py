# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One small PKI for servers that are read from: the certificates of a node as UC nodes have them."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Identity(NamedTuple):
    """A key with its chain, leaf first; `path` holds both as PEM."""

    key: PrivateKey
    chain: tuple[bytes, ...]
    path: Path


class Pki(NamedTuple):
    rsa: Identity
    """RSA leaf, two intermediates that a careful server sends, the root left out."""
    ecdsa: Identity
    """P-384, self-signed, as tomcat-ECDSA is by default."""
    ecdsa_by_rsa: Identity
    """P-256 leaf issued by an RSA CA."""


def build_pki(folder: Path) -> Pki:
    """Issues everything anew, and writes one PEM file for each identity to `folder`."""
    ca = rsa.generate_private_key(65537, 2048)
    leaf = rsa.generate_private_key(65537, 2048)
    p256, p384 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())
    issuers = (_issue("issuing CA", ca, "middle CA", ca), _issue("middle CA", ca, "root CA", ca))
    return Pki(
        _identity(folder, "rsa", leaf, _issue("rsa.test", leaf, "issuing CA", ca), *issuers),
        _identity(folder, "ecdsa", p384, _issue("ec.test", p384, "ec.test", p384)),
        _identity(folder, "mixed", p256, _issue("mixed.test", p256, "issuing CA", ca), *issuers),
    )


def _issue(subject: str, key: PrivateKey, issuer: str, issuer_key: PrivateKey) -> bytes:
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(subject.endswith("CA"), None), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.DER)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _identity(folder: Path, name: str, key: PrivateKey, *chain: bytes) -> Identity:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    for der in chain:
        pem += x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM)
    path = folder / f"{name}.pem"
    path.write_bytes(pem)
    return Identity(key, chain, path)
