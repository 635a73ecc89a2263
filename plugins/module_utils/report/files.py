# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a report, by format. The same audits always give the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable

from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import Record
from ansible_collections.collab.expressway.plugins.module_utils.report.html import html_report
from ansible_collections.collab.expressway.plugins.module_utils.report.text import text_report

FILE_NAMES = {"html": "mra-audit.html", "json": "mra-audit.json", "text": "mra-audit.txt"}


def json_report(audits: list[Record]) -> str:
    """A document of `docs/audit.schema.json`."""
    return json.dumps({"audits": audits}, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


RENDERINGS: dict[str, Callable[[list[Record]], str]] = {
    "html": html_report,
    "json": json_report,
    "text": text_report,
}


def render(audits: list[Record], kind: str) -> str:
    """The content of the file of this format (html, json, text), without lone surrogates."""
    return RENDERINGS[kind](audits).encode("utf-8", "backslashreplace").decode("utf-8")
