# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The HTML report in a real browser, served by a loopback server that counts what is asked of it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.report.html import html_report

from tests.unit.audit.observations import (
    CHAINS,
    HOSTILE,
    NODE,
    OTHER_ROOT,
    Record,
    address,
    audit,
    facts,
    observed,
    pem,
    presented,
)

CHROMIUM, CHROMEDRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")
REQUIRED = os.environ.get("COLLAB_REQUIRE_BROWSER") == "1"
pytestmark = pytest.mark.skipif(
    not REQUIRED and not (CHROMIUM.exists() and CHROMEDRIVER.exists()),
    reason="chromium and chromedriver are not installed",
)
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1000",
)


def model() -> Record:
    """Every section is filled, and every text that a stranger can choose tries to break out."""
    evil = pem(HOSTILE, "ec hostile", None, ("hostile.example.test",))
    healthy, other = address("cucm2.example.test"), address(port=6972)
    good = pem("cucm2.example.test", "rsa 4", "Root", ("cucm2.example.test",))
    return audit(
        [
            observed(said=facts(cipher_list="ALL")),
            observed("expc2.example.test", facts(OTHER_ROOT + evil, cipher_list="ALL")),
            observed(HOSTILE, facts=None, reached=False, error=HOSTILE),
        ],
        [address(), other, healthy, address("gone.example.test")],
        [
            presented("rsa", CHAINS["rsa"][0]),
            presented("ecdsa", evil),
            presented("offered", evil, cipher_list="ALL"),
            presented("rsa", None, other, error=HOSTILE),
            presented("rsa", good, healthy),
            presented("ecdsa", None, healthy, error_kind="no_common_cipher"),
            presented("offered", good, healthy, cipher_list="ALL"),
        ],
    )


class Desk(BaseHTTPRequestHandler):
    """Hands out the one document and writes down every request."""

    def __init__(self, document: bytes, asked: list[str], *arguments: Any) -> None:
        self.document, self.asked = document, asked
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.document if self.path == "/" else b"")

    def log_message(self, format: str, *arguments: Any) -> None:
        """Silence."""


@pytest.fixture(scope="module")
def asked() -> list[str]:
    return []


@pytest.fixture(scope="module")
def page(asked: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser that has opened the report; its console is kept."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    profile = tmp_path_factory.mktemp("profile")
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    desk = partial(Desk, html_report([model()]).encode(), asked)
    server = ThreadingHTTPServer(("127.0.0.1", 0), desk)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    driver = webdriver.Chrome(options=options, service=Service(str(CHROMEDRIVER)))
    try:
        driver.get(f"http://127.0.0.1:{server.server_port}/")
        yield driver
    finally:
        driver.quit()
        server.shutdown()
        server.server_close()
        thread.join()
        shutil.rmtree(profile, ignore_errors=True)


def visible(page: Any, selector: str) -> list[str]:
    found = page.execute_script(
        "return [...document.querySelectorAll(arguments[0])].filter(item => item.offsetParent).map(item => item.innerText)",
        selector,
    )
    return [text.lower() for text in found]


def type_in(page: Any, words: str, severity: str = "") -> None:
    page.execute_script(
        """const bar = document.querySelector('.filter');
        const [words, level] = [bar.querySelector('input'), bar.querySelector('select')];
        words.value = arguments[0]; level.value = arguments[1];
        words.dispatchEvent(new Event('input', {bubbles: true}));""",
        words,
        severity,
    )


def test_the_report_is_quiet(page: Any, asked: list[str]) -> None:
    """No request but for the document itself, no word on the console, no script of a stranger."""
    assert asked == ["/"]
    requested = [
        line["message"]
        for line in page.get_log("performance")
        if "Network.requestWillBeSent" in line["message"] and '"url":"http' in line["message"]
    ]
    assert len(requested) == 1
    assert page.get_log("browser") == []
    assert page.title == "MRA origin certificate audit"


def test_a_hostile_subject_is_shown_and_not_executed(page: Any) -> None:
    body = page.execute_script("return document.body.innerText")
    assert "</script><script>document.title='owned'" in body
    assert page.execute_script("return document.scripts.length") == 1
    assert page.execute_script("return document.images.length") == 0


def test_an_injected_script_would_not_run(page: Any) -> None:
    """The document's own policy holds, should an escape ever be missing."""
    page.execute_script(
        "const script = document.createElement('script');"
        "script.textContent = 'document.title = \"owned\"'; document.body.append(script); script.remove()"
    )
    assert page.title == "MRA origin certificate audit"
    page.get_log("browser")


def test_the_filter_shows_what_fits(page: Any) -> None:
    everything = visible(page, "[data-text]")
    type_in(page, "cucm2.example.test")
    some = visible(page, "[data-text]")
    assert 0 < len(some) < len(everything)
    assert visible(page, "tbody tr[data-text] th")[0].startswith("cucm2.example.test:8443")
    assert visible(page, ".filter output") == [f"{len(some)} of {len(everything)} shown"]
    type_in(page, "", "critical")
    assert visible(page, "article.critical") and not visible(page, "article.warning")
    type_in(page, "no such host anywhere")
    assert visible(page, "[data-text]") == []
    type_in(page, "")
    assert visible(page, "[data-text]") == everything


def test_the_matrix_says_it_in_words(page: Any) -> None:
    """Colour alone tells nothing to some readers, and nothing in print."""
    (row,) = [
        text
        for text in visible(page, "tbody tr[data-text]")
        if text.startswith("cucm2.example.test:8443")
    ]
    assert "accepted" in row and "breaks today" in row and "none" in row and "unknown" in row


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_page_scrolls_sideways(page: Any, width: int) -> None:
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    inner, outer = page.execute_script(
        "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert inner <= outer


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast_in_both_schemes(page: Any, scheme: str) -> None:
    """WCAG AA: 4.5 to 1, for every tag, and for soft text, on what lies behind it."""
    page.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    ratios = page.execute_script(
        """const light = text => {
          const part = text.match(/[\\d.]+/g).slice(0, 3).map(value => value / 255)
            .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
          return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
        };
        const behind = item => {
          for (; item; item = item.parentElement) {
            const colour = getComputedStyle(item).backgroundColor;
            if (!/, 0\\)$/.test(colour)) return colour;
          }
        };
        return [...document.querySelectorAll('.tag, .soft, .why, a, summary, th, caption, h4')].map(item => {
          const pair = [light(getComputedStyle(item).color), light(behind(item))].sort((a, b) => b - a);
          return [(pair[0] + 0.05) / (pair[1] + 0.05), item.className + ' ' + item.tagName];
        });"""
    )
    assert ratios
    assert [pair for pair in ratios if pair[0] < 4.5] == []


def test_print_shows_what_is_folded_away(page: Any) -> None:
    closed = page.execute_script("return document.querySelectorAll('details:not([open])').length")
    assert closed
    page.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert (
        page.execute_script("return document.querySelectorAll('details:not([open])').length") == 0
    )
    page.execute_script("dispatchEvent(new Event('afterprint'))")
    again = page.execute_script("return document.querySelectorAll('details:not([open])').length")
    assert again == closed


def test_without_its_script_everything_is_there() -> None:
    """The filter bar hides itself; nothing else waits for the script."""
    document = html_report([model()])
    body = document[: document.rindex("<script>")]
    assert NODE in body and "What was not looked at" in body
    assert body.count(" hidden") == 1
