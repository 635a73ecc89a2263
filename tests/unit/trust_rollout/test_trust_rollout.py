# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.reads import read_of
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.rollout import (
    forecast,
    given_uploads,
    planned_uploads,
    presented_origins,
    problems_before_writing,
    stores_to_judge,
    unread_peers,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.verdicts import (
    judge_origins,
)

from tests.unit.trust_plan.pki import AT, EXPIRED, Made, make

ROOT, OTHER, THIRD = make("Root"), make("Other"), make("Third")
STALE = make("Stale", valid=EXPIRED)
TWIN = make("Other", key_name="another")
LEAF = make("cucm1.example.test", ROOT, ca=False, dns=["cucm1.example.test"])

Record = dict[str, Any]


def stored(*certificates: Made) -> Record:
    """The result of trusted_ca_info on a peer that trusts these."""
    return {
        "pem": "".join(one.pem for one in certificates),
        "certificates": [{"sha256": one.sha256} for one in certificates],
    }


def wanted(certificate: Made, *seen_in: str) -> Record:
    return {
        "sha256": certificate.sha256,
        "subject": certificate.key_name,
        "pem": certificate.pem,
        "seen_in": list(seen_in) or ["candidates"],
    }


def plan(*add: Record, clash: Made | None = None) -> Record:
    clashes = [clash] if clash else []
    return {
        "add": list(add),
        "conflicts": [
            {
                "common_name": "Root",
                "wanted": [{"sha256": one.sha256}],
                "remedies": ["another name"],
            }
            for one in clashes
        ],
    }


READS = {"expc1": read_of(stored(OTHER)), "expc2": read_of(stored(OTHER, ROOT))}


@pytest.mark.parametrize(
    ("result", "says"),
    [
        (None, "it was not read"),
        ({}, "it was not read"),
        ({"pem": ""}, "it was not read"),
        ({"failed": True, "msg": "HTTP 401", "pem": ROOT.pem}, "HTTP 401"),
        ({"unreachable": True, "msg": "no route"}, "no route"),
    ],
)
def test_what_is_no_whole_store_is_an_error_and_never_an_empty_store(
    result: Record | None, says: str
) -> None:
    assert read_of(result) == {"pem": None, "certificates": [], "error": says}


@pytest.mark.parametrize(
    ("reads", "allow", "says"),
    [
        ({"a": stored(ROOT), "b": stored(ROOT)}, False, None),
        ({"a": stored(ROOT), "b": {"msg": "no route"}}, False, "b could not be read: no route"),
        ({"a": stored(ROOT), "b": {"msg": "no route"}}, True, None),
        ({"a": {"msg": "no route"}, "b": {"msg": "no route"}}, True, "a could not be read"),
        ({f"expc{number}": stored(ROOT) for number in range(7)}, False, "at most 6"),
    ],
)
def test_peers_that_keep_their_cluster_untouched(
    reads: dict[str, Record], allow: bool, says: str | None
) -> None:
    problems = unread_peers(
        {name: read_of(result) for name, result in reads.items()}, allow_unreachable=allow
    )
    assert (says is None and problems == []) or (says and says in problems[0])


def test_a_peer_is_sent_its_plan_and_holds_more_afterwards() -> None:
    uploads = planned_uploads({"expc1": plan(wanted(ROOT)), "expc2": plan()}, READS)
    assert uploads["expc1"]["certificates"] == [ROOT.pem]
    assert uploads["expc1"]["expected"] == [OTHER.sha256, ROOT.sha256]
    assert uploads["expc1"]["after_pem"].endswith(ROOT.pem)
    assert uploads["expc2"]["certificates"] == []
    assert uploads["expc2"]["after_pem"] == READS["expc2"]["pem"]


@pytest.mark.parametrize(
    ("on_clash", "sent", "left_out", "problems"),
    [("fail", 0, 1, 1), ("skip", 0, 1, 0), ("upload", 1, 0, 0)],
)
def test_a_common_name_that_is_taken(
    on_clash: str, sent: int, left_out: int, problems: int
) -> None:
    upload = planned_uploads({"expc1": plan(wanted(ROOT), clash=ROOT)}, READS, on_clash=on_clash)[
        "expc1"
    ]
    assert len(upload["certificates"]) == sent
    assert [one["sha256"] for one in upload["left_out"]] == [ROOT.sha256] * left_out
    assert len(upload["problems"]) == problems
    assert all("another name" in text and "expc1" in text for text in upload["problems"])


def test_a_word_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="fail, skip, upload"):
        planned_uploads({}, {}, on_clash="maybe")


@pytest.mark.parametrize(
    ("seen_in", "accept", "sent"),
    [
        (["presented by cucm1:8443"], True, 1),
        (["presented by cucm1:8443"], False, 0),
        (["candidates", "presented by cucm1:8443"], False, 1),
        (["trust store of expc2"], False, 1),
    ],
)
def test_what_only_origins_present_needs_consent(
    seen_in: list[str], accept: bool, sent: int
) -> None:
    upload = planned_uploads(
        {"expc1": plan(wanted(ROOT, *seen_in))}, READS, accept_presented=accept
    )["expc1"]
    assert len(upload["certificates"]) == sent
    assert len(upload["left_out"]) == 1 - sent


def test_a_part_of_a_repair_is_not_sent() -> None:
    # Root, which nobody vouches for, alone; Third below Root; Other either below Root or alone.
    reads = {"expc1": read_of(stored(STALE))}
    add = [wanted(ROOT, "presented by cucm1:8443"), wanted(THIRD), wanted(OTHER)]
    ways = [
        [[ROOT.sha256]],
        [[ROOT.sha256, THIRD.sha256]],
        [[OTHER.sha256, ROOT.sha256], [OTHER.sha256]],
    ]
    upload = planned_uploads({"expc1": plan(*add) | {"ways": ways}}, reads)["expc1"]
    assert upload["certificates"] == [OTHER.pem]
    assert [one["sha256"] for one in upload["left_out"]] == [ROOT.sha256, THIRD.sha256]
    assert upload["left_out"][1]["why"] == (
        f"it repairs nothing without 'Root' ({ROOT.sha256[:16]}…), which is not sent"
    )


@pytest.mark.parametrize(
    ("advised", "needed_by", "wanted_at", "expected"),
    [
        ("Stale", [], AT, [OTHER, ROOT]),
        ("Stale", [], None, [OTHER, "Stale", ROOT]),
        ("Stale", [{"address": "cucm9", "port": 8443}], AT, [OTHER, "Stale", ROOT]),
        # It hides another one, but has not expired: that takes a person.
        ("Other", [], AT, [OTHER, "Stale", ROOT]),
    ],
)
def test_what_has_expired_and_is_in_the_way_goes_only_when_asked_for(
    advised: str, needed_by: list[Record], wanted_at: Any, expected: list[Any]
) -> None:
    by_name = {"Stale": STALE, "Other": OTHER}
    one = by_name[advised]
    ends = one.certificate.not_valid_after_utc.isoformat().replace("+00:00", "Z")
    remove = [{"sha256": one.sha256, "not_after": ends, "needed_by": needed_by}]
    upload = planned_uploads(
        {"expc1": plan(wanted(ROOT)) | {"remove": remove}},
        {"expc1": read_of(stored(OTHER, STALE))},
        stale_at=wanted_at,
    )["expc1"]
    assert upload["expected"] == [by_name.get(made, made).sha256 for made in expected]


@pytest.mark.parametrize(
    ("state", "texts", "expected"),
    [
        ("present", [ROOT.pem], [OTHER, ROOT]),
        ("present", [OTHER.pem], [OTHER]),
        ("present", [ROOT.pem + THIRD.pem, ROOT.pem], [OTHER, ROOT, THIRD]),
        ("exact", [ROOT.pem], [ROOT]),
        # What stays keeps its place, as trusted_ca will have it.
        ("exact", [ROOT.pem + OTHER.pem], [OTHER, ROOT]),
    ],
)
def test_certificates_that_somebody_chose(
    state: str, texts: list[str], expected: list[Made]
) -> None:
    upload = given_uploads(texts, READS, state=state)["expc1"]
    assert upload["expected"] == [one.sha256 for one in expected]
    assert upload["before_pem"] == OTHER.pem
    assert upload["after_pem"].count("BEGIN CERTIFICATE") == len(expected)
    assert (upload["reorders"], upload["namesakes"]) == ([], [])


def test_a_backup_brings_its_order_of_twins() -> None:
    reads = {"expc1": read_of(stored(OTHER, ROOT, TWIN))}
    upload = given_uploads([TWIN.pem + OTHER.pem + ROOT.pem], reads, state="exact", order="listed")
    assert upload["expc1"]["expected"] == [one.sha256 for one in (TWIN, OTHER, ROOT)]
    assert upload["expc1"]["namesakes"] == [[OTHER.sha256, TWIN.sha256]]
    assert [one["sha256"] for one in upload["expc1"]["reorders"]] == [TWIN.sha256, OTHER.sha256]


def test_origins_of_an_audit_come_once_for_each_chain() -> None:
    def entry(key_type: str, *chain: str) -> Record:
        return {
            "key_type": key_type,
            "leaf_key_type": "rsa",
            "chain": list(chain),
            "connected_to": None,
        }

    audit = {
        "certificates": {"aa": {"pem": "A\n"}, "bb": {"pem": "B\n"}},
        "origins": [
            {
                "address": "cucm1",
                "port": 8443,
                "presented": [
                    entry("rsa", "aa", "bb"),
                    entry("ecdsa"),
                    entry("offered", "aa", "bb"),
                ],
            },
            {"address": "cucm1", "port": 6972, "presented": [entry("ecdsa", "bb")]},
        ],
    }
    everything = presented_origins(audit, ["rsa", "ecdsa", "offered"])
    assert [(one["port"], one["presented"]) for one in everything] == [
        (8443, "A\nB\n"),
        (6972, "B\n"),
    ]
    assert [one["port"] for one in presented_origins(audit, ["offered"])] == [8443]


ORIGINS = [
    {"address": name, "port": 8443, "key_type": "rsa", "presented": LEAF.pem}
    for name in ("cucm1.example.test", "cucm2.example.test")
]


def judged(uploads: dict[str, Record]) -> list[Record]:
    return judge_origins(stores_to_judge(uploads), ORIGINS, 1, at=AT)


def test_a_forecast_says_what_is_repaired_what_breaks_and_what_stays_refused() -> None:
    uploads = given_uploads([ROOT.pem], {"expc1": READS["expc1"]})
    gain = forecast(uploads, judged(uploads), ORIGINS)["expc1"]
    assert gain["repaired"] == ["cucm1.example.test:8443 (rsa)"]
    assert gain["broken"] == []
    assert gain["refused"] == [
        "cucm2.example.test:8443 (rsa): name not in the certificate → reissue it with this name"
    ]
    assert [one["outcome"] for one in gain["verdicts"]] == ["accepted", "refused"]
    # As long as nothing has arrived.
    assert gain["refused_before"] == [
        f"{name}.example.test:8443 (rsa): its issuing CA is unknown → upload that CA, up to its root"
        for name in ("cucm1", "cucm2")
    ]

    uploads = given_uploads([OTHER.pem], {"expc2": READS["expc2"]}, state="exact")
    loss = forecast(uploads, judged(uploads), ORIGINS)["expc2"]
    assert [text.partition(":")[0] for text in loss["broken"]] == [
        "cucm1.example.test",
        # Its name never fitted, but its chain was trusted: that is worse, too.
        "cucm2.example.test",
    ]
    assert (loss["repaired"], loss["refused"]) == ([], [])


@pytest.mark.parametrize(
    ("texts", "state", "broken", "options", "says"),
    [
        ([ROOT.pem], "present", [], {}, None),
        ([ROOT.key_pem], "present", [], {}, "private key"),
        (["-----BEGIN"], "present", [], {}, "trust_store_certificates[0]"),
        ([LEAF.pem], "present", [], {}, "trust_store_allow: [leaf]"),
        ([LEAF.pem], "present", [], {"allow": ["leaf"]}, None),
        ([STALE.pem], "present", [], {}, "expired on"),
        ([TWIN.pem], "present", [], {}, "CSCwa12905"),
        ([TWIN.pem], "present", [], {"allow": ["same_name"]}, None),
        ([ROOT.pem], "present", [], {"allow_removal_of": ["0815"]}, "no SHA-256"),
        ([ROOT.pem], "present", ["cucm1:8443"], {}, "would begin to refuse cucm1:8443"),
        ([ROOT.pem], "present", ["cucm1:8443"], {"allow_breaking": True}, None),
        ([ROOT.pem], "exact", [], {}, "is needed by the certificate of expc2"),
        ([ROOT.pem], "exact", [], {"allow_removal_of": [OTHER.sha256.upper()]}, None),
    ],
)
def test_what_has_to_be_settled_before_the_first_write(
    texts: list[str], state: str, broken: list[str], options: Record, says: str | None
) -> None:
    uploads = given_uploads(texts, {"expc1": READS["expc1"]}, state=state)
    uploads["expc1"] |= {
        "protected": [OTHER.pem],
        "needed_by": {OTHER.sha256: ["the certificate of expc2"]},
    }
    problems = problems_before_writing(uploads, {"expc1": {"broken": broken}}, AT, **options)
    assert (says is None and problems == []) or (says and says in problems[0])


def test_every_problem_names_its_peer_once() -> None:
    uploads = given_uploads([LEAF.pem], READS)
    texts = problems_before_writing(uploads, {}, AT)
    assert [text.split(":")[0] for text in texts] == ["expc1", "expc2"]
