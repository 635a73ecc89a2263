# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit as one HTML file: no network, no framework, readable without its script.

The document forbids itself every request and every script but its own (Content-Security-Policy with hashes).
"""

from __future__ import annotations

import base64
import hashlib

from ansible_collections.collab.expressway.plugins.module_utils.audit.finding import (
    SEVERITIES,
    slug,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.gaps import where
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import Record
from ansible_collections.collab.expressway.plugins.module_utils.report.elements import (
    Markup,
    element,
    join,
)
from ansible_collections.collab.expressway.plugins.module_utils.report.matrix import matrix
from ansible_collections.collab.expressway.plugins.module_utils.report.peers import (
    peer_table,
    trust_stores,
)
from ansible_collections.collab.expressway.plugins.module_utils.report.plan import plan_table
from ansible_collections.collab.expressway.plugins.module_utils.report.style import SCRIPT, STYLE

BREAKS = ("breaks_today", "no_agreement_on_tls")
WOULD_BREAK = ("breaks_when_verified", "breaks_after_change")
TITLE = "MRA origin certificate audit"


def html_report(audits: list[Record]) -> str:
    """The whole document."""
    days = " and ".join(sorted({audit["audited_on"] for audit in audits}))
    return (
        "<!DOCTYPE html>\n"
        + element(
            "html",
            _head(),
            element(
                "body",
                element(
                    "header",
                    element("h1", TITLE),
                    element(
                        "p",
                        f"What the traffic server of each Expressway-C refuses, audited on {days or 'no cluster'} (UTC).",
                        class_="soft",
                    ),
                ),
                element(
                    "main",
                    element("ul", (_answer(audit) for audit in audits), class_="answers"),
                    _filter(),
                    (_cluster(audit) for audit in audits),
                ),
                _footer(),
                element("script", Markup(SCRIPT)),
            ),
            lang="en",
        )
        + "\n"
    )


def _head() -> Markup:
    policy = (
        f"default-src 'none'; style-src '{_hash(STYLE)}'; script-src '{_hash(SCRIPT)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("link", rel="icon", href="data:,"),
        element("title", TITLE),
        element("style", Markup(STYLE)),
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _anchor(audit: Record) -> str:
    return slug("cluster", audit["cluster"])


def _answer(audit: Record) -> Markup:
    summary = audit["summary"]
    if summary["breaks_today"]:
        colour = "bad"
    elif summary["refused"] or not summary["complete"] or summary["counts"]["only_after_change"]:
        colour = "risk"
    else:
        colour = "good"
    link = element("a", summary["answer"], href=f"#{_anchor(audit)}")
    return element("li", link, element("small", _scope(audit)), class_=f"answer {colour}")


def _scope(audit: Record) -> str:
    """What was looked at, and how much was found."""
    releases = sorted({peer["version"] for peer in audit["peers"] if peer["version"]})
    found = audit["summary"]["counts"]["findings"]
    return ", ".join(
        [
            f"{_count(audit['peers'], 'peer')} ({' and '.join(releases) or 'release unknown'})",
            _count(audit["origins"], "address and port", "addresses and ports"),
            *(f"{found[severity]} {severity}" for severity in SEVERITIES if found[severity]),
        ]
    )


def _count(items: list[Record], one: str, many: str | None = None) -> str:
    return f"{len(items)} {one if len(items) == 1 else many or one + 's'}"


def _filter() -> Markup:
    return element(
        "form",
        element(
            "label",
            "Show only what contains",
            element("input", type="search", placeholder="host, port, peer, word", size="26"),
        ),
        element(
            "label",
            "Severity",
            element(
                "select",
                element("option", "all", value=""),
                (element("option", severity, value=severity) for severity in SEVERITIES),
                element("option", "accepted", value="accepted"),
            ),
        ),
        element("output"),
        class_="filter",
        role="search",
        aria_label="Filter findings and logins",
        hidden=True,
    )


def _cluster(audit: Record) -> Markup:
    today = [found for found in audit["findings"] if found["check"] in BREAKS]
    later = [found for found in audit["findings"] if found["check"] in WOULD_BREAK]
    # What was not seen has its own section below; here it would only repeat it.
    others = [
        found
        for found in audit["findings"]
        if found["check"] not in (*BREAKS, *WOULD_BREAK, "not_seen")
    ]
    return element(
        "section",
        element("h2", f"Cluster {audit['cluster']}", id=_anchor(audit)),
        peer_table(audit),
        _findings("What breaks today", today, "Nothing that was looked at breaks today."),
        _findings("What would break", later, "Nothing that was looked at would break."),
        [element("h3", "The smallest repair of trust"), plan_table(audit)]
        if audit["plan"]
        else None,
        element("h3", "Every login on every peer"),
        matrix(audit),
        _findings("What else to act on", others, "Nothing else."),
        element("h3", _counted("What was not looked at", audit["summary"]["not_looked_at"])),
        _not_looked_at(audit),
        element("h3", "What each peer trusts"),
        trust_stores(audit),
    )


def _counted(title: str, items: list[Record]) -> list[object]:
    return [title, " ", element("span", f"({len(items)})", class_="count")]


def _findings(title: str, findings: list[Record], none: str) -> Markup:
    return join(
        [
            element("h3", _counted(title, findings)),
            [_finding(found) for found in findings] or element("p", none, class_="soft"),
        ]
    )


SEVERITY_COLOUR = {"critical": "bad", "warning": "risk", "info": "calm"}


def _finding(found: Record) -> Markup:
    text = " ".join([found["title"], found["remedy"], *found["evidence"], *found["peers"]]).lower()
    severity = found["severity"]
    return element(
        "article",
        element(
            "h4",
            element("span", severity, class_=f"tag {SEVERITY_COLOUR[severity]}"),
            " ",
            found["title"],
        ),
        element("p", element("b", "Do: "), found["remedy"], class_="do"),
        element(
            "details",
            element("summary", "Evidence"),
            element("ul", (element("li", line) for line in found["evidence"])),
            element("p", element("code", found["id"], class_="id")),
        ),
        element(
            "details",
            element("summary", "Reproduce in a shell"),
            element("pre", element("code", found["reproduce"]), tabindex="0"),
        )
        if found["reproduce"]
        else None,
        class_=f"finding {severity}",
        data_text=text,
        data_level=severity,
    )


def _not_looked_at(audit: Record) -> Markup:
    unseen = audit["summary"]["not_looked_at"]
    if not unseen:
        return element(
            "p", "Nothing: every peer and every origin that was asked for answered.", class_="soft"
        )
    return element(
        "div",
        element(
            "table",
            element("caption", "Nothing of this counts as accepted."),
            element(
                "thead",
                element(
                    "tr", (element("th", text, scope="col") for text in ("Where", "Why", "Do"))
                ),
            ),
            element(
                "tbody",
                (
                    element(
                        "tr",
                        element("th", where(gap), scope="row"),
                        element("td", gap["reason"], _for_peers(gap)),
                        element("td", gap["remedy"]),
                    )
                    for gap in unseen
                ),
            ),
        ),
        class_="wide",
        tabindex="0",
        role="region",
        aria_label=f"What was not looked at in {audit['cluster']}",
    )


def _for_peers(gap: Record) -> str | None:
    return f" (as offered by {', '.join(gap['peers'])})" if gap["peers"] else None


def _footer() -> Markup:
    return element(
        "footer",
        element(
            "p",
            "Verdicts follow Apache Traffic Server 8.1 with OpenSSL 1.1.1, the generation that Expressway X14.2 logs like. "
            "Cisco's own changes, and later builds, were not open to inspection: where the device answers otherwise, believe the device.",
        ),
        element(
            "p",
            "Made by collab.expressway. This file asks no network for anything.",
        ),
    )
