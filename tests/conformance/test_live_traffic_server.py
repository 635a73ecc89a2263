# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cases made anew at each run, through a real Traffic Server and through the module's code.

COLLAB_CONFORMANCE_SEED repeats the random choices of a run (keys are new each time),
COLLAB_CONFORMANCE_CASES sets their number. A disagreement is written to COLLAB_CONFORMANCE_DUMP
(default: .cache/conformance) with everything needed to repeat it.
"""

from __future__ import annotations

import json
import os
import random
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.verdict.verdicts import (
    EXPRESSWAY,
    TRAFFIC_SERVER_9,
    Profile,
    judge_origins,
)

from tests.conformance.generated import LiveCase, random_case
from tests.conformance.issuing import Keys
from tests.conformance.live import PORT, LiveAnswer, answers
from tests.conformance.recorded import SINCE_OPENSSL_3, answer_of
from tests.lab.traffic_server import installed

NETWORK = os.environ.get("COLLAB_CONFORMANCE_NETWORK", "127.25")
NUMBER = int(os.environ.get("COLLAB_CONFORMANCE_CASES", "400"))
SEED = int(os.environ.get("COLLAB_CONFORMANCE_SEED") or random.SystemRandom().randrange(10**9))
DUMP = Path(os.environ.get("COLLAB_CONFORMANCE_DUMP", ".cache/conformance"))

BELOW_TLS_1_3 = "a handshake below TLS 1.3 fails"


@pytest.fixture(scope="module")
def traffic_server_is_here() -> None:
    if installed():
        return
    if os.environ.get("COLLAB_REQUIRE_TRAFFIC_SERVER") == "1":
        pytest.fail("traffic_server is required here, but not installed (package trafficserver)")
    pytest.skip("traffic_server is not installed (package trafficserver)")


@pytest.fixture(scope="module")
def run(
    traffic_server_is_here: None, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[LiveCase, LiveAnswer]]:
    print(f"COLLAB_CONFORMANCE_SEED={SEED}")
    rng = random.Random(SEED)
    keys, now = Keys(rng), datetime.now(UTC).replace(microsecond=0)
    cases = [random_case(rng, keys, now, index, NETWORK) for index in range(NUMBER)]
    return list(zip(cases, answers(cases, NETWORK, tmp_path_factory.mktemp("live")), strict=True))


def verdict_on(case: LiveCase, profile: Profile) -> dict[str, Any]:
    (verdict,) = judge_origins(
        {"peer": case.trust_store},
        [
            {
                "address": case.address,
                "port": PORT,
                "presented": case.presented,
                "connect_to": case.ip,
            }
        ],
        at=datetime.now(UTC),
        profile=profile,
    )
    return verdict


def expected(case: LiveCase, verdict: dict[str, Any]) -> LiveAnswer:
    """What the verdict predicts: the status of the login, and the very line in the log."""
    if case.newest_tls == "1.2" and any(BELOW_TLS_1_3 in text for text in verdict["weak"]):
        # Without digitalSignature the origin's own OpenSSL does not even offer its ECDSA certificate.
        return LiveAnswer(502, ())
    if verdict["outcome"] == "refused":
        return LiveAnswer(502, (verdict["log_line"],))
    return LiveAnswer(200, ())


def in_words_of_1_1_1(answer: LiveAnswer) -> LiveAnswer:
    lines = answer.warnings
    for new, old in SINCE_OPENSSL_3.items():
        lines = tuple(line.replace(f"Error={new} ", f"Error={old} ") for line in lines)
    return LiveAnswer(answer.status, lines)


def test_every_verdict_is_what_traffic_server_does(
    run: list[tuple[LiveCase, LiveAnswer]],
) -> None:
    disagreements = []
    for case, answer in run:
        verdict = verdict_on(case, TRAFFIC_SERVER_9)
        wanted, got = expected(case, verdict), in_words_of_1_1_1(answer)
        if wanted != got:
            DUMP.mkdir(parents=True, exist_ok=True)
            dump = DUMP / f"{SEED}-{case.index}.json"
            dump.write_text(
                json.dumps(
                    {"case": asdict(case), "verdict": verdict, "traffic_server": asdict(answer)},
                    indent=1,
                )
            )
            disagreements.append(
                f"{dump}: {case.deviations}\n  verdict says {wanted}\n  Traffic Server  {got}"
            )
    assert not disagreements, (
        f"COLLAB_CONFORMANCE_SEED={SEED}: {len(disagreements)} of {len(run)} disagree\n"
        + "\n".join(disagreements)
    )


def test_the_expressway_differs_from_9_2_for_known_reasons_only(
    run: list[tuple[LiveCase, LiveAnswer]],
) -> None:
    for case, _answer in run:
        expressway, newer = verdict_on(case, EXPRESSWAY), verdict_on(case, TRAFFIC_SERVER_9)
        if answer_of(expressway) == answer_of(newer):
            continue
        sha1 = newer["error_code"] == 68 and any("SHA1" in text for text in expressway["weak"])
        underscore = "_" in case.address and expressway["stage"] == "name"
        assert sha1 or underscore, f"COLLAB_CONFORMANCE_SEED={SEED}: case {case.index}"


def test_the_cases_are_worth_their_time(run: list[tuple[LiveCase, LiveAnswer]]) -> None:
    """At least 300 cases, of every outcome, with many different errors."""
    accepted = sum(answer.status == 200 for _case, answer in run)
    lines = [line for _case, answer in run for line in answer.warnings]
    errors = {line.partition("Error=")[2].partition(" server=")[0] for line in lines}
    assert len(run) >= 300
    assert len(run) / 5 < accepted < len(run) * 4 / 5
    assert sum("SNI (" in line for line in lines) > len(run) / 20
    assert len(errors - {""}) >= 8, errors
