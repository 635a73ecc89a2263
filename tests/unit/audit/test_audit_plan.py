# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.report.html import html_report
from ansible_collections.collab.expressway.plugins.module_utils.report.plan import (
    NOTHING,
    additions,
    plan_lines,
)
from ansible_collections.collab.expressway.plugins.module_utils.report.text import text_report

from tests.unit.audit.observations import CHAINS, Record, address, audit, observed, presented


@pytest.fixture(scope="module")
def model() -> Record:
    peers = [observed("expc1"), observed("expc2"), observed("expc3", reached=False, facts=None)]
    return audit(peers, [address()], [presented("offered", CHAINS["ecdsa"][0], cipher_list="ALL")])


def test_the_plan_names_what_each_read_peer_lacks(model: Record) -> None:
    assert list(model["plan"]) == ["expc1", "expc2"]
    plan = model["plan"]["expc1"]
    assert (plan["accepted_before"], plan["accepted_after"], plan["smallest"]) == (0, 1, True)
    (lacking,) = plan["add"]
    assert lacking["sha256"] in model["certificates"]
    assert "pem" not in lacking


def test_reports_say_once_what_goes_to_which_peers(model: Record) -> None:
    (entry,) = additions(model)
    assert entry["peers"] == ["expc1", "expc2"]
    digest = entry["certificate"]["sha256"]
    (line,) = plan_lines(model)
    assert digest in line and "to expc1, expc2: " in line
    assert digest in text_report([model]).replace("\n", "")
    html = html_report([model])
    assert "The smallest repair of trust" in html and f"SHA-256 {digest}<" in html


def test_nothing_to_upload_is_said_so(model: Record) -> None:
    nothing = {name: plan | {"add": []} for name, plan in model["plan"].items()}
    assert NOTHING in html_report([model | {"plan": nothing}])
    assert NOTHING in text_report([model | {"plan": nothing}])


def test_without_a_plan_nothing_is_said(model: Record) -> None:
    assert audit([observed("expc1")], [address()], [])["plan"] == {}
    assert "smallest repair" not in html_report([model | {"plan": {}}])
    assert "smallest repair" not in text_report([model | {"plan": {}}])
