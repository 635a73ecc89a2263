# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.peer.predicted_peers import (
    after_repair,
)

from tests.unit.trust_plan.pki import make

ONE, TWO = make("One"), make("Two")


def test_a_repair_is_predicted_and_the_observation_stays() -> None:
    switch = {"supported": True, "state": "off", "note": None}
    facts: dict[str, Any] = {
        "trust_store": {"pem": ONE.pem},
        "origin_verification": switch,
        "system": {},
    }
    old = {"origin_verification": {"supported": False, "state": None}}
    observed = [
        {"name": "expc1", "facts": facts},
        {"name": "expc2", "facts": old},
        {"name": "expc3", "facts": None, "error": "no route"},
    ]
    stores = {"expc1": ONE.pem + TWO.pem, "expc3": ONE.pem}
    first, second, third = after_repair(observed, stores, verification="on")
    held = first["facts"]["trust_store"]
    assert [one["sha256"] for one in held["certificates"]] == [ONE.sha256, TWO.sha256]
    assert (held["pem"], held["problems"]) == (ONE.pem + TWO.pem, [])
    assert first["facts"]["origin_verification"] == switch | {"state": "on"}
    # No switch, no prediction; not reached stays not reached.
    assert (second, third) == (observed[1], observed[2])
    assert facts["origin_verification"]["state"] == "off"
    kept = after_repair(observed, {})
    assert kept == observed
