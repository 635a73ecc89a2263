# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people read: one screen of text, and HTML into which nothing hostile gets."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.audit.refusal_words import (
    CHAIN_WORDS,
    EXPIRED_ISSUER,
    UNCOVERED_IP,
    UNCOVERED_NAME,
    in_few_words,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.short_names import (
    common_domain,
)
from ansible_collections.collab.expressway.plugins.module_utils.report.elements import (
    Markup,
    element,
)
from ansible_collections.collab.expressway.plugins.module_utils.report.html import html_report
from ansible_collections.collab.expressway.plugins.module_utils.report.text import (
    SCREEN_COLUMNS,
    SCREEN_LINES,
    screen,
    text_report,
)

from tests.unit.audit.observations import (
    HOSTILE,
    NODE,
    OTHER_ROOT,
    ROOT,
    Record,
    address,
    audit,
    facts,
    observed,
    pem,
    presented,
)


class Reader(HTMLParser):
    """Collects tags and what they refer to."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def hostile() -> Record:
    """A server, a peer and an error message that all try to break out."""
    chain = pem(HOSTILE, "ec hostile", None, ("hostile.example.test",))
    store = ROOT + pem(f"{HOSTILE} CA", "ec hostile CA")
    return audit(
        [
            observed(said=facts(store)),
            observed(HOSTILE, facts=None, reached=False, error=HOSTILE),
        ],
        [address(), address("b.example.test")],
        [presented("ecdsa", chain), presented("rsa", None, error=HOSTILE)],
    )


def many(clusters: int, nodes: int) -> list[Record]:
    chain = pem(NODE, "rsa 1", "Root", (NODE,))
    return [
        audit(
            [observed(said=facts(OTHER_ROOT if number % 2 else ROOT))],
            [address(f"cucm{node}-with-a-rather-long-name.voice.example.test") for node in range(nodes)],
            [
                presented("offered", chain, address(f"cucm{node}-with-a-rather-long-name.voice.example.test"),
                          cipher_list="ALL")
                for node in range(nodes)
            ],
            cluster=f"cluster{number}",
        )
        for number in range(clusters)
    ]  # fmt: skip


def test_hostile_text_stays_text() -> None:
    document = html_report([hostile()])
    tags = Reader(document)
    assert len(tags.named("script")) == 1
    assert not tags.named("img")
    for text in (document, text_report([hostile()]), "\n".join(screen([hostile()]))):
        assert not {"\x1b", "\u202e"} & set(text)
    assert "owned" in document


def test_the_document_asks_nobody_for_anything() -> None:
    tags = Reader(html_report([hostile()]))
    references = [
        value
        for _tag, attributes in tags.tags
        for name, value in attributes.items()
        if name in ("src", "href", "action", "srcset", "data", "poster")
    ]
    assert references
    assert all((value or "").startswith(("#", "data:")) for value in references)
    (policy,) = [
        meta["content"] or ""
        for meta in tags.named("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy


def test_every_table_has_a_caption_and_every_heading_its_level() -> None:
    tags = Reader(html_report([hostile()]))
    assert len(tags.named("caption")) == len(tags.named("table")) > 0
    levels = [int(tag[1]) for tag, _attributes in tags.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))
    ids = [attributes["id"] for _tag, attributes in tags.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("children", "written"),
    [
        (["<b>"], "&lt;b&gt;"),
        ([Markup("<b>")], "<b>"),
        ([["a", None, ["b", 1]]], "ab1"),
    ],
)
def test_elements_escape_what_is_not_markup(children: list[Any], written: str) -> None:
    assert element("p", *children) == f"<p>{written}</p>"


def test_attributes_are_escaped() -> None:
    assert element("p", title='"><i>') == '<p title="&quot;&gt;&lt;i&gt;"></p>'
    assert element("p", hidden=True, id=None, class_="a") == '<p hidden class="a"></p>'


@pytest.mark.parametrize(("clusters", "nodes"), [(1, 1), (1, 200), (2, 30), (12, 3), (40, 2)])
def test_a_screen_is_a_screen(clusters: int, nodes: int) -> None:
    lines = screen(many(clusters, nodes))
    assert 0 < len(lines) <= SCREEN_LINES
    assert max(map(len, lines)) <= SCREEN_COLUMNS
    shown = sum(line.startswith("cluster") for line in lines)
    left_out = [
        int(word) for line in lines if "more clusters" in line for word in re.findall(r"\d+", line)
    ]
    assert shown + sum(left_out) == clusters


def test_a_line_says_where_why_and_what_to_do() -> None:
    chain = pem(NODE, "rsa 1", "Root", (NODE,))
    model = audit(
        [observed(said=facts(OTHER_ROOT, cipher_list="ALL"))],
        [address(), address(port=6972)],
        [
            presented("offered", chain, where, cipher_list="ALL")
            for where in (address(), address(port=6972))
        ],
    )
    assert screen([model])[-1] == (
        "  x cucm1:8443,6972 its issuing CA is unknown → upload that CA, up to its root"
    )


def unread_api(name: str, number: int) -> Record:
    """A peer whose REST API let nobody in."""
    said = {
        subset: f"{name} (192.0.2.{number}) answered GET /api/{subset} with HTTP status 401.\nWrong password."
        for subset in ("mra", "trust_store", "uc_servers")
    }
    return observed(name, {**facts(None), "not_read": said})


def unreached(name: str, reason: str) -> Record:
    return observed(name, facts=None, reached=False, error=f"{name} (192.0.2.9) {reason}")


def test_the_screen_says_once_why_something_was_not_looked_at() -> None:
    model = audit(
        [
            unread_api("expc1.example.test", 1),
            unread_api("expc2.example.test", 2),
            unreached("expc3.example.test", "refused the connection"),
            unreached("expc4.example.test", "refused the connection"),
        ],
        [address(), address(port=6972)],
        [
            presented("offered", None, address(port=port), error_kind="refused", error=f"{NODE}:{port} (at ::1) is closed")
            for port in (8443, 6972)
        ],
    )  # fmt: skip
    assert screen([model]) == [
        model["summary"]["answer"],
        "  ? expc3, expc4 not read: refused the connection",
        "  ? mra, trust_store, uc_servers of expc1, expc2 not read: answered GET /api/… with HTTP status 401.",
        "    Wrong password.",
        "  ? cucm1:8443, cucm1:6972 not read: is closed",
    ]


def test_the_screen_names_the_peers_that_an_audit_left_out() -> None:
    said = facts()
    said["cluster"]["peers"] = [{"address": "192.0.2.1"}, {"address": "192.0.2.2"}]
    model = audit([observed(said=said)], [], [])
    assert screen([model])[1:] == [
        "  ? the cluster configuration lists 2 peers (192.0.2.1, 192.0.2.2), 1 were audited"
    ]


def test_what_was_not_looked_at_leaves_room_for_the_logins_that_break() -> None:
    chain = pem(NODE, "rsa 1", "Root", (NODE,))
    peers = [
        unreached(f"expc{number}.example.test", f"{number} is what it said, and more than fits into a line " * 9)
        for number in range(9)
    ]  # fmt: skip
    breaks = observed(said=facts(OTHER_ROOT, cipher_list="ALL"))
    lines = screen([audit([breaks, *peers], [address()], [presented("offered", chain, cipher_list="ALL")])])  # fmt: skip
    assert sum(line.startswith("  x ") for line in lines) == 1
    assert "  ? … 9 more in the report" in lines
    assert len(lines) <= SCREEN_LINES


def test_the_text_report_begins_with_the_screen() -> None:
    models = many(2, 3)
    head, _blank_line, rest = text_report(models).partition("\n\n")
    assert head.splitlines() == screen(models)
    for model in models:
        assert all(found["id"] in rest for found in model["findings"])


def test_few_words_are_few() -> None:
    for why, remedy in [*CHAIN_WORDS.values(), EXPIRED_ISSUER, UNCOVERED_IP, UNCOVERED_NAME]:
        assert len(f"{why} → {remedy}") <= 70


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ({"stage": "name", "address": "192.0.2.1"}, UNCOVERED_IP),
        ({"stage": "name", "address": "a.test"}, UNCOVERED_NAME),
        ({"stage": "chain", "error_code": 10, "depth": 0, "error": ""}, CHAIN_WORDS[10]),
        ({"stage": "chain", "error_code": 10, "depth": 1}, EXPIRED_ISSUER),
        (
            {"stage": "chain", "error_code": 18, "depth": 0, "error": "", "leaf_trusted": False},
            CHAIN_WORDS[18],
        ),
        # In the store and not believed: a twin stands before it.
        (
            {"stage": "chain", "error_code": 18, "depth": 0, "error": "", "leaf_trusted": True},
            CHAIN_WORDS[7],
        ),
        (
            {"stage": "chain", "error_code": 999, "depth": 0, "error": "odd"},
            ("odd", "see the report"),
        ),
    ],
)
def test_few_words_fit_the_refusal(verdict: Record, words: tuple[str, str]) -> None:
    assert in_few_words(verdict) == words


@pytest.mark.parametrize(
    ("hosts", "domain"),
    [
        (["a.example.test", "b.example.test"], ".example.test"),
        (["a.emea.example.test", "b.apac.example.test"], ".example.test"),
        (["a.example.test", "192.0.2.1"], ".example.test"),
        (["a.test", "b.test"], ""),
        (["a.example.test", "a.example.com"], ""),
        (["192.0.2.1", "2001:db8::1"], ""),
        (["example.test"], ""),
        ([], ""),
    ],
)
def test_common_domain(hosts: list[str], domain: str) -> None:
    assert common_domain(hosts) == domain
