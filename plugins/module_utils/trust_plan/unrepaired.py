# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan cannot repair, why not, and what repairs it instead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.growth import (
    Chain,
    Growth,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.takeouts import (
    Takeout,
    hidden,
    stale,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict import (
    verification_errors as errors,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.catalogue import (
    explain_broken_handshake,
    explain_chain,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.chain_judgement import (
    ChainError,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.chain_verdict import (
    MISSING_TRUST,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.refusal import (
    Refusal,
    named,
)

NAME, STALE, CLASH, ISSUER_NOT_FOUND, UNREADABLE = (
    "name",
    "stale_in_store",
    "clash",
    "issuer_not_found",
    "unreadable",
)
KINDS = {
    errors.EXPIRED: "expired",
    errors.NOT_YET_VALID: "not_yet_valid",
    errors.WRONG_PURPOSE: "purpose",
    errors.BAD_SIGNATURE: "signature",
}
OTHER = "certificate"
"""Any other flaw of a certificate: reissue it."""

WITHOUT_ISSUER = frozenset({errors.MISSING_ISSUER, errors.UNKNOWN_ISSUER})

TRUSTED_CA_PAGE = "Maintenance > Security > Trusted CA certificate"


@dataclass(frozen=True)
class Unrepaired:
    """Why one chain stays refused. `child`: the certificate whose issuer was never seen, if that is it."""

    kind: str
    why: str
    remedy: str
    child: Certificate | None = None
    takeout: Takeout | None = None


def why_unrepaired(
    growth: Growth, chain: Chain, added: int, at: datetime, *, given_up: bool
) -> Unrepaired:
    """Why `chain` is refused at stage chain with `added` in the store.

    `given_up`: each set that repairs this chain breaks another one.
    """
    judgement = growth.judge(chain, added)
    if not judgement.errors:
        return Unrepaired(
            UNREADABLE, *explain_broken_handshake(judgement.handshake_error or "no reason given")
        )
    first = judgement.errors[0]
    cause, remedy = _explained(first, growth, chain, added)
    if given_up:
        return Unrepaired(
            CLASH,
            f"{cause} Adding what it lacks would break other origins: certificates of one subject, which no key "
            "identifier tells apart, hide each other.",
            "Have one of the two certificates signed by a CA that the peers trust, or reissue it with another "
            "subject or with an authority key identifier.",
        )
    takeout = stale(growth, chain, added, at) or hidden(growth, chain, added)
    if takeout is not None:
        return _to_be_taken_out(takeout, cause)
    if first.code not in MISSING_TRUST:
        return Unrepaired(KINDS.get(first.code, OTHER), cause, remedy)
    return _flawed(growth, chain, added, cause)


def _explained(error: ChainError, growth: Growth, chain: Chain, added: int) -> tuple[str, str]:
    return explain_chain(Refusal(error, chain, (*growth.stored, *growth.certificates(added))))


def _to_be_taken_out(takeout: Takeout, cause: str) -> Unrepaired:
    what = ", ".join(map(named, takeout.certificates))
    upload = (
        " Then upload the one that the origin needs, see the conflict." if takeout.missing else ""
    )
    remedy = f"Remove {what} from the trust store ({TRUSTED_CA_PAGE}), once nothing else needs it.{upload}"
    if takeout.stale:
        return Unrepaired(
            STALE,
            f"{cause} Without it in the trust store the chain is accepted.",
            remedy,
            takeout=takeout,
        )
    return Unrepaired(
        CLASH,
        f"{cause} Without {what} in the trust store it could be accepted.",
        f"{remedy} Or have the origin's certificate signed by a CA that the peers trust.",
        takeout=takeout,
    )


def _flawed(growth: Growth, chain: Chain, added: int, cause: str) -> Unrepaired:
    """The missing trust is only the first thing that the traffic server tells: with everything known added,
    what is left is what no trust can repair. `cause`: the first thing."""
    everything = growth.reach(chain)
    first = (growth.judge(chain, everything).errors or growth.judge(chain, added).errors)[0]
    flaw = first
    if first.code in MISSING_TRUST:
        judgement = growth.all_errors(chain, everything)
        flaw = next((one for one in judgement.errors if _beyond_trust(one)), first)
    child = first.certificate if first.code in WITHOUT_ISSUER else None
    if flaw is first and child:
        issuer = child.record["issuer"] or "without a name"
        return Unrepaired(
            ISSUER_NOT_FOUND,
            f"{cause} The CA '{issuer}' was never seen: neither given as a candidate, nor presented by an origin, "
            "nor in another trust store.",
            f"Look for the CA '{issuer}' (not_found says where), give it as a candidate, and plan again; or have the "
            "certificate reissued by a CA that the peers trust.",
            child,
        )
    why, remedy = _explained(flaw, growth, chain, added)
    return Unrepaired(
        KINDS.get(flaw.code, OTHER),
        why if flaw is first else f"{why} Besides: {cause}",
        remedy,
        child,
    )


def _beyond_trust(error: ChainError) -> bool:
    return error.code not in MISSING_TRUST and error.code != errors.UNVERIFIED_LEAF
