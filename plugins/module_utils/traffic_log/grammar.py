# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines of the traffic server that tell of an origin's certificate, and those of the requests around them.

Texts of the refusals are those of the Traffic Server source (8.0 to 10), confirmed on the real program; the lines of
requests are the Expressway's own, as published in troubleshooting articles. Spaces after `:` and `]` are optional,
because published samples vary. A line counts only as a whole, from its time stamp on: the same words inside a URL, or
in a line of another program, tell nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeAlias

from ansible_collections.collab.expressway.plugins.module_utils.verdict import (
    verification_errors as errors,
)

CHAIN, NAME, PLUGIN, HANDSHAKE = "chain", "name", "plugin", "handshake"
TERMINATE = "Terminate"
RECEIVED, SENT_BACK = "Receive Request", "Sending Response"
"""What a `Step` of a client's request is called at its beginning and its end."""

RFC3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
WITHOUT_YEAR = r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?"
RECORD_START = re.compile(
    rf"\s*(?:<\d{{1,3}}>)?(?:{RFC3339}|{WITHOUT_YEAR}|\[{WITHOUT_YEAR}\])\s".encode()
)
"""How a line begins that is no continuation of the one above."""
MARK = b"<#root>"
"""What the vendor's web pages put before the lines that matter, so it is in what people paste."""
BARE_START = re.compile(rb"\s*(?:\[(?:ET_|[A-Z_]+ \d+\])|WARNING\s*:|ERROR\s*:)")
"""The same for a diagnostic line whose time and host were cut off."""

_PREFIX = re.compile(
    rf"\s*(?:<\d{{1,3}}>)?(?:(?P<time>{RFC3339})|(?P<dated>{WITHOUT_YEAR}))\s+(?P<host>\S+)\s+"
    r"traffic_server\s*\[(?P<pid>\d+)\]\s*:\s*"
)
_NATIVE_PREFIX = re.compile(rf"\s*(?:\[(?P<dated>{WITHOUT_YEAR})\]\s*)?")
_DIAGNOSTIC = re.compile(
    r"(?:\[\s*(?P<thread>[A-Z][A-Z_]*\s*\d*)\s*\]\s*)?(?P<level>WARNING|ERROR|DEBUG|DIAG|NOTE)\s*:\s*"
    r"(?:<[^>]*>\s*)?(?:\([a-z_.]+\)\s*)?"
)


def _spaced(text: str) -> str:
    """The words of a message with any number of spaces between them, none included."""
    return r"\s*".join(re.escape(word) for word in text.split())


_HOST = r"\((?P<name>\(null\)|[^()]*)\)"
_SERVER = r"server\s*=\s*(?P<server>\(null\)|[^()]*?)\s*\((?P<ip>[^()]*)\)"
_ACTION = r"\.?\s*Action\s*=\s*(?P<action>Terminate|Continue)\s*"
_CHAIN = re.compile(
    _spaced("Core server certificate verification failed for") + rf"\s*{_HOST}{_ACTION}"
    rf"Error\s*=\s*(?P<error>.+?)\s*{_SERVER}(?:\s*depth\s*=\s*(?P<depth>\d+))?"
)
_NAME = re.compile(
    rf"(?:SNI|Origin\s*hostname)\s*{_HOST}\s*" + _spaced("not in certificate") + _ACTION + _SERVER
)
_PLUGIN = re.compile(
    _spaced("TS_EVENT_SSL_VERIFY_SERVER plugin failed the origin certificate check for")
    + rf"\s*(?P<server>\(null\)|[^\s()]+?){_ACTION}SNI\s*=\s*(?P<name>\(null\)|\S*)"
)
_FAILED = re.compile(
    _spaced("SSL connection failed for") + r"\s*'(?P<name>[^']*)'\s*:\s*(?P<reason>.*\S)"
)
_ANY_REFUSAL = re.compile(
    r"Core\s*server\s*cert|SNI\s*\(|Origin\s*hostname\s*\(|TS_EVENT_SSL_VERIFY_SERVER\s*plugin|SSL\s*connection\s*failed"
)

_DETAIL = re.compile(r'Detail\s*=\s*"(?P<detail>(?:Receive|Sending) (?:Request|Response))"')
_TRANSACTION = re.compile(r'Txn-id\s*=\s*"(?P<id>\w+)"')
_DESTINATION = re.compile(r'Dst-ip\s*=\s*"(?P<ip>[^"]*)"\s*Dst-port\s*=\s*"(?P<port>\d{1,5})"')
_MESSAGE = re.compile(r'Msg\s*=\s*"\s*(?P<line>[^"]*)|HTTPMSG\s*:\s*\|\s*(?P<block>[^|]*)')
_REQUEST = re.compile(r"(?P<method>[A-Z]+)\s+(?P<url>\S.*?)\s*(?:HTTP/[\d.]+|$)", re.DOTALL)
_STATUS = re.compile(r"HTTP/[\d.]+\s+(?P<status>\d{3})")
_ALLOWED = re.compile(
    r'Event\s*=\s*"Request Allowed".*?Username\s*=\s*"(?P<user>[^"]*)".*?Request\s*=\s*"(?P<url>[^"]*)"'
)


class Writer(NamedTuple):
    """Who wrote a line: the host name in it and the pid; both are None in the program's own log files."""

    peer: str | None
    process: int | None


class Origin(NamedTuple):
    """Whose certificate is refused: the name that was compared, the host name of the server, its address."""

    name: str
    server: str | None
    ip: str | None


class Cause(NamedTuple):
    """Why, and what the traffic server does about it. `error` has the words of OpenSSL 1.1.1 (number in `code`, None when it
    is no error of OpenSSL)."""

    stage: str
    action: str
    error: str
    code: int | None = None
    depth: int | None = None


@dataclass(slots=True)
class Refused:
    """A refused certificate.

    `time` is ISO 8601 as the line has it, `at` seconds since the epoch; both are None for a line without time. `echoed`:
    the line that Traffic Server 8 writes after it was seen.
    """

    writer: Writer
    time: str | None
    at: float | None
    thread: str | None
    origin: Origin
    cause: Cause
    echoed: bool = False


@dataclass(slots=True)
class ConnectionFailed:
    """`SSL connection failed`: follows a refusal in Traffic Server 8, or tells of another failed handshake."""

    writer: Writer
    time: str | None
    at: float | None
    thread: str | None
    name: str
    reason: str


@dataclass(slots=True)
class Step:
    """A step of one request: `detail` is `Receive Request`, `Sending Request`, `Receive Response` or `Sending Response`."""

    writer: Writer
    at: float | None
    transaction: str
    detail: str
    ip: str | None
    port: int | None
    method: str | None
    url: str | None
    status: int | None


@dataclass(slots=True)
class Allowed:
    """The allow list let a request pass: the only line that always names the user."""

    writer: Writer
    user: str
    url: str


Line: TypeAlias = Refused | ConnectionFailed | Step | Allowed


class Unreadable(ValueError):
    """A line of the traffic server that speaks of a refusal, but is cut off or damaged."""


def read_line(record: bytes, year_of: datetime | None = None) -> Line | None:
    """What one record tells; None when it is none of ours.

    `record` may hold line breaks (wrapped by copy and paste, or with an HTTP message behind it) and damaged UTF-8.
    `year_of` is a moment not before the line, for lines without a year; without it they have no time.
    Raises `Unreadable` for a refusal that is cut off.
    """
    text = record.decode("utf-8", "replace").rstrip()
    if "\n" in text:
        text = " ".join(text.replace(MARK.decode(), " ").split())
    prefix = _PREFIX.match(text)
    if prefix:
        peer, process = prefix["host"], int(prefix["pid"])
        time, at = stamp(prefix["time"], prefix["dated"], year_of)
        rest = text[prefix.end() :]
    else:
        native = _NATIVE_PREFIX.match(text)
        peer = process = None
        time, at = stamp(None, native["dated"] if native else None, year_of)
        rest = text[native.end() :] if native else text
    writer = Writer(peer, process)
    diagnostic = _DIAGNOSTIC.match(rest)
    if diagnostic:
        thread = " ".join(diagnostic["thread"].split()) if diagnostic["thread"] else None
        return _diagnostic((writer, time, at, thread), rest[diagnostic.end() :])
    if peer is None:
        return None
    return _step(writer, at, rest) or _allowed(writer, rest)


def _diagnostic(
    who: tuple[Writer, str | None, float | None, str | None], message: str
) -> Refused | ConnectionFailed | None:
    if not _ANY_REFUSAL.match(message):
        return None
    found = _CHAIN.match(message)
    if found:
        code = error_code(found["error"])
        error = found["error"] if code is None else errors.error_text(code)
        depth = int(found["depth"]) if found["depth"] else None
        return Refused(*who, _origin(found), Cause(CHAIN, found["action"], error, code, depth))
    found = _NAME.match(message)
    if found:
        origin = _origin(found)
        error = f"SNI ({origin.name}) not in certificate"
        return Refused(*who, origin, Cause(NAME, found["action"], error))
    found = _PLUGIN.match(message)
    if found:
        server, sni = _known(found["server"]), _known(found["name"])
        error = "a plugin of the traffic server refuses the certificate"
        origin = Origin(sni or server or "", server, None)
        return Refused(*who, origin, Cause(PLUGIN, found["action"], error))
    found = _FAILED.match(message)
    if found:
        return ConnectionFailed(*who, found["name"], found["reason"])
    raise Unreadable(message)


def _origin(found: re.Match[str]) -> Origin:
    name, server, ip = (_known(found[group]) for group in ("name", "server", "ip"))
    return Origin(name or server or ip or "", server, ip)


def _known(text: str) -> str | None:
    text = text.strip()
    return None if text in ("", "(null)") else text


def _step(writer: Writer, at: float | None, rest: str) -> Step | None:
    detail, transaction = _DETAIL.search(rest), _TRANSACTION.search(rest)
    if not detail or not transaction:
        return None
    destination, message = _DESTINATION.search(rest), _MESSAGE.search(rest)
    text = (message["line"] or message["block"] or "") if message else ""
    request = _REQUEST.match(text) if detail["detail"].endswith("Request") else None
    status = _STATUS.match(text)
    return Step(
        writer,
        at,
        transaction["id"],
        detail["detail"],
        destination["ip"] if destination else None,
        int(destination["port"]) if destination else None,
        request["method"] if request else None,
        request["url"].replace(" ", "") if request else None,
        int(status["status"]) if status else None,
    )


def _allowed(writer: Writer, rest: str) -> Allowed | None:
    found = _ALLOWED.match(rest)
    return Allowed(writer, found["user"], found["url"].replace(" ", "")) if found else None


def stamp(
    full: str | None, dated: str | None, year_of: datetime | None
) -> tuple[str | None, float | None]:
    """(ISO 8601 text, seconds since the epoch); a time without zone is taken for UTC."""
    try:
        if full is not None:
            moment = datetime.fromisoformat(full.replace(",", "."))
            at = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return full, at.timestamp()
        if dated is None or year_of is None:
            return None, None
        for year in (year_of.year, year_of.year - 1):
            moment = datetime.strptime(
                f"{year} {dated if '.' in dated else dated + '.0'}", "%Y %b %d %H:%M:%S.%f"
            ).replace(tzinfo=UTC)
            if moment <= year_of + timedelta(days=1):
                break
        return moment.replace(tzinfo=None).isoformat(timespec="milliseconds"), moment.timestamp()
    except ValueError:
        return None, None


_CODES = {text.lower(): code for code, text in errors.TEXTS.items()} | {
    "self-signed certificate": errors.SELF_SIGNED_LEAF,
    "self-signed certificate in certificate chain": errors.SELF_SIGNED_IN_CHAIN,
    "unsuitable certificate purpose": errors.WRONG_PURPOSE,
}
_SQUEEZED_CODES = {re.sub(r"[\s-]", "", text): code for text, code in _CODES.items()}


def error_code(text: str) -> int | None:
    """The number of OpenSSL 1.1.1 for the words of any OpenSSL from 1.1.1 on; None for other words."""
    return _SQUEEZED_CODES.get(re.sub(r"[\s-]", "", text.lower()))
