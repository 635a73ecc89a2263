# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever the PKI: the plan is enough, none of it can be left out, nothing smaller does it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.candidates import refusal
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.growth import (
    upload_order,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.plan import plan_trust
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.rollout import (
    planned_uploads,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.chain_judgement import (
    TrustStore,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.verdicts import (
    judge_origins,
)
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.unit.trust_plan.pki import AT, Situation, situations

QUICK = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)


def planned(situation: Situation) -> dict[str, dict[str, Any]]:
    return plan_trust(situation.trust_stores, situation.origins, situation.candidates, at=AT)[
        "plans"
    ]


def accepted(store: str, situation: Situation) -> set[tuple[str, int]]:
    """Origins that the judge of verdicts accepts at stage chain."""
    verdicts = judge_origins({"": store}, situation.origins, at=AT)
    return {(one["address"], one["port"]) for one in verdicts if one["stage"] != "chain"}


def left(plan: dict[str, Any], kind: str | None = None) -> set[tuple[str, int]]:
    """Origins that the plan leaves refused at stage chain, of one kind or of any."""
    return {
        (one["address"], one["port"])
        for one in plan["unrepaired"]
        if one["stage"] == "chain" and kind in (None, one["kind"])
    }


@QUICK
@given(situations())
def test_enough_and_none_can_be_left_out(situation: Situation) -> None:
    for name, plan in planned(situation).items():
        store = situation.trust_stores[name]
        added = [one["pem"] for one in plan["add"]]
        before, after = accepted(store, situation), accepted(store + "".join(added), situation)
        everyone = {(one["address"], one["port"]) for one in situation.origins}
        assert before <= after, "an origin that was accepted is refused with the plan"
        assert after == everyone - left(plan)
        for one in plan["add"]:
            without = store + "".join(other for other in added if other != one["pem"])
            still = accepted(without, situation)
            assert not after <= still, f"{one['subject']} can be left out"
            assert after - still <= {(each["address"], each["port"]) for each in one["repairs"]}
        assert plan["smallest"]
        assert plan["at_least"] == len(added)


@settings(QUICK, max_examples=25)
@given(situations(), st.data())
def test_what_is_left_of_a_plan_repairs_something_all_of_it(
    situation: Situation, data: st.DataObject
) -> None:
    for name, plan in planned(situation).items():
        store = situation.trust_stores[name]
        # Somebody vouches for a part of it only.
        send = [
            one | {"seen_in": ["candidates" if data.draw(st.booleans()) else "presented by x:1"]}
            for one in plan["add"]
        ]
        upload = planned_uploads(
            {name: plan | {"add": send}}, {name: {"pem": store, "error": None}}, on_clash="upload"
        )[name]
        vouched = [one["pem"] for one in send if one["seen_in"] == ["candidates"]]
        assert len(upload["adds"]) + len(upload["left_out"]) == len(send)
        reached = accepted(store + "".join(upload["certificates"]), situation)
        assert reached == accepted(store + "".join(vouched), situation)
        for pem in upload["certificates"]:
            rest = [one for one in upload["certificates"] if one != pem]
            assert not reached <= accepted(store + "".join(rest), situation)


@QUICK
@given(situations(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(situation: Situation, random: Any) -> None:
    plans = planned(situation)
    shuffled = Situation(
        dict(random.sample(list(situation.trust_stores.items()), len(situation.trust_stores))),
        random.sample(situation.origins, len(situation.origins)),
        [
            "".join(
                random.sample(
                    [one.pem for one in read_bundle(text).certificates],
                    k=len(read_bundle(text).certificates),
                )
            )
            for text in situation.candidates
        ],
    )
    assert planned(shuffled) == plans


@QUICK
@given(situations(most_origins=4))
def test_nothing_smaller_does_it(situation: Situation) -> None:
    texts = [*situation.candidates, *situation.trust_stores.values()]
    texts += [one["presented"] for one in situation.origins]
    known = {one for text in texts for one in read_bundle(text).certificates}
    for name, plan in planned(situation).items():
        # A stale certificate has to go; that something could be added beside it is no plan.
        stale = left(plan, kind="stale_in_store")
        judged = [one for one in situation.origins if (one["address"], one["port"]) not in stale]
        grown = situation.trust_stores[name] + "".join(one["pem"] for one in plan["add"])
        reached = len(accepted(grown, Situation({}, judged, [])))
        stored = read_bundle(situation.trust_stores[name]).certificates
        assert (reached, len(plan["add"])) == best_of_all(stored, known, judged)


MOST_TRIED = 6
"""Candidates of which every subset is tried."""


def best_of_all(
    stored: Sequence[Certificate], known: set[Certificate], origins: Sequence[dict[str, Any]]
) -> tuple[int, int]:
    """(origins accepted, certificates added) of the best of all sets that break nothing, tried one by one."""
    issuers = {one.issuer_key for one in known}
    candidates = [
        one
        for one in sorted(known - set(stored), key=upload_order)
        if refusal(one, AT) is None and one.subject_key in issuers
    ]
    assume(len(candidates) <= MOST_TRIED)
    chains = [read_bundle(one["presented"]).certificates for one in origins]

    def good(some: tuple[Certificate, ...]) -> set[int]:
        store = TrustStore((*dict.fromkeys(stored), *some), AT)
        return {number for number, chain in enumerate(chains) if store.judge(chain).accepted}

    before = good(())
    best = (len(before), 0)
    for size in range(1, len(candidates) + 1):
        for some in combinations(candidates, size):
            now = good(some)
            if before <= now and len(now) > best[0]:
                best = (len(now), size)
    return best
