# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The publishers that a peer has configured (Expressway facts 5): what the API lists, and how a lookup is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.peer.facts import (
    records_of,
    uc_server_facts,
)

PRODUCTS = ("cucm", "imp")
"""Products whose publishers the API is known to list."""
UNITY_NOT_READ = (
    "no part of the REST API is known that lists Unity Connection; look at Configuration > Unified Communications > Unity Connection "
    "servers"
)

_BAD_NEWS = re.compile(r"error|fail|time-?out|refus|invalid|denied|missing|already exists", re.I)
_NO_BAD_NEWS = re.compile(r"\b(?:no|without(?: any)?) (?:error|failure)s?", re.I)


def path_of(product: str) -> str:
    """The path under which the publishers of `product` are listed and entered."""
    return f"/api/provisioning/controller/server/{product}"


def configured_servers(product: str, answer: object, peer: str) -> list[dict[str, Any]]:
    """product, publisher, axl_username, tls_verify, deployment and peer of each publisher in `answer`.

    `deployment` is null where the API does not list it. Raises `UnexpectedAnswer` when `answer` is no list of servers.
    """
    return [
        {
            "product": product,
            **facts,
            "deployment": _deployment(record),
            "peer": peer,
        }
        for facts, record in zip(uc_server_facts(answer), records_of(answer), strict=True)
    ]


def _deployment(record: Mapping[str, Any]) -> str | None:
    value = record.get("Deployment") or record.get("DeploymentId")
    return None if value is None else str(value)


def lookup_request(record: Mapping[str, Any], axl_password: str) -> dict[str, Any]:
    """What asks for a lookup: the publisher as it is listed, entered again with its password."""
    return {**record, "AxlPassword": axl_password}


def says_no(answer: str) -> bool:
    """Whether the words of an answer tell of a failure. Success and failure may have the same HTTP status."""
    return _BAD_NEWS.search(_NO_BAD_NEWS.sub("", answer)) is not None
