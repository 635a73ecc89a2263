# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The coverage of one address in words: what an assertion says when it fails, and when it holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import login

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
    uncovered = [_said(entry) for entry in coverage if not entry["covered"]]
    lines = [*dict.fromkeys([*uncovered, *map(_missed, gaps)])]
    if not lines:
        lines = [
            f"all {len(coverage)} certificates that can be met cover it"
            if len(coverage) > 1
            else "its certificate covers it"
        ]
        lines += dict.fromkeys(_strictly(entry) for entry in coverage if not entry["strict"])
    name = address if node == address else f"{address} (node {node})"
    return {
        "address": address,
        "node": node,
        "covered": bool(coverage) and not uncovered,
        "strict": bool(coverage) and all(entry["strict"] for entry in coverage),
        "looked_at": not gaps,
        "message": f"{name}: {'; '.join(lines)}.".replace("..", "."),
    }


def _certificate(entry: Record) -> str:
    place = login(entry["address"], entry["port"]).rpartition(":")[2]
    return f"the {entry['key_type'].upper()} certificate {entry['where']} for port {place} ({entry['unit']}, SHA-256 {entry['sha256'][:16]})"


def _said(entry: Record) -> str:
    why = (entry["finding"] or "not covered").replace("_", " ")
    return f"{_certificate(entry)} does not cover it: {why}. Do: {entry['remedy']}"


def _strictly(entry: Record) -> str:
    said = " ".join(entry["strict_findings"])
    return f"{_certificate(entry)} would not do by RFC 9525: {said}"


def _missed(gap: Record) -> str:
    what = f"{gap['key_type']} at port {gap['port']}" if gap["key_type"] else f"port {gap['port']}"
    return f"{what} was not seen: {gap['reason']}. Do: {gap['remedy']}"
