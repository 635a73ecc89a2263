# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates with any flaw one asks for, issued quickly: keys are taken from a small pool."""

from __future__ import annotations

import random
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID as Usage
from cryptography.x509.oid import NameOID
from OpenSSL import crypto

KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)
EXTENDED_KEY_USAGES = {
    "serverAuth": Usage.SERVER_AUTH,
    "clientAuth": Usage.CLIENT_AUTH,
    "any": Usage.ANY_EXTENDED_KEY_USAGE,
    "ipsec": Usage.IPSEC_IKE,
}


@dataclass(frozen=True)
class Profile:
    """What a certificate says. `None` leaves an extension out."""

    common_names: tuple[str, ...]
    key_type: str = "p256"
    days: tuple[int, int] = (-30, 300)
    digest: str = "sha256"
    ca: bool | None = True
    path_length: int | None = None
    key_usage: tuple[str, ...] | None = ("key_cert_sign", "crl_sign")
    extended_key_usage: tuple[str, ...] | None = None
    alternative_names: tuple[x509.GeneralName, ...] = ()
    subject_key: bool = True
    authority_key: str | None = "key"  # key, serial, both, wrong
    permitted: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    unknown_critical: bool = False
    tampered: bool = False


@dataclass(frozen=True)
class Issued:
    profile: Profile
    key: Any = field(repr=False)
    certificate: x509.Certificate = field(repr=False)
    pem: str = field(repr=False)

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()


class Keys:
    """A pool of keys; two certificates may share one, which is what `other` avoids."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._pool: dict[str, list[Any]] = {
            "p256": [ec.generate_private_key(ec.SECP256R1()) for _key in range(40)],
            "p384": [ec.generate_private_key(ec.SECP384R1()) for _key in range(3)],
            "rsa2048": [rsa.generate_private_key(65537, 2048) for _key in range(4)],
            "rsa1024": [rsa.generate_private_key(65537, 1024) for _key in range(3)],
            "ed25519": [ed25519.Ed25519PrivateKey.generate() for _key in range(2)],
        }

    def any(self, key_type: str, other: Sequence[Any] = ()) -> Any:
        return self._rng.choice([key for key in self._pool[key_type] if key not in other])


def issue(
    profile: Profile, key: Any, issuer: Issued | None, now: datetime, rng: random.Random
) -> Issued:
    """A certificate for `key`, self-signed when there is no issuer."""
    subject = _name(profile.common_names)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(rng.randrange(1, 2**64))
        .not_valid_before(now + timedelta(days=profile.days[0]))
        .not_valid_after(now + timedelta(days=profile.days[1]))
    )
    for extension, critical in _extensions(profile, key, issuer):
        builder = builder.add_extension(extension, critical)
    signer = issuer.key if issuer else key
    certificate = _signed(builder, signer, profile.digest)
    if profile.tampered:
        der = bytearray(certificate.public_bytes(serialization.Encoding.DER))
        der[-1] ^= 1
        certificate = x509.load_der_x509_certificate(bytes(der))
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return Issued(profile, key, certificate, pem)


def _signed(builder: x509.CertificateBuilder, signer: Any, digest: str) -> x509.Certificate:
    if isinstance(signer, ed25519.Ed25519PrivateKey):
        return builder.sign(signer, None)
    if digest != "sha1":
        return builder.sign(signer, getattr(hashes, digest.upper())())
    # cryptography does not sign with SHA-1 any more; OpenSSL still does.
    certificate = crypto.X509.from_cryptography(builder.sign(signer, hashes.SHA256()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        certificate.sign(crypto.PKey.from_cryptography_key(signer), digest)
    return certificate.to_cryptography()


def changed(profile: Profile, **changes: Any) -> Profile:
    return replace(profile, **changes)


def _name(common_names: Sequence[str]) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Conformance")]
        + [x509.NameAttribute(NameOID.COMMON_NAME, name) for name in common_names]
    )


def _extensions(
    profile: Profile, key: Any, issuer: Issued | None
) -> list[tuple[x509.ExtensionType, bool]]:
    extensions: list[tuple[x509.ExtensionType, bool]] = []
    if profile.ca is not None:
        length = profile.path_length if profile.ca else None
        extensions.append((x509.BasicConstraints(profile.ca, length), True))
    if profile.key_usage is not None:
        usages = {usage: usage in profile.key_usage for usage in KEY_USAGES}
        extensions.append((x509.KeyUsage(**usages, encipher_only=False, decipher_only=False), True))
    if profile.extended_key_usage is not None:
        usages_wanted = [EXTENDED_KEY_USAGES[name] for name in profile.extended_key_usage]
        extensions.append((x509.ExtendedKeyUsage(usages_wanted), False))
    if profile.alternative_names:
        names = x509.SubjectAlternativeName(profile.alternative_names)
        extensions.append((names, not profile.common_names))
    if profile.subject_key:
        extensions.append((x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False))
    if profile.authority_key:
        extensions.append((_authority_key(profile.authority_key, key, issuer), False))
    if profile.permitted or profile.excluded:
        trees = [
            [x509.DNSName(name) for name in names] or None
            for names in (profile.permitted, profile.excluded)
        ]
        extensions.append((x509.NameConstraints(*trees), True))
    if profile.unknown_critical:
        unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\5\0")
        extensions.append((unknown, True))
    return extensions


def _authority_key(kind: str, key: Any, issuer: Issued | None) -> x509.AuthorityKeyIdentifier:
    public = (issuer.key if issuer else key).public_key()
    identifier = x509.SubjectKeyIdentifier.from_public_key(public).digest
    if kind == "wrong":
        identifier = bytes(reversed(identifier))
    if kind in ("key", "wrong") or issuer is None:
        return x509.AuthorityKeyIdentifier(identifier, None, None)
    return x509.AuthorityKeyIdentifier(
        identifier if kind == "both" else None,
        [x509.DirectoryName(issuer.certificate.issuer)],
        issuer.certificate.serial_number,
    )
