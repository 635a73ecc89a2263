# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One presented chain against one trust store, whatever the address: the part of a verdict that is shared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
)
from ansible_collections.collab.expressway.plugins.module_utils.certificates.strength import LEVEL
from ansible_collections.collab.expressway.plugins.module_utils.verdict import (
    verification_errors as errors,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.catalogue import (
    explain_broken_handshake,
    explain_chain,
    explain_nothing_presented,
    explain_unloadable_store,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.chain_judgement import (
    ChainError,
    Judgement,
    TrustStore,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.refusal import (
    Refusal,
    named,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.reproduction import (
    TrustedBySubject,
    unloadable_store_command,
    verify_command,
)

MISSING_TRUST = frozenset(
    {
        errors.MISSING_ISSUER,
        errors.SELF_SIGNED_LEAF,
        errors.SELF_SIGNED_IN_CHAIN,
        errors.UNKNOWN_ISSUER,
    }
)
"""Errors that a certificate in the trust store repairs."""
ECHOES = {
    errors.INVALID_CA: {errors.WRONG_PURPOSE, errors.KEY_USAGE_WITHOUT_SIGNING},
    errors.CHAIN_TOO_LONG: MISSING_TRUST,
}
"""Errors that follow another one without being a fault of their own."""
WEAK = frozenset({errors.WEAK_LEAF_KEY, errors.WEAK_CA_KEY, errors.WEAK_DIGEST})


@dataclass(frozen=True)
class ChainVerdict:
    """`refused` at the chain, or not. The other fields are those of the verdict.

    `after_name`: the name was compared before this error came up, so a wrong name is refused first;
    `reveals_after_name` likewise.
    `verified`: False when nothing was verified, so that the peer logs another line: `log_line`, else that
    the handshake failed.
    `reproduce` is empty where only the origin itself can show it.
    """

    refused: bool
    error_code: int | None = None
    error: str | None = None
    depth: int | None = None
    cause: str | None = None
    remedy: str | None = None
    reveals: tuple[str, ...] = ()
    reveals_after_name: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    reproduce: str = ""
    after_name: bool = False
    verified: bool = True
    log_line: str | None = None


@dataclass
class PeerStore:
    """The trust store of one or more peers, built when the first chain comes.

    `unloadable` is why OpenSSL loads nothing of it, else None.
    """

    certificates: tuple[Certificate, ...]
    unloadable: str | None
    at: datetime
    security_level: int
    sha1_at_level_1: bool

    @cached_property
    def by_subject(self) -> TrustedBySubject:
        return TrustedBySubject(self.certificates)

    def judge(self, chain: Sequence[Certificate]) -> Judgement:
        """The first error, as the enforcing traffic server sees it."""
        return self._trust_store.judge(chain)

    def all_errors(self, chain: Sequence[Certificate]) -> Judgement:
        """Every error; after a missing issuer OpenSSL goes on as if it were there."""
        return self._trust_store.judge(chain, stop_at_first=False)

    @cached_property
    def _trust_store(self) -> TrustStore:
        return TrustStore(
            self.certificates,
            self.at,
            security_level=self.security_level,
            sha1_at_level_1=self.sha1_at_level_1,
        )


def chain_verdict(
    store: PeerStore, chain: Sequence[Certificate], problem: str | None
) -> ChainVerdict:
    """The verdict on `chain`; `problem` is what in the presented text is no certificate, else None."""
    # First, because no trust store repairs it.
    if problem is not None:
        return _unverified(
            "the Certificate message cannot be read", explain_broken_handshake(problem)
        )
    if store.unloadable is not None:
        return _unverified(
            "the trust store cannot be loaded",
            explain_unloadable_store(store.unloadable),
            reproduce=unloadable_store_command(),
            log_line="ERROR: invalid client CA Certificate file",
        )
    if not chain:
        return _unverified("no certificate presented", explain_nothing_presented())
    judgement = store.judge(chain)
    if judgement.handshake_error is not None:
        return _unverified(
            judgement.handshake_error, explain_broken_handshake(judgement.handshake_error)
        )
    reproduce = verify_command(
        store.by_subject, chain, store.at, store.security_level, judgement.sha1_signed
    )
    if judgement.accepted:
        return ChainVerdict(refused=False, weak=_weak(judgement, store), reproduce=reproduce)
    first = judgement.errors[0]
    cause, remedy = explain_chain(Refusal(first, chain, store.certificates))
    everything = store.all_errors(chain)
    return ChainVerdict(
        refused=True,
        error_code=first.code,
        error=errors.error_text(first.code),
        depth=first.depth,
        cause=cause,
        remedy=remedy,
        reveals=_reveals(first, everything, after_leaf=False),
        reveals_after_name=_reveals(first, everything, after_leaf=True),
        weak=_weak(everything, store, refused=first.certificate if first.code in WEAK else None),
        reproduce=reproduce,
        after_name=first.after_leaf,
    )


def _unverified(
    error: str, explanation: tuple[str, str], *, reproduce: str = "", log_line: str | None = None
) -> ChainVerdict:
    cause, remedy = explanation
    return ChainVerdict(
        refused=True,
        error=error,
        cause=cause,
        remedy=remedy,
        reproduce=reproduce,
        verified=False,
        log_line=log_line,
    )


def echoes(code: int | None) -> set[int]:
    """Errors that OpenSSL tells for the same reason after one, when it goes on: an unverified leaf, where the issuer is missing."""
    return {errors.UNVERIFIED_LEAF, *ECHOES.get(code or 0, ())}


def _reveals(first: ChainError, everything: Judgement, *, after_leaf: bool) -> tuple[str, ...]:
    echoed = echoes(first.code)
    others = (
        error
        for error in everything.errors
        if (error.code, error.depth) != (first.code, first.depth)
        and error.code not in echoed
        and error.after_leaf == after_leaf
    )
    return tuple(dict.fromkeys(_told(error) for error in others))


def _told(error: ChainError) -> str:
    where = f": {named(error.certificate)}" if error.certificate else ""
    return f"{errors.error_text(error.code)} at depth {error.depth}{where}"


def _weak(
    judgement: Judgement, store: PeerStore, refused: Certificate | None = None
) -> tuple[str, ...]:
    """What a higher security level or a later OpenSSL would refuse; the root's own signature never counts."""
    if store.security_level >= LEVEL:
        return ()
    path = judgement.path
    told = [
        f"{certificate.weak_key}, refused from security level {LEVEL} on: {named(certificate)}"
        for certificate in path
        if certificate.weak_key and certificate != refused
    ]
    told += [
        f"signed with {certificate.weak_digest.upper()}, refused from security level {LEVEL} on "
        f"and by OpenSSL 3 at level 1: {named(certificate)}"
        for certificate in path[:-1]
        if certificate.weak_digest and certificate != refused
    ]
    if path and path[0].ecdsa_not_for_signing:
        told.append(
            "keyUsage without digitalSignature: a handshake below TLS 1.3 fails with an ECDSA key: "
            f"{named(path[0])}"
        )
    return tuple(told)
