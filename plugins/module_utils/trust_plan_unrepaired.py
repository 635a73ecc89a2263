# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan cannot repair, why not, and what repairs it instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils import verification_errors as errors
from ansible_collections.collab.expressway.plugins.module_utils.certificates import Certificate
from ansible_collections.collab.expressway.plugins.module_utils.chain_judgement import ChainError
from ansible_collections.collab.expressway.plugins.module_utils.chain_verdict import MISSING_TRUST
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan_growth import (
    Chain,
    Growth,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan_takeouts import (
    Takeout,
    hidden,
    stale,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict_catalogue import (
    Refusal,
    explain_chain,
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

REMOVE = "Remove it from the trust store (Maintenance > Security > Trusted CA certificate), once nothing else needs it."


@dataclass(frozen=True)
class Unrepaired:
    """Why one chain stays refused. `child`: the certificate whose issuer was never seen, if that is it."""

    kind: str
    why: str
    remedy: str
    child: Certificate | None = None
    takeout: Takeout | None = None


def why_unrepaired(
    verdict: Mapping[str, Any],
    growth: Growth,
    chain: Chain,
    added: int,
    at: datetime,
    given_up: bool,
) -> Unrepaired:
    """Classify the refused `verdict`, which was given with `added` in the store.

    `given_up`: each set that repairs this chain breaks another one.
    """
    cause, remedy = verdict["cause"], verdict["remedy"]
    if verdict["error_code"] is None:
        return Unrepaired(UNREADABLE, cause, remedy)
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
    return _flawed(verdict, growth, chain, added)


def _to_be_taken_out(takeout: Takeout, cause: str) -> Unrepaired:
    what = ", ".join(map(named, takeout.certificates))
    if takeout.stale:
        return Unrepaired(
            STALE,
            f"{cause} Without it in the trust store the chain is accepted.",
            f"The expired certificate is {what}. {REMOVE}",
            takeout=takeout,
        )
    upload = " Then upload the one that the origin needs." if takeout.missing else ""
    return Unrepaired(
        CLASH,
        f"{cause} The trust store holds {what} of the same subject, which stands first and hides the right one.",
        f"{REMOVE}{upload} Or have the origin's certificate signed by a CA that the peers trust.",
        takeout=takeout,
    )


def _flawed(verdict: Mapping[str, Any], growth: Growth, chain: Chain, added: int) -> Unrepaired:
    if verdict["error_code"] not in MISSING_TRUST:
        kind = KINDS.get(verdict["error_code"], OTHER)
        return Unrepaired(kind, verdict["cause"], verdict["remedy"])
    # The missing trust is only the first thing that the traffic server tells: with everything known
    # added, what is left is what no trust can repair.
    everything = growth.reach(chain)
    trusted = (*growth.stored, *growth.certificates(everything))
    left = growth.judge(chain, everything).errors or growth.judge(chain, added).errors
    first = left[0]
    child = first.certificate if first.code in WITHOUT_ISSUER else None
    flaw = first
    if first.code in MISSING_TRUST:
        judgement = growth.all_errors(chain, everything, first.certificate)
        flaw = next((one for one in judgement.errors if _beyond_trust(one)), first)
    cause, remedy = explain_chain(Refusal(flaw, chain, trusted))
    if flaw is not first:
        cause += f" And {verdict['cause'][0].lower()}{verdict['cause'][1:]}"
    kind = ISSUER_NOT_FOUND if flaw is first and child else KINDS.get(flaw.code, OTHER)
    return Unrepaired(kind, cause, remedy, child)


def _beyond_trust(error: ChainError) -> bool:
    return error.code not in MISSING_TRUST and error.code != errors.UNVERIFIED_LEAF
