# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots and dumps become records; chains are looked up in the node's own trust stores."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes.snapshot import (
    read_snapshot,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes.stored import (
    certificate_records,
    product_of,
)
from ansible_collections.collab.expressway.plugins.module_utils.unexpected_answer import (
    UnexpectedAnswer,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.stored_certificates import (
    over_cli,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.uc.pki import Issued, issue

ROOT = issue("Example Root CA", ca=True)
ISSUING = issue("Example Issuing CA", ca=True, by=ROOT)
LEAF = issue("cucm1-ms.example.com", by=ISSUING, dns=("cucm1.example.com", "cucm2.example.com"))
OWN = issue("cucm1-EC.example.com", dns=("cucm1.example.com",))


def snapshot(
    own: dict[str, str], trust: dict[str, list[Issued]], suffix: str = "", line_end: str = "\n"
) -> bytes:
    return json.dumps(
        {
            "trackingId": "x",
            "server": "cucm1.example.com",
            "identities": [
                {"service": unit, "certificate": pem.replace("\n", line_end), "csr": ""}
                for unit, pem in own.items()
            ],
            "trusts": [
                {
                    "service": store + suffix,
                    "certificate_data": [
                        {
                            "filename": f"{number}.pem",
                            "certificate": one.pem.replace("\n", line_end),
                        }
                        for number, one in enumerate(held)
                    ],
                }
                for store, held in trust.items()
            ],
            "revokedCertificates": [],
        }
    ).encode()


def records(body: bytes, **options: Any) -> dict[str, Any]:
    return certificate_records(
        read_snapshot(body), **({"node": "cucm1", "units": None, "trust": True} | options)
    )


@pytest.mark.parametrize("suffix", ["", "-trust"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_snapshot_becomes_records(suffix: str, line_end: str) -> None:
    body = snapshot(
        {"tomcat": LEAF.pem, "tomcat-ECDSA": OWN.pem, "ipsec": OWN.pem},
        {"tomcat": [ROOT, ISSUING], "CallManager": [ROOT], "CAPF": [OWN]},
        suffix,
        line_end,
    )
    found = records(body)
    tomcat, ecdsa = found["certificates"]
    assert (tomcat["unit"], tomcat["node"], tomcat["multi_server"], tomcat["self_signed"]) == (
        "tomcat",
        "cucm1",
        True,
        False,
    )
    assert tomcat["sans"]["dns"] == ["cucm1.example.com", "cucm2.example.com"]
    assert tomcat["chain"] == [ISSUING.pem, ROOT.pem]
    assert tomcat["authority_key_identifier"] == ISSUING.ski
    assert (ecdsa["self_signed"], ecdsa["chain"], ecdsa["multi_server"]) == (True, [], False)
    # The trust stores beside other units are no business of MRA.
    assert {one["common_name"]: one["units"] for one in found["trust_certificates"]} == {
        "Example Root CA": ["tomcat-trust", "CallManager-trust"],
        "Example Issuing CA": ["tomcat-trust"],
    }
    assert found["not_given"] == []


def test_a_chain_ends_where_the_trust_stores_end() -> None:
    assert (
        records(snapshot({"tomcat": LEAF.pem}, {"tomcat": [ROOT]}))["certificates"][0]["chain"]
        == []
    )


def test_an_issuer_of_the_same_name_with_another_key_is_not_in_the_chain() -> None:
    impostor = issue("Example Issuing CA", ca=True)
    found = records(snapshot({"tomcat": LEAF.pem}, {"tomcat": [impostor, ISSUING]}))
    assert found["certificates"][0]["chain"] == [ISSUING.pem]


def test_cross_signed_authorities_do_not_go_round_for_ever() -> None:
    one = issue("A", ca=True)
    other = issue("B", ca=True, by=one)
    back = issue("A", ca=True, by=other, key=one.key)
    leaf = issue("leaf", by=back)
    chain = records(snapshot({"tomcat": leaf.pem}, {"tomcat": [other, back]}))["certificates"][0]
    assert chain["chain"] == [back.pem, other.pem]


def test_what_is_listed_and_cannot_be_read_is_skipped_with_a_reason() -> None:
    body = snapshot(
        {"tomcat": "", "tomcat-ECDSA": "-----BEGIN CERT", "CAPF": ""}, {"tomcat": [ROOT]}
    )
    found = records(body)
    assert found["certificates"] == []
    assert [entry["unit"] for entry in found["not_given"]] == ["tomcat", "tomcat-ECDSA"]
    assert all(entry["reason"] and entry["listed"] for entry in found["not_given"])


class Shell:
    """A CLI whose trust store has a file with a blank in its name, which the lab's nodes never have."""

    def read(self, command: str) -> str:
        listed = {"own": "tomcat/tomcat.pem: x", "trust": "tomcat-trust/Example Root CA.pem: y"}
        kind = command.removeprefix("show cert list ")
        assert kind in listed or command in ("show cert own tomcat/tomcat.pem", "show version active")  # fmt: skip
        return listed.get(kind, LEAF.pem)


def test_a_file_that_the_cli_cannot_be_asked_for_is_told() -> None:
    stored: Any = over_cli(Shell(), ["tomcat"], trust=True)  # type: ignore[arg-type]
    (entry,) = certificate_records(stored, node="a", units=["tomcat"], trust=True)["not_given"]
    assert entry["unit"] == "tomcat-trust"
    assert "Example Root CA.pem" in entry["reason"]
    assert "source: api" in entry["reason"]


def test_a_unit_that_was_asked_for_is_never_silently_missing() -> None:
    found = records(snapshot({"tomcat": LEAF.pem}, {}), units=["tomcat", "cup-xmpp"])
    assert found["not_given"] == [
        {"unit": "cup-xmpp", "reason": "the node lists no such unit", "listed": False}
    ]
    assert found["units"] == ["tomcat", "cup-xmpp"]
    assert found["trust_stores"] == ["cup-xmpp-trust", "tomcat-trust"]
    assert [one["unit"] for one in found["certificates"]] == ["tomcat"]


def test_trust_certificates_can_be_left_out() -> None:
    found = records(snapshot({"tomcat": LEAF.pem}, {"tomcat": [ROOT, ISSUING]}), trust=False)
    assert (found["trust_certificates"], found["trust_stores"]) == ([], [])
    assert len(found["certificates"][0]["chain"]) == 2


def test_100_names() -> None:
    names = tuple(f"node{number}.example.com" for number in range(100))
    found = records(snapshot({"tomcat": issue("x", dns=names).pem}, {}))
    assert found["certificates"][0]["sans"]["dns"] == list(names)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"identities": [', "no complete JSON"),
        (b"[]", "identities"),
        (b'{"messages": ["no"]}', "identities"),
        (b'{"identities": [], "trusts": 7}', "trusts"),
        (b'{"identities": []}', "lists no certificate"),
        (b'{"identities": [{"service": "tomcat", "certificate": ""}]}', "lists no certificate"),
        (b"Cisco Unified CM", "no complete JSON"),
        (b"[" * 100_000, "no complete JSON"),
        (b'{"identities": ' * 100_000, "no complete JSON"),
    ],
)
def test_anything_else_is_no_snapshot(body: bytes, said: str) -> None:
    with pytest.raises(UnexpectedAnswer, match=said):
        read_snapshot(body)


PIECES = st.recursive(
    st.none()
    | st.integers()
    | st.sampled_from(["", "tomcat", "-----BEGIN CERTIFICATE-----", ROOT.pem]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["service", "certificate", "certificate_data", "identities", "trusts"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(["identities", "trusts", "server"]), PIECES))
def test_any_json_ends_in_records_or_in_one_kind_of_error(value: dict[str, Any]) -> None:
    try:
        found = records(json.dumps(value).encode())
    except UnexpectedAnswer:
        return
    assert all(one["pem"] == ROOT.pem for one in found["certificates"])


@pytest.mark.parametrize(
    ("units", "product"),
    [(["tomcat", "CallManager"], "cucm"), (["tomcat", "cup-xmpp"], "imp"), (["tomcat"], None)],
)
def test_the_product_is_told_by_its_units(units: list[str], product: str | None) -> None:
    assert product_of(units) == product
