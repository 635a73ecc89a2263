# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the traffic server of a peer logged, told in the lines that an Expressway writes.

The real program (Traffic Server 9.2) writes two files: `diags.log` with its WARNING lines, and a log of
requests. Both are read here and written as Expressway facts 7.2 show the lines of release 8 with OpenSSL 1.1.1;
what of that is a guess is a switch. Local time without a year is what `diags.log` has; the current year is taken.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.lab.traffic_server import CANARY, REQUEST_FIELDS, TrafficServer

FLUSH_SECONDS = 10.0
"""The program writes its log of requests about a second late, and later on a busy machine."""
MOST_KEPT = 20_000
DEBUG_SETTING = "Logger Developer developer.trafficserver.http Level"

_DIAGNOSTIC = re.compile(r"\[(\w{3} +\d+ [\d:.]+)\] (\[ET_NET \d+\] WARNING: .*)")
_SERVER_NAME = re.compile(r"failed for \(([^)]*)\)")


@dataclass(frozen=True)
class Warning:
    """A line of `diags.log` about an origin; `at` in seconds since the epoch."""

    at: float
    text: str


@dataclass(frozen=True)
class Asked:
    """One request that a client made: where it came from, what for, and what it got."""

    at: float
    seconds: float
    client: tuple[str, int]
    method: str
    status: int
    server: str
    path: str
    url: str

    @property
    def answered_at(self) -> float:
        """The duration is cut to milliseconds; what led to the answer was logged before it."""
        return self.at + self.seconds + 0.002

    @property
    def origin(self) -> tuple[str, int] | None:
        """Host and port in the token of the path, None when there is no such token."""
        token = self.path.strip("/").partition("/")[0]
        try:
            text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
            _domain, _protocol, host, port = text.split("/")
            return host, int(port)
        except (binascii.Error, ValueError):
            return None

    @property
    def target(self) -> str:
        """Path and query as the origin is asked for them."""
        parts = urlsplit(self.url)
        inner = "/" + parts.path.strip("/").partition("/")[2]
        return f"{inner}?{parts.query}" if parts.query else inner

    @property
    def user(self) -> str:
        """The user whom the request is about, as far as the URL says."""
        parts = urlsplit(self.target)
        named = re.search(r"/user/([^/]+)", parts.path)
        return named[1] if named else parse_qs(parts.query).get("username", [""])[0]


Entry = Warning | Asked


class TrafficLog:
    """The log of one traffic server, kept when the program starts anew. Any thread may call it, one at a time."""

    def __init__(self, server: TrafficServer) -> None:
        self._server = server
        self._kept: list[Entry] = []

    @property
    def pid(self) -> int:
        return self._server.pid or 0

    def flush(self) -> None:
        """Wait until all requests that have been answered are in the files."""
        marks, end = self._marks, time.monotonic() + FLUSH_SECONDS
        # Requests are logged in the order of their answers.
        self._server.canary_status()
        while self._marks == marks and time.monotonic() < end:
            time.sleep(0.05)

    @property
    def _marks(self) -> int:
        return sum(f"/{CANARY}/" in line for line in _lines(self._server.requests))

    def keep(self) -> None:
        """Take over what the files hold; call it before the program starts anew and empties them."""
        self._kept = [*self._kept, *self._read()][-MOST_KEPT:]

    def entries(self, since: float, until: float) -> list[Entry]:
        """What was logged in that time, in its order."""
        found = [entry for entry in [*self._kept, *self._read()] if since <= entry.at <= until]
        return sorted(found, key=lambda entry: entry.at)

    def _read(self) -> Iterator[Entry]:
        for line in _lines(self._server.log):
            if match := _DIAGNOSTIC.fullmatch(line):
                year = datetime.now().year
                at = datetime.strptime(f"{year} {match[1]}", "%Y %b %d %H:%M:%S.%f")
                yield Warning(at.timestamp(), match[2])
        for line in _lines(self._server.requests):
            values = line.split(" ")
            if len(values) == len(REQUEST_FIELDS) and CANARY not in line:
                yield _asked(dict(zip(REQUEST_FIELDS, values, strict=True)))


def _lines(path: Path) -> list[str]:
    try:
        # The last line may be half written.
        return path.read_text(errors="replace").split("\n")[:-1]
    except FileNotFoundError:
        return []


def _asked(values: Mapping[str, str]) -> Asked:
    return Asked(
        at=float(values["cqtq"]),
        seconds=int(values["ttms"]) / 1000,
        client=(values["chi"], int(values["chp"])),
        method=values["cqhm"],
        status=int(values["pssc"]),
        server=values["shi"],
        path=values["cquup"].partition("?")[0],
        url=values["cquuc"],
    )


# --- as an Expressway writes it -----------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One line (or block) of the log; `rank` orders those of one millisecond."""

    at: float
    rank: int
    text: str


def expressway_c_lines(
    entries: Iterable[Entry], host: str, pid: int, switches: Mapping[str, Any], *, debug: bool
) -> list[str]:
    """The lines of Expressway-C `host`. `debug` adds the HTTPMSG blocks that its level DEBUG writes."""
    lines: list[Line] = []
    number = 100
    for entry in entries:
        if isinstance(entry, Warning):
            lines += _refusal(entry, switches)
        else:
            number += 1
            lines += _transaction(entry, number, debug=debug)
    lines.sort(key=lambda line: (round(line.at, 3), line.rank))
    return [f"{stamp(line.at)} {host} traffic_server[{pid}]: {line.text}" for line in lines]


def expressway_e_lines(entries: Iterable[Entry], host: str) -> list[str]:
    """What Expressway-E `host` says of the requests that its Expressway-C answered with an error."""
    return [
        f"{stamp(entry.answered_at)} {host} traffic_server[4711]: "
        f'Event="Sending HTTP error response" Status="{entry.status}" Reason="connect failed" '
        f'Dst-ip="{entry.client[0]}" Dst-port="{entry.client[1]}" '
        f'UTCTime="{utc_stamp(entry.answered_at)}"'
        for entry in entries
        if isinstance(entry, Asked) and entry.status >= 400
    ]


def _refusal(entry: Warning, switches: Mapping[str, Any]) -> Iterator[Line]:
    old = switches["traffic_log_openssl"] == "openssl_1_1_1"
    text = entry.text.replace("self-signed", "self signed") if old else entry.text
    yield Line(entry.at, 2, text)
    name = _SERVER_NAME.search(text)
    if name and switches["traffic_log_error_line"] == "written":
        code = (
            "error:1416F086:SSL routines:tls_process_server_certificate:certificate verify failed"
            if old
            else "error:0A000086:SSL routines::certificate verify failed"
        )
        thread = text.partition(" WARNING: ")[0]
        yield Line(entry.at, 3, f"{thread} ERROR: SSL connection failed for '{name[1]}': {code}")


def _transaction(asked: Asked, number: int, *, debug: bool) -> Iterator[Line]:
    """`Receive Request`, the allow list, `Sending Request` and `Sending Response` of one transaction."""
    origin = asked.origin
    source, source_port = asked.client
    url = urlsplit(asked.url)
    query = f"?{url.query}" if url.query else ""
    received = f"{asked.method} {url.scheme}://{url.netloc}{asked.path}{query} HTTP/1.1"
    reason = {200: "OK", 502: "connect failed"}.get(asked.status, "")
    yield _module(
        asked.at,
        0,
        f'Detail="Receive Request" Txn-id="{number}" TrackingID="" Src-ip="{source}" Src-port="{source_port}" '
        f'Last-via-addr="" Msg="{received}"',
    )
    if origin is not None:
        host, port = origin
        asked_for = f"https://{host}:{port}{asked.target}"
        yield Line(
            asked.at,
            1,
            f'Event="Request Allowed" Detail="Access allowed" Reason="In allow list" Username="{asked.user}" '
            f'Deployment="1" Method="{asked.method}" Request="{asked_for}" Rule="https://{host}:{port}/" '
            f'Match="prefix" Type="Automatically generated rule for CUCM server" UTCTime="{utc_stamp(asked.at)}"',
        )
        sent = f"{asked.method} {asked.target} HTTP/1.1"
        yield _module(
            asked.at,
            1,
            f'Detail="Sending Request" Txn-id="{number}" TrackingID="" Dst-ip="{asked.server}" Dst-port="{port}" '
            f'Msg="{sent}"',
        )
        if debug:
            yield _module(
                asked.at,
                1,
                f'Detail="Sending Request" Txn-id="{number}" Dst-ip="{asked.server}" Dst-port="{port}"\n'
                f"HTTPMSG:\n|{sent}\nHost: {host}:{port}\nVia: http/1.1 expressway\n|",
                level="DEBUG",
            )
    yield _module(
        asked.answered_at,
        4,
        f'Detail="Sending Response" Txn-id="{number}" TrackingID="" Dst-ip="{source}" Dst-port="{source_port}" '
        f'Msg="HTTP/1.1 {asked.status} {reason}"',
    )


def _module(at: float, rank: int, text: str, level: str = "INFO") -> Line:
    head = f'UTCTime="{utc_stamp(at)}" Module="network.http.trafficserver" Level="{level}"'
    return Line(at, rank, f"{head}: {text}")


def stamp(at: float) -> str:
    """RFC 3339, local time with its offset, milliseconds."""
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="milliseconds")


def utc_stamp(at: float) -> str:
    """As the field UTCTime has it: `2022-07-11 16:55:25,955`."""
    text = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at))
    return f"{text},{int(at * 1000) % 1000:03d}"
