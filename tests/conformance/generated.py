# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random cases: a hierarchy, what the origin sends of it, what the peer trusts of it, and a name.

Each case starts healthy and gets up to four deviations, so that about a third stays accepted and most
refusals have one reason, some several.
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography import x509

from tests.conformance.issuing import Issued, Keys, Profile, changed, issue

SERVER_USAGE = ("digital_signature", "key_encipherment")


@dataclass(frozen=True)
class LiveCase:
    """One origin at `ip`:8443, asked for under `address`, and the trust store of its route."""

    index: int
    address: str
    ip: str
    trust_store: str
    presented: str
    key_pem: str = field(repr=False)
    newest_tls: str
    deviations: tuple[str, ...]


@dataclass
class _Draft:
    """A case in the making: profiles first (leaf, intermediates, root), then what is sent and trusted."""

    rng: random.Random
    keys: Keys
    now: datetime
    tag: str
    profiles: list[Profile]
    certificates: list[Issued] = field(default_factory=list)
    sent: list[Issued] = field(default_factory=list)
    trusted: list[Issued] = field(default_factory=list)

    @property
    def root(self) -> Issued:
        return self.certificates[-1]

    def some_ca(self) -> int | None:
        return self.rng.randrange(1, len(self.profiles)) if len(self.profiles) > 1 else None

    def change(self, index: int | None, **changes: Any) -> None:
        if index is not None:
            self.profiles[index] = changed(self.profiles[index], **changes)

    def issue_all(self) -> None:
        used: list[Any] = []
        issuer: Issued | None = None
        for profile in reversed(self.profiles):
            key = self.keys.any(profile.key_type, other=used)
            used.append(key)
            issuer = issue(profile, key, issuer, self.now, self.rng)
            self.certificates.insert(0, issuer)
        self.sent = self.certificates[:-1] or self.certificates[:]
        self.trusted = [self.root]

    def again(self, original: Issued, key: Any = None, **changes: Any) -> Issued:
        """Another self-signed certificate of the same subject: renewed (same key) or a twin (another)."""
        profile = changed(original.profile, **changes)
        return issue(profile, key or original.key, None, self.now, self.rng)

    def twin(self, original: Issued, **changes: Any) -> Issued:
        key = self.keys.any(original.profile.key_type, other=[original.key])
        return self.again(original, key, **changes)

    def stranger(self) -> Issued:
        name = f"Stranger {self.tag} {self.rng.random()}"
        return issue(Profile((name,)), self.keys.any("p256"), None, self.now, self.rng)

    def trust_anywhere(self, *certificates: Issued) -> None:
        for certificate in certificates:
            self.trusted.insert(self.rng.randint(0, len(self.trusted)), certificate)


Deviation = Callable[[_Draft], None]

OLD, FUTURE = (-60, -1), (1, 60)
TOO_FEW_USAGES: list[tuple[str, ...]] = [
    ("data_encipherment",),
    ("key_encipherment",),
    ("key_agreement",),
    ("digital_signature",),
    ("key_cert_sign", "crl_sign"),
]


def _no_key_identifiers(draft: _Draft) -> None:
    for index in range(len(draft.profiles)):
        draft.change(index, authority_key=None, subject_key=False)


IN_PROFILES: dict[str, Deviation] = {
    "leaf expired": lambda d: d.change(0, days=OLD),
    "leaf not yet valid": lambda d: d.change(0, days=FUTURE),
    "leaf extended key usage": lambda d: d.change(
        0,
        extended_key_usage=d.rng.choice(
            [("clientAuth",), ("any",), ("ipsec",), ("serverAuth",), ("any", "serverAuth"), None]
        ),
    ),
    "leaf key usage": lambda d: d.change(0, key_usage=d.rng.choice([*TOO_FEW_USAGES, None])),
    "leaf is a CA": lambda d: d.change(0, ca=True),
    "leaf without basic constraints": lambda d: d.change(0, ca=None),
    "leaf authority key": lambda d: d.change(
        0, authority_key=d.rng.choice([None, "serial", "both", "wrong"])
    ),
    "leaf digest": lambda d: d.change(0, digest=d.rng.choice(["sha1", "sha384", "sha512"])),
    "leaf key": lambda d: d.change(0, key_type=d.rng.choice(["rsa1024", "p384", "ed25519"])),
    "leaf critical extension": lambda d: d.change(0, unknown_critical=True),
    "leaf tampered": lambda d: d.change(0, tampered=True),
    "CA expired": lambda d: d.change(d.some_ca(), days=OLD),
    "CA not yet valid": lambda d: d.change(d.some_ca(), days=FUTURE),
    "CA is none": lambda d: d.change(d.some_ca(), ca=d.rng.choice([False, None])),
    "CA key usage": lambda d: d.change(
        d.some_ca(), key_usage=d.rng.choice([None, ("digital_signature",), ("crl_sign",)])
    ),
    "CA without basics": lambda d: d.change(d.some_ca(), ca=None, key_usage=None),
    "CA path length": lambda d: d.change(d.some_ca(), path_length=d.rng.randint(0, 1)),
    "CA extended key usage": lambda d: d.change(
        d.some_ca(), extended_key_usage=d.rng.choice([("clientAuth",), ("serverAuth",), ("any",)])
    ),
    "CA digest": lambda d: d.change(d.some_ca(), digest="sha1"),
    "CA key": lambda d: d.change(
        d.some_ca(), key_type=d.rng.choice(["rsa1024", "rsa2048", "p384"])
    ),
    "CA authority key": lambda d: d.change(
        d.some_ca(), authority_key=d.rng.choice([None, "serial", "both", "wrong"])
    ),
    "CA subject key": lambda d: d.change(d.some_ca(), subject_key=False),
    "CA critical extension": lambda d: d.change(d.some_ca(), unknown_critical=True),
    "CA permits": lambda d: d.change(d.some_ca(), permitted=(d.rng.choice(["test", "other"]),)),
    "CA excludes": lambda d: d.change(d.some_ca(), excluded=(d.rng.choice(["test", "other"]),)),
    "no key identifiers": _no_key_identifiers,
}


def _cross_signed(draft: _Draft) -> None:
    """The root's key is certified by another root too; one of the two is trusted, the cross sent."""
    other = draft.stranger()
    profile = changed(draft.root.profile, authority_key="key")
    cross = issue(profile, draft.root.key, other, draft.now, draft.rng)
    draft.sent = [*draft.sent, cross]
    draft.trusted = draft.rng.choice([[draft.root], [other], [draft.root, other], [cross]])


def _renewed_intermediate(draft: _Draft) -> None:
    """The same intermediate twice, one expired: one is sent, the other is trusted."""
    if len(draft.certificates) < 3:
        return
    valid, issuer = draft.certificates[1], draft.certificates[2]
    old = issue(changed(valid.profile, days=OLD), valid.key, issuer, draft.now, draft.rng)
    sent, trusted = draft.rng.sample([old, valid], 2)
    draft.sent = [sent if item is valid else item for item in draft.sent]
    draft.trust_anywhere(trusted)


def _drop_some(draft: _Draft) -> None:
    if len(draft.sent) > 1:
        del draft.sent[draft.rng.randrange(1, len(draft.sent))]


def _shuffle(draft: _Draft) -> None:
    rest = draft.sent[1:]
    draft.rng.shuffle(rest)
    draft.sent[1:] = rest


def _set(draft: _Draft, **changes: list[Issued]) -> None:
    for name, value in changes.items():
        setattr(draft, name, value)


AFTER_ISSUING: dict[str, Deviation] = {
    "sent: leaf only": lambda d: _set(d, sent=d.sent[:1]),
    "sent: one missing": _drop_some,
    "sent: with root": lambda d: d.sent.append(d.root),
    "sent: shuffled": _shuffle,
    "sent: reversed": lambda d: _set(d, sent=[*d.sent[:1], *reversed(d.sent[1:])]),
    "sent: twice": lambda d: d.sent.append(d.rng.choice(d.sent)),
    "sent: stranger": lambda d: d.sent.append(d.stranger()),
    "sent: twin of the root": lambda d: d.sent.append(d.twin(d.root)),
    "trusted: nothing of it": lambda d: _set(d, trusted=[d.stranger()]),
    "trusted: intermediates": lambda d: d.trust_anywhere(*d.certificates[1:-1]),
    "trusted: intermediates only": lambda d: _set(
        d, trusted=d.certificates[1:-1] or [d.stranger()]
    ),
    "trusted: leaf only": lambda d: _set(d, trusted=d.certificates[:1]),
    "trusted: leaf too": lambda d: d.trust_anywhere(d.certificates[0]),
    "trusted: root twice": lambda d: d.trust_anywhere(d.root),
    "trusted: strangers": lambda d: d.trust_anywhere(*(d.stranger() for _stranger in range(5))),
    "trusted: twin too": lambda d: d.trust_anywhere(d.twin(d.root)),
    "trusted: expired twin too": lambda d: d.trust_anywhere(d.twin(d.root, days=OLD)),
    "trusted: twin only": lambda d: _set(d, trusted=[d.twin(d.root)]),
    "trusted: old root too": lambda d: d.trust_anywhere(d.again(d.root, days=OLD)),
    "trusted: old root only": lambda d: _set(d, trusted=[d.again(d.root, days=OLD)]),
    "trusted: renewed root too": lambda d: d.trust_anywhere(d.again(d.root, days=(-1, 600))),
    "cross-signed": _cross_signed,
    "renewed intermediate": _renewed_intermediate,
}


def random_case(
    rng: random.Random, keys: Keys, now: datetime, index: int, network: str
) -> LiveCase:
    """Case number `index`, with an address of its own in `network` (`127.25`)."""
    ip = f"{network}.{64 + index // 250}.{1 + index % 250}"
    address = _random_address(rng, index, ip)
    common_names, alternative_names = _random_names(rng, address, ip)
    intermediates = rng.choices(range(9), [20, 30, 20, 8, 4, 4, 4, 5, 5])[0]
    self_signed = rng.random() < 0.15
    leaf = Profile(
        common_names,
        key_type=rng.choice(["rsa2048", "p256"]),
        ca=False,
        key_usage=SERVER_USAGE,
        extended_key_usage=("serverAuth", "clientAuth"),
        alternative_names=alternative_names,
    )
    cas = (
        []
        if self_signed
        else [Profile((f"CA {index}-{level}",)) for level in range(intermediates + 1)]
    )
    draft = _Draft(rng, keys, now, str(index), [leaf, *cas])
    chosen = rng.sample(
        sorted({**IN_PROFILES, **AFTER_ISSUING}), rng.choices(range(5), [30, 35, 20, 10, 5])[0]
    )
    for name in chosen:
        if name in IN_PROFILES:
            IN_PROFILES[name](draft)
    draft.issue_all()
    for name in chosen:
        if name in AFTER_ISSUING:
            AFTER_ISSUING[name](draft)
    return LiveCase(
        index,
        address,
        ip,
        "".join(certificate.pem for certificate in draft.trusted),
        "".join(certificate.pem for certificate in draft.sent),
        draft.certificates[0].key_pem,
        rng.choice(["1.2", "1.3"]),
        tuple(chosen),
    )


def _random_address(rng: random.Random, index: int, ip: str) -> str:
    letters = [
        chr(ord("a") + int(digit)) for digit in f"{index:03d}"
    ]  # digits would be an IP address
    return rng.choices(
        [
            f"n{index}.mra.test",
            ip,
            f"N{index}.MRA.Test",
            f"n_{index}.mra.test",
            f"xn--n{index}.mra.test",
            f"n{index}.sub.mra.test",
            f"n{index}.test",
            f"{letters[0]}.{letters[1]}.{letters[2]}",
            f"n{index}",
        ],
        [50, 15, 6, 6, 4, 5, 3, 4, 4],
    )[0]


def _random_names(
    rng: random.Random, address: str, ip: str
) -> tuple[tuple[str, ...], tuple[x509.GeneralName, ...]]:
    label, _dot, domain = address.partition(".")
    dns, other = x509.DNSName, x509.DNSName("elsewhere.mra.test")
    matching = [
        ((address,), (dns(address),)),
        (("ms-cluster",), (other, dns(address))),
        ((address,), ()),
        ((address,), (other,)),
        (("any",), (dns(address.upper()),)),
        (("any",), (dns(f"*.{domain}"),)),
        (("any",), (dns(f"{label[0]}*.{domain}"),)),
        (("any",), (dns(f"*{label[-1]}.{domain}"),)),
        ((f"*.{domain}",), (other,)),
        ((address, "second"), ()),
        ((), (dns(address),)),
    ]
    odd = [
        (("first", address), ()),
        (("any",), ()),
        (("any",), (other,)),
        (("any",), (dns(domain or "test"),)),
        (("any",), (dns("*"),)),
        (("any",), (dns(f"*.{address}"),)),
        (("any",), (dns(f"{label[0]}*{label[-1]}.{domain}"),)),
        (("any",), (dns(f"{label}.*.test"),)),
        (("any",), (dns("*.*.test"),)),
        (("any",), (dns(f"**.{domain}"),)),
        (("any",), (dns(f"{address}."),)),
        (("any",), (dns(f" {address}"),)),
        (("any",), (dns(f".{domain}"),)),
        (("any",), (x509.IPAddress(ipaddress.ip_address(ip)),)),
        (("any",), (x509.UniformResourceIdentifier(f"https://{address}/"),)),
        ((ip,), (x509.IPAddress(ipaddress.ip_address(ip)), other)),
        (("any",), (x509.RFC822Name(f"admin@{domain or 'test'}"),)),
    ]
    if address == ip and rng.random() < 0.4:
        # The dearest difference to other clients: an iPAddress entry covers nothing here.
        return ("any",), (x509.IPAddress(ipaddress.ip_address(ip)), other)
    return rng.choice(matching if rng.random() < 0.75 else odd)
