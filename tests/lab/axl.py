# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AXL of a publisher: who may ask, which schema version, and the SOAP around rows (CUCM facts 3.1).

The rows themselves are in `axl_rows.py`. Only reading is here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from tests.lab.axl_rows import Row, get, rows
from tests.lab.web import Reply, Request, page, unauthorized

if TYPE_CHECKING:
    from tests.lab.uc_node import UcNode

ROOT = "/axl"
REALM = "Cisco AXL API"
_NAMESPACE = "http://www.cisco.com/AXL/API/"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_ACTION = re.compile(r"CUCM:DB ver=(?P<version>[0-9.]+)(?: (?P<operation>\w+))?")
_DISCOVERY = "1.0"
"""The schema version in which getCCMVersion may be asked whatever the release is."""
_SUPPORTED = {
    12: ("11.x, 12.0 and 12.5", ("11.0", "11.5", "12.0", "12.5")),
    14: ("11.x, 12.x and 14.0", ("11.0", "11.5", "12.0", "12.5", "14.0")),
    15: ("12.x, 14.0 and 15.0", ("12.0", "12.5", "14.0", "15.0")),
}


class AxlError(Exception):
    """What AXL answers with a fault: its code and its message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Call:
    """One operation of a SOAP body: criteria and arguments as text by name, tags as asked for."""

    operation: str
    version: str
    criteria: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] | None = None


def reply(node: UcNode, request: Request) -> Reply:
    """Return what `node` answers at /axl/; a failed login is counted."""
    if not node.has_axl:
        return page(404, "The requested resource [/axl/] is not available")
    if request.login is None:
        return unauthorized(REALM)
    if not node.is_axl_user(*request.login):
        return unauthorized(REALM)
    if node.switches["axl_role"] == "missing":
        return page(403, "Access to the requested resource has been denied")
    if request.method != "POST":
        return Reply(200, "Cisco CallManager: AXL Web Service", "text/plain;charset=utf-8")
    try:
        call = parse(request.body)
    except AxlError as error:
        return _fault(error, "")
    if not _version_fits(node, request, call):
        return _incorrect_version(node)
    try:
        return _answer(node, call)
    except AxlError as error:
        return _fault(error, call.operation)


def operation(body: bytes) -> str:
    """The name of the operation in `body`, for the record; "" for what cannot be read."""
    try:
        return parse(body).operation
    except AxlError:
        return ""


def parse(body: bytes) -> Call:
    """Take a SOAP request apart; raise AxlError for what is none."""
    if b"<!DOCTYPE" in body:
        raise AxlError(-1, "DTD is not allowed")
    try:
        envelope = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise AxlError(-1, f"Unable to parse the request: {error}") from None
    found = envelope.find(f"{{{_SOAP}}}Body")
    if envelope.tag != f"{{{_SOAP}}}Envelope" or found is None or not len(found):
        raise AxlError(-1, "The request has no SOAP body")
    namespace, _brace, name = found[0].tag.removeprefix("{").partition("}")
    if not namespace.startswith(_NAMESPACE):
        raise AxlError(-1, f"Unknown namespace {namespace}")
    criteria, arguments = {}, {}
    tags = None
    for child in found[0]:
        if child.tag == "searchCriteria":
            criteria = {one.tag: one.text or "" for one in child}
        elif child.tag == "returnedTags":
            tags = [one.tag for one in child]
        else:
            arguments[child.tag] = child.text or ""
    return Call(name, namespace.removeprefix(_NAMESPACE), criteria, arguments, tags)


def _version_fits(node: UcNode, request: Request, call: Call) -> bool:
    action = _ACTION.match(request.headers.get("soapaction", "").strip('"'))
    if call.operation == "getCCMVersion" and call.version == _DISCOVERY:
        return True
    if action is None:
        if node.switches["axl_soap_action"] == "required":
            return False
    elif action["version"] != call.version:
        return False
    return call.version in _supported(node)[1]


def _supported(node: UcNode) -> tuple[str, tuple[str, ...]]:
    return _SUPPORTED[max(major for major in _SUPPORTED if major <= max(node.uc.major, 12))]


def _incorrect_version(node: UcNode) -> Reply:
    text = f"Incorrect axl version. Supported axl versions are {_supported(node)[0]}"
    return page(599, text)


def _answer(node: UcNode, call: Call) -> Reply:
    if call.operation == "getCCMVersion":
        number = node.uc.release.replace("-", "(") + ")"
        return _respond(
            call, f"<componentVersion><version>{escape(number)}</version></componentVersion>"
        )
    if call.operation.startswith("list"):
        kind = call.operation.removeprefix("list")
        kind = kind[:1].lower() + kind[1:]
        listed = rows(node, kind)
        if listed is None:
            raise AxlError(-1, f"Operation {call.operation} is not offered")
        if not call.criteria:
            raise AxlError(-1, "At least one element of searchCriteria must be given")
        if call.tags is None:
            raise AxlError(-1, "returnedTags is missing")
        matching = [row for row in listed if _matches(row, call.criteria)]
        return _respond(call, "".join(_element(node, kind, row, call.tags) for row in matching))
    if call.operation.startswith("get"):
        kind = call.operation.removeprefix("get")
        kind = kind[:1].lower() + kind[1:]
        key = "uuid" if "uuid" in call.arguments else "name"
        wanted = call.arguments.get(key, "")
        candidates = get(node, kind)
        if candidates is None:
            raise AxlError(-1, f"Operation {call.operation} is not offered")
        for row in candidates:
            if (row.uuid if key == "uuid" else row.fields.get("name")) == wanted:
                return _respond(call, _element(node, kind, row, call.tags or list(row.fields)))
        raise AxlError(5007, f"Item not valid: The specified {wanted} was not found")
    raise AxlError(-1, f"Operation {call.operation} is not offered")


def _matches(row: Row, criteria: Mapping[str, str]) -> bool:
    """`%` stands for any text; case does not count, as in the database."""
    for name, pattern in criteria.items():
        expression = ".*".join(re.escape(part) for part in pattern.split("%"))
        if not re.fullmatch(expression, str(row.fields.get(name, "")), re.IGNORECASE | re.DOTALL):
            return False
    return True


def _element(node: UcNode, kind: str, row: Row, tags: Sequence[str]) -> str:
    names = [name for name in row.fields if name in tags]
    if node.switches["axl_element_order"] == "not_by_schema":
        names.sort(key=lambda name: (name != "name", name))
    return f'<{kind} uuid="{row.uuid}">{"".join(_field(n, row) for n in names)}</{kind}>'


def _field(name: str, row: Row) -> str:
    value = row.fields[name]
    if isinstance(value, str):
        return f"<{name}>{escape(value)}</{name}>" if value else f"<{name}/>"
    return f"<{name}>{value.xml}</{name}>"


def _respond(call: Call, inside: str) -> Reply:
    name = f"ns:{call.operation}Response"
    uri = f"{_NAMESPACE}{call.version}"
    content = f"<return>{inside}</return>" if inside else "<return/>"
    return _envelope(200, f'<{name} xmlns:ns="{uri}">{content}</{name}>')


def _fault(error: AxlError, asked: str) -> Reply:
    text = escape(str(error))
    return _envelope(
        500,
        "<soapenv:Fault><faultcode>soapenv:Server</faultcode>"
        f"<faultstring>{text}</faultstring><detail><axlError><axlcode>{error.code}</axlcode>"
        f"<axlmessage>{text}</axlmessage><request>{escape(asked)}</request></axlError></detail>"
        "</soapenv:Fault>",
    )


def _envelope(status: int, body: str) -> Reply:
    return Reply(
        status,
        f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{_SOAP}">'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>",
        "text/xml;charset=UTF-8",
    )
