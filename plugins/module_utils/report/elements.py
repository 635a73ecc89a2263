# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTML elements whose text is always escaped, so that no certificate subject can become markup."""

from __future__ import annotations

import html
from collections.abc import Iterable

from ansible_collections.collab.expressway.plugins.module_utils.report.printable_text import (
    printable,
)

VOID = frozenset({"meta", "link", "input", "br"})


class Markup(str):
    """Text that already is HTML; everything else is escaped on its way in."""

    __slots__ = ()


Child = object
"""None (left out), Markup (as it is), an iterable of children, or anything else (escaped text)."""


def element(tag: str, *children: Child, **attributes: object) -> Markup:
    """One element. `class_` → class, `data_text` → data-text; True gives a bare attribute, None and False none."""
    written = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in VOID:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{join(children)}</{tag}>")


def join(children: Iterable[Child]) -> Markup:
    """Children one after the other."""
    return Markup("".join(_child(child) for child in children))


def _child(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, str) or not isinstance(child, Iterable):
        return _text(child)
    return join(child)


def _text(value: object) -> str:
    return html.escape(printable(str(value), keep="\n"))


def _attribute(name: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{_text(value)}"'
