# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refusals of a log beside the verdicts of an audit: which certificate it was, and which upload repairs it.

The audit model is that of docs/audit.schema.json. Peers are compared by host name, because a log has the short one
where the inventory may have the full one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.audit.finding import (
    INFO,
    WARNING,
    finding,
    identified,
    listed,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import (
    BREAKS_TODAY,
)
from ansible_collections.collab.expressway.plugins.module_utils.records import (
    NUMBER,
    TEXT,
    Shape,
    misfit,
    misfits,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.grammar import (
    TERMINATE,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.chain_verdict import (
    echoes,
)

Record = dict[str, Any]

OF_A_CERTIFICATE = (
    "sha256",
    "subject",
    "common_name",
    "issuer",
    "not_before",
    "not_after",
    "key_type",
    "self_signed",
)
AUDIT: Shape = {"cluster": str, "verdicts": list, "certificates": dict, "plan": dict}
VERDICT: Shape = {
    "peer": str,
    "address": str,
    "port": int,
    "outcome": str,
    "standing": str,
    "as_offered": bool,
    "stage": TEXT,
    "error_code": NUMBER,
    "error": TEXT,
    "depth": NUMBER,
    "chain": list,
    "leaf_key_type": TEXT,
    "cause": TEXT,
    "remedy": TEXT,
    "reveals": list,
    "log_line": TEXT,
}
REPAIR: Shape = {
    "sha256": str,
    "subject": TEXT,
    "common_name": TEXT,
    "reason": TEXT,
    "repairs": list,
}
JUDGED_STAGES = ("chain", "name")
"""What an audit judges; a handshake that failed otherwise is no refusal of a certificate by the peer."""


def audit_problems(place: str, audit: Any) -> list[str]:
    """At most one complaint: why this cannot be joined, as it is not what the audit returns."""
    give = "give what mra_audit_info returned as audit"
    return (
        misfit(place, audit, AUDIT, give)
        or misfits(f"{place}.verdicts", audit["verdicts"], VERDICT, give)
        or [
            complaint
            for digest, certificate in audit["certificates"].items()
            for complaint in misfit(
                f"{place}.certificates.{digest}",
                certificate,
                dict.fromkeys(OF_A_CERTIFICATE, object),
                give,
            )
        ][:1]
        or [
            complaint
            for peer, plan in audit["plan"].items()
            for complaint in misfit(f"{place}.plan.{peer}", plan, {"add": list}, give)
            or misfits(f"{place}.plan.{peer}.add", plan["add"], REPAIR, give)
        ][:1]
    )


def join_audit(refusals: Sequence[Mapping[str, Any]], audit: Mapping[str, Any]) -> Record:
    """`join_audits` with one audit."""
    return join_audits(refusals, [audit])


def join_audits(
    refusals: Sequence[Mapping[str, Any]], audits: Iterable[Mapping[str, Any]]
) -> Record:
    """{explained, unpredicted, not_in_log}.

    `explained`: the refusal's own keys (without samples), and of the verdict that predicts it `certificate` (of the audit;
    None where no chain was seen), `chain` (SHA-256, leaf first), `key_type`, `cause`, `remedy`, `reveals`; `plan`: what to
    upload, entries of the plan of that peer. `unpredicted`: findings `refusal_not_predicted`. `not_in_log`: findings
    `prediction_not_in_log`, for what breaks logins today by the audit. Refusals with an unknown port are compared with
    every port.
    """
    audits = list(audits)
    verdicts = [
        (verdict, audit)
        for audit in audits
        for verdict in audit["verdicts"]
        if verdict["outcome"] == "refused"
    ]
    by_place: dict[tuple[str, str], list[tuple[Mapping[str, Any], Mapping[str, Any]]]] = {}
    for pair in verdicts:
        place = (_host_name(pair[0]["peer"]), pair[0]["address"].lower())
        by_place.setdefault(place, []).append(pair)
    explained: list[Record] = []
    unpredicted: list[Record] = []
    met: set[tuple[str, str, int, str]] = set()
    for refusal in refusals:
        if refusal["stage"] not in JUDGED_STAGES:
            continue
        here = by_place.get((_host_name(refusal["peer"]), refusal["address"].lower()), [])
        matching = [
            pair for pair in here if not refusal["ports"] or pair[0]["port"] in refusal["ports"]
        ]
        met.update(_place(verdict) for verdict, _audit in matching)
        alike = [pair for pair in matching if _same_cause(refusal, pair[0])]
        if alike:
            # What the peer's own ciphers bring is what it met; the other key types only explain.
            verdict, audit = next((pair for pair in alike if pair[0]["as_offered"]), alike[0])
            explained.append(_explained(refusal, verdict, audit))
        else:
            unpredicted.append(_unpredicted(refusal, [verdict for verdict, _audit in matching]))
    return {
        "explained": explained,
        "unpredicted": unpredicted,
        "not_in_log": _not_in_log(verdicts, met),
    }


def _same_cause(refusal: Mapping[str, Any], verdict: Mapping[str, Any]) -> bool:
    if refusal["action"] != TERMINATE and _is_told_with(refusal, verdict):
        return True
    if refusal["stage"] != verdict["stage"]:
        return False
    return refusal["stage"] == "name" or (refusal["error_code"], refusal["depth"]) == (
        verdict["error_code"],
        verdict["depth"],
    )


def _is_told_with(refusal: Mapping[str, Any], verdict: Mapping[str, Any]) -> bool:
    """A traffic server that only warns goes on after the first error, which is the one of the verdict, and writes all."""
    if refusal["error_code"] in echoes(verdict["error_code"]):
        return True
    told = f"{refusal['error']} at depth {refusal['depth']}"
    return any(text.startswith(told) for text in verdict["reveals"])


def _host_name(peer: str) -> str:
    return peer.lower().partition(".")[0]


def _place(verdict: Mapping[str, Any]) -> tuple[str, str, int, str]:
    return verdict["peer"], verdict["address"].lower(), verdict["port"], str(verdict["stage"])


def _explained(
    refusal: Mapping[str, Any], verdict: Mapping[str, Any], audit: Mapping[str, Any]
) -> Record:
    chain = verdict["chain"]
    at_fault = chain[min(verdict["depth"] or 0, len(chain) - 1)] if chain else None
    certificate = audit["certificates"].get(at_fault) if at_fault else None
    return {
        **{key: value for key, value in refusal.items() if key != "samples"},
        "port": verdict["port"],
        "cluster": audit["cluster"],
        "certificate": {key: certificate[key] for key in OF_A_CERTIFICATE} if certificate else None,
        "chain": list(chain),
        "key_type": verdict["leaf_key_type"],
        "cause": verdict["cause"],
        "remedy": verdict["remedy"],
        "reveals": list(verdict["reveals"]),
        "plan": _plan_entries(verdict, audit),
    }


def _plan_entries(verdict: Mapping[str, Any], audit: Mapping[str, Any]) -> list[Record]:
    """What the plan would upload to that peer for that origin."""
    plan = audit["plan"].get(verdict["peer"], {"add": []})
    return [
        {key: entry[key] for key in ("sha256", "subject", "common_name", "reason")}
        for entry in plan["add"]
        if any(
            repaired["address"].lower() == verdict["address"].lower()
            and repaired["port"] == verdict["port"]
            for repaired in entry["repairs"]
        )
    ]


def _unpredicted(refusal: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> Record:
    """The audit sees this origin otherwise: its certificate, the trust store or the audit's list has changed."""
    where = _where(refusal["address"], refusal["ports"])
    predicted = listed(
        dict.fromkeys(f"{other['error']} at port {other['port']}" for other in others)
    )
    seen = f"The audit predicts {predicted}." if others else "The audit predicts no refusal there."
    did = "refused" if refusal["action"] == TERMINATE else "warned about"
    found = finding(
        WARNING,
        f"{refusal['peer']} {did} {where}, which the audit does not predict",
        [
            f"{refusal['error']}: {refusal['count']} requests, last {refusal['last'] or 'at an unknown time'}",
            seen,
            *(sample["text"] for sample in refusal.get("samples", [])[:1]),
        ],
        f"{refusal['remedy']} Audit again: a certificate or a trust store may have changed between the log and the "
        "audit, or the audit does not know this address.",
        about=(refusal["peer"], refusal["stage"], refusal["error_code"]),
        peers=[refusal["peer"]],
        address=refusal["address"],
        port=refusal["ports"][0] if len(refusal["ports"]) == 1 else None,
    )
    return identified("refusal_not_predicted", found)


def _not_in_log(
    verdicts: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]],
    met: set[tuple[str, str, int, str]],
) -> list[Record]:
    findings: dict[str, Record] = {}
    for verdict, _audit in verdicts:
        if not verdict["as_offered"] or verdict["standing"] != BREAKS_TODAY:
            continue
        if _place(verdict) in met:
            continue
        found = finding(
            INFO,
            f"The log holds no refusal of {_where(verdict['address'], [verdict['port']])} by {verdict['peer']}, which "
            "the audit predicts",
            [str(verdict["log_line"] or verdict["error"])],
            "Nobody may have asked for it while the log was written. Log in while a diagnostic log runs to see it.",
            about=(verdict["peer"],),
            peers=[verdict["peer"]],
            address=verdict["address"],
            port=verdict["port"],
        )
        made = identified("prediction_not_in_log", found)
        findings.setdefault(made["id"], made)
    return list(findings.values())


def _where(address: str, ports: Sequence[int]) -> str:
    return f"{address}:{' or '.join(map(str, ports))}" if ports else address
