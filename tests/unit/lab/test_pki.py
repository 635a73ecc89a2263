# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every situation is what its sentence claims: read from the certificates themselves."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TypeVar

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.lab.pki import Issued, Pki
from tests.lab.profile import Node, load_profile

E = TypeVar("E", bound=x509.ExtensionType)

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
PROFILE = load_profile(network="127.22")
PKI = Pki(PROFILE, AT)


def node(name: str) -> Node:
    return next(n for n in PROFILE.nodes if n.name == f"{name}.example.test")


def issued(name: str, unit: str = "tomcat") -> Issued:
    return PKI.issued(node(name), unit)


def store(peer: str) -> list[x509.Certificate]:
    found = next(p for p in PROFILE.peers if p.name == f"{peer}.example.test")
    return x509.load_pem_x509_certificates(PKI.trust_store(found.trust_store).encode())


def extension(certificate: x509.Certificate, kind: type[E]) -> E | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def dns_names(certificate: x509.Certificate) -> list[str]:
    names = extension(certificate, x509.SubjectAlternativeName)
    return names.get_values_for_type(x509.DNSName) if names else []


def common_name(certificate: x509.Certificate) -> str:
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def trusted(certificates: list[x509.Certificate], anchors: list[x509.Certificate]) -> bool:
    """Whether each certificate is signed by the next one and the last one by an anchor."""
    for certificate, issuer in itertools.pairwise(certificates):
        certificate.verify_directly_issued_by(issuer)
    for anchor in anchors:
        try:
            certificates[-1].verify_directly_issued_by(anchor)
        except (ValueError, InvalidSignature):
            continue
        return True
    return False


PEERS = [peer.name.removesuffix(".example.test") for peer in PROFILE.peers]
EMEA = [peer for peer in PEERS if "emea" in peer]


@pytest.mark.parametrize(
    "name", ["cucm1.emea", "imp1.emea", "cuc1.apac", "cucm1.apac", "cucm2.apac", "cucm3.apac"]
)
def test_a_ca_signed_certificate_leads_to_a_root_of_every_peer(name: str) -> None:
    for peer in PEERS:
        assert trusted(issued(name).chain, store(peer))


def test_a_multi_server_certificate_is_one_file_that_names_its_nodes() -> None:
    for unit in ("tomcat", "tomcat-ECDSA"):
        assert issued("cucm1.emea", unit) is issued("imp1.emea", unit)
        names = dns_names(issued("cucm1.emea", unit).leaf)
        assert {"cucm1.emea.example.test", "imp1.emea.example.test"} < set(names)


def test_the_subscriber_that_is_missing_holds_the_same_file() -> None:
    leaf = issued("cucm3.emea").leaf
    assert leaf == issued("cucm1.emea").leaf
    assert "cucm3.emea.example.test" not in [*dns_names(leaf), common_name(leaf)]


@pytest.mark.parametrize("name", ["cucm2.emea", "cucm2.apac", "cucm3.apac"])
def test_the_self_signed_ecdsa_has_another_name_and_nobody_trusts_it(name: str) -> None:
    host, domain = name.split(".")
    leaf = issued(name, "tomcat-ECDSA").leaf
    assert common_name(leaf) == f"{host}-EC.{domain}.example.test"
    assert dns_names(leaf) == [f"{name}.example.test"]
    assert isinstance(leaf.public_key(), ec.EllipticCurvePublicKey)
    leaf.verify_directly_issued_by(leaf)
    assert all(leaf not in store(peer) for peer in PEERS)


def test_the_ip_address_is_nowhere_in_the_certificate() -> None:
    assert node("cucm4.emea").advertised == ("127.22.11.4",)
    names = extension(issued("cucm4.emea").leaf, x509.SubjectAlternativeName)
    assert names is not None
    assert names.get_values_for_type(x509.IPAddress) == []
    assert "127.22.11.4" not in dns_names(issued("cucm4.emea").leaf)
    assert "cucm4.emea.example.test" in dns_names(issued("cucm4.emea").leaf)


def test_the_ip_address_is_an_ip_address_san_only() -> None:
    leaf = issued("cucm3.apac").leaf
    names = extension(leaf, x509.SubjectAlternativeName)
    assert names is not None
    addresses = names.get_values_for_type(x509.IPAddress)
    assert addresses == [ip_address("127.22.12.3")]
    assert dns_names(leaf) == ["cucm3.apac.example.test"]
    assert node("cucm3.apac").advertised == ("cucm3.apac.example.test", "127.22.12.3")


def test_the_same_subject_pair_differs_in_key_and_in_order() -> None:
    tomcat = issued("cucm5.emea").leaf
    other = issued("cucm5.emea", "CallManager").leaf
    assert tomcat.subject == other.subject
    assert tomcat.public_key() != other.public_key()
    for certificate in (tomcat, other):
        certificate.verify_directly_issued_by(certificate)
        assert extension(certificate, x509.SubjectKeyIdentifier) is None
        assert extension(certificate, x509.AuthorityKeyIdentifier) is None
    order = {peer: [c for c in store(peer) if c in (tomcat, other)] for peer in EMEA}
    assert order == {
        "expc1.emea": [other, tomcat],
        "expc2.emea": [tomcat, other],
        "expc3.emea": [tomcat, other],
    }


def test_the_unknown_ca_is_in_no_store_and_its_intermediate_sent_once() -> None:
    sent, not_sent = issued("imp2.emea"), issued("cuc2.emea")
    assert [common_name(c) for c in sent.sent] == ["Example Partner Issuing CA"]
    assert not_sent.sent == ()
    assert sent.leaf.issuer == not_sent.leaf.issuer == sent.sent[0].subject
    trusted_names = {common_name(c) for peer in PEERS for c in store(peer)}
    assert not any("Partner" in name for name in trusted_names)


def test_one_peer_lacks_the_voice_ca() -> None:
    chain = issued("cuc1.emea").chain
    assert {peer: trusted(chain, store(peer)) for peer in EMEA} == {
        "expc1.emea": True,
        "expc2.emea": True,
        "expc3.emea": False,
    }


def test_the_common_name_stands_alone() -> None:
    leaf = issued("cucm1.apac").leaf
    assert extension(leaf, x509.SubjectAlternativeName) is None
    assert common_name(leaf) == "cucm1.apac.example.test"


def test_the_stale_intermediate_has_name_and_key_of_the_good_one() -> None:
    good = issued("imp1.apac").sent[0]
    stale = next(c for c in store("expc2.apac") if c.subject == good.subject)
    assert stale.not_valid_after_utc < AT < good.not_valid_after_utc
    assert stale.public_key() == good.public_key()
    issued("imp1.apac").leaf.verify_directly_issued_by(stale)
    assert good.subject not in [c.subject for c in store("expc1.apac")]


def test_what_is_expired_is_expired_and_nothing_else_is() -> None:
    expired = {
        n.name
        for n in PROFILE.nodes
        for unit in n.certificates
        for c in PKI.issued(n, unit).chain
        if not c.not_valid_before_utc <= AT <= c.not_valid_after_utc
    }
    assert expired == {"cuc2.apac.example.test"}
    assert trusted(issued("cuc2.apac").chain, store("expc1.apac"))


def test_leaves_are_like_those_of_the_appliances() -> None:
    for n in PROFILE.nodes:
        for unit in n.certificates:
            leaf = PKI.issued(n, unit).leaf
            usage = extension(leaf, x509.ExtendedKeyUsage)
            assert usage is not None and ExtendedKeyUsageOID.SERVER_AUTH in usage
            key = leaf.public_key()
            if unit.endswith("-ECDSA"):
                assert isinstance(key, ec.EllipticCurvePublicKey) and key.key_size == 384
            else:
                assert isinstance(key, rsa.RSAPublicKey) and key.key_size == 2048
            has_identifiers = extension(leaf, x509.AuthorityKeyIdentifier) is not None
            assert has_identifiers == (n.situation != "same-subject-pair")


def test_leaves_share_keys_and_authorities_do_not() -> None:
    assert issued("cuc1.apac").key is issued("imp2.emea").key
    keys = [PKI.authority(name).public_key() for name in PROFILE.authorities]
    distinct = {key.public_numbers().n for key in keys if isinstance(key, rsa.RSAPublicKey)}
    assert len(distinct) == len(keys) - 1  # the stale intermediate has its successor's


def test_two_estates_share_no_key() -> None:
    other = Pki(PROFILE, AT)
    assert other.issued(node("cuc1.apac"), "tomcat").key is not issued("cuc1.apac").key


def test_the_api_certificate_has_name_and_address() -> None:
    api = PKI.api_server("expc1.emea.example.test", "127.22.1.1").leaf
    names = extension(api, x509.SubjectAlternativeName)
    assert dns_names(api) == ["expc1.emea.example.test"]
    assert names is not None
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("127.22.1.1")]
    api.verify_directly_issued_by(PKI.api_authority)


def test_the_administrators_of_the_nodes_know_every_ca_above_them() -> None:
    known = x509.load_pem_x509_certificates(PKI.tomcat_trust().encode())
    subjects = {certificate.subject for certificate in known}
    assert PKI.authority("partner-root") in known
    assert len(known) == len(set(known))
    assert all(certificate.issuer in subjects for certificate in known)
    # The stale intermediate issues nothing any more.
    assert PKI.authority("apac-issuing-of-old") not in known
