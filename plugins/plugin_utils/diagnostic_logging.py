# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The diagnostic log of a peer over its REST API: start, stop, collect, download.

Public clients send the mode with PUT; firmware that answers 405 to that gets POST.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from ansible_collections.collab.expressway.plugins.module_utils.diagnostics.archive_names import (
    announced_name,
)
from ansible_collections.collab.expressway.plugins.module_utils.diagnostics.log_status import (
    LogStatus,
    log_status,
    refuses,
    runs_already,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import (
    PeerRefused,
    PeerUnreachable,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.rest_client import RestClient

PATH = "/api/provisioning/common/diagnosticlogging"
METHOD_NOT_ALLOWED, RANGE_NOT_SATISFIABLE, PARTIAL = 405, 416, 206
TRIES_WITHOUT_PROGRESS = 3
LARGEST = 8 * 1024**3
"""Bytes of an archive; a peer that sends for ever must not fill the disk."""

_ARCHIVE_STARTS = (b"\x1f\x8b", b"PK")


@dataclass(frozen=True)
class Download:
    """`name`: as the peer calls the archive. `resumed`: how often it went on where it had been cut."""

    name: str | None
    resumed: int


class _Changed(Exception):
    """What comes now is not the rest of what came before."""


class DiagnosticLogging:
    """`say` is told of progress. All methods raise `PeerRefused` and `PeerUnreachable`."""

    def __init__(self, client: RestClient, say: Callable[[str], None]) -> None:
        self._client = client
        self._say = say
        self._method = "PUT"

    def status(self) -> LogStatus:
        """What the peer says of its log."""
        return log_status(self._client.get_json(PATH))

    def start(self, *, packet_capture: bool) -> bool:
        """Start the log; False when the peer refuses because it runs already."""
        refusal = self._command("start", TCPDump="on" if packet_capture else "off")
        if refusal is None:
            return True
        if runs_already(str(refusal)):
            return False
        raise refusal

    def stop(self) -> None:
        """Stop the log."""
        self._do("stop")

    def collect(self, deadline: float, poll: float) -> None:
        """Let the peer pack its log, and wait until it can be downloaded; `deadline` by `time.monotonic`."""
        began = time.monotonic()
        self._do("collect")
        silent = 0
        while True:
            # Asked at once, it might still tell of the archive before.
            time.sleep(max(0.0, min(poll, deadline - time.monotonic())))
            try:
                told = self.status()
                silent = 0
            except PeerUnreachable:
                silent += 1
                if silent == TRIES_WITHOUT_PROGRESS:
                    raise
                continue
            waited = time.monotonic() - began
            self._say(f"{told.download or 'no status'} after {waited:.0f} s")
            if told.ready:
                return
            if told.failed:
                raise PeerRefused(
                    f"{self._client.peer} could not collect its diagnostic log: {told.download}"
                )
            if time.monotonic() >= deadline:
                raise PeerRefused(
                    f"{self._client.peer} had not collected its diagnostic log after {waited:.0f} s (it says: "
                    f"{told.download or 'nothing'}). Raise timeout and collect again; the log is stopped and kept on the peer"
                )

    def download(self, file: BinaryIO, deadline: float) -> Download:
        """Download the archive into the empty `file`, going on where the connection broke; `deadline` as above."""
        resumed, idle, name, size, version = 0, 0, None, 0, None
        while True:
            before = file.tell()
            try:
                with self._opened(before, version) as response:
                    name, size = self._check_part(response, file, name, size)
                    version = version_of(response.headers)
                    resumed += bool(file.tell())
                    self._copy(response, file, deadline)
                return Download(name, resumed)
            except _Changed:
                file.seek(0)
                file.truncate()
                idle += 1
            except PeerUnreachable as error:
                idle = 0 if file.tell() > before else idle + 1
                self._say(f"the download broke after {file.tell()} bytes: {error}")
                if idle == TRIES_WITHOUT_PROGRESS or time.monotonic() >= deadline:
                    raise
            except PeerRefused as error:
                if error.status != RANGE_NOT_SATISFIABLE or not before:
                    raise
                file.seek(0)
                file.truncate()
                idle += 1
            if idle == TRIES_WITHOUT_PROGRESS:
                raise PeerRefused(
                    f"{self._client.peer} sent another archive at each of {TRIES_WITHOUT_PROGRESS} tries to download it"
                )

    def _opened(self, start: int, version: str | None) -> Any:
        headers = {"Content-Type": "application/json"}
        if start:
            headers["Range"] = f"bytes={start}-"
            if version:
                headers["If-Range"] = version
        body = json.dumps({"Mode": "download"}).encode()
        return self._client.response(self._method, PATH, data=body, headers=headers)

    def _check_part(
        self, response: Any, file: BinaryIO, name: str | None, size: int
    ) -> tuple[str | None, int]:
        """Place `file` where this answer goes on, and return name and size of the whole archive (0: not announced).

        Raises `_Changed` when the answer goes on with something else.
        """
        announced = announced_name(response.headers.get("Content-Disposition"))
        kind = response.headers.get("Content-Type", "")
        if announced is None and "json" in kind.casefold():
            said = response.read(300).decode("utf-8", "replace")
            raise PeerRefused(f"{self._client.peer} sent no archive but: {said}")
        if response.status != PARTIAL:
            # The whole of it, asked for or not.
            file.seek(0)
            file.truncate()
            return announced, response.length or 0
        place = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        total = int(place[2]) if place and place[2] != "*" else 0
        if place is None or int(place[1]) != file.tell() or (announced, total) != (name, size):
            raise _Changed
        return name, size

    def _copy(self, response: Any, file: BinaryIO, deadline: float) -> None:
        told = time.monotonic()
        while part := response.read1(65536):
            _write(file, part)
            # What a cut left behind may be a single byte.
            if file.tell() - len(part) < 2 and not _may_be_archive(file):
                raise PeerRefused(
                    f"{self._client.peer} sent something that is neither gzip nor zip instead of its diagnostic log"
                )
            now = time.monotonic()
            if file.tell() > LARGEST or now > deadline:
                raise PeerRefused(
                    f"the download from {self._client.peer} was given up after {file.tell()} bytes: "
                    + ("it is too long" if now <= deadline else "timeout has passed. Raise timeout")
                )
            if now - told > 5:
                told = now
                self._say(f"{file.tell()} bytes downloaded")
        # read1() takes a connection that ended early for the end of the body.
        if response.length:
            raise OSError(f"the connection ended {response.length} bytes early")
        if not file.tell():
            raise PeerRefused(f"{self._client.peer} sent an empty archive")

    def _do(self, mode: str) -> None:
        refusal = self._command(mode)
        if refusal is not None:
            raise refusal

    def _command(self, mode: str, **more: str) -> PeerRefused | None:
        """Send a mode; the refusal of a peer that says no with status 200 or 400."""
        try:
            message = self._send({"Mode": mode, **more})
        except PeerRefused as error:
            if error.status != 400:
                raise
            return error
        if refuses(message):
            return PeerRefused(
                f"{self._client.peer} refused to {mode} its diagnostic log: {message}"
            )
        return None

    def _send(self, body: dict[str, str]) -> str | None:
        try:
            return self._client.send_json(self._method, PATH, body)
        except PeerRefused as error:
            if error.status != METHOD_NOT_ALLOWED or self._method != "PUT":
                raise
            self._method = "POST"
            return self._client.send_json(self._method, PATH, body)


def version_of(headers: Any) -> str | None:
    """What `If-Range` names the archive by: its ETag when that stands for the very bytes, else when it was last changed.

    >>> version_of({"ETag": 'W/"1"', "Last-Modified": "Wed, 25 Nov 2026 16:55:25 GMT"})
    'Wed, 25 Nov 2026 16:55:25 GMT'
    """
    tag = headers.get("ETag")
    return tag if tag and tag.startswith('"') else headers.get("Last-Modified")


def _may_be_archive(file: BinaryIO) -> bool:
    end = file.tell()
    file.seek(0)
    start = file.read(2)
    file.seek(end)
    return any(mark.startswith(start) for mark in _ARCHIVE_STARTS)


def _write(file: BinaryIO, part: bytes) -> None:
    """An error of the controller's disk must not be taken for one of the connection."""
    try:
        file.write(part)
    except OSError as error:
        raise PeerRefused(f"the archive cannot be written on the controller: {error}") from None
