# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Diagnostic logging of a peer: started and stopped for a cluster, collected from each peer as an archive.

Sources: Expressway facts 4.3 and 7.1; each guess is a switch (`switches.yml`). The names inside the archive are from memory.
"""

from __future__ import annotations

import io
import tarfile
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tests.lab.traffic_log import DEBUG_SETTING, stamp, utc_stamp

if TYPE_CHECKING:
    from tests.lab.peer import Peer

RESOURCE = "common/diagnosticlogging"
MODES = ("start", "stop", "collect", "download")
READY = "Ready to download"
PACKET_FILE_HEADER = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000")

_THREADS = ThreadPoolExecutor(8, "diagnostic log")


class Refused(ValueError):
    """What the peer says instead of doing it."""


class LogSource(Protocol):
    """Where the lines of a peer's log come from; `flush` waits until they are all there, in any thread."""

    def flush(self) -> None: ...
    def lines(self, since: float, until: float, *, debug: bool) -> list[str]: ...


@dataclass(frozen=True)
class Archive:
    """A collected log as it is downloaded."""

    name: str
    content_type: str
    content: bytes


class DiagnosticLogging:
    """The diagnostic log of one peer. Times are seconds since the epoch."""

    def __init__(self, peer: Peer, clock: Callable[[], float] = time.time) -> None:
        self._peer = peer
        self._clock = clock
        self.source: LogSource | None = None
        self.reset()

    def reset(self) -> None:
        self.running = False
        self.captures_packets = False
        self.starts = 0  # since the last reset, for tests to look at
        self._since: float | None = None
        self._until: float | None = None
        self._debug = False  # while it ran
        self._ready_at: float | None = None
        self._flushed: Future[None] | None = None
        self._archive: Archive | None = None

    # --- what the API asks ----------------------------------------------------------------------

    def command(self, mode: str, tcp_dump: str | None) -> str | Archive:
        """Do what a request with `Mode` asks: a message, or the archive. Raises `Refused`."""
        if mode == "start":
            return self._start_cluster(tcp_dump)
        if mode == "stop":
            for member in self._reach:
                member.diagnostics.stop()
            return "Diagnostic logging was stopped successfully"
        if mode == "collect":
            return self._collect()
        if mode == "download":
            return self._download()
        raise Refused(f"Mode must be one of {', '.join(MODES)}")

    def status(self) -> dict[str, Any]:
        """The answer to GET. Only `Ready to download` is known; the other texts and the fields are invented."""
        if self._ready_at is None:
            told = "Not available"
        else:
            told = READY if self._is_ready else "Collecting"
        shown = {"DownLoadStatus": told}
        if self._peer.switches["diagnostic_mode"] == "shown":
            shown |= {
                "Mode": "start" if self.running else "stop",
                "TCPDump": "on" if self.captures_packets else "off",
            }
        return shown

    def start(self, captures_packets: bool) -> None:
        self.running, self.captures_packets = True, captures_packets
        self.starts += 1
        self._since, self._until = self._clock(), None
        self._ready_at = self._archive = None

    def stop(self) -> None:
        if self.running:
            self.running, self._until = False, self._clock()
            self._debug = self._peer.configuration[DEBUG_SETTING] in ("DEBUG", "TRACE")

    @property
    def _is_ready(self) -> bool:
        if self._ready_at is None or (self._flushed and not self._flushed.done()):
            return False
        return self._clock() >= self._ready_at

    @property
    def _reach(self) -> list[Peer]:
        """Whom starting and stopping on this peer reaches: from the primary, the cluster."""
        cluster = self._peer.cluster
        return cluster.peers if cluster.is_primary(self._peer) else [self._peer]

    def _start_cluster(self, tcp_dump: str | None) -> str:
        if tcp_dump not in ("on", "off"):
            raise Refused("TCPDump must be on or off")
        if self.running and self._peer.switches["diagnostic_start_again"] == "refused":
            raise Refused("Diagnostic logging is already in progress")
        for member in self._reach:
            member.diagnostics.start(tcp_dump == "on")
        return "Diagnostic logging was started successfully"

    def _collect(self) -> str:
        if self.running:
            raise Refused("Diagnostic logging is in progress: stop it first")
        if self._since is None:
            raise Refused("There is no diagnostic log to collect")
        self._ready_at = self._clock() + self._peer.switches.number("diagnostic_collect_seconds")
        # What was logged before the stop must be in the archive.
        self._flushed = _THREADS.submit(self.source.flush) if self.source else None
        self._archive = None
        return "The operation was successful"

    def _download(self) -> Archive:
        if not self._is_ready:
            raise Refused("The diagnostic log is not ready for download")
        # Made once: a download that is resumed must go on in the same bytes.
        if self._archive is None:
            self._archive = self._made_archive()
        return self._archive

    # --- the archive ----------------------------------------------------------------------------

    def _made_archive(self) -> Archive:
        host = self._peer.name.partition(".")[0]
        at = time.strftime("%Y-%m-%d_%H:%M:%S", time.gmtime(self._until))
        stem = f"{host}_{at.replace(':', '_')}"
        files = {
            f"loggingsnapshot_{stem}.txt": self._log(host).encode(),
            f"xconf_dump_{stem}.txt": self._configuration().encode(),
        }
        if self.captures_packets:
            files[f"diagnostic_logging_tcpdump00_{stem}.pcap"] = PACKET_FILE_HEADER
        if self._peer.switches["diagnostic_archive"] == "zip":
            return Archive(
                f"diagnostic_log_{host}_{at}.zip", "application/zip", _zip(files, self._until or 0)
            )
        return Archive(
            f"diagnostic_log_{host}_{at}.tar.gz",
            "application/x-gzip",
            _tar_gz(files, self._until or 0),
        )

    def _log(self, host: str) -> str:
        since, until = self._since or 0.0, self._until or self._clock()
        between = self.source.lines(since, until, debug=self._debug) if self.source else []
        told = [(since, "Diagnostic logging started"), (until, "Diagnostic logging stopped")]
        first, last = (
            f'{stamp(at)} {host} tvcs: UTCTime="{utc_stamp(at)}" Module="developer.diagnostics" Level="INFO": '
            f'Detail="{text}"'
            for at, text in told
        )
        return "".join(f"{line}\n" for line in (first, *between, last))

    def _configuration(self) -> str:
        settings = self._peer.configuration.items()
        return "".join(f'*c xConfiguration {path}: "{value}"\n' for path, value in settings)


def _tar_gz(files: dict[str, bytes], at: float) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=6) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(content), int(at)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _zip(files: dict[str, bytes], at: float) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, time.gmtime(at)[:6]), content)
    return packed.getvalue()
