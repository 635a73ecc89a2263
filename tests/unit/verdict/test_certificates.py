# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""PEM text in, certificates and complaints with their place out."""

from __future__ import annotations

import ipaddress
import json
import random
import ssl
from datetime import UTC, datetime

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
    bundle_digest,
    describe,
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.certificates.names import (
    certificate_names,
)
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.issuing import Issued, Keys, Profile, issue

RNG = random.Random(5)
KEYS = Keys(RNG)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def issued(*common_names: str, **profile: object) -> Issued:
    made = Profile(common_names, **profile)  # type: ignore[arg-type]
    return issue(made, KEYS.any(made.key_type), None, NOW, RNG)


A, B = issued("a"), issued("b", key_type="rsa2048", digest="sha512")
KEY = "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("text", "found", "problems", "unloadable"),
    [
        (A.pem + B.pem, "ab", [], None),
        (f"# first\n{A.pem}and\n{B.pem}last", "ab", [], None),
        ("", "", [], "it is empty"),
        ("hello", "", [], "no certificate in it"),
        (A.pem + KEY, "a", ["block 2 (line {after_a}): private key"], None),
        (KEY + A.pem, "a", ["block 1 (line 1): private key"], None),
        (
            A.pem + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" + B.pem,
            "ab",
            ["block 2 (line {after_a}): not a certificate that OpenSSL can read"],
            "block 2 (line {after_a}): not a certificate that OpenSSL can read",
        ),
        (
            A.pem + "-----BEGIN CERTIFICATE-----\nAAAA\n",
            "a",
            ["block 2 (line {after_a}): no END line"],
            "block 2 (line {after_a}): no END line",
        ),
        (
            "-----END CERTIFICATE-----\n" + A.pem,
            "a",
            ["block 1 (line 1): END line without BEGIN line"],
            None,
        ),
    ],
)
def test_read_bundle(text: str, found: str, problems: list[str], unloadable: str | None) -> None:
    after_a = A.pem.count("\n") + 1
    bundle = read_bundle(text)
    assert "".join(describe(item)["common_name"] for item in bundle.certificates) == found
    assert list(bundle.problems) == [problem.format(after_a=after_a) for problem in problems]
    assert bundle.unloadable == (unloadable and unloadable.format(after_a=after_a))


def test_duplicates_are_kept_in_order_and_told() -> None:
    bundle = read_bundle(A.pem + B.pem + A.pem)
    assert [describe(item)["common_name"] for item in bundle.certificates] == ["a", "b", "a"]
    line = (A.pem + B.pem).count("\n") + 1
    assert bundle.duplicates == (f"block 3 (line {line}): same certificate as block 1",)
    assert not bundle.problems


def test_each_distinct_certificate_is_parsed_once() -> None:
    known: dict[str, Certificate] = {}
    first = read_bundle(A.pem + B.pem, known).certificates
    second = read_bundle(B.pem + A.pem, known).certificates
    assert first[0].parsed is second[1].parsed
    assert len(known) == 2


def test_digest_does_not_know_order_comments_and_duplicates() -> None:
    one, other = read_bundle(A.pem + B.pem), read_bundle(f"# x\n{B.pem}{A.pem}{A.pem}")
    assert bundle_digest(one.certificates) == bundle_digest(other.certificates)
    assert bundle_digest(one.certificates) != bundle_digest(one.certificates[:1])


def test_describe_is_complete_and_json() -> None:
    names = (x509.DNSName("n.test"), x509.IPAddress(ipaddress.ip_address("10.0.0.1")))
    made = issued(
        "n",
        "second",
        key_type="rsa2048",
        ca=False,
        extended_key_usage=("serverAuth", "clientAuth"),
        alternative_names=(
            *names,
            x509.RFC822Name("a@n.test"),
            x509.UniformResourceIdentifier("https://n"),
        ),
    )
    (certificate,) = read_bundle(made.pem).certificates
    record = describe(certificate)
    key = x509.SubjectKeyIdentifier.from_public_key(made.key.public_key()).digest.hex()
    assert json.loads(json.dumps(record)) == {
        "sha256": certificate.sha256,
        "subject": "CN=second,CN=n,O=Conformance",
        "common_name": "n",
        "issuer": "CN=second,CN=n,O=Conformance",
        "issuer_common_name": "n",
        "serial": format(made.certificate.serial_number, "x"),
        "not_before": "2026-10-24T12:00:00Z",
        "not_after": "2027-09-19T12:00:00Z",
        "key_type": "rsa",
        "key_size": 2048,
        "signature_hash": "sha256",
        "self_signed": True,
        "is_ca": False,
        "san": {"dns": ["n.test"], "ip": ["10.0.0.1"], "email": ["a@n.test"], "uri": ["https://n"]},
        "ski": key,
        "aki": key,
        "extended_key_usage": ["serverAuth", "clientAuth"],
        "pem": made.pem,
    }


def patched(certificate: Issued, old: bytes, new: bytes) -> Certificate:
    """The DER with some bytes replaced: certificates that no library would issue."""
    der = certificate.certificate.public_bytes(serialization.Encoding.DER)
    assert der.count(old) >= 1 and len(old) == len(new)
    return Certificate.from_der(der.replace(old, new, 1))


def test_a_negative_serial_number_is_told() -> None:
    made = issued("negative")
    serial = made.certificate.serial_number.to_bytes(9, "big").lstrip(b"\0")
    certificate = patched(made, serial, bytes([serial[0] | 0x80]) + serial[1:])
    record = describe(certificate)
    assert record["common_name"] == "negative"
    assert record["serial"].startswith("-")


def test_an_odd_extension_hides_nothing_else() -> None:
    """A dNSName that is not ASCII: general libraries then give out no extension at all."""
    made = issued("odd", alternative_names=(x509.DNSName("zzzz.test"), x509.DNSName("n.test")))
    certificate = patched(made, b"zzzz.test", b"z\xff\xffz.test")
    assert certificate.names.dns == (b"z\xff\xffz.test", b"n.test")
    assert certificate.names.compared() == ["z\\xff\\xffz.test", "n.test", "odd"]
    assert describe(certificate)["subject"] == "CN=odd,O=Conformance"


def test_control_characters_in_names_are_escaped() -> None:
    (certificate,) = read_bundle(issued("evil\nWARNING: all is well\x1b[0m").pem).certificates
    record = describe(certificate)
    assert certificate.names.compared() == [record["common_name"]]
    assert record["common_name"] == "evil\\nWARNING: all is well\\x1b[0m"
    assert record["subject"].isprintable()


@given(st.binary(max_size=200))
def test_any_bytes_give_names_or_none(data: bytes) -> None:
    assert all(isinstance(name, bytes) for name in certificate_names(data).dns)


@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=4))
def test_a_damaged_certificate_is_read_or_reported(place: int, junk: bytes) -> None:
    der = bytearray(read_bundle(A.pem).certificates[0].der)
    place %= len(der)
    der[place : place + len(junk)] = junk
    text = ssl.DER_cert_to_PEM_cert(bytes(der))
    bundle = read_bundle(text)
    assert len(bundle.certificates) + len(bundle.problems) == 1
    for certificate in bundle.certificates:
        json.dumps(describe(certificate))


@given(
    st.lists(
        st.sampled_from(
            [
                A.pem,
                B.pem,
                KEY,
                "text\n",
                "-----BEGIN CERTIFICATE-----\n",
                "-----END X-----\n",
                "\n",
            ]
        ),
        max_size=8,
    )
)
def test_every_good_certificate_after_a_block_boundary_is_found(parts: list[str]) -> None:
    bundle = read_bundle("".join(parts))
    good = [part for part in parts if part in (A.pem, B.pem)]
    assert [item.pem for item in bundle.certificates] == good
