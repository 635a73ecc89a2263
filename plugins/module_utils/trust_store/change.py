# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The trust store of one peer before a change, and what it becomes.

Two stores are the same when they hold the same certificates (SHA-256 of the DER), and those of one common
name in the same order, because of these the appliance takes the first. Any other order, comments and
repetitions never count as a change. What stays keeps its order, what comes is put behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
    bundle_digest,
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.clashes import (
    CommonName,
    common_name,
)

PRESENT, EXACT = "present", "exact"
KEPT, LISTED = "kept", "listed"
"""The order of an exact store: what stays keeps its place, or all of it as it is listed."""


@dataclass(frozen=True)
class TrustStore:
    """A trust store as it was read. `certificates` are distinct and in order; `problems` and
    `duplicates` as in `Bundle`."""

    text: str
    certificates: tuple[Certificate, ...]
    problems: tuple[str, ...] = ()
    duplicates: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> TrustStore:
        """Never raises; a text without certificates is a store without certificates."""
        bundle = read_bundle(text)
        return cls(
            text, tuple(dict.fromkeys(bundle.certificates)), bundle.problems, bundle.duplicates
        )

    @cached_property
    def members(self) -> frozenset[Certificate]:
        return frozenset(self.certificates)

    @cached_property
    def sha256(self) -> str:
        """See `bundle_digest`."""
        return bundle_digest(self.certificates)

    def same(self, certificates: Sequence[Certificate]) -> bool:
        """Does it hold exactly these, and those of one common name in this order?"""
        held = self.certificates
        return self.members == frozenset(certificates) and held == in_rank(held, certificates)


@dataclass(frozen=True)
class TrustStoreChange:
    """What is to become of `before`. `wanted` is the whole store afterwards, in order.

    `exact`: nothing but `wanted` may be in the store afterwards, instead of at least that. `good`: the store to go back
    to where `before` is only what an interrupted change has left.
    """

    before: TrustStore
    wanted: tuple[Certificate, ...]
    exact: bool = False
    good: TrustStore | None = None

    @cached_property
    def added(self) -> tuple[Certificate, ...]:
        return tuple(one for one in self.wanted if one not in self.before.members)

    @cached_property
    def removed(self) -> tuple[Certificate, ...]:
        staying = frozenset(self.wanted)
        return tuple(one for one in self.before.certificates if one not in staying)

    @cached_property
    def kept(self) -> tuple[Certificate, ...]:
        return tuple(one for one in self.wanted if one in self.before.members)

    @cached_property
    def reordered(self) -> tuple[Certificate, ...]:
        """Those of `kept` whose place among the certificates of their common name must change. Only an exact store has such places."""
        if not self.exact:
            return ()
        staying = frozenset(self.kept)
        appended = tuple(one for one in self.before.certificates if one in staying) + self.added
        ranked = in_rank(appended, self.wanted)
        moved = {old for old, new in zip(appended, ranked, strict=True) if old != new}
        return tuple(one for one in self.kept if one in moved)

    @property
    def changes(self) -> bool:
        return bool(self.added or self.removed or self.reordered)

    @cached_property
    def after_sha256(self) -> str:
        return bundle_digest(self.wanted)

    def done(self, now: TrustStore) -> bool:
        """Is `now` what was wanted? Without `exact`, what others added meanwhile does no harm."""
        return now.same(self.wanted) if self.exact else now.members >= frozenset(self.wanted)

    @property
    def back_to(self) -> TrustStore:
        """What is restored when the change goes wrong."""
        return self.good or self.before

    def halfway(self, now: TrustStore) -> bool:
        """Is `now` neither the old nor the wanted store, but made of their certificates?"""
        old, wanted = self.back_to.members, frozenset(self.wanted)
        return now.members not in (old, wanted) and now.members <= old | wanted

    def strangers(self, now: TrustStore) -> frozenset[Certificate]:
        """What is neither old nor wanted: somebody else writes to this store."""
        return now.members - self.before.members - self.back_to.members - frozenset(self.wanted)

    def file_text(self) -> str:
        """The store's file afterwards. As long as all that is new is to come last, the old text stays as it is."""
        if self.removed or self.good or self.wanted != self.before.certificates + self.added:
            return bundle_text(self.wanted)
        text = self.before.text
        # A block that begins on the last line of another spoils both.
        between = "\n" if text and not text.endswith("\n") else ""
        return text + between + bundle_text(self.added)


def plan_change(
    before: TrustStore, given: Iterable[Certificate], state: str, order: str = KEPT
) -> TrustStoreChange:
    """`state` present: `given` must be in the store. exact: nothing else may be.

    An exact store has the certificates of one common name in the order in which they are given. `order` LISTED: all of
    them, as soon as the store has to be written at all.
    """
    listed = tuple(dict.fromkeys(given))
    new = tuple(one for one in listed if one not in before.members)
    if state != EXACT:
        return TrustStoreChange(before, before.certificates + new)
    chosen = frozenset(listed)
    kept = tuple(one for one in before.certificates if one in chosen)
    wanted = in_rank(kept + new, listed)
    if order == LISTED and wanted != before.certificates:
        wanted = listed
    return TrustStoreChange(before, wanted, exact=True)


def in_rank(
    certificates: Sequence[Certificate], ranks: Sequence[Certificate]
) -> tuple[Certificate, ...]:
    """`certificates` with those of one common name in the order of `ranks`, which holds the same ones; the others stay where they are."""
    by_name = _by_name(reversed(ranks))
    return tuple(by_name[common_name(one)].pop() for one in certificates)


def namesakes(certificates: Iterable[Certificate]) -> list[list[Certificate]]:
    """Those that share their common name with another one, together."""
    return [several for several in _by_name(certificates).values() if len(several) > 1]


def _by_name(certificates: Iterable[Certificate]) -> dict[CommonName, list[Certificate]]:
    found: dict[CommonName, list[Certificate]] = {}
    for one in certificates:
        found.setdefault(common_name(one), []).append(one)
    return found


def resume_change(
    good: TrustStore,
    left: TrustStore,
    given: Iterable[Certificate],
    state: str,
    order: str = KEPT,
) -> TrustStoreChange:
    """The change of `good`, of which an interrupted one has `left` something in between. What that took away comes back."""
    planned = plan_change(good, given, state, order)
    staying = frozenset(planned.wanted)
    also = () if planned.exact else tuple(one for one in left.certificates if one not in staying)
    return TrustStoreChange(left, planned.wanted + also, planned.exact, good)


def bundle_text(certificates: Iterable[Certificate]) -> str:
    """PEM text with nothing but `certificates`."""
    return "".join(one.pem for one in certificates)


def shown(certificate: Certificate) -> dict[str, Any]:
    """{sha256, subject, common_name, not_after}, for results."""
    keys = ("sha256", "subject", "common_name", "not_after")
    return {key: certificate.record[key] for key in keys}


def difference(change: TrustStoreChange, peer: str) -> dict[str, str]:
    """For --diff: one line a certificate, with subject and SHA-256."""
    return {
        "before_header": f"trust store of {peer}",
        "after_header": f"trust store of {peer}",
        "before": _lines(change.before.certificates),
        "after": _lines(change.wanted),
    }


def _lines(certificates: Sequence[Certificate]) -> str:
    return "".join(f"{one.record['subject']} (SHA-256 {one.sha256})\n" for one in certificates)
