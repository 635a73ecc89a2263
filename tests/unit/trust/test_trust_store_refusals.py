# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is never sent, what is sent when it is allowed, and what is not taken out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.change import (
    TrustStore,
    plan_change,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.refusals import (
    ALLOWABLE,
    digest,
    read_given,
    refused_additions,
    refused_removals,
)
from ansible_collections.collab.expressway.plugins.modules.trusted_ca import ARGUMENT_SPEC

from tests.unit.trust.trusted import ISSUING, LEAF, NEW, OLD, SELF_SIGNED_LEAF, STALE, TWIN
from tests.unit.trust_plan.pki import Made, make, pem

AT = datetime(2026, 12, 1, tzinfo=UTC)
V1 = make("Old Style Root", ca=False, identifiers=False, valid=(-300, 20000))
FUTURE_CA = make("Future CA", valid=(15000, 20000))
OTHER_CASE = make("OLD ROOT 1", valid=(-300, 20000))


def refusals(given: list[Made], allow: list[str], held: list[Made]) -> list[tuple[str, str | None]]:
    change = plan_change(
        TrustStore.read(pem(*held)), read_bundle(pem(*given)).certificates, "present"
    )
    by_digest = {one.sha256: one for one in given}
    return [
        (by_digest[one.certificate.sha256].key_name, one.allow)
        for one in refused_additions(change, AT, allow)
        if one.certificate
    ]


@pytest.mark.parametrize(
    ("given", "allow", "refused"),
    [
        ([*NEW, ISSUING, V1, SELF_SIGNED_LEAF], [], []),
        ([LEAF], [], [("cucm1.example.test", "leaf")]),
        ([LEAF], ["leaf"], []),
        ([LEAF], ["expired", "same_name"], [("cucm1.example.test", "leaf")]),
        ([STALE], [], [("Stale Root", "expired")]),
        ([STALE], ["expired"], []),
        ([FUTURE_CA], [], [("Future CA", "expired")]),
        ([FUTURE_CA], ["expired"], []),
        ([TWIN], [], [("another", "same_name")]),
        ([OTHER_CASE], [], [("OLD ROOT 1", "same_name")]),
        ([TWIN], ["same_name"], []),
        ([OLD[1], OLD[1]], [], []),
    ],
)
def test_additions(given: list[Made], allow: list[str], refused: list[tuple[str, str]]) -> None:
    assert refusals(given, allow, OLD) == refused


def test_role_and_module_know_every_refusal_that_can_be_overridden() -> None:
    role_spec = Path(__file__).parents[3] / "roles/trust_store/meta/argument_specs.yml"
    specs = yaml.safe_load(role_spec.read_text())
    role = specs["argument_specs"]["main"]["options"]["trust_store_allow"]["choices"]
    assert tuple(role) == tuple(ARGUMENT_SPEC["allow"]["choices"]) == ALLOWABLE


def test_two_additions_of_one_name_clash_with_each_other() -> None:
    assert sorted(refusals([TWIN, OLD[1]], [], [])) == [
        ("Old Root 1", "same_name"),
        ("another", "same_name"),
    ]


def test_what_the_store_holds_is_not_judged() -> None:
    assert refusals([STALE, LEAF, NEW[0]], [], [STALE, LEAF, OLD[1], TWIN]) == []


def test_a_name_that_leaves_is_free() -> None:
    before = TrustStore.read(pem(*OLD))
    given = read_bundle(pem(OLD[0], TWIN)).certificates
    assert refused_additions(plan_change(before, given, "exact"), AT) == []


def test_a_clash_says_with_what_and_the_ways_out() -> None:
    change = plan_change(TrustStore.read(pem(*OLD)), read_bundle(TWIN.pem).certificates, "present")
    (refusal,) = refused_additions(change, AT)
    assert OLD[1].sha256 in refusal.text
    for words in ("CSCwa12905", "signed by a CA", "another common name", "Reuse Certificate"):
        assert words in refusal.text


def test_an_expired_certificate_expires_at_its_last_second() -> None:
    change = plan_change(TrustStore.read(""), read_bundle(STALE.pem).certificates, "present")
    ends = STALE.certificate.not_valid_after_utc
    assert [one.allow for one in refused_additions(change, ends)] == ["expired"]
    assert refused_additions(change, ends - timedelta(seconds=1)) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            LEAF.key_pem,
            "certificates[0]: block 1 (line 1): private key. A private key is never sent",
        ),
        (NEW[0].pem + LEAF.key_pem, "private key is never sent"),
        ("nothing", "no PEM certificate in it"),
        ("", "no PEM certificate in it"),
        (NEW[0].pem.replace("MII", "AII"), "not a certificate that OpenSSL can read"),
        (
            "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n",
            "not a certificate",
        ),
    ],
)
def test_what_is_no_certificate_is_refused_with_its_place(text: str, reason: str) -> None:
    _certificates, refused = read_given([text], "certificates")
    assert [reason in one.text for one in refused] == [True]
    assert refused[0].allow is None
    assert refused[0].record["sha256"] is None
    assert "BEGIN" not in refused[0].text


def test_the_place_of_a_key_among_good_certificates() -> None:
    certificates, refused = read_given([pem(*NEW), OLD[0].pem + LEAF.key_pem], "certificates")
    assert [one.sha256 for one in certificates] == [one.sha256 for one in (*NEW, OLD[0])]
    assert [one.text.partition(":")[0] for one in refused] == ["certificates[1]"]


@pytest.mark.parametrize(
    ("listed", "protected", "allowed", "refused"),
    [
        ([OLD[0]], [], [], []),
        ([OLD[0]], [OLD[1], NEW[0]], [], [OLD[1]]),
        ([OLD[0]], [OLD[1]], [OLD[1]], []),
        ([OLD[0]], [OLD[1], OLD[2]], [OLD[1]], [OLD[2]]),
        (OLD, OLD, [], []),
    ],
)
def test_removals(
    listed: list[Made], protected: list[Made], allowed: list[Made], refused: list[Made]
) -> None:
    change = plan_change(
        TrustStore.read(pem(*OLD)), read_bundle(pem(*listed)).certificates, "exact"
    )
    found = refused_removals(
        change,
        read_bundle(pem(*protected)).certificates,
        [digest(one.sha256.upper()) for one in allowed],
    )
    assert [one.certificate.sha256 for one in found if one.certificate] == [
        one.sha256 for one in refused
    ]


def test_a_store_is_never_emptied() -> None:
    change = plan_change(TrustStore.read(pem(*OLD)), [], "exact")
    (refusal,) = refused_removals(change, [], [one.sha256 for one in OLD])
    assert "empty" in refusal.text


@pytest.mark.parametrize(
    ("pasted", "plain"),
    [
        ("AB:" * 31 + "AB", "ab" * 32),
        ("ab" * 32, "ab" * 32),
        (" " + "aB " * 32, "ab" * 32),
        ("ab" * 31, None),
        ("xy" * 32, None),
        ("", None),
    ],
)
def test_digests_as_people_paste_them(pasted: str, plain: str | None) -> None:
    if plain is None:
        with pytest.raises(ValueError, match="no SHA-256"):
            digest(pasted)
    else:
        assert digest(pasted) == plain
