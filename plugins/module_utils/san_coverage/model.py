# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does every certificate that can be met under an advertised address cover it?

The domain of san_coverage_info. `covered` is the traffic server's rule, `strict` that of RFC 9525, which a later build may
follow. Chains and trust are not looked at here: see the verdicts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.audit.finding import (
    CRITICAL,
    INFO,
    SEVERITIES,
    WARNING,
    finding,
    identified,
    in_order,
)
from ansible_collections.collab.expressway.plugins.module_utils.san_coverage.codes import (
    PRESENTED_DIFFERS_FROM_STORED,
    WILDCARD,
    code_of,
)
from ansible_collections.collab.expressway.plugins.module_utils.san_coverage.meetings import (
    PRESENTED,
    Meeting,
    seen,
)
from ansible_collections.collab.expressway.plugins.module_utils.san_coverage.remedies import (
    evidence,
    full_name,
    is_address_at_fault,
    remedy,
    title,
)
from ansible_collections.collab.expressway.plugins.module_utils.san_coverage.request import (
    request_for,
)
from ansible_collections.collab.expressway.plugins.module_utils.san_coverage.sharing import Sharing
from ansible_collections.collab.expressway.plugins.module_utils.verdict.origin_names import (
    covered_by,
    strict_findings,
)

Record = dict[str, Any]


def san_coverage(
    *,
    origins: Iterable[Record],
    presented: Iterable[Record] = (),
    certificates: Iterable[Record] = (),
) -> Record:
    """{coverage, findings, csr, not_looked_at, not_compared, covered}.

    `origins`: [{address, port, product, node, connect_to, source}]; `presented`: entries of presented_certificates_info;
    `certificates`: records of uc_certificates_info. `covered` is false as soon as one certificate does not cover its
    address, something was not looked at, or nothing was. `not_compared`: nodes whose certificates belong to no origin.
    """
    meetings, gaps, strangers = seen(list(origins), presented, certificates)
    sharing = Sharing(meetings, gaps)
    coverage = [_covered(meeting, sharing) for meeting in meetings]
    requests = {
        (tuple(entry["csr"]["units"]), tuple(entry["csr"]["dns"])): entry["csr"]
        for entry in coverage
        if entry["csr"]
    }
    return {
        "coverage": coverage,
        "findings": _findings(meetings, coverage),
        "csr": [requests[key] for key in sorted(requests)],
        "not_looked_at": gaps,
        "not_compared": strangers,
        "covered": bool(coverage) and not gaps and all(entry["covered"] for entry in coverage),
    }


def _covered(meeting: Meeting, sharing: Sharing) -> Record:
    names = meeting.certificate.names
    by = covered_by(names, meeting.address)
    stricter = strict_findings(names, meeting.address)
    code = code_of(meeting, sharing)
    request = request_for(meeting.certificate, sharing) if _needs_request(code, meeting) else None
    return {
        "address": meeting.address,
        "port": meeting.port,
        "node": meeting.node,
        "product": meeting.origin["product"],
        "key_type": meeting.key_type,
        "where": meeting.where,
        "unit": meeting.unit,
        "sha256": meeting.certificate.sha256,
        "covered": by is not None,
        "by": by,
        # A strict finding is where RFC 9525 answers the opposite.
        "strict": (by is not None) != bool(stricter),
        "strict_findings": [found.text for found in stricter],
        "finding": code,
        "remedy": remedy(code, meeting, request) if code else None,
        "csr": request,
    }


def _needs_request(code: str | None, meeting: Meeting) -> bool:
    if code is None or code == PRESENTED_DIFFERS_FROM_STORED:
        return False
    if is_address_at_fault(code, meeting):
        name = full_name(meeting)
        return name is not None and covered_by(meeting.certificate.names, name) is None
    return True


def _findings(meetings: list[Meeting], coverage: list[Record]) -> list[Record]:
    """One for each code and address; its evidence lists the certificates."""
    groups: dict[tuple[str, str], list[tuple[Meeting, Record]]] = {}
    for meeting, entry in zip(meetings, coverage, strict=True):
        if entry["finding"]:
            groups.setdefault((entry["finding"], meeting.address), []).append((meeting, entry))
    return in_order(
        identified(
            code,
            finding(
                min((_severity(entry) for _meeting, entry in group), key=SEVERITIES.index),
                title(code, group[0][0]),
                dict.fromkeys(
                    line
                    for meeting, entry in group
                    for line in (evidence(meeting), *entry["strict_findings"])
                ),
                " ".join(dict.fromkeys(entry["remedy"] for _meeting, entry in group)),
                address=address,
            ),
        )
        for (code, address), group in groups.items()
    )


def _severity(entry: Record) -> str:
    if not entry["covered"]:
        return CRITICAL if entry["where"] == PRESENTED else WARNING
    return INFO if entry["finding"] == WILDCARD else WARNING
