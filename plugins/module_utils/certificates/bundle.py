# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates: read from PEM text as OpenSSL reads a CA file, identified by the SHA-256 of their DER, described."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.der import (
    first_element,
    whole,
)
from ansible_collections.collab.expressway.plugins.module_utils.certificates.names import (
    CertificateNames,
    NameKey,
    certificate_names,
    may_sign,
    subject_and_issuer,
)
from ansible_collections.collab.expressway.plugins.module_utils.certificates.pem_blocks import (
    PemBlock,
    split_blocks,
)
from ansible_collections.collab.expressway.plugins.module_utils.certificates.record import (
    certificate_record,
    was_signed_by,
)
from ansible_collections.collab.expressway.plugins.module_utils.certificates.strength import (
    is_ecdsa,
    weak_digest,
    weak_key,
)
from ansible_collections.collab.expressway.plugins.module_utils.dependencies import crypto

CERTIFICATE_LABELS = ("CERTIFICATE", "X509 CERTIFICATE")
TRUSTED_LABEL = "TRUSTED CERTIFICATE"
REVOCATION_LIST_LABEL = "X509 CRL"

NOTHING_IN_IT = "no PEM certificate in it (DER must be converted)"
"""Of a text that somebody gave for certificates, and that has none."""
NOT_A_CERTIFICATE = "not a certificate that OpenSSL can read"


@dataclass(frozen=True, eq=False)
class Certificate:
    """One certificate that OpenSSL can parse. Equal and hashed by the SHA-256 of its DER.

    `parsed` is OpenSSL's own object (`OpenSSL.crypto.X509`), made once.
    """

    der: bytes
    parsed: Any = field(repr=False)

    @classmethod
    def from_der(cls, der: bytes) -> Certificate:
        """Raises ValueError when OpenSSL does not take `der` for a certificate."""
        return cls._loaded(crypto.FILETYPE_ASN1, der)

    @classmethod
    def from_pem_block(cls, text: str) -> Certificate:
        """One PEM block. Raises ValueError when OpenSSL cannot read it as a certificate."""
        return cls._loaded(crypto.FILETYPE_PEM, text.encode("utf-8", "surrogateescape"))

    @classmethod
    def _loaded(cls, kind: int, data: bytes) -> Certificate:
        try:
            parsed = crypto.load_certificate(kind, data)
            return cls(crypto.dump_certificate(crypto.FILETYPE_ASN1, parsed), parsed)
        except crypto.Error as error:
            raise ValueError(NOT_A_CERTIFICATE) from error

    @cached_property
    def sha256(self) -> str:
        """Lowercase hex digest of the DER: the identity of a certificate."""
        return hashlib.sha256(self.der).hexdigest()

    @cached_property
    def pem(self) -> str:
        return ssl.DER_cert_to_PEM_cert(self.der)

    def signed(self, other: Certificate) -> bool:
        """Does the signature of `other` fit this certificate's key? For explanations only."""
        return was_signed_by(other.der, self.der)

    @cached_property
    def subject_key(self) -> NameKey:
        """The subject, comparable with another certificate's `issuer_key` as OpenSSL compares them."""
        return subject_and_issuer(self.der)[0]

    @cached_property
    def issuer_key(self) -> NameKey:
        """The issuer, comparable with another certificate's `subject_key`."""
        return subject_and_issuer(self.der)[1]

    @cached_property
    def weak_key(self) -> str | None:
        """What is weak about the key (`RSA key of 1024 bits`), or None."""
        return weak_key(self.parsed)

    @cached_property
    def weak_digest(self) -> str | None:
        """The weak digest (`sha1`) that it is signed with, or None."""
        return weak_digest(self.parsed)

    @cached_property
    def ecdsa_not_for_signing(self) -> bool:
        """An ECDSA key whose keyUsage leaves out digitalSignature: fine for the chain, not for TLS 1.2."""
        return is_ecdsa(self.parsed) and not may_sign(self.der)

    @cached_property
    def names(self) -> CertificateNames:
        return certificate_names(self.der)

    @cached_property
    def record(self) -> dict[str, Any]:
        """See `describe`."""
        return {"sha256": self.sha256, **certificate_record(self.der, self.parsed), "pem": self.pem}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)


@dataclass(frozen=True)
class Bundle:
    """What one PEM text holds.

    `certificates`: in the text's order, duplicates kept, because the order decides between
    certificates of one subject. `problems`: one line for each block that is no certificate
    (`block 3 (line 41): private key`); `duplicates`: one for each certificate that came before.
    `unloadable`: why OpenSSL takes nothing at all from a CA file with this text, else None.
    """

    certificates: tuple[Certificate, ...] = ()
    problems: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()
    unloadable: str | None = None


def describe(certificate: Certificate) -> dict[str, Any]:
    """The CertificateRecord, JSON types only: sha256, subject and issuer (RFC 4514), common_name,
    issuer_common_name, serial (hex), not_before and not_after (ISO 8601, Z), key_type, key_size (bits),
    signature_hash, self_signed, is_ca, san {dns, ip, email, uri}, ski and aki (hex), extended_key_usage, pem.

    A field that cannot be read is None (or empty); a certificate never makes this fail.
    """
    return dict(certificate.record)


def bundle_digest(certificates: Iterable[Certificate]) -> str:
    """SHA-256 (hex) over the sorted certificate digests: equal for stores with the same certificates,
    whatever their order, comments and duplicates."""
    digests = sorted({certificate.sha256 for certificate in certificates})
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def read_bundle(text: str, known: dict[str, Certificate] | None = None) -> Bundle:
    """Read PEM text. Never raises: what is wrong is in the result.

    `known` maps block text → certificate; given again for the next text, each distinct certificate
    is parsed once.
    """
    known = {} if known is None else known
    certificates: list[Certificate] = []
    problems: list[str] = []
    duplicates: list[str] = []
    first_place: dict[Certificate, str] = {}
    unloadable: str | None = None
    loads = False
    for block in split_blocks(text):
        certificate, problem, fatal = _read_block(block, known)
        if certificate is not None:
            if certificate in first_place:
                duplicates.append(f"{block.place}: same certificate as {first_place[certificate]}")
            first_place.setdefault(certificate, f"block {block.number}")
            certificates.append(certificate)
        if problem:
            problems.append(f"{block.place}: {problem}")
            if fatal and unloadable is None:
                unloadable = problems[-1]
        loads = loads or certificate is not None or block.label == REVOCATION_LIST_LABEL
    if unloadable is None and not loads:
        unloadable = "no certificate in it" if text.strip() else "it is empty"
    return Bundle(tuple(certificates), tuple(problems), tuple(duplicates), unloadable)


def _read_block(
    block: PemBlock, known: dict[str, Certificate]
) -> tuple[Certificate | None, str | None, bool]:
    """(certificate, problem, does the problem keep OpenSSL from loading the file?)

    Measured with store files of each kind given to a real Traffic Server.
    """
    if block.problem is not None:
        return None, block.problem, not block.skipped
    if block.label in (*CERTIFICATE_LABELS, TRUSTED_LABEL):
        if block.text not in known:
            try:
                known[block.text] = _certificate(block)
            except ValueError:
                return None, NOT_A_CERTIFICATE, True
        return known[block.text], None, False
    # OpenSSL decodes what it does not want too, so a damaged key or request spoils the whole file.
    kind = "private key" if block.label.endswith("PRIVATE KEY") else block.label.lower()
    content = block.content()
    encrypted = "Proc-Type: 4,ENCRYPTED" in block.text
    decoded = block.label.endswith(("PRIVATE KEY", "CRL")) and not encrypted
    if content is None or (decoded and not whole(content)):
        return None, f"damaged {kind}", True
    if block.label == REVOCATION_LIST_LABEL:
        return None, "certificate revocation list", False
    return None, kind if kind == "private key" else f"{kind}, not a certificate", False


def _certificate(block: PemBlock) -> Certificate:
    if block.label != TRUSTED_LABEL:
        return Certificate.from_pem_block(block.text)
    # OpenSSL's own format: the certificate, then trust settings, which are left out here.
    return Certificate.from_der(first_element(block.content() or b""))
