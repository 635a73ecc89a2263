# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every check: a situation that has it, and a near miss that has not."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.audit.findings import (
    CHECKS,
    findings,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import Situation

from tests.unit.audit.builders import (
    DOCUMENTED_CIPHER_LIST,
    ECDSA_LEAF,
    LEAF,
    NODE,
    ROOT,
    RSA_FIRST,
    authority,
    certificate,
    entry,
    origin,
    peer,
    refused,
    situation,
    unreached,
    verdict,
)

EXPIRED_INTERMEDIATE = certificate(
    "Issuing", is_ca=True, not_after="2026-01-01T00:00:00Z", ski="01" * 20
)
EXPIRED_ROOT = authority("Old root", not_after="2026-01-01T00:00:00Z")
TWIN = authority(NODE, ski="02" * 20)
OTHER_TWIN = authority(NODE, ski="03" * 20)
RENEWED_TWIN = authority(NODE, ski="02" * 20, not_after="2030-01-01T00:00:00Z")
SELF_SIGNED_WITHOUT_IDENTIFIER = certificate(NODE, issuer=f"CN={NODE}", aki=None, self_signed=True)
SOON = certificate(NODE, not_after="2026-12-20T00:00:00Z")
LATER = certificate(NODE, not_after="2026-12-24T00:00:00Z")
SOON_ROOT = authority("Lonely", not_after="2026-12-20T00:00:00Z")
BY_CN = {"code": "covered_only_by_common_name", "text": "only the common name"}
BY_DOT = {"code": "wildcard_or_dot", "text": "a partial wildcard"}
NO_ANSWER = {"error": f"{NODE}:8443 did not answer", "error_kind": "timeout"}
HUNG_UP = {"error": f"{NODE}:8443 closed the connection", "error_kind": "closed"}
CLOSED_PORT = {"error": f"{NODE}:8443 refused the connection", "error_kind": "refused"}


def off(name: str = "expc1", **declared: Any) -> dict[str, Any]:
    return peer(name, verification="off", verifies=False, **declared)


def standing(which: str, **otherwise: Any) -> Situation:
    return situation(refused(standing=which, **otherwise))


HEALTHY = situation()
CASES = {
    # check: [(situation that has it, its severity), …], [near misses]
    "breaks_today": (
        [(standing("breaks_today"), "critical")],
        [HEALTHY, standing("breaks_when_verified"), standing("breaks_after_change")],
    ),
    "breaks_when_verified": (
        [(standing("breaks_when_verified"), "warning")],
        [HEALTHY, standing("breaks_today"), standing("breaks_after_change")],
    ),
    "breaks_after_change": (
        [(situation(verdict(), refused(ECDSA_LEAF, "breaks_after_change", key_type="ecdsa")), "warning")],
        [HEALTHY, standing("breaks_today"), situation(verdict(), verdict(ECDSA_LEAF, "ecdsa"))],
    ),
    "which_certificate_comes": (
        [
            (situation(verdict(LEAF, "rsa"), refused(ECDSA_LEAF, "breaks_today", key_type="ecdsa")), "info"),
            (situation(refused(LEAF, "breaks_today", key_type="rsa"), verdict(ECDSA_LEAF, "ecdsa")), "info"),
        ],
        [
            HEALTHY,
            situation(verdict(LEAF, "rsa"), verdict(ECDSA_LEAF, "ecdsa")),
            situation(refused(ECDSA_LEAF, "breaks_today", key_type="ecdsa")),
            # Refused with either: no order helps.
            situation(
                refused(LEAF, "breaks_today", key_type="rsa"),
                refused(ECDSA_LEAF, "breaks_today", key_type="ecdsa"),
            ),
        ],
    ),
    "masked_failure": (
        [(standing("breaks_today", reveals=["the name is not covered"]), "warning")],
        [standing("breaks_today")],
    ),
    "no_agreement_on_tls": (
        [(situation(verdict(key_type="rsa"), origins=[origin(entry("rsa", LEAF), entry("offered"))]), "critical")],
        [
            HEALTHY,
            # Nothing at all was presented: that is an origin not looked at.
            situation(verdict(), origins=[origin(entry("rsa"), entry("offered"))]),
            situation(verdict(), origins=[origin(entry("rsa", LEAF), entry("offered", **NO_ANSWER))]),
        ],
    ),
    "verification_off": (
        [
            (situation(peers=[off(until="2026-12-01", reason="repair")]), "warning"),
            (situation(peers=[off(until="2026-11-23", reason="repair")]), "warning"),
            (situation(peers=[off(until="2026-11-22", reason="repair")]), "critical"),
            (situation(peers=[off()]), "critical"),
            (situation(peers=[off(until="soon")]), "critical"),
        ],
        [HEALTHY, situation(peers=[peer(until="2026-11-22")])],
    ),
    "may_verify": (
        [(situation(peers=[peer(verifies=None, verification="unsupported", verification_note="14.0.8")]), "warning")],
        [HEALTHY, situation(peers=[peer(), unreached()])],
    ),
    "before_the_switch": (
        [(situation(peers=[peer(verifies=False, verification="unsupported", version="X12.7")]), "info")],
        [HEALTHY, situation(peers=[off()])],
    ),
    "not_seen": (
        [
            (situation(peers=[peer(), unreached()]), "warning"),
            (situation(peers=[peer(not_read={"mra": "403"})]), "warning"),
            (situation(peers=[peer(trusts=None)]), "warning"),
            (situation(peers=[peer(configured_peers=["10.0.0.1", "10.0.0.2"])]), "warning"),
            (situation(origins=[origin(), origin(address="b.example.test", presented=[])]), "warning"),
            (situation(origins=[origin(entry("offered", **CLOSED_PORT))]), "info"),
            (situation(origins=[origin(entry("rsa", LEAF), entry("ecdsa"))]), "warning"),
            (
                situation(
                    origins=[origin(entry("rsa", LEAF), entry("ecdsa", **NO_ANSWER), entry("offered", LEAF))]
                ),
                "warning",
            ),
            (
                # It closed on ECDSA, and yet it has an ECDSA certificate: something went wrong.
                situation(
                    origins=[
                        origin(entry("rsa", LEAF), entry("ecdsa", **HUNG_UP), entry("offered", ECDSA_LEAF))
                    ]
                ),
                "warning",
            ),
            (situation(peers=[peer(cipher_list=RSA_FIRST)]), "warning"),
        ],
        [
            HEALTHY,
            situation(
                origins=[origin(entry("rsa", LEAF), entry("ecdsa", **HUNG_UP), entry("offered", LEAF))]
            ),
            situation(peers=[peer(configured_peers=["10.0.0.1"])]),
        ],
    ),
    "publisher_not_audited": (
        [(situation(peers=[peer(uc_servers=[{"product": "cucm", "publisher": "pub.example.test"}])]), "warning")],
        [
            HEALTHY,
            situation(peers=[peer(uc_servers=[{"product": "cucm", "publisher": NODE.upper()}])]),
            situation(
                peers=[peer(uc_servers=[{"product": "cucm", "publisher": "192.0.2.11"}])],
                origins=[origin(connect_to="192.0.2.11")],
            ),
            # The discovery knows better what is advertised.
            situation(
                peers=[peer(uc_servers=[{"product": "cucm", "publisher": "pub.example.test"}])],
                discovery={"findings": [], "not_read": []},
            ),
        ],
    ),
    "optional_port_not_served": (
        [(situation(not_served=[origin(entry("offered", **CLOSED_PORT), port=7443)]), "info")],
        [HEALTHY],
    ),
    "trust_stores_differ": (
        [(situation(peers=[peer(), peer("expc2", trusts=[ROOT, TWIN])], certificates=[TWIN]), "warning")],
        [
            situation(peers=[peer(), peer("expc2")]),
            situation(peers=[peer(), unreached()]),
            # The same certificates in another order are the same trust.
            situation(
                peers=[peer(trusts=[ROOT, TWIN]), peer("expc2", trusts=[TWIN, ROOT])],
                certificates=[TWIN],
            ),
        ],
    ),
    "switches_differ": (
        [(situation(peers=[peer(), off("expc2", until="2026-12-01")]), "warning")],
        [situation(peers=[peer(), peer("expc2")]), situation(peers=[peer(), unreached()])],
    ),
    "cipher_lists_differ": (
        [
            (situation(peers=[peer(), peer("expc2", cipher_list=RSA_FIRST)]), "warning"),
            (situation(peers=[peer(), peer("expc2", minimum_tls="minTLSv1.0")]), "warning"),
        ],
        [situation(peers=[peer(), peer("expc2")]), situation(peers=[peer(), unreached()])],
    ),
    "releases_differ": (
        [(situation(peers=[peer(), peer("expc2", version="X15.0")]), "warning")],
        [situation(peers=[peer(), peer("expc2")]), situation(peers=[peer(), unreached()])],
    ),
    "expired_in_trust_store": (
        [
            (situation(peers=[peer(trusts=[ROOT, EXPIRED_INTERMEDIATE])], certificates=[EXPIRED_INTERMEDIATE]), "warning"),
            (situation(peers=[peer(trusts=[ROOT, EXPIRED_ROOT])], certificates=[EXPIRED_ROOT]), "info"),
        ],
        [HEALTHY],
    ),
    "same_subject_order": (
        [
            (
                situation(
                    peers=[peer(trusts=[TWIN, OTHER_TWIN])],
                    origins=[origin(entry("rsa", SELF_SIGNED_WITHOUT_IDENTIFIER))],
                    certificates=[TWIN, OTHER_TWIN, SELF_SIGNED_WITHOUT_IDENTIFIER],
                ),
                "warning",
            ),
            (situation(peers=[peer(trusts=[TWIN, OTHER_TWIN])], certificates=[TWIN, OTHER_TWIN]), "info"),
        ],
        [
            HEALTHY,
            # The same key, only renewed: either of them is right.
            situation(peers=[peer(trusts=[TWIN, RENEWED_TWIN])], certificates=[TWIN, RENEWED_TWIN]),
            situation(
                peers=[peer(trusts=[TWIN]), peer("expc2", trusts=[OTHER_TWIN])],
                certificates=[TWIN, OTHER_TWIN],
            ),
        ],
    ),
    "not_a_certificate": (
        [
            (
                situation(
                    peers=[
                        peer(
                            trust_store={
                                "sha256": "0" * 64,
                                "certificates": [ROOT["sha256"]],
                                "problems": ["block 3 (line 41): private key"],
                            }
                        )
                    ]
                ),
                "warning",
            )
        ],
        [HEALTHY],
    ),
    "expiring": (
        [
            (situation(origins=[origin(entry("rsa", SOON))], certificates=[SOON]), "warning"),
            (situation(peers=[peer(trusts=[ROOT, SOON_ROOT])], certificates=[SOON_ROOT]), "info"),
        ],
        [
            situation(origins=[origin(entry("rsa", LATER))], certificates=[LATER]),
            # Over already: the verdict says so.
            situation(origins=[origin(entry("rsa", EXPIRED_ROOT))], certificates=[EXPIRED_ROOT]),
        ],
    ),
    "ip_address_target": (
        [
            (situation(origins=[origin(address="192.0.2.11")]), "warning"),
            (situation(origins=[origin(address="2001:db8::11")]), "warning"),
        ],
        [HEALTHY, situation(origins=[origin(connect_to="192.0.2.11")])],
    ),
    "common_name_only": (
        [(situation(verdict(name_findings=[BY_CN])), "warning")],
        [HEALTHY, situation(verdict(name_findings=[BY_DOT]))],
    ),
    "loosely_named": (
        [(situation(verdict(name_findings=[BY_DOT])), "warning")],
        [HEALTHY, situation(verdict(name_findings=[BY_CN]))],
    ),
    "weak": (
        [(situation(verdict(weak=["RSA 1024 bits"])), "warning")],
        [HEALTHY],
    ),
    "cipher_list_assumed": (
        [(situation(peers=[peer(cipher_list_assumed=True)]), "info")],
        [HEALTHY],
    ),
}  # fmt: skip


def found(check: str, of: Situation) -> list[dict[str, Any]]:
    return [finding for finding in findings(of) if finding["check"] == check]


def test_every_check_has_cases() -> None:
    assert set(CASES) == {check.__name__ for check in CHECKS}


@pytest.mark.parametrize(
    ("check", "case", "severity"),
    [
        pytest.param(check, case, severity, id=f"{check}-{number}")
        for check, (cases, _near_misses) in CASES.items()
        for number, (case, severity) in enumerate(cases)
    ],
)
def test_a_check_finds_what_it_is_for(check: str, case: Situation, severity: str) -> None:
    (finding,) = found(check, case)
    assert finding["severity"] == severity
    assert finding["title"] and finding["evidence"] and finding["remedy"]


@pytest.mark.parametrize(
    ("check", "case"),
    [
        pytest.param(check, case, id=f"{check}-{number}")
        for check, (_found, cases) in CASES.items()
        for number, case in enumerate(cases)
    ],
)
def test_a_check_passes_over_near_misses(check: str, case: Situation) -> None:
    assert found(check, case) == []


def test_a_healthy_cluster_has_no_findings() -> None:
    assert findings(HEALTHY) == []


def test_ids_are_unique_in_every_case() -> None:
    for cases, _near_misses in CASES.values():
        for case, _severity in cases:
            ids = [finding["id"] for finding in findings(case)]
            assert len(ids) == len(set(ids))


def test_peers_with_the_same_cause_share_one_finding() -> None:
    both = situation(refused(), refused(by="expc2"), peers=[peer(), peer("expc2")])
    (finding,) = found("breaks_today", both)
    assert finding["peers"] == ["expc1", "expc2"]
    assert "both peers" in finding["title"]


def test_the_same_chain_as_offered_and_by_key_type_is_one_cause() -> None:
    once = situation(refused(), refused(key_type="rsa"))
    assert len(found("breaks_today", once)) == 1


def test_another_error_on_another_peer_is_another_cause() -> None:
    two = situation(
        refused(),
        refused(by="expc2", error_code=7, error="certificate signature failure"),
        peers=[peer(), peer("expc2")],
    )
    assert len(found("breaks_today", two)) == 2


def test_findings_come_worst_first() -> None:
    mixed = situation(
        verdict(weak=["SHA-1"]), refused(port=6972), peers=[peer(cipher_list_assumed=True)]
    )
    assert [finding["severity"] for finding in findings(mixed)] == ["critical", "warning", "info"]
    # The check of coverage stands before that of strength, its finding after it.
    closed = situation(verdict(weak=["SHA-1"]), origins=[origin(entry("offered", **CLOSED_PORT))])
    assert [finding["check"] for finding in findings(closed)] == ["weak", "not_seen"]


def test_an_unread_trust_store_is_never_an_empty_one() -> None:
    half_read = situation(peers=[peer(), peer("expc2", trusts=None)])
    assert not found("trust_stores_differ", half_read)
    assert found("not_seen", half_read)


def test_an_empty_trust_store_differs_from_a_full_one() -> None:
    (finding,) = found("trust_stores_differ", situation(peers=[peer(), peer("expc2", trusts=[])]))
    assert any("expc2" in line and "CN=Root" in line for line in finding["evidence"])


def test_a_missing_issuer_at_hand_is_named() -> None:
    issuer = authority("Partner", ski="05" * 20)
    leaf = certificate(NODE, issuer="CN=Partner", aki="05" * 20)
    other_key = authority("Partner", ski="06" * 20)
    at_hand = situation(
        refused(leaf, error_code=20), certificates=[leaf], known=[other_key, issuer]
    )
    (finding,) = found("breaks_today", at_hand)
    named = [line for line in finding["evidence"] if "At hand" in line]
    assert len(named) == 1 and issuer["sha256"] in named[0]


def test_a_change_is_explained_with_what_is_met_today() -> None:
    case = CASES["breaks_after_change"][0][0][0]
    (finding,) = found("breaks_after_change", case)
    said = " ".join(finding["evidence"])
    assert "As offered today: the RSA certificate, accepted by expc1." in said
    assert "TLS 1.3" in said and "preference" in said


@pytest.mark.parametrize(
    ("date", "says"), [("2026-11-22", "2026-11-22 is past"), (None, "without an end date")]
)
def test_off_says_when_it_was_to_end(date: str | None, says: str) -> None:
    (finding,) = found("verification_off", situation(peers=[off(until=date, reason="CSC1")]))
    assert says in finding["title"]
    assert "Reason given: CSC1." in finding["evidence"]


def test_a_cipher_list_is_looked_at_for_the_peer_that_has_it() -> None:
    """A handshake with one peer's list says nothing of another peer."""
    two_lists = situation(
        peers=[peer(), peer("expc2", cipher_list=RSA_FIRST)],
        origins=[
            origin(
                entry("rsa", LEAF),
                entry("ecdsa"),
                entry("offered", LEAF, cipher_list=DOCUMENTED_CIPHER_LIST),
            )
        ],
    )
    (finding,) = found("not_seen", two_lists)
    assert finding["peers"] == ["expc2"]


def test_each_upgrade_path_says_what_it_would_refuse() -> None:
    seen = situation(verdict(LEAF, "rsa"), refused(ECDSA_LEAF, "breaks_today", key_type="ecdsa"))
    (found,) = (one for one in findings(seen) if one["check"] == "which_certificate_comes")
    to_ecdsa, to_rsa, to_x15_2, _limits = found["evidence"]
    assert "below X14.0" in to_ecdsa and f"{NODE}:8443 by expc1" in to_ecdsa
    assert "from X14.0 or later" in to_rsa and "none is refused" in to_rsa
    assert "X15.2" in to_x15_2 and "none is refused" in to_x15_2
