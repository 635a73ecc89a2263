# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates to plan with: CAs and server certificates by a few words, and whole PKIs for hypothesis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from hypothesis import strategies as st

AT = datetime(2026, 6, 1, tzinfo=UTC)
VALID, EXPIRED, FUTURE = (-300, 300), (-600, -20), (20, 600)

_serials = count(1000)


@cache
def key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Made:
    """A certificate and what is needed to issue below it."""

    certificate: x509.Certificate = field(repr=False)
    key_name: str

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def sha256(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def key_pem(self) -> str:
        return (
            key(self.key_name)
            .private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            .decode()
        )


def make(
    name: str,
    issuer: Made | None = None,
    *,
    key_name: str = "",
    valid: tuple[int, int] = VALID,
    ca: bool = True,
    identifiers: bool = True,
    dns: Sequence[str] = (),
    usages: Sequence[Any] = (),
    issuer_url: str = "",
) -> Made:
    """`name` is the CN; without `issuer` self-signed; `valid` in days from AT; twins differ in `key_name`."""
    key_name = key_name or name
    signing = key(issuer.key_name if issuer else key_name)
    subject = _name(name)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key(key_name).public_key())
        .serial_number(next(_serials))
        .not_valid_before(AT + timedelta(days=valid[0]))
        .not_valid_after(AT + timedelta(days=valid[1]))
    )
    if ca:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
    if identifiers:
        builder = builder.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key(key_name).public_key()), False
        ).add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), False
        )
    if dns:
        names = x509.SubjectAlternativeName([x509.DNSName(one) for one in dns])
        builder = builder.add_extension(names, False)
    if usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(list(usages)), False)
    if issuer_url:
        access = x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(issuer_url)
        )
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), False)
    return Made(builder.sign(signing, hashes.SHA256()), key_name)


def server(name: str, issuer: Made | None = None, **options: Any) -> Made:
    """A server certificate that covers its own name."""
    return make(name, issuer, ca=False, **{"dns": [name], **options})


def pem(*certificates: Made) -> str:
    return "".join(one.pem for one in certificates)


def origin(*chain: Made, address: str = "", port: int = 8443, **more: Any) -> dict[str, Any]:
    """What a node presents, leaf first; the address is the leaf's own name."""
    own = chain[0].certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    return {"address": address or own, "port": port, "presented": pem(*chain), **more}


def client_only() -> list[Any]:
    return [ExtendedKeyUsageOID.CLIENT_AUTH]


def _name(text: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"),
            x509.NameAttribute(NameOID.COMMON_NAME, text),
        ]
    )


@dataclass(frozen=True)
class Situation:
    """Arguments of `plan_trust`."""

    trust_stores: dict[str, str]
    origins: list[dict[str, Any]]
    candidates: list[str]


@st.composite
def situations(
    draw: st.DrawFn,
    *,
    most_per_level: int = 2,
    most_origins: int = 5,
    depths: tuple[int, int] = (1, 6),
) -> Situation:
    """PKIs of depth 1 to 6 with cross-signed, renewed, expired and twin CAs, with and without key
    identifiers; origins that send some of what is above them; stores that hold some of it."""
    depth = draw(st.integers(*depths))
    levels: list[list[Made]] = []
    for level in range(depth - 1):
        here: list[Made] = []
        for number in range(draw(st.integers(1, most_per_level))):
            above = levels[-1] if levels else []
            issuer = draw(st.sampled_from(above)) if above else None
            # 0: its own name and key; 1: a twin of the first (name); 2: renewed or cross-signed (name and key).
            kind = draw(st.sampled_from([0, 0, 1, 2])) if number else 0
            here.append(
                make(
                    f"CA {level}" if kind else f"CA {level} {number or ''}".strip(),
                    issuer,
                    key_name=f"CA {level}" if kind == 2 else f"CA {level} {number or ''}".strip(),
                    valid=draw(st.sampled_from([VALID, VALID, VALID, EXPIRED])),
                    identifiers=draw(st.sampled_from([True, True, False])),
                )
            )
        levels.append(here)
    authorities = [one for level in levels for one in level]
    leaves: list[Made] = []
    origins = []
    for number in range(draw(st.integers(1, most_origins))):
        issuer = draw(st.sampled_from([*authorities, None])) if authorities else None
        # Two self-signed certificates of one name are twins too.
        name = f"node{number if issuer else number // 2}.example.test"
        leaf = server(
            name,
            issuer,
            key_name=f"leaf {number}",
            valid=draw(st.sampled_from([VALID] * 7 + [EXPIRED])),
            identifiers=draw(st.sampled_from([True, True, False])),
        )
        leaves.append(leaf)
        sent = (
            draw(st.lists(st.sampled_from(authorities), unique=True, max_size=4))
            if authorities
            else []
        )
        origins.append(origin(leaf, *sent, port=8443 + number))
    everything = [*authorities, *leaves]
    some = st.lists(st.sampled_from(everything), unique=True, max_size=4)
    stores = {f"expc{number}": pem(*draw(some)) for number in range(draw(st.integers(1, 2)))}
    return Situation(
        stores, origins, [pem(*authorities)] if draw(st.booleans()) else [pem(*draw(some))]
    )
