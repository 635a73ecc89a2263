# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the resource `common/diagnosticlogging` says of a peer's diagnostic log.

Known from public clients is one field, `DownLoadStatus`, with one text, `Ready to download`. Everything else is read where it
is there and never relied upon.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.peer.facts import UnexpectedAnswer

_RUNNING = {
    "start": True,
    "started": True,
    "running": True,
    "in progress": True,
    "stop": False,
    "stopped": False,
}
_REFUSAL = re.compile(
    r"\b(not|no|cannot|unable|fail\w*|error|invalid|denied|must|first|already|refused)\b",
    re.IGNORECASE,
)
_SUCCESS = re.compile(r"success", re.IGNORECASE)
_FAILED = re.compile(r"fail|error|abort", re.IGNORECASE)
_RUNS_ALREADY = re.compile(r"\b(already|in progress|running)\b", re.IGNORECASE)


@dataclass(frozen=True)
class LogStatus:
    """`download`: what the peer says of the archive. `running`, `captures_packets`: None where it does not say."""

    download: str
    running: bool | None = None
    captures_packets: bool | None = None

    @property
    def ready(self) -> bool:
        return self.download.casefold().startswith("ready")

    @property
    def failed(self) -> bool:
        return bool(_FAILED.search(self.download))

    @property
    def state(self) -> str | None:
        """started or stopped, None where the peer does not say."""
        return {True: "started", False: "stopped", None: None}[self.running]


def log_status(answer: object) -> LogStatus:
    """Read the answer to GET; raises `UnexpectedAnswer` when it is not an object with DownLoadStatus or Mode."""
    fields = (
        {str(name).casefold(): value for name, value in answer.items()}
        if isinstance(answer, Mapping)
        else {}
    )
    if not {"downloadstatus", "mode"} & set(fields):
        raise UnexpectedAnswer("GET common/diagnosticlogging names neither DownLoadStatus nor Mode")
    return LogStatus(
        download=str(fields.get("downloadstatus", "")),
        running=_RUNNING.get(_word(fields.get("mode"))),
        captures_packets={"on": True, "off": False}.get(_word(fields.get("tcpdump"))),
    )


def refuses(message: str | None) -> bool:
    """Whether the message of an answer with status 200 says no: business errors come that way, too.

    `in progress` alone is no refusal: taking the answer to a start for one would leave the log running.
    """
    return bool(message and _REFUSAL.search(message) and not _SUCCESS.search(message))


def runs_already(message: str) -> bool:
    """Whether a refused start was refused because the log runs."""
    return bool(_RUNS_ALREADY.search(message))


def _word(value: Any) -> str:
    return str(value).strip().casefold()
