# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of a plan, one case each: what goes in, what stays out, and what is said about the rest."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.plan import plan_trust

from tests.unit.documented import undocumented
from tests.unit.trust_plan.pki import (
    AT,
    EXPIRED,
    FUTURE,
    Made,
    client_only,
    make,
    origin,
    pem,
    server,
)

ROOT = make("Root CA")
ISSUING = make("Issuing CA", ROOT)
LEAF = server("cucm1.example.test", ISSUING)
OTHER_LEAF = server("cucm2.example.test", ISSUING)
SELF_SIGNED = server("cucm3.example.test")
NODES = [server(f"node{number}.example.test", ISSUING) for number in range(4)]

NEW_ROOT = make("New Root CA")
CROSS = make("New Root CA", ROOT)
NEW_LEAF = server("cucm4.example.test", NEW_ROOT)
OLD_LEAF = server("cucm5.example.test", ROOT)

STALE_ISSUING = make("Issuing CA", ROOT, valid=EXPIRED)
OLD_ROOT = make("Root CA", valid=EXPIRED)

PLAIN_ROOT = make("Plain CA", identifiers=False)
PLAIN_TWIN = make("Plain CA", key_name="another plain key", identifiers=False)
BELOW_PLAIN = server("plain1.example.test", PLAIN_ROOT, identifiers=False)
BELOW_PLAIN_TOO = server("plain3.example.test", PLAIN_ROOT, identifiers=False)
BELOW_TWIN = server("plain2.example.test", PLAIN_TWIN, identifiers=False)

DEEP = [make("Deep 0")]
for _level in range(1, 5):
    DEEP.append(make(f"Deep {_level}", DEEP[-1]))
DEEP_LEAF = server("deep.example.test", DEEP[-1])


@dataclass(frozen=True)
class Case:
    what: str
    origins: list[dict[str, Any]]
    adds: list[Made] = field(default_factory=list)
    store: tuple[Made, ...] = ()
    candidates: tuple[Made, ...] = ()
    kinds: tuple[str, ...] = ()
    """Of what is left unrepaired."""


CASES = [
    Case("accepted already", [origin(LEAF, ISSUING)], store=(ROOT,)),
    Case("root sent, not stored", [origin(LEAF, ISSUING, ROOT)], [ROOT]),
    Case("root given, intermediate sent", [origin(LEAF, ISSUING)], [ROOT], candidates=(ROOT, ISSUING)),
    Case("intermediate not sent", [origin(LEAF)], [ROOT, ISSUING], candidates=(ROOT, ISSUING)),
    Case("intermediate sent by another origin only", [origin(LEAF), origin(OTHER_LEAF, ISSUING)],
         [ROOT, ISSUING], candidates=(ROOT,)),
    Case("intermediate stored, root missing", [origin(LEAF)], [ROOT], store=(ISSUING,), candidates=(ROOT,)),
    Case("root unknown: an intermediate alone never helps", [origin(LEAF)], candidates=(ISSUING,),
         kinds=("issuer_not_found",)),
    Case("nothing known", [origin(LEAF)], kinds=("issuer_not_found",)),
    Case("stored leaf of a CA does not help", [origin(LEAF, ISSUING)], [ROOT], store=(LEAF,), candidates=(ROOT,)),
    Case("self-signed", [origin(SELF_SIGNED)], [SELF_SIGNED]),
    Case("one CA for many nodes", [origin(node, ISSUING) for node in NODES], [ROOT], candidates=(ROOT, *NODES)),
    Case("one root for a node that sends it not, and one that does", [origin(LEAF, ISSUING), origin(OLD_LEAF, ROOT)],
         [ROOT]),
    Case("two roots possible, one repairs both origins", [origin(NEW_LEAF, CROSS), origin(OLD_LEAF)],
         [ROOT], candidates=(ROOT, NEW_ROOT)),
    Case("cross-signed, nothing sent: the root alone rather than root and cross", [origin(NEW_LEAF)],
         [NEW_ROOT], candidates=(CROSS, ROOT, NEW_ROOT)),
    Case("cross-signed, old root trusted: one certificate either way, the root is preferred", [origin(NEW_LEAF)],
         [NEW_ROOT], store=(ROOT,), candidates=(CROSS, NEW_ROOT)),
    Case("expired root stored, renewed one known", [origin(OLD_LEAF)], [ROOT], store=(OLD_ROOT,), candidates=(ROOT,)),
    Case("root in another peer's store only is known", [origin(LEAF, ISSUING)], [ROOT]),
    Case("stale intermediate stored: nothing to add", [origin(LEAF, ISSUING)], store=(ROOT, STALE_ISSUING),
         candidates=(ISSUING,), kinds=("stale_in_store",)),
    Case("stale intermediate stored and the root missing: both are needed beside it", [origin(LEAF, ISSUING)],
         [ROOT, ISSUING], store=(STALE_ISSUING,), candidates=(ROOT,)),
    Case("above a stored CA only the store counts", [origin(DEEP_LEAF, DEEP[3], DEEP[2])],
         [DEEP[0], DEEP[1], DEEP[2], DEEP[3], DEEP[4]], candidates=tuple(DEEP)),
    Case("all sent: the root alone", [origin(DEEP_LEAF, *reversed(DEEP[1:]))], [DEEP[0]], candidates=tuple(DEEP)),
    Case("twins without key identifiers: the one with more origins",
         [origin(BELOW_PLAIN), origin(BELOW_PLAIN_TOO), origin(BELOW_TWIN)], [PLAIN_ROOT],
         candidates=(PLAIN_ROOT, PLAIN_TWIN), kinds=("clash",)),
    Case("twin stored: an upload comes last and is hidden", [origin(BELOW_PLAIN)], store=(PLAIN_TWIN,),
         candidates=(PLAIN_ROOT,), kinds=("clash",)),
    Case("what is accepted stays accepted", [origin(BELOW_PLAIN), origin(BELOW_TWIN)], store=(PLAIN_ROOT,),
         candidates=(PLAIN_TWIN,), kinds=("clash",)),
    Case("wrong name: the chain is repaired, the name is told", [origin(SELF_SIGNED, address="192.0.2.1")],
         [SELF_SIGNED], kinds=("name",)),
    Case("expired self-signed", [origin(server("old.example.test", valid=EXPIRED))], kinds=("expired",)),
    Case("expired, root missing too", [origin(server("old.example.test", ROOT, valid=EXPIRED))],
         candidates=(ROOT,), kinds=("expired",)),
    Case("not yet valid", [origin(server("new.example.test", ROOT, valid=FUTURE))], store=(ROOT,),
         kinds=("not_yet_valid",)),
    Case("for clients only", [origin(server("client.example.test", ROOT, usages=client_only()))],
         candidates=(ROOT,), kinds=("purpose",)),
    Case("root has expired", [origin(server("old.example.test", OLD_ROOT), OLD_ROOT)], kinds=("expired",)),
    Case("nothing sent", [{"address": "silent", "port": 8443, "presented": ""}], kinds=("unreadable",)),
]  # fmt: skip


def plan_of(case: Case, **stores: tuple[Made, ...]) -> dict[str, Any]:
    texts = {"expc": pem(*case.store), **{name: pem(*store) for name, store in stores.items()}}
    planned = plan_trust(texts, case.origins, [pem(*case.candidates)], at=AT)
    assert undocumented("trust_plan_info", planned, "plans") == set()
    return planned["plans"]["expc"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_what_goes_in(case: Case) -> None:
    others = {"expc2": (ROOT,)} if "another peer" in case.what else {}
    plan = plan_of(case, **others)
    assert [one["common_name"] for one in plan["add"]] == [
        one.certificate.subject.rfc4514_string().removeprefix("CN=").partition(",")[0]
        for one in case.adds
    ]
    assert [one["sha256"] for one in plan["add"]] == [one.sha256 for one in case.adds]
    assert tuple(one["kind"] for one in plan["unrepaired"]) == case.kinds
    assert all(one["why"] and one["remedy"] for one in plan["unrepaired"])
    assert all(one["reason"] and one["seen_in"] and one["repairs"] for one in plan["add"])
    assert plan["smallest"]


def test_each_certificate_says_why_and_what_it_repairs() -> None:
    both = [origin(LEAF, key_type="rsa"), origin(OTHER_LEAF, ISSUING, port=6972)]
    root, issuing = plan_of(Case("", both, candidates=(ROOT,)))["add"]
    assert root["repairs"] == [
        {"address": "cucm1.example.test", "port": 8443, "key_type": "rsa"},
        {"address": "cucm2.example.test", "port": 6972},
    ]
    assert root["reason"].startswith(
        "Root CA above cucm1.example.test:8443, cucm2.example.test:6972"
    )
    assert root["seen_in"] == ["candidates"]
    assert issuing["repairs"] == root["repairs"][:1]
    assert "not sent by cucm1.example.test:8443" in issuing["reason"]
    assert issuing["seen_in"] == ["presented by cucm2.example.test:6972"]
    assert "compare its SHA-256" in issuing["reason"]
    assert "compare its SHA-256" not in root["reason"]
    assert issuing["pem"] == ISSUING.pem


def test_an_issuer_that_was_never_seen_is_listed_with_where_to_look() -> None:
    leaf = server("cuc1.example.test", ISSUING, issuer_url="http://pki.example.test/issuing.crt")
    plan = plan_of(Case("", [origin(leaf), origin(OTHER_LEAF)]))
    (missing,) = plan["not_found"]
    assert missing["issuer"] == "CN=Issuing CA,O=Example"
    assert missing["aki"] == ISSUING.certificate.extensions[1].value.digest.hex()
    assert [one["address"] for one in missing["needed_by"]] == [
        "cuc1.example.test",
        "cucm2.example.test",
    ]
    assert missing["where_to_look"][0].startswith("http://pki.example.test/issuing.crt")
    assert any("tomcat-trust" in place for place in missing["where_to_look"])


def test_a_refused_candidate_of_the_issuers_name_is_a_hint() -> None:
    plan = plan_of(Case("", [origin(OLD_LEAF)], candidates=(OLD_ROOT,)))
    assert "expired on" in plan["not_found"][0]["where_to_look"][0]


def test_a_stale_certificate_is_named_for_removal_with_who_still_needs_it() -> None:
    case = Case("", [origin(LEAF, ISSUING), origin(OLD_LEAF)], store=(ROOT, STALE_ISSUING))
    plan = plan_of(case)
    (removal,) = plan["remove"]
    assert removal["sha256"] == STALE_ISSUING.sha256
    assert removal["repairs"] == [{"address": "cucm1.example.test", "port": 8443}]
    assert removal["needed_by"] == []
    assert plan_of(Case("", case.origins, store=(ROOT,)))["unrepaired"] == []


@pytest.mark.parametrize(
    ("chain", "trusted", "adds", "once_it_is_out"),
    [
        # The root is missing, too.
        ([LEAF, ISSUING], (), [ROOT, ISSUING], [ROOT]),
        # Nobody sends the valid one.
        ([LEAF], (ROOT,), [ISSUING], [ISSUING]),
    ],
)
def test_what_is_added_beside_a_stale_namesake_is_a_conflict_that_advises_removal(
    chain: list[Made], trusted: tuple[Made, ...], adds: list[Made], once_it_is_out: list[Made]
) -> None:
    case = Case("", [origin(*chain)], store=(*trusted, STALE_ISSUING), candidates=(ROOT, ISSUING))
    plan = plan_of(case)
    assert [one["sha256"] for one in plan["add"]] == [one.sha256 for one in adds]
    assert (plan["remove"], plan["unrepaired"]) == ([], [])
    (clash,) = plan["conflicts"]
    assert [one["sha256"] for one in clash["in_store"]] == [STALE_ISSUING.sha256]
    assert [one["sha256"] for one in clash["wanted"]] == [ISSUING.sha256]
    assert clash["remedies"][0].startswith("Take 'CN=Issuing CA,O=Example'")
    without = plan_of(replace(case, store=trusted))
    assert [one["sha256"] for one in without["add"]] == [one.sha256 for one in once_it_is_out]
    assert without["conflicts"] == []


TOMCAT = server("imp1.example.test", key_name="tomcat")
CALL_MANAGER = server("imp1.example.test", key_name="CallManager")


def test_a_clash_with_the_store_is_told_with_the_ways_out() -> None:
    plan = plan_of(Case("", [origin(CALL_MANAGER)], store=(TOMCAT,)))
    assert [one["sha256"] for one in plan["add"]] == [CALL_MANAGER.sha256]
    (clash,) = plan["conflicts"]
    assert clash["common_name"] == "imp1.example.test"
    assert [one["sha256"] for one in clash["in_store"]] == [TOMCAT.sha256]
    assert [one["sha256"] for one in clash["wanted"]] == [CALL_MANAGER.sha256]
    for way in ("signed by a CA", "another common name", "reuse"):
        assert any(way in remedy for remedy in clash["remedies"])
    assert clash["remedies"][0].startswith("Take ")


def test_who_needs_the_namesake_in_the_store_is_told() -> None:
    both = [origin(CALL_MANAGER, port=6971), origin(TOMCAT)]
    (clash,) = plan_of(Case("", both, store=(TOMCAT,)))["conflicts"]
    assert clash["in_store"][0]["needed_by"] == [{"address": "imp1.example.test", "port": 8443}]
    assert not any(remedy.startswith("Take ") for remedy in clash["remedies"])


def test_a_clash_within_the_set_is_told() -> None:
    plan = plan_of(Case("", [origin(CALL_MANAGER, port=6971), origin(TOMCAT)]))
    (clash,) = plan["conflicts"]
    assert clash["in_store"] == []
    assert {one["sha256"] for one in clash["wanted"]} == {TOMCAT.sha256, CALL_MANAGER.sha256}


def test_a_clash_that_keeps_a_certificate_out_is_told_too() -> None:
    plan = plan_of(Case("", [origin(BELOW_PLAIN)], store=(PLAIN_TWIN,), candidates=(PLAIN_ROOT,)))
    assert plan["add"] == []
    (clash,) = plan["conflicts"]
    assert [one["sha256"] for one in clash["wanted"]] == [PLAIN_ROOT.sha256]
    assert [one["sha256"] for one in plan["remove"]] == [PLAIN_TWIN.sha256]


def test_of_two_equal_sets_the_one_that_clashes_with_nothing_is_taken() -> None:
    lasting = make("Lasting CA", valid=(-300, 3000))
    either = [make("Either CA", lasting), make("Either CA", ROOT)]
    case = Case(
        "", [origin(server("either.example.test", either[0]))], candidates=(lasting, ROOT, *either)
    )
    assert {one["sha256"] for one in plan_of(case)["add"]} == {lasting.sha256, either[0].sha256}
    namesake = make("Lasting CA", key_name="unrelated")
    plan = plan_of(replace(case, store=(namesake,)))
    assert {one["sha256"] for one in plan["add"]} == {ROOT.sha256, either[1].sha256}
    assert plan["conflicts"] == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (ROOT.key_pem, "private key"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "not a certificate"),
        ("hello", "no PEM certificate in it (DER must be converted)"),
        (LEAF.pem, "not a CA and not self-signed"),
        (OLD_ROOT.pem, "expired on"),
        (make("Future CA", valid=FUTURE).pem, "not valid before"),
    ],
)
def test_what_must_not_go_into_a_store_is_refused_with_its_reason(text: str, reason: str) -> None:
    result = plan_trust(
        {"expc": ""}, [origin(SELF_SIGNED)], [ROOT.pem + text if text != "hello" else text], at=AT
    )
    (refused,) = result["refused_candidates"]
    assert reason in refused["reason"]
    assert refused["place"] == "candidates"
    assert "PRIVATE KEY" not in str(result)


@pytest.mark.parametrize("presented", ["hello", LEAF.key_pem, pem(LEAF)[:200]])
def test_what_an_origin_sends_is_not_repaired_at_the_store(presented: str) -> None:
    silent = {"address": "cucm1.example.test", "port": 8443, "presented": presented}
    (left,) = plan_trust({"expc": ""}, [silent], at=AT)["plans"]["expc"]["unrepaired"]
    assert "Unified OS Administration" in left["remedy"] and "trust store" not in left["remedy"]


def test_a_store_that_cannot_be_loaded_is_not_repaired_by_adding() -> None:
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    plan = plan_trust({"expc": broken}, [origin(SELF_SIGNED)], at=AT)["plans"]["expc"]
    assert plan["add"] == []
    assert [one["kind"] for one in plan["unrepaired"]] == ["unreadable"]


def test_peers_differ_and_equal_stores_get_equal_plans() -> None:
    plans = plan_trust(
        {"expc1": "", "expc2": ROOT.pem, "expc3": "# the same\n" + ROOT.pem},
        [origin(LEAF, ISSUING), origin(SELF_SIGNED)],
        at=AT,
    )["plans"]
    assert [len(plans[name]["add"]) for name in ("expc1", "expc2", "expc3")] == [2, 1, 1]
    assert plans["expc2"] == plans["expc3"]
    assert plans["expc1"]["add"][0]["seen_in"] == ["trust store of expc2", "trust store of expc3"]
    assert (plans["expc2"]["accepted_before"], plans["expc2"]["accepted_after"]) == (1, 2)


def test_a_thousand_origins_and_peers_alike_cost_seconds() -> None:
    issuing = [make(f"Issuing CA {number}", ROOT) for number in range(5)]
    nodes = [server(f"n{number}.example.test", issuing[number % 5]) for number in range(300)]
    alone = [server(f"s{number}.example.test") for number in range(30)]
    origins = [origin(node) for node in nodes] + [origin(node) for node in alone]
    plans = plan_trust(
        {f"expc{number}": "" for number in range(200)}, origins, [pem(ROOT, *issuing)], at=AT
    )["plans"]
    assert all(plan == plans["expc0"] for plan in plans.values())
    assert len(plans["expc0"]["add"]) == 36
    assert plans["expc0"]["smallest"]
