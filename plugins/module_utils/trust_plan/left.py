# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Origins that are refused with the plan too, as the plan tells them, and the issuers that they lack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.candidates import (
    RefusedCandidate,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.growth import Chain
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.origins import (
    Origin,
    ordered,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.reasons import (
    where_to_look,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.unrepaired import (
    Unrepaired,
)

Record = dict[str, Any]


@dataclass(frozen=True)
class Left:
    """An origin that is refused with the plan too."""

    origin: Origin
    chain: Chain | None
    verdict: Mapping[str, Any]
    why: Unrepaired

    def told(self) -> Record:
        """For the result."""
        return {
            **self.origin,
            "kind": self.why.kind,
            "stage": self.verdict["stage"],
            "error_code": self.verdict["error_code"],
            "why": self.why.why,
            "remedy": self.why.remedy,
            "reveals": self.verdict["reveals"],
        }


def not_found(left: Sequence[Left], refused: Sequence[RefusedCandidate]) -> list[Record]:
    """The issuers that were never seen, each once, with those who need it."""
    children: dict[tuple[str, str], tuple[Certificate, list[Origin]]] = {}
    for one in left:
        child = one.why.child
        if child is not None:
            key = child.record["issuer"] or "", child.record["aki"] or ""
            children.setdefault(key, (child, []))[1].append(one.origin)
    return [
        {
            "issuer": child.record["issuer"],
            "common_name": child.record["issuer_common_name"],
            "aki": child.record["aki"],
            "needed_by": ordered(origins),
            "where_to_look": where_to_look(child, ordered(origins), refused),
        }
        for _issuer, (child, origins) in sorted(children.items(), key=lambda item: item[0])
    ]
