# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates of UC nodes as files: one PEM a certificate, and an index in JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
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

    `index`: the index that is there. What it says of other nodes is kept: a run on some nodes does not lose the others.
    Raises FolderRefused.
    """
    known = _read_index(index)
    files: dict[str, str] = {}
    places: dict[str, str] = {}
    for node in sorted(nodes, key=lambda one: str(one["node"])):
        name = str(node["node"])
        pems = [(one["unit"], one["pem"]) for one in node["certificates"]]
        trusted = "".join(one["pem"] for one in sorted(node["trust_certificates"], key=_digest))
        for unit, pem in [*pems, *([(TRUST, trusted)] if trusted else [])]:
            file = file_name(name, unit)
            if places.setdefault(file.casefold(), f"{name} {unit}") != f"{name} {unit}":
                raise FolderRefused(
                    f"{places[file.casefold()]} and {name} {unit} would both be written to {file}; give them folders of "
                    "their own"
                )
            files[file] = pem if pem.endswith("\n") else f"{pem}\n"
        known[name] = _entry(node)
    content = json.dumps({"nodes": known}, indent=1, ensure_ascii=False, sort_keys=True)
    return {**files, INDEX: f"{content}\n"}


def stale_files(
    present: Iterable[str], nodes: Iterable[Mapping[str, Any]], files: Iterable[str]
) -> list[str]:
    """Files of these nodes that hold a certificate which its node no longer has, sorted."""
    prefixes = tuple(f"{_safe(str(node['node']))}_" for node in nodes)
    kept = set(files)
    return sorted(
        name
        for name in present
        if name.endswith(".pem") and name.startswith(prefixes) and name not in kept
    )


def _entry(node: Mapping[str, Any]) -> Record:
    return {
        **{key: node.get(key) for key in ("source", "product", "release")},
        "not_given": list(node.get("not_given") or ()),
        "certificates": [
            {
                "file": file_name(str(node["node"]), one["unit"]),
                **{key: value for key, value in one.items() if key not in NOT_IN_INDEX},
            }
            for one in node["certificates"]
        ],
        "trusted": sorted(one["sha256"] for one in node["trust_certificates"]),
    }


def _digest(certificate: Mapping[str, Any]) -> str:
    return str(certificate["sha256"])


def _read_index(text: str | None) -> dict[str, Record]:
    if text is None:
        return {}
    try:
        known = json.loads(text)["nodes"]
        return {str(name): dict(entry) for name, entry in known.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FolderRefused(
            f"{INDEX} in it was not written by this module ({type(error).__name__}); move it away or give another folder"
        ) from error
