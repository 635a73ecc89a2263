# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Do two reports of one estate hold the same verdicts?

``python -m tests.lab.same_verdicts ONE.json OTHER.json`` compares them record by record, in whatever order they stand, and
prints what differs. Ends in 1 when something does, or when there was nothing to compare.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Target = tuple[str, str, str, int, str]
"""Cluster, peer, address, port, key type."""


def verdicts(report: Mapping[str, Any]) -> dict[Target, dict[str, Any]]:
    """The verdicts of a report by what they are about."""
    return {
        (audit["cluster"], *(verdict[key] for key in ("peer", "address", "port", "key_type"))): verdict
        for audit in report["audits"]
        for verdict in audit["verdicts"]
    }  # fmt: skip


def differences(one: Mapping[Target, Any], other: Mapping[Target, Any]) -> list[str]:
    """One line for each verdict that only one side has, or that says something else."""
    lines = []
    for target in sorted(one.keys() | other.keys()):
        if one.get(target) != other.get(target):
            sides = [(side.get(target) or {}).get("standing", "nothing") for side in (one, other)]
            lines.append(f"{' '.join(map(str, target))}: {sides[0]} / {sides[1]}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reports", type=Path, nargs=2, help="mra-audit.json")
    one, other = (
        verdicts(json.loads(file.read_text(encoding="utf-8")))
        for file in parser.parse_args().reports
    )
    found = differences(one, other)
    print("\n".join([*found, f"{len(one)} and {len(other)} verdicts, {len(found)} differ"]))
    return 1 if found or not one else 0


if __name__ == "__main__":
    sys.exit(main())
