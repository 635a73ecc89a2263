# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The origins of a plan by what they present: each distinct chain is one question, however many present it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import login
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.growth import Chain

Origin = dict[str, Any]
"""{address, port} and, where it was given, key_type."""


class PresentedOrigins:
    """`origins` in a fixed order; `chain_of` and `of_chain` join them with what they present.

    An origin that presents nothing, or something that is not all certificates, has no chain here:
    no trust repairs that.
    """

    def __init__(self, given: Sequence[Mapping[str, Any]], known: dict[str, Certificate]) -> None:
        read: dict[str, Chain | None] = {}
        self.given = list(given)
        self.chain_of: list[Chain | None] = []
        for origin in self.given:
            text = origin["presented"]
            if text not in read:
                bundle = read_bundle(text, known)
                read[text] = bundle.certificates if not bundle.problems else None
            self.chain_of.append(read[text] or None)
        found: dict[Chain, dict[tuple[Any, ...], Origin]] = {}
        for origin, chain in zip(self.given, self.chain_of, strict=True):
            if chain:
                found.setdefault(chain, {})[in_order(origin)] = plain(origin)
        self.of_chain: dict[Chain, list[Origin]] = {
            chain: [origins[key] for key in sorted(origins)]
            for chain, origins in sorted(found.items(), key=_digests)
        }

    def certificates_by_login(self) -> dict[str, list[Certificate]]:
        """What is presented anywhere, by address and port."""
        found: dict[str, list[Certificate]] = {}
        for chain, origins in self.of_chain.items():
            for origin in origins:
                found.setdefault(login(origin["address"], origin["port"]), []).extend(chain)
        return found


def plain(origin: Mapping[str, Any]) -> Origin:
    """How an origin is named in a plan."""
    return {
        key: origin[key] for key in ("address", "port", "key_type") if origin.get(key) is not None
    }


def in_order(origin: Mapping[str, Any]) -> tuple[str, int, str]:
    """Sort key of origins."""
    return origin["address"], origin["port"], origin.get("key_type") or ""


def ordered(origins: Iterable[Origin]) -> list[Origin]:
    """Each once, in the fixed order."""
    return [one for _place, one in sorted({in_order(one): one for one in origins}.items())]


def _digests(item: tuple[Chain, Any]) -> list[str]:
    return [certificate.sha256 for certificate in item[0]]
