# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the documentation of a module tells of every key that it returns, at every depth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any

import yaml

# Newer releases of Ansible warn of the template that gives all options of a task.
EVERY_MODULE = {
    "_ansible_no_log",
    "ansible_loop_var",
    "changed",
    "failed",
    "invocation",
    "item",
    "warnings",
}


def undocumented(module: str, result: Mapping[str, Any], *maps: str) -> set[str]:
    """Keys of a result that RETURN of the module leaves out, by place.

    `maps` are the places that hold one record by name (`plans`, `audit.certificates`): their documentation is that of a record.
    """
    found = {key: value for key, value in result.items() if key not in EVERY_MODULE}
    return set(_missing(_returned(module), found, "", maps))


@cache
def _returned(module: str) -> dict[str, Any]:
    path = f"ansible_collections.collab.expressway.plugins.modules.{module}"
    documented: dict[str, Any] = yaml.safe_load(import_module(path).RETURN)
    return documented


def _missing(
    documented: Mapping[str, Any], found: Mapping[str, Any], place: str, maps: Sequence[str]
) -> Iterator[str]:
    for key, value in found.items():
        here = f"{place}{key}"
        if key not in documented:
            yield here
            continue
        records = value.values() if here in maps else value if isinstance(value, list) else [value]
        contains = documented[key].get("contains", {})
        for record in records:
            if isinstance(record, dict):
                yield from _missing(contains, record, f"{here}.", maps)
