# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The smallest repair in words: which certificates, on which peers, and what each repairs."""

from __future__ import annotations

from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import (
    Record,
    day,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import login
from ansible_collections.collab.expressway.plugins.module_utils.report.elements import (
    Markup,
    element,
)
from ansible_collections.collab.expressway.plugins.module_utils.report.peers import scrolling

COMMAND = "ansible-playbook collab.expressway.trust --check --diff"
NOTHING = "No upload would repair anything."


def additions(audit: Record) -> list[Record]:
    """Each certificate of the plan once: {certificate, peers, repairs}, most peers first."""
    found: dict[str, Record] = {}
    for peer, plan in audit["plan"].items():
        for certificate in plan["add"]:
            entry = found.setdefault(
                certificate["sha256"], {"certificate": certificate, "peers": [], "repairs": {}}
            )
            entry["peers"].append(peer)
            entry["repairs"].update(
                dict.fromkeys(login(one["address"], one["port"]) for one in certificate["repairs"])
            )
    merged = [{**entry, "repairs": list(entry["repairs"])} for entry in found.values()]
    return sorted(merged, key=lambda entry: -len(entry["peers"]))


def plan_lines(audit: Record) -> list[str]:
    """One line a certificate, for the text report; empty without a plan."""
    return [
        f"{entry['certificate']['subject']} (SHA-256 {entry['certificate']['sha256']}) to "
        f"{', '.join(entry['peers'])}: {entry['certificate']['reason']}"
        for entry in additions(audit)
    ]


def plan_table(audit: Record) -> Markup:
    """One row a certificate."""
    entries = additions(audit)
    if not entries:
        return element("p", NOTHING, class_="soft")
    return scrolling(
        f"The smallest repair of {audit['cluster']}",
        element(
            "table",
            element(
                "caption",
                "Enough for every origin that trust can repair, and none can be left out. Compare SHA-256 with the owner. "
                f"To see what it would change: {COMMAND}",
            ),
            element(
                "thead",
                element(
                    "tr",
                    (
                        element("th", text, scope="col")
                        for text in ("Upload", "To", "Repairs", "Why")
                    ),
                ),
            ),
            element("tbody", (_row(entry) for entry in entries)),
        ),
    )


def _row(entry: Record) -> Markup:
    certificate = entry["certificate"]
    return element(
        "tr",
        element(
            "th",
            certificate["common_name"] or certificate["subject"],
            element(
                "span",
                f"{certificate['subject']}, until {day(certificate['not_after'])}",
                class_="why",
            ),
            element("span", f"SHA-256 {certificate['sha256']}", class_="why mono"),
            scope="row",
        ),
        element("td", ", ".join(entry["peers"])),
        element("td", ", ".join(entry["repairs"])),
        element("td", certificate["reason"]),
    )
