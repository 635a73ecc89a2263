# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The matrix: every origin, every key type, every peer. Peers that agree share one cell line."""

from __future__ import annotations

from ansible_collections.collab.expressway.plugins.module_utils.audit.origins import (
    OFFERED,
    seen_by,
    without_such_certificate,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.refusal_words import (
    in_few_words,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.short_names import (
    cluster_domain,
    short,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import (
    ACCEPTED,
    BREAKS_TODAY,
    Record,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import login
from ansible_collections.collab.expressway.plugins.module_utils.report.elements import (
    Markup,
    element,
)
from ansible_collections.collab.expressway.plugins.module_utils.report.peers import scrolling

Key = tuple[str, str, int, str]
Cell = tuple[str, str, str]
"""(colour, words, why): what one peer makes of one key type of one origin."""

COLUMNS = {OFFERED: "As offered today", "rsa": "RSA certificate", "ecdsa": "ECDSA certificate"}
NO_SUCH_CERTIFICATE: Cell = ("none", "none", "")
LEVELS = {"bad": "critical", "risk": "warning", "calm": "info"}


def matrix(audit: Record) -> Markup:
    """Rows are origins; a cell says what each peer does with that certificate, and why."""
    if not audit["origins"]:
        return element("p", "No origin was asked for.")
    verdicts: dict[Key, Record] = {
        (verdict["peer"], verdict["address"], verdict["port"], verdict["key_type"]): verdict
        for verdict in audit["verdicts"]
    }
    domain = cluster_domain(audit)
    return scrolling(
        f"Verdicts of {audit['cluster']}",
        element(
            "table",
            element(
                "caption",
                "\N{LEFT DOUBLE QUOTATION MARK}As offered today\N{RIGHT DOUBLE QUOTATION MARK} "
                "is the certificate that the peer's own cipher list brings; the other two are what it "
                "would meet after a change of cipher list, TLS version or release.",
            ),
            element(
                "thead",
                element(
                    "tr",
                    element("th", "Address and port", scope="col"),
                    (element("th", title, scope="col") for title in COLUMNS.values()),
                ),
            ),
            element(
                "tbody",
                (_row(origin, audit["peers"], verdicts, domain) for origin in audit["origins"]),
            ),
        ),
    )


def _row(origin: Record, peers: list[Record], verdicts: dict[Key, Record], domain: str) -> Markup:
    cells = {
        key_type: {peer["name"]: _cell(origin, peer, key_type, verdicts) for peer in peers}
        for key_type in COLUMNS
    }
    place = login(origin["address"], origin["port"])
    every = [cell for by_peer in cells.values() for cell in by_peer.values()]
    text = " ".join([place, origin["node"] or "", *(" ".join(cell) for cell in every)])
    colours = {cell[0] for cell in every}
    level = next((LEVELS[colour] for colour in LEVELS if colour in colours), "accepted")
    return element(
        "tr",
        element("th", place, element("span", _about(origin), class_="why"), scope="row"),
        (element("td", _verdicts(by_peer, domain)) for by_peer in cells.values()),
        data_text=text.lower(),
        data_level=level,
    )


def _about(origin: Record) -> str:
    node = origin["node"] if origin["node"] != origin["address"] else None
    return ", ".join(filter(None, [origin["product"], node, f"from {origin['source']}"]))


def _verdicts(by_peer: dict[str, Cell], domain: str) -> list[Markup]:
    groups: dict[Cell, list[str]] = {}
    for name, cell in by_peer.items():
        groups.setdefault(cell, []).append(name)
    return [
        element(
            "div",
            # Peers are named only where they differ: the eye then falls on the difference.
            element("span", ", ".join(short(name, domain) for name in some), class_="who")
            if len(groups) > 1
            else None,
            element("span", words, class_=f"tag {colour}")
            if colour != "none"
            else element("span", words, class_="soft"),
            element("span", why, class_="why") if why else None,
            class_="verdict",
        )
        for (colour, words, why), some in groups.items()
    ]


def _cell(origin: Record, peer: Record, key_type: str, verdicts: dict[Key, Record]) -> Cell:
    verdict = verdicts.get((peer["name"], origin["address"], origin["port"], key_type))
    entry = next((entry for entry in seen_by(origin, peer) if entry["key_type"] == key_type), None)
    if verdict is None:
        return _unseen(entry, peer, origin)
    met = " ".join(
        filter(None, [(verdict["leaf_key_type"] or "").upper(), entry and entry["tls_version"]])
    )
    if verdict["standing"] == ACCEPTED:
        return "good", "✓ accepted", met if key_type == OFFERED else ""
    why = in_few_words(verdict)[0]
    if key_type == OFFERED and met:
        why = f"{met}: {why}"
    if verdict["standing"] == BREAKS_TODAY:
        return "bad", "✗ breaks today" if key_type == OFFERED else "✗ refused", why
    return "risk", "! would break", why


def _unseen(entry: Record | None, peer: Record, origin: Record) -> Cell:
    if not peer["reached"]:
        return "calm", "? unknown", "peer not reached"
    if entry is not None and entry["chain"]:
        return "calm", "? unknown", "trust store not read"
    if entry is None:
        return "calm", "? not looked at", ""
    if without_such_certificate(origin, entry):
        return NO_SUCH_CERTIFICATE
    return "calm", "? not looked at", entry["error"] or ""
