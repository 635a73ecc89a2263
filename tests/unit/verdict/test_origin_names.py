# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The traffic server's name rules, and RFC 9525 beside them."""

from __future__ import annotations

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.certificates.names import (
    CertificateNames,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.origin_names import (
    canonical_ip,
    covered_by,
    name_matches,
    strict_findings,
)
from hypothesis import given
from hypothesis import strategies as st

LABEL = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=12)
HOST = st.lists(LABEL, min_size=1, max_size=4).map(".".join)

MATCHES = [
    # name in the certificate, host, does the traffic server take it?
    ("cucm.mra.test", "cucm.mra.test", True),
    ("CUCM.mra.test", "cucm.MRA.test", True),
    ("cucm.mra.test.", "cucm.mra.test", False),
    ("cucm.mra.test", "cucm.mra.test.", False),
    ("cucm.mra.test.", "cucm.mra.test.", True),
    (" cucm.mra.test", "cucm.mra.test", False),
    ("mra.test", "cucm.mra.test", False),
    ("", "cucm.mra.test", False),
    ("*.mra.test", "cucm.mra.test", True),
    ("*.MRA.TEST", "cucm.mra.test", True),
    ("*.mra.test", "mra.test", False),
    ("*.mra.test", ".mra.test", False),
    ("*.mra.test", "a.b.mra.test", False),
    ("cu*.mra.test", "cucm.mra.test", True),
    ("*cm.mra.test", "cucm.mra.test", True),
    ("cucm*.mra.test", "cucm.mra.test", True),
    ("c*m.mra.test", "cucm.mra.test", False),
    ("**.mra.test", "cucm.mra.test", False),
    ("c*c*.mra.test", "cucm.mra.test", False),
    ("*", "cucm.mra.test", False),
    ("*.test", "mra.test", False),
    ("*.*.test", "cucm.mra.test", False),
    ("cucm.*.test", "cucm.mra.test", False),
    ("*.b.c", "a.b.c", False),
    ("*.b.c", "aa.b.c", True),
    ("a.b.c", "a.b.c", True),
    ("x*.mra.test", "xn--bcher-kva.mra.test", False),
    ("*.mra.test", "xn--bcher-kva.mra.test", True),
    ("*.mra.test", "cu_cm.mra.test", False),
    ("cu_cm.mra.test", "cu_cm.mra.test", True),
    ("*.mra.test", "*.mra.test", True),
    ("10.1.1.1", "10.1.1.1", True),
    ("*.1.1.1", "10.1.1.1", True),
]


@pytest.mark.parametrize(("name", "host", "taken"), MATCHES)
def test_one_name(name: str, host: str, taken: bool) -> None:
    assert name_matches(name.encode(), host.encode()) is taken


def test_underscore_under_a_wildcard_is_new_in_9_x() -> None:
    names = CertificateNames(dns=(b"*.mra.test",))
    assert covered_by(names, "cu_cm.mra.test") is None
    assert covered_by(names, "cu_cm.mra.test", underscore_under_wildcard=True) == "dns_name"


@given(HOST)
def test_a_host_matches_itself_in_any_case(host: str) -> None:
    assert name_matches(host.upper().encode(), host.encode())


@given(HOST, HOST)
def test_without_a_star_only_equal_names_match(name: str, host: str) -> None:
    assert name_matches(name.encode(), host.encode()) == (name == host)


@given(HOST, HOST)
def test_a_full_wildcard_covers_one_label_and_never_more(domain: str, host: str) -> None:
    if name_matches(b"*." + domain.encode(), host.encode()):
        label, _dot, rest = host.partition(".")
        assert label and rest == domain


@given(st.binary(max_size=30), st.text(max_size=30))
def test_any_bytes_get_an_answer(name: bytes, host: str) -> None:
    assert name_matches(name, host.encode()) in (True, False)


COVERAGE = [
    # dNSName entries, iPAddress entries, common name, address: covered by, findings
    (["a.test"], [], "b.test", "a.test", "dns_name", []),
    (["a.test"], [], "b.test", "b.test", "common_name", ["covered_only_by_common_name"]),
    ([], [], "b.test", "b.test", "common_name", ["covered_only_by_common_name"]),
    (["a.test"], [], "b.test", "c.test", None, []),
    ([], ["10.1.1.1"], "b.test", "10.1.1.1", None, ["ip_only_as_ip_address"]),
    ([], ["10.1.1.1"], "b.test", "b.test", "common_name", ["covered_only_by_common_name"]),
    (["10.1.1.1"], ["10.1.1.1"], "b.test", "10.1.1.1", "dns_name", []),
    (["10.1.1.1"], [], "b.test", "10.1.1.1", "dns_name", ["ip_only_as_text"]),
    ([], [], "10.1.1.1", "10.1.1.1", "common_name", ["ip_only_as_text"]),
    (["n*.mra.test"], [], "x", "node.mra.test", "dns_name", ["wildcard_or_dot"]),
    (["*.b.c"], [], "x", "a.b.c", None, ["refused_by_traffic_server_only"]),
    (["*.mra.test"], [], "x", "node.mra.test", "dns_name", []),
    ([], [], None, "a.test", None, []),
    ([], ["2001:db8::1"], None, "2001:DB8:0::1", None, ["ip_only_as_ip_address"]),
    (["2001:db8::1"], [], None, "[2001:DB8:0::1]", "dns_name", ["ip_only_as_text"]),
]


@pytest.mark.parametrize(("dns", "ip", "common_name", "address", "covered", "findings"), COVERAGE)
def test_coverage_and_the_strict_view(
    dns: list[str],
    ip: list[str],
    common_name: str | None,
    address: str,
    covered: str | None,
    findings: list[str],
) -> None:
    names = CertificateNames(
        tuple(name.encode() for name in dns),
        tuple(ip),
        common_name.encode() if common_name else None,
    )
    assert covered_by(names, address) == covered
    assert [finding.code for finding in strict_findings(names, address)] == findings


def test_an_ip_address_in_a_certificate_never_covers_it() -> None:
    names = CertificateNames(ip=("10.48.36.215",))
    assert covered_by(names, "10.48.36.215") is None


@pytest.mark.parametrize(
    ("address", "ip"),
    [("10.1.1.1", "10.1.1.1"), ("[::1]", "::1"), ("cucm", None), ("1.2.3", None)],
)
def test_canonical_ip(address: str, ip: str | None) -> None:
    assert canonical_ip(address) == ip
