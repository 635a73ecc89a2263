# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""XML from a node, read so that it can do no harm.

Any document type declaration is refused, and with it every entity that expands or reaches out. Size and depth are limited. Names
lose their prefix, because only the vendor's namespaces come and releases differ in them.
"""

from __future__ import annotations

from typing import Any, NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from ansible_collections.collab.expressway.plugins.module_utils.unexpected_answer import (
    ForeignAnswer,
    UnexpectedAnswer,
)

MAXIMUM_SIZE = 16 * 1024 * 1024
"""Bytes; AXL itself answers with 8 MB at most (Unified CM facts 3.1)."""
MAXIMUM_DEPTH = 64


def read_xml(body: bytes) -> Element:
    """The root element. Raises `ForeignAnswer` when `body` is no XML, is cut short, or declares a document type."""
    if len(body) > MAXIMUM_SIZE:
        raise ForeignAnswer(f"the XML is longer than {MAXIMUM_SIZE} bytes")
    parser = expat.ParserCreate()
    tree = _Tree()
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.data
    parser.buffer_text = True
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        place = f"line {error.lineno}, column {error.offset + 1}"
        raise ForeignAnswer(
            f"the answer is no complete XML ({expat.ErrorString(error.code)}, {place})"
        ) from None
    except UnexpectedAnswer:
        raise
    # Encodings that expat does not know are looked up in Python's codecs, each of which says no in its own way.
    except (LookupError, ValueError) as error:
        raise ForeignAnswer(f"the XML is in an encoding that cannot be read: {error}") from None
    return tree.root()


def text_of(element: Element, name: str) -> str:
    """The text of the first child `name`, stripped; empty when there is none or it is empty."""
    child = element.find(name)
    return "" if child is None else (child.text or "").strip()


class _Tree:
    def __init__(self) -> None:
        self._builder = TreeBuilder()
        self._depth = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAXIMUM_DEPTH:
            raise ForeignAnswer(f"the XML is nested deeper than {MAXIMUM_DEPTH} elements")
        self._builder.start(_local(name), attributes)

    def end(self, name: str) -> None:
        self._depth -= 1
        self._builder.end(_local(name))

    def data(self, text: str) -> None:
        self._builder.data(text)

    def root(self) -> Element:
        return self._builder.close()


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _refuse_document_type(*_declaration: Any) -> NoReturn:
    raise ForeignAnswer(
        "the XML declares a document type, which AXL and UDS never do; it was not read further"
    )
