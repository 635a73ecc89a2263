# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a roll-out keeps of results that tasks registered. Imports nothing heavy, as every worker of a task imports it anew.

A read is {pem, certificates, error}: the store's text, its digests in the order of the store, and why there is neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Record = dict[str, Any]


def read_of(result: Mapping[str, Any] | None) -> Record:
    """The registered result of trusted_ca_info as a read; whatever is no whole store is an error, never an empty one."""
    result = result or {}
    pem = result.get("pem")
    broken = result.get("failed") or result.get("unreachable") or not pem
    return {
        "pem": None if broken else pem,
        "certificates": []
        if broken
        else [record["sha256"] for record in result.get("certificates") or []],
        "error": (str(result.get("msg") or "it was not read")) if broken else None,
    }


def essence(verdict: Mapping[str, Any]) -> Record:
    """The part of a verdict in which prediction and deed are compared."""
    keys = ("address", "port", "key_type", "outcome", "stage", "error_code")
    return {key: verdict.get(key) for key in keys}
