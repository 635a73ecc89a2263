# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every stored case: our verdict is the one that a real Traffic Server gave."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.verdict.verdicts import (
    TRAFFIC_SERVER_9,
    judge_origins,
)

from tests.conformance.recorded import (
    AT,
    EXPRESSWAY_8_1,
    LEVEL_1_9_2,
    LEVEL_2_9_2,
    Answer,
    Case,
    answer_of,
    recorded_cases,
)

CASES = recorded_cases()
each_case = pytest.mark.parametrize("case", CASES, ids=str)

# Where 9.2 with OpenSSL 3.0 answers otherwise than 8.1 with OpenSSL 1.1.1 at the same level, and why.
TOO_WEAK = "CA signature digest algorithm too weak"
DIFFERENCES_9_2 = {
    "name_san_wild_underscore": ("9.x lets * stand for an underscore", Answer(None)),
    "leaf_sha1": ("OpenSSL 3 rates SHA-1 below level 1", Answer("chain", TOO_WEAK, 0)),
    "int_sha1": ("OpenSSL 3 rates SHA-1 below level 1", Answer("chain", TOO_WEAK, 1)),
}


def verdict_on(case: Case, **options: Any) -> dict[str, Any]:
    (verdict,) = judge_origins(
        {"peer": case.trust_store},
        [{"address": case.address, "port": 8443, "presented": case.presented}],
        at=AT,
        **options,
    )
    return verdict


def test_all_cases_are_here() -> None:
    assert len(CASES) == len({case.name for case in CASES}) == 113


@each_case
def test_verdict_is_that_of_traffic_server_8_1(case: Case) -> None:
    assert answer_of(verdict_on(case)) == case.recorded[EXPRESSWAY_8_1]


@each_case
def test_difference_of_9_2_is_known(case: Case) -> None:
    expressway, newer = case.recorded[EXPRESSWAY_8_1], case.recorded[LEVEL_1_9_2]
    _why, expected = DIFFERENCES_9_2.get(case.name, ("", expressway))
    assert newer == expected
    assert (newer != expressway) == (case.name in DIFFERENCES_9_2)
    assert answer_of(verdict_on(case, profile=TRAFFIC_SERVER_9)) == newer


@each_case
def test_level_2_is_that_of_traffic_server_9_2(case: Case) -> None:
    at_level_2 = case.recorded[LEVEL_2_9_2]
    assert answer_of(verdict_on(case, security_level=2, profile=TRAFFIC_SERVER_9)) == at_level_2
    # What only level 2 refuses is told as a warning at level 1.
    refused_for_weakness = at_level_2.stage == "chain" and "too weak" in str(at_level_2.error)
    if case.recorded[EXPRESSWAY_8_1].stage != "chain":
        warnings = [text for text in verdict_on(case)["weak"] if "security level 2" in text]
        assert bool(warnings) == refused_for_weakness


@each_case
def test_reproduce_shows_the_same(case: Case) -> None:
    verdict = verdict_on(case)
    shown = subprocess.run(
        ["sh", "-c", verdict["reproduce"]], capture_output=True, text=True, timeout=30, check=False
    )
    output = shown.stdout + shown.stderr
    errors = re.findall(r"^error (\d+) at (\d+) depth lookup", output, re.MULTILINE)
    if verdict["stage"] == "chain":
        code, depth = (int(number) for number in errors[0])
        assert ({79: 24}.get(code, code), depth) == (verdict["error_code"], verdict["depth"]), (
            output
        )
    else:
        assert not errors, output
        assert re.search(r"sent\.pem: OK$", output, re.MULTILINE), output
    for name in verdict["names"]:
        assert name in output
