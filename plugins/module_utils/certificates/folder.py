# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates of UC nodes as files: one PEM a certificate, and an index in JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

Record = dict[str, Any]

INDEX = "index.json"
TRUST = "trust"
"""Stands for the unit in the name of the file that holds what a node trusts."""
NOT_IN_INDEX = ("pem", "chain")


class FolderRefused(ValueError):
    """What cannot be kept in one folder, or an index that is none; the text says why and what to do."""


def file_name(node: str, unit: str) -> str:
    """`cucm1.example.com_tomcat-ECDSA.pem`; every character that is no letter, digit, dot or hyphen is a hyphen."""
    return f"{_safe(node)}_{_safe(unit)}.pem"


def _safe(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", text).strip(".-") or "unnamed"


def folder_files(nodes: Iterable[Mapping[str, Any]], index: str | None) -> dict[str, str]:
    """File name → content for what was read of `nodes` (results of uc_certificates_info).

    `index`: the index that is there. What it says of other nodes, and of what was not asked for or not given this time, is kept: a run on
    some nodes, or on some units, does not lose the others. Raises FolderRefused.
    """
    known = _read_index(index)
    read = {str(node["node"]): node for node in nodes}
    entries = known | {name: _entry(node, known.get(name, {})) for name, node in read.items()}
    _refuse_shared_files(entries, read)
    files: dict[str, str] = {}
    for name, node in sorted(read.items()):
        pems: dict[str, set[tuple[str, str]]] = {}
        for one in node["certificates"]:
            pems.setdefault(file_name(name, one["unit"]), set()).add((one["sha256"], one["pem"]))
        if not _keeps_trust(node, known.get(name, {})):
            trusted = {(one["sha256"], one["pem"]) for one in node["trust_certificates"]}
            pems |= {file_name(name, TRUST): trusted} if trusted else {}
        for file, found in pems.items():
            files[file] = "".join(f"{pem.rstrip()}\n" for _sha256, pem in sorted(found))
    content = json.dumps({"nodes": entries}, indent=1, ensure_ascii=False, sort_keys=True)
    return {**files, INDEX: f"{content}\n"}


def stale_files(
    present: Iterable[str], nodes: Iterable[Mapping[str, Any]], files: Mapping[str, str]
) -> list[str]:
    """Files that hold what was asked of these nodes and is there no longer, sorted; `files` are those of folder_files.

    What was not asked for, and what a node lists and did not give, may still be there.
    """
    gone = {file_name(str(node["node"]), unit) for node in nodes for unit in _gone(node)}
    kept = {file for _name, _unit, file in _places(json.loads(files[INDEX])["nodes"])}
    return sorted(gone.intersection(present) - kept)


def _gone(node: Mapping[str, Any]) -> list[str]:
    unread = _unread(node)
    held = {one["unit"] for one in node["certificates"]}
    no_trust = node["trust_stores"] and not node["trust_certificates"]
    return [
        *(unit for unit in node["units"] if unit not in held | unread),
        *([TRUST] if no_trust and unread.isdisjoint(node["trust_stores"]) else []),
    ]


def _unread(node: Mapping[str, Any]) -> set[str]:
    """The units and trust stores that the node lists and of which it did not give all."""
    return {entry["unit"] for entry in node["not_given"] if entry["listed"]}


def _entry(node: Mapping[str, Any], before: Mapping[str, Any]) -> Record:
    """What the index says of a node; `before` is what it said."""
    name = str(node["node"])
    asked = {*node["units"], *node["trust_stores"]}
    held = {one["unit"] for one in node["certificates"]}
    current = [
        {
            "file": file_name(name, one["unit"]),
            **{key: value for key, value in one.items() if key not in NOT_IN_INDEX},
        }
        for one in node["certificates"]
    ]
    kept = [
        one
        for one in before.get("certificates", ())
        if one["unit"] not in held and (one["unit"] not in asked or one["unit"] in _unread(node))
    ]
    not_asked = [one for one in before.get("not_given", ()) if one["unit"] not in asked]
    trust = before if _keeps_trust(node, before) else _trust(node)
    # Neither how it was read nor the release, which API and CLI tell with different precision: nothing of that is in the certificates.
    return {
        "product": node["product"] or before.get("product"),
        "not_given": sorted([*node["not_given"], *not_asked], key=_by("unit", "reason")),
        "certificates": sorted([*current, *kept], key=_by("unit", "sha256")),
        **{key: list(trust.get(key, ())) for key in ("trusted", "trust_stores")},
    }


def _trust(node: Mapping[str, Any]) -> Record:
    return {
        "trusted": sorted(one["sha256"] for one in node["trust_certificates"]),
        "trust_stores": sorted(node["trust_stores"]),
    }


def _keeps_trust(node: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether less of the trust stores was read than the folder holds, or nothing of what they list."""
    read = set(node["trust_stores"])
    nothing = not node["trust_certificates"] and not _unread(node).isdisjoint(read)
    return not read or read < set(before.get("trust_stores", ())) or nothing


def _refuse_shared_files(entries: Mapping[str, Record], read: Iterable[str]) -> None:
    names = set(read)
    owners: dict[str, tuple[str, str]] = {}
    for name, unit, file in _places(entries):
        owner = owners.setdefault(file.casefold(), (name, unit))
        if owner != (name, unit) and names.intersection((name, owner[0])):
            raise FolderRefused(
                f"{owner[0]} {owner[1]} and {name} {unit} would both be written to {file}; give them folders of their own. A node "
                f"that is gone can be taken out of {INDEX}"
            )


def _places(entries: Mapping[str, Record]) -> Iterator[tuple[str, str, str]]:
    """Node, unit and file of all that the index lists."""
    for name, entry in sorted(entries.items()):
        for one in entry.get("certificates", ()):
            yield name, one["unit"], one["file"]
        if entry.get("trusted"):
            yield name, "trust stores", file_name(name, TRUST)


def _by(*keys: str) -> Callable[[Mapping[str, Any]], tuple[str, ...]]:
    return lambda entry: tuple(str(entry[key]) for key in keys)


def _read_index(text: str | None) -> dict[str, Record]:
    if text is None:
        return {}
    try:
        known = json.loads(text)["nodes"]
        entries = {str(name): dict(entry) for name, entry in known.items()}
        list(_places(entries))
        return entries
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FolderRefused(
            f"{INDEX} in it was not written by this module ({type(error).__name__}); move it away or give another folder"
        ) from error
