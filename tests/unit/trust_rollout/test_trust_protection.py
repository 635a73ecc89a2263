# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.protection import (
    needs,
    protected,
    with_protection,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.reads import read_of
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.rollout import (
    given_uploads,
)

from tests.unit.trust_plan.pki import AT, EXPIRED, Made, make, origin, pem, server

ROOT, ISSUING_ROOT, OTHER = make("Peers Root"), make("Corporate Root"), make("Other Root")
ISSUING = make("Corporate Issuing", ISSUING_ROOT)
RENEWED = make("Peers Root", key_name="Peers Root", valid=(-10, 3000))
OTHER_RENEWED = make("Other Root", key_name="Other Root", valid=(-10, 3000))
OUTDATED = server("expc2", ROOT, valid=EXPIRED)
SELF_SIGNED = server("expc2")
CUCM = server("cucm1.example.test", OTHER)

Record = dict[str, Any]
EXPC2, CUCM1 = "the certificate of expc2", "cucm1.example.test:8443"


def presented(*chain: Made, error: str | None = None) -> Record:
    return {
        "address": "expc2",
        "connect_to": "192.0.2.2",
        "port": 443,
        "key_type": "rsa",
        "chain": [one.pem for one in chain],
        "error": error,
    }


@pytest.mark.parametrize(
    ("before", "wanted", "own", "more", "kept"),
    [
        pytest.param([ROOT, OTHER], [ROOT], [server("expc2", ROOT)], {}, {}, id="nobody needs it"),
        pytest.param(
            [ROOT, OTHER],
            [OTHER],
            [server("expc2", ROOT)],
            {},
            {ROOT: [EXPC2]},
            id="the root of a peer",
        ),
        pytest.param(
            [ISSUING_ROOT, ISSUING, OTHER],
            [OTHER],
            [server("expc2", ISSUING)],
            {},
            {ISSUING_ROOT: [EXPC2], ISSUING: [EXPC2]},
            id="an intermediate that the peer does not send",
        ),
        pytest.param(
            [ISSUING_ROOT, ISSUING],
            [ISSUING_ROOT],
            [server("expc2", ISSUING), ISSUING],
            {},
            {},
            id="an intermediate that the peer sends",
        ),
        pytest.param(
            [ROOT, OTHER],
            [OTHER, RENEWED],
            [server("expc2", ROOT)],
            {},
            {},
            id="a renewed root takes over",
        ),
        pytest.param(
            [SELF_SIGNED, OTHER],
            [OTHER],
            [SELF_SIGNED],
            {},
            {SELF_SIGNED: [EXPC2]},
            id="self-signed",
        ),
        pytest.param(
            [ROOT, OTHER],
            [OTHER],
            [OUTDATED],
            {},
            {ROOT: [EXPC2]},
            id="an expired certificate has an issuer, too",
        ),
        pytest.param(
            [ROOT, OTHER],
            [ROOT],
            [server("expc2", ROOT)],
            {"origins": [origin(CUCM)]},
            {OTHER: [CUCM1]},
            id="an origin needs it",
        ),
        pytest.param(
            [ROOT, ISSUING_ROOT],
            [ROOT],
            [server("expc2", ROOT)],
            {"origins": [origin(CUCM)]},
            {},
            id="an origin that is refused anyway",
        ),
        pytest.param(
            [ROOT, OTHER],
            [ROOT, OTHER_RENEWED],
            [server("expc2", ROOT)],
            {"origins": [origin(CUCM)]},
            {},
            id="a renewed root takes over for an origin",
        ),
        pytest.param(
            [ROOT, OTHER],
            [ROOT],
            [server("expc2", ROOT)],
            {"listed": [OTHER.pem + ISSUING.pem]},
            {OTHER: ["trust_store_protected"]},
            id="somebody wants to keep it",
        ),
    ],
)
def test_what_must_stay(
    before: list[Made],
    wanted: list[Made],
    own: list[Made],
    more: Record,
    kept: dict[Made, list[str]],
) -> None:
    needed = needs(["expc2"], [presented(*own)], more.get("origins", []), more.get("listed", []))
    found = protected(
        read_bundle(pem(*before)).certificates, read_bundle(pem(*wanted)).certificates, needed, AT
    )
    assert {one.sha256: who for one, who in found.items()} == {
        one.sha256: who for one, who in kept.items()
    }


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ([presented(error="refused the connection")] * 2, "192.0.2.2:443 refused the connection"),
        ([], "nobody asked it"),
    ],
)
def test_while_the_certificate_of_a_peer_is_unknown_nothing_may_go(
    answers: list[Record], why: str
) -> None:
    reads = {"expc1": read_of({"pem": pem(ROOT, OTHER), "certificates": [{"sha256": ROOT.sha256}]})}
    uploads = with_protection(
        given_uploads([OTHER.pem], reads, state="exact"), needs(["expc2"], answers, []), AT
    )
    assert uploads["expc1"]["protected"] == [ROOT.pem]
    assert uploads["expc1"]["needed_by"][ROOT.sha256] == [
        f"perhaps expc2, whose certificate could not be read: {why}"
    ]
    assert uploads["expc1"]["not_looked_at"] == [
        f"the certificate of expc2, which the peers of its cluster may verify: {why}"
    ]


def test_while_something_that_was_to_be_kept_is_unknown_the_roll_out_does_not_begin() -> None:
    reads = {"expc1": read_of({"pem": pem(ROOT, OTHER), "certificates": [{"sha256": ROOT.sha256}]})}
    needed = needs([], [], [], [ROOT.pem, "no certificate"], ["trust_store_protected[2]: gone"])
    upload = with_protection(given_uploads([OTHER.pem], reads, state="exact"), needed, AT)["expc1"]
    assert upload["protected"] == [ROOT.pem]
    unreadable, useless = upload["problems"]
    assert unreadable == "trust_store_protected[2]: gone"
    assert useless.startswith("trust_store_protected[1]: no PEM certificate in it")


def test_one_chain_is_enough_to_know_a_peer() -> None:
    answers = [presented(error="has no such certificate"), presented(server("expc2", ROOT))]
    assert needs(["expc2"], answers, []).unread == {}
