# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The coverage of one address in words: what an assertion says when it fails, and when it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.audit.finding import listed
from ansible_collections.collab.expressway.plugins.module_utils.san_coverage.meetings import (
    PRESENTED,
)

Record = dict[str, Any]


def by_address(result: Mapping[str, Any]) -> list[Record]:
    """[{address, node, covered, strict, looked_at, message}], in the order in which addresses were given.

    `result`: what san_coverage returns. `covered`, `strict`: of every certificate that was seen; both are false where none
    was. `message` names each certificate that does not cover the address and each thing that was not seen, with the remedy.
    """
    groups: dict[str, tuple[list[Record], list[Record]]] = {}
    for entry in result["coverage"]:
        groups.setdefault(entry["address"], ([], []))[0].append(entry)
    for gap in result["not_looked_at"]:
        groups.setdefault(gap["address"], ([], []))[1].append(gap)
    return [_address(address, *parts) for address, parts in groups.items()]


def _address(address: str, coverage: list[Record], gaps: list[Record]) -> Record:
    node = next((entry["node"] for entry in (*coverage, *gaps) if entry["node"]), address)
    uncovered = [entry for entry in coverage if not entry["covered"]]
    said = [*_refusals(uncovered), *dict.fromkeys(map(_missed, gaps))]
    name = address if node == address else f"{address} (node {node})"
    return {
        "address": address,
        "node": node,
        "covered": bool(coverage) and not uncovered,
        "strict": bool(coverage) and all(entry["strict"] for entry in coverage),
        "looked_at": not gaps,
        "message": f"{name}: {' '.join(said or _covered(coverage))}",
    }


def _covered(coverage: list[Record]) -> list[str]:
    loose = [entry for entry in coverage if not entry["strict"]]
    every = f"all {len(coverage)} certificates that can be met cover it"
    said = [f"{every if len(coverage) > 1 else 'its certificate covers it'}."]
    if loose:
        why = " ".join(dict.fromkeys(text for entry in loose for text in entry["strict_findings"]))
        said.append(f"RFC 9525 would refuse {_listed(loose)}: {why}.")
    return said


def _refusals(uncovered: list[Record]) -> list[str]:
    """One sentence for each thing that is wrong, with its certificates, and what to do."""
    groups: dict[str, list[Record]] = {}
    for entry in uncovered:
        groups.setdefault(entry["finding"], []).append(entry)
    return [
        f"{code.replace('_', ' ')}: it is not covered by {_listed(group)}. "
        f"Do: {' '.join(dict.fromkeys(entry['remedy'] for entry in group))}"
        for code, group in groups.items()
    ]


def _listed(entries: list[Record]) -> str:
    """ "tomcat (RSA, SHA-256 0123456789abcdef) presented at 8443 and 6972"; one certificate is said once."""
    ports: dict[tuple[str, str], list[str]] = {}
    for entry in entries:
        what = f"{entry['unit']} ({entry['key_type'].upper()}, SHA-256 {entry['sha256'][:16]})"
        ports.setdefault((what, entry["where"]), []).append(str(entry["port"]))
    return listed(
        f"{what} {where} {'at' if where == PRESENTED else 'for'} {listed(dict.fromkeys(numbers))}"
        for (what, where), numbers in ports.items()
    )


def _missed(gap: Record) -> str:
    what = f"{gap['key_type'].upper()} at port" if gap["key_type"] else "port"
    return f"{what} {gap['port']} was not seen: {gap['reason'].rstrip('.')}. Do: {gap['remedy']}"
