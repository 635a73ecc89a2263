# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The small estates show what their comment claims: read from the certificates and the names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from tests.lab import profile as module
from tests.lab.estate import own_network, running_estate
from tests.lab.profile import ProfileError, load_profile
from tests.lab.uc_node import UcNode
from tests.unit.lab.uc_nodes import NETWORK, unserved

FOLDER = Path(module.__file__).with_name("profiles")
FILES = sorted(FOLDER.glob("*.yml"))
D = "lab.example.test"
CODES = {
    "node_missing_from_multi_server",
    "ip_address_advertised",
    "short_host_name",
    "unity_alias",
    "no_san",
    "common_name_only",
    "ip_only_as_ip_san",
    "presented_differs_from_stored",
    "wildcard",
    "name_not_in_certificate",
}


def names(certificate: x509.Certificate) -> tuple[set[str], set[str], str]:
    """dNSName and iPAddress entries, and the common name."""
    dns: set[str] = set()
    ip: set[str] = set()
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        pass
    else:
        dns = set(found.get_values_for_type(x509.DNSName))
        ip = {str(address) for address in found.get_values_for_type(x509.IPAddress)}
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    return dns, ip, str(common)


def by(node: UcNode, address: str, unit: str = "tomcat", *, stored: bool = False) -> str | None:
    """What in the certificate of `node` is `address`: dns, ip, cn or None."""
    issued = node.issued(unit) if stored else node.presented(unit)
    dns, ip, common = names(issued.leaf)
    for kind, found in (("dns", dns), ("ip", ip), ("cn", {common})):
        if address in found:
            return kind
    return None


COVERED = [
    ("all_fqdn", f"cucm1.{D}", f"cucm1.{D}", "dns"),
    ("all_fqdn", f"imp1.{D}", f"imp1.{D}", "dns"),
    ("all_fqdn", f"cuc1.{D}", f"cuc1.{D}", "dns"),
    ("ip_address_in_system_server", f"cucm1.{D}", f"cucm1.{D}", "dns"),
    ("ip_address_in_system_server", f"cucm2.{D}", f"{NETWORK}.13.2", None),
    ("ip_address_in_system_server", f"imp1.{D}", f"{NETWORK}.13.21", "ip"),
    ("short_names", f"cucm1.{D}", "cucm1", None),
    ("short_names", f"cucm2.{D}", "cucm2", None),
    ("self_signed_ecdsa", f"cucm1.{D}", f"cucm1.{D}", "dns"),
    ("new_node", f"cucm2.{D}", f"cucm2.{D}", "dns"),
    ("new_node", f"cucm3.{D}", f"cucm3.{D}", None),
    ("no_san", f"cucm1.{D}", f"cucm1.{D}", "cn"),
    ("no_san", f"cucm2.{D}", f"cucm2.{D}", None),
    ("reused", f"cucm1.{D}", f"cucm1.{D}", "dns"),
    ("unity_alias", f"cuc1.{D}", f"voicemail.{D}", None),
    ("central_presence", "imp1.presence.example.test", "imp1.presence.example.test", "dns"),
    ("central_presence", "imp2.presence.example.test", "imp2.presence.example.test", None),
    ("not_restarted", f"cucm1.{D}", f"cucm1.{D}", "dns"),
    ("not_restarted", f"cucm2.{D}", f"cucm2.{D}", None),
]


@pytest.mark.parametrize(("name", "host", "address", "expected"), COVERED)
def test_a_name_is_covered_as_the_comment_says(
    name: str, host: str, address: str, expected: str | None
) -> None:
    file = FOLDER / f"{name}.yml"
    node = unserved(host, file)
    assert address in node.profile.advertised
    assert by(node, address) == expected


def test_every_file_is_looked_at_and_names_known_findings() -> None:
    assert {file.stem for file in FILES} == {row[0] for row in COVERED}
    for file in FILES:
        comment = file.read_text().partition("based_on")[0]
        claimed = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", comment.partition("Findings")[2]))
        assert claimed <= CODES, file.name
        assert claimed or "none" in comment.partition("Findings")[2], file.name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_they_are_small(file: Path) -> None:
    loaded = load_profile(file)
    assert len(loaded.peers) == 1
    assert 2 <= len(loaded.nodes) <= 5


def test_the_ecdsa_certificate_is_self_signed_under_another_name() -> None:
    leaf = unserved(f"cucm1.{D}", FOLDER / "self_signed_ecdsa.yml").presented("tomcat-ECDSA").leaf
    assert leaf.issuer == leaf.subject
    assert names(leaf) == ({f"cucm1.{D}"}, set(), f"cucm1-EC.{D}")


def test_a_reused_certificate_is_one_certificate() -> None:
    node = unserved(f"cucm1.{D}", FOLDER / "reused.yml")
    assert node.issued("tomcat") is node.issued("CallManager")
    assert node.issued("tomcat-ECDSA") is node.issued("CallManager-ECDSA")


def test_what_is_stored_is_better_than_what_is_presented_until_the_restart() -> None:
    node = unserved(f"cucm2.{D}", FOLDER / "not_restarted.yml")
    assert by(node, f"cucm2.{D}", stored=True) == "dns"


def test_central_presence_is_known_from_services_and_from_the_expressway_only() -> None:
    loaded = load_profile(FOLDER / "central_presence.yml")
    assert [address for address, _node in loaded.clusters[0].server_table] == [
        f"cucm1.{D}",
        f"cucm2.{D}",
    ]
    assert {service.host for service in loaded.clusters[0].uc.services} == {
        "imp1.presence.example.test",
        "imp2.presence.example.test",
    }
    with running_estate(
        own_network(), profile=FOLDER / "central_presence.yml", traffic_servers=False
    ) as estate:
        servers = estate.call(lambda: estate.peer(f"expc1.{D}").uc_servers)
    assert [one["Publisher"] for one in servers["imp"]] == ["imp1.presence.example.test"]
    assert [one["Publisher"] for one in servers["cucm"]] == [f"cucm1.{D}"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("presence_from: presence", "presence_from: nobody", "no cluster 'nobody'"),
        ("type: IM and Presence, host", "type: Chat, host", "uc: service presence-1: type is"),
        (
            "host: imp1.presence.example.test",
            "node: nobody",
            "service presence-1: no node 'nobody'",
        ),
        ("uc: {services: []}", "uc: {service: []}", "uc: uc has .*: got service"),
        ("uc: {services: []}", "uc: {other_trust: [who]}", "other_trust: no authority 'who'"),
    ],
)
def test_a_reference_to_nothing_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = (FOLDER / "central_presence.yml").read_text()
    assert old in text
    spoilt = tmp_path / "spoilt.yml"
    spoilt.write_text(text.replace(old, new).replace("../estate.yml", str(module.DEFAULT_PROFILE)))
    with pytest.raises(ProfileError, match=message):
        load_profile(spoilt)
