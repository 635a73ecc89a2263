# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does the audit say what the real traffic servers do?

``python -m tests.lab.agreement REPORT.json`` logs in through every peer to every origin and compares each answer with
the report: 502 where a verdict breaks today, 200 everywhere else. Ends in 1 when one differs, was not audited, or when
there was nothing to compare.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Target = tuple[str, str, int]
"""Peer, address, port."""


def predictions(report: Mapping[str, Any]) -> dict[Target, int]:
    """The HTTP status that each login will get, by the verdict on what the origin presents to that peer.

    Raises `ValueError` when a login has two verdicts as offered.
    """
    predicted: dict[Target, int] = {}
    for audit in report["audits"]:
        for verdict in audit["verdicts"]:
            if verdict["key_type"] != "offered":
                continue
            target = (verdict["peer"], verdict["address"], verdict["port"])
            if target in predicted:
                raise ValueError(f"two verdicts as offered for {target}")
            predicted[target] = 502 if verdict["standing"] == "breaks_today" else 200
    return predicted


def disagreements(
    predicted: Mapping[Target, int], logins: Iterable[Mapping[str, Any]]
) -> list[str]:
    """One line for each login whose answer is not the predicted one, and for each that only one side knows."""
    answers = {(row["peer"], row["address"], row["port"]): row["status"] for row in logins}
    return [
        f"{peer} → {address}:{port}: audit {predicted.get((peer, address, port), 'nothing')}, "
        f"traffic server {answers.get((peer, address, port), 'nothing')}"
        for peer, address, port in sorted(predicted.keys() | answers.keys())
        if predicted.get((peer, address, port)) != answers.get((peer, address, port))
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=Path, help="mra-audit.json")
    parser.add_argument("--network", default=os.environ.get("LAB_NETWORK", "127.20"))
    options = parser.parse_args()
    listing = subprocess.run(
        [sys.executable, "-m", "tests.lab", "logins", "--json", "--network", options.network],
        stdout=subprocess.PIPE,
        check=True,
    )
    logins = json.loads(listing.stdout)
    predicted = predictions(json.loads(options.report.read_text(encoding="utf-8")))
    different = disagreements(predicted, logins)
    refused = sum(status == 502 for status in predicted.values())
    print("\n".join(different))
    print(
        f"{len(logins)} logins, {refused} predicted to be refused, {len(different)} disagreements"
    )
    return 1 if different or not logins else 0


if __name__ == "__main__":
    sys.exit(main())
