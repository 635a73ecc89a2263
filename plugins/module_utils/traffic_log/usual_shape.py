# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `grammar.read_line` tells, for lines in the shape that large logs are full of, at the cost of one match each.

Every function takes a buffer, the position at which a line starts, and how far the buffer is filled. It gives the line and
the position behind it; None for what has another shape, or may go on in the next line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.grammar import (
    Allowed,
    Cause,
    Line,
    Origin,
    Refused,
    Step,
    Unreadable,
    Writer,
    read_line,
    stamp,
)

_DATE = rb"2\d\d\d-\d\d-\d\dT"
DATED = re.compile(_DATE)
"""How every line of an Expressway begins."""
_PREFIX = rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:)(\d\d\.\d{3,6})((?:Z|[+-]\d\d:\d\d) [^ \n]+ traffic_server\[\d+)\]: "
_END = rb"[^\n]*\n(?=" + _DATE + rb")"
_STEP = re.compile(
    _PREFIX + rb'UTCTime="[^"\n]*" Module="[^"\n]*" Level="\w+": '
    rb'Detail="(Receive Request|Sending Request|Sending Response)" Txn-id="(\w+)" TrackingID="[^"\n]*" '
    rb'(?:Src-ip="[^"\n]*" Src-port="\d*" (?:Last-via-addr="[^"\n]*" )?|Dst-ip="([^"\n]*)" Dst-port="(\d{1,5})" )'
    rb'Msg="(?:HTTP/1\.1 (\d{3})[^"\n]*|([A-Z]+) ([^ "\n]+) HTTP/[\d.]+)"' + _END
)
_ALLOWED = re.compile(
    _PREFIX + rb'Event="Request Allowed" Detail="[^"\n]*" Reason="[^"\n]*" Username="([^"\n]*)" '
    rb'Deployment="[^"\n]*" Method="[^"\n]*" Request="([^"\n]*)"' + _END
)
_WARNING = re.compile(_PREFIX + rb"\[([A-Z_]+ \d+)\] (WARNING: [^\n]+)" + _END)
_messages: dict[bytes, tuple[Origin, Cause]] = {}
"""What messages tell: there are as many different ones as origins and causes."""
MOST_MESSAGES = 4096


Reader: TypeAlias = Callable[[bytearray, int, int], tuple[Line, int] | None]
"""One of the functions below."""


def step_at(buffer: bytearray, start: int, limit: int) -> tuple[Step, int] | None:
    found = _STEP.match(buffer, start, limit)
    if found is None:
        return None
    minute, seconds, who, detail, transaction, ip, port, status, method, url = found.groups()
    moment = _minute(minute, who)
    if moment is None:
        return None
    step = Step(
        moment.writer,
        moment.begins + float(seconds),
        transaction.decode(),
        detail.decode(),
        None if ip is None else ip.decode("utf-8", "replace"),
        None if port is None else int(port),
        None if method is None else method.decode(),
        None if url is None else url.decode("utf-8", "replace"),
        None if status is None else int(status),
    )
    return step, found.end()


def allowed_at(buffer: bytearray, start: int, limit: int) -> tuple[Allowed, int] | None:
    found = _ALLOWED.match(buffer, start, limit)
    if found is None:
        return None
    minute, _seconds, who, user, url = found.groups()
    moment = _minute(minute, who)
    if moment is None:
        return None
    asked = url.decode("utf-8", "replace").replace(" ", "")
    return Allowed(moment.writer, user.decode("utf-8", "replace"), asked), found.end()


def refusal_at(buffer: bytearray, start: int, limit: int) -> tuple[Refused, int] | None:
    found = _WARNING.match(buffer, start, limit)
    if found is None:
        return None
    minute, seconds, who, thread, message = found.groups()
    moment = _minute(minute, who)
    told = _messages.get(message) or _read(message)
    if moment is None or told is None:
        return None
    refusal = Refused(
        moment.writer,
        f"{moment.text}{seconds.decode()}{moment.zone}",
        moment.begins + float(seconds),
        thread.decode(),
        *told,
    )
    return refusal, found.end()


def _read(message: bytes) -> tuple[Origin, Cause] | None:
    try:
        line = read_line(message)
    except Unreadable:
        return None
    if not isinstance(line, Refused):
        return None
    told = line.origin, line.cause
    if len(_messages) < MOST_MESSAGES:
        _messages[message] = told
    return told


class _Minute(NamedTuple):
    """Who wrote a line, the text of its time before and after the seconds, and when its minute begins."""

    writer: Writer
    text: str
    zone: str
    begins: float


@lru_cache(maxsize=256)
def _minute(minute: bytes, who: bytes) -> _Minute | None:
    """Lines of one minute come together. None when it is none of the calendar."""
    zone, host, program = who.decode("utf-8", "replace").split(" ")
    text = minute.decode()
    _time, begins = stamp(f"{text}00{zone}", None, None)
    if begins is None:
        return None
    return _Minute(Writer(host, int(program.partition("[")[2])), text, zone, begins)
