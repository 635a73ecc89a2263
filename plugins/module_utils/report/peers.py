# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables about peers: how each stands, and what each trusts."""

from __future__ import annotations

from ansible_collections.collab.expressway.plugins.module_utils.audit.short_names import (
    cluster_domain,
    short,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import (
    Record,
    called,
    day,
    expiry,
)
from ansible_collections.collab.expressway.plugins.module_utils.report.elements import (
    Markup,
    element,
)


def scrolling(label: str, table: Markup) -> Markup:
    """A table that scrolls by itself on a narrow screen, also by keyboard."""
    return element("div", table, class_="wide", tabindex="0", role="region", aria_label=label)


def _header(*cells: object) -> Markup:
    return element("thead", element("tr", (element("th", cell, scope="col") for cell in cells)))


def peer_table(audit: Record) -> Markup:
    """One row a peer: release, verification, cipher list, size of the trust store."""
    return scrolling(
        f"Peers of {audit['cluster']}",
        element(
            "table",
            element("caption", "Peers"),
            _header(
                "Peer",
                "Release",
                "Verifies origins",
                "Cipher list toward UC servers",
                "Trust store",
            ),
            element("tbody", (_peer(peer) for peer in audit["peers"])),
        ),
    )


def _peer(peer: Record) -> Markup:
    name = element("th", peer["name"], scope="row")
    if not peer["reached"]:
        tag = element("span", "? not reached", class_="tag calm")
        return element("tr", name, element("td", tag, _why(peer["error"]), colspan="4"))
    return element(
        "tr",
        name,
        element("td", peer["version"] or "not read"),
        element("td", _verifies(peer)),
        element(
            "td",
            element("span", peer["cipher_list"], class_="mono"),
            _why("assumed: the documented default" if peer["cipher_list_assumed"] else None),
        ),
        element("td", _store(peer)),
    )


def _verifies(peer: Record) -> list[object]:
    if peer["verification"] == "off":
        until = f"until {peer['until']}" if peer["until"] else "without an end date"
        return [
            element("span", "! switched Off", class_="tag risk"),
            _why(f"{until}{': ' + peer['reason'] if peer['reason'] else ''}"),
        ]
    word, colour = {
        True: ("✓ yes", "good"),
        False: ("! not in this release", "risk"),
        None: ("? perhaps", "risk"),
    }[peer["verifies"]]
    return [element("span", word, class_=f"tag {colour}"), _why(peer["verification_note"])]


def _store(peer: Record) -> object:
    store = peer["trust_store"]
    if store is None:
        return [
            element("span", "? not read", class_="tag calm"),
            _why(peer["not_read"].get("trust_store")),
        ]
    count = len(store["certificates"])
    return [
        f"{count} certificate{'' if count == 1 else 's'}",
        element("span", store["sha256"][:12], "…", class_="why mono"),
    ]


def _why(text: str | None) -> Markup | None:
    return element("span", text, class_="why") if text else None


def trust_stores(audit: Record) -> Markup:
    """One row a trusted certificate, one column a peer; a row is marked where the peers differ."""
    read = [peer for peer in audit["peers"] if peer["trust_store"] is not None]
    if not read:
        return element("p", "No trust store was read.", class_="soft")
    domain = cluster_domain(audit)
    digests = dict.fromkeys(
        digest for peer in read for digest in peer["trust_store"]["certificates"]
    )
    if not digests:
        return element("p", "The trust store of every peer is empty.")
    return scrolling(
        f"Trust stores of {audit['cluster']}",
        element(
            "table",
            element(
                "caption",
                "The number is the place in the store of that peer. Stores are never replicated between peers.",
            ),
            _header(
                "Trusted certificate", "Expires", *(short(peer["name"], domain) for peer in read)
            ),
            element(
                "tbody",
                (_trusted(audit["certificates"][digest], read, audit) for digest in digests),
            ),
        ),
    )


def _trusted(record: Record, peers: list[Record], audit: Record) -> Markup:
    ends = expiry(record)
    expired = ends is not None and ends.date().isoformat() < audit["audited_on"]
    return element(
        "tr",
        element(
            "th",
            called(record),
            element("span", record["subject"], class_="why"),
            element("span", f"SHA-256 {record['sha256'][:32]}…", class_="why mono"),
            scope="row",
        ),
        element(
            "td",
            day(record["not_after"]),
            [" ", element("span", "✗ expired", class_="tag bad")] if expired else None,
        ),
        (_place(record["sha256"], peer) for peer in peers),
    )


def _place(digest: str, peer: Record) -> Markup:
    held = peer["trust_store"]["certificates"]
    if digest not in held:
        return element("td", element("span", "✗ missing", class_="tag risk"))
    return element("td", element("span", f"✓ {held.index(digest) + 1}", class_="tag good"))
