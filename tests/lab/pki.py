# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Issues the certificates of a profile, each when it is first asked for.

Leaf certificates share one key per key name, as a thousand origins should cost signatures and not
key generations; every authority has a key of its own. Nothing is written to disk here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.lab.profile import Authority, Certificate, Node, Profile

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

API_AUTHORITY = Authority("api-ca", "Lab API CA")


@dataclass(frozen=True)
class Issued:
    """A leaf with its key and the certificates sent after it."""

    leaf: x509.Certificate
    key: PrivateKey
    sent: tuple[x509.Certificate, ...]

    @property
    def chain(self) -> list[x509.Certificate]:
        """What goes over the wire, leaf first."""
        return [self.leaf, *self.sent]

    @property
    def chain_and_key_pem(self) -> bytes:
        return pem(self.chain).encode() + _key_pem(self.key)


class Pki:
    """The certificates of ``profile`` as of ``at`` (aware, UTC); the same object on every call."""

    def __init__(self, profile: Profile, at: datetime) -> None:
        self._profile = profile
        self._at = at.replace(microsecond=0)
        # Cached on the instance, so that two estates in one process do not share keys.
        self._key = cache(_generate)
        self.authority = cache(self._authority)
        self._leaf = cache(self._issue_leaf)

    def issued(self, node: Node, unit: str) -> Issued:
        """The certificate of ``unit`` on ``node``; multi-server ones are equal on all nodes."""
        return self._leaf(node.certificates[unit])

    def held(self, node: Node, unit: str) -> Issued:
        """The same for every unit of a node, those that it never presents included."""
        return self._leaf(node.held[unit])

    def trust_store(self, entries: Iterable[str]) -> str:
        """PEM text of authorities by name and of node certificates as ``node/unit``, in order."""
        nodes = {node.name: node for node in self._profile.nodes}
        found = []
        for entry in entries:
            name, _slash, unit = entry.partition("/")
            found.append(self.issued(nodes[name], unit).leaf if unit else self.authority(name))
        return pem(found)

    def tomcat_trust(self) -> str:
        """PEM text of the CAs above the nodes' certificates, as an administrator of the nodes exports them."""
        return self.trust_store(
            self.above(
                certificate
                for node in self._profile.nodes
                for certificate in node.certificates.values()
            )
        )

    def above(self, certificates: Iterable[Certificate]) -> list[str]:
        """The names of the authorities above ``certificates``, each once, the nearest first."""
        above: dict[str, None] = {}
        for certificate in certificates:
            issuer = certificate.issuer
            while issuer is not None and issuer not in above:
                above[issuer] = None
                issuer = self._profile.authorities[issuer].issuer
        return list(above)

    def api_server(self, name: str, address: str) -> Issued:
        """The certificate of a peer's REST API, issued by the lab's own ``api_authority``."""
        return self._leaf(
            Certificate("api", name, dns=(name,), ip=(address,), issuer="api-ca", key="ecdsa-p256")
        )

    @property
    def api_authority(self) -> x509.Certificate:
        return self.authority(API_AUTHORITY.name)

    def _authority_profile(self, name: str) -> Authority:
        return API_AUTHORITY if name == API_AUTHORITY.name else self._profile.authorities[name]

    def _authority_key(self, name: str) -> PrivateKey:
        authority = self._authority_profile(name)
        return self._key(f"authority {authority.same_key_as or name}")

    def _authority(self, name: str) -> x509.Certificate:
        authority = self._authority_profile(name)
        key = self._authority_key(name)
        issuer = authority.issuer or name
        builder = (
            self._builder(authority.common_name, key, authority.valid)
            .issuer_name(_subject(self._authority_profile(issuer).common_name))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_key_usage("key_cert_sign", "crl_sign"), critical=True)
        )
        signing = self._authority_key(issuer)
        return _with_identifiers(builder, key, signing).sign(signing, hashes.SHA256())

    def _issue_leaf(self, profile: Certificate) -> Issued:
        key = self._key(profile.key)
        builder = self._builder(profile.common_name, key, profile.valid)
        usages = ["digital_signature", "key_agreement"]
        if isinstance(key, rsa.RSAPrivateKey):
            usages += ["key_encipherment", "data_encipherment"]
        if profile.issuer is None:
            signing, issuer_name = key, _subject(profile.common_name)
            usages.append("key_cert_sign")  # the appliances do; OpenSSL 1.1.1 judges by it
        else:
            signing = self._authority_key(profile.issuer)
            issuer_name = self.authority(profile.issuer).subject
        builder = (
            builder.issuer_name(issuer_name)
            .add_extension(_key_usage(*usages), critical=False)
            .add_extension(
                x509.ExtendedKeyUsage(
                    [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
                ),
                critical=False,
            )
        )
        names: list[x509.GeneralName] = [x509.DNSName(name) for name in profile.dns]
        names += [x509.IPAddress(ip_address(address)) for address in profile.ip]
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if profile.identifiers:
            builder = _with_identifiers(builder, key, signing)
        sent = tuple(self.authority(name) for name in profile.sends)
        return Issued(builder.sign(signing, hashes.SHA256()), key, sent)

    def _builder(
        self, common_name: str, key: PrivateKey, valid: tuple[int, int]
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_subject(common_name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._at + timedelta(days=valid[0]))
            .not_valid_after(self._at + timedelta(days=valid[1]))
        )


def pem(certificates: Iterable[x509.Certificate]) -> str:
    return "".join(
        certificate.public_bytes(serialization.Encoding.PEM).decode()
        for certificate in certificates
    )


def _generate(name: str) -> PrivateKey:
    """A new key; what kind it is follows from its name."""
    if name == "ecdsa" or name.startswith("ecdsa of "):
        return ec.generate_private_key(ec.SECP384R1())
    if name in ("ecdsa-p256", f"authority {API_AUTHORITY.name}"):
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, 2048)


def _key_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _subject(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _key_usage(*wanted: str) -> x509.KeyUsage:
    every = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{usage: usage in wanted for usage in every})


def _with_identifiers(
    builder: x509.CertificateBuilder, key: PrivateKey, signing: PrivateKey
) -> x509.CertificateBuilder:
    return builder.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
    ).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
    )
