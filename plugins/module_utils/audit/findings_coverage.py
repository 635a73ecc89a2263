# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings about coverage: what this audit could not see, and what it was not asked to see."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.collab.expressway.plugins.module_utils.audit.finding import (
    INFO,
    WARNING,
    finding,
    listed,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.gaps import (
    ADDRESS,
    SOURCE,
    not_looked_at,
    told,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import (
    Record,
    Situation,
)


def not_seen(situation: Situation) -> Iterator[Record]:
    """Peers, subsets and origins without an answer; a port that refuses the connection may simply not be served."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for gap in not_looked_at(situation):
        if gap["what"] in (SOURCE, ADDRESS):
            continue  # The discovery has a finding of its own for it.
        kind = "not_served" if gap["error_kind"] == "refused" else gap["what"]
        groups.setdefault((kind, gap["error_kind"]), []).append(gap)
    for (kind, error_kind), gaps in groups.items():
        yield finding(
            INFO if kind == "not_served" else WARNING,
            _title(kind, gaps),
            [told(gap) for gap in gaps],
            gaps[0]["remedy"],
            about=[kind, error_kind],
            peers=[
                name for gap in gaps for name in ([gap["peer"]] if gap["peer"] else gap["peers"])
            ],
        )


def _title(kind: str, gaps: list[Record]) -> str:
    count = len(gaps)
    places = len({(gap["address"], gap["port"]) for gap in gaps})
    return {
        "peer": f"{count} peer{'s' if count > 1 else ''} not looked at",
        "subset": f"{count} subset{'s' if count > 1 else ''} of facts not read",
        "origin": f"{places} origin{'s' if places > 1 else ''} not (wholly) looked at",
        "not_served": f"{places} port{'s refuse' if places > 1 else ' refuses'} the connection: not served here?",
    }[kind]


def publisher_not_audited(situation: Situation) -> Iterator[Record]:
    """A UC server that the Expressway is configured with, but that is not among the audited addresses."""
    if situation.discovery is not None:
        return  # It compares the publisher with what is advertised.
    audited = {
        _host(origin[key])
        for origin in situation.origins
        for key in ("address", "node", "connect_to")
    }
    missing: dict[tuple[str, str], list[str]] = {}
    for peer in situation.reached():
        for server in peer["uc_servers"] or []:
            if _host(server["publisher"]) not in audited:
                key = (server["product"], server["publisher"])
                missing.setdefault(key, []).append(peer["name"])
    for (product, publisher), peers in missing.items():
        yield finding(
            WARNING,
            f"{publisher} is a UC server of this cluster ({product}) but was not audited",
            ["It is configured on the Expressway-C and is no address of mra_audit_nodes."],
            f"Add {publisher} to the group uc_publishers, so that its addresses are read from it; or add it and its "
            "subscribers to mra_audit_nodes, with the addresses that clients ask for.",
            about=[product, publisher],
            peers=peers,
        )


def optional_port_not_served(situation: Situation) -> Iterator[Record]:
    """Ports that some nodes serve and these do not; nothing was missed."""
    ports: dict[str, list[str]] = {}
    for origin in situation.not_served:
        ports.setdefault(origin["address"], []).append(str(origin["port"]))
    if ports:
        yield finding(
            INFO,
            f"Optional ports refuse the connection at {listed(ports)}",
            [f"{address} does not serve {listed(numbers)}." for address, numbers in ports.items()],
            "Nothing to do. If clients do use such a port, start the service and audit again.",
        )


def _host(text: str | None) -> str:
    return (text or "").casefold().rstrip(".")
