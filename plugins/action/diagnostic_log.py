# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, ClassVar

from ansible.utils.display import Display
from ansible_collections.collab.expressway.plugins.modules.diagnostic_log import (
    ARGUMENT_SPEC,
    REQUIRED_IF,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.diagnostic_archive import (
    ArchiveFolder,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.diagnostic_logging import (
    DiagnosticLogging,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import (
    PeerRefused,
    PeerUnreachable,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.peer_action import (
    PeerAction,
    PeerConnection,
)

display = Display()


class ActionModule(PeerAction):
    """See the module of the same name."""

    argument_spec = ARGUMENT_SPEC
    spec_rules: ClassVar[dict[str, Any]] = {"required_if": REQUIRED_IF}

    def perform(self, options: dict[str, Any], connection: PeerConnection) -> dict[str, Any]:
        if options["timeout"] <= 0 or options["poll"] <= 0:
            raise PeerRefused(
                f"timeout and poll are seconds above 0. Nothing was sent to {connection.peer}"
            )
        log = DiagnosticLogging(
            connection.api(), lambda text: display.vv(text, host=connection.peer)
        )
        if options["state"] == "collected":
            return self._collect(log, options, connection)
        return self._switch(log, options, connection.peer)

    def _switch(self, log: DiagnosticLogging, options: dict[str, Any], peer: str) -> dict[str, Any]:
        before, wanted = log.status(), options["state"]
        result = {"state_before": before.state, "changed": before.state != wanted}
        if result["changed"] and not self._task.check_mode:
            try:
                if wanted == "stopped":
                    log.stop()
                elif not log.start(packet_capture=options["packet_capture"]):
                    result |= {"state_before": "started", "changed": False}
            except (PeerUnreachable, PeerRefused) as error:
                if isinstance(error, PeerRefused) and not error.leaves_open:
                    raise
                # It may have been carried out. The host must stay in the play, so that it can be stopped.
                raise PeerRefused(
                    f"{error}. Whether the diagnostic log runs now is not known", changed=True
                ) from None
        captures = before.captures_packets or result["changed"]
        if wanted == "started" and options["packet_capture"] and not captures:
            result["warnings"] = [
                f"{peer}: the diagnostic log ran already, and it is not known to capture packets: stop it first"
            ]
        return result

    def _collect(
        self, log: DiagnosticLogging, options: dict[str, Any], connection: PeerConnection
    ) -> dict[str, Any]:
        name = connection.get_option("inventory_name") or connection.get_option("host")
        folder = ArchiveFolder(Path(options["dest"]).expanduser(), name)
        folder.check()
        before = log.status()
        if before.running:
            raise PeerRefused(
                f"the diagnostic log of {connection.peer} runs. Stop it on the primary peer (state: stopped), then collect"
            )
        result = {"state_before": before.state, "changed": True}
        if self._task.check_mode:
            return result
        deadline = time.monotonic() + options["timeout"]
        log.collect(deadline, options["poll"])
        with folder.draft() as file:
            download = log.download(file, deadline)
            kept = folder.keep(file, download.name)
        return result | {
            "changed": kept.is_new,
            "file": str(kept.path),
            "archive_name": download.name,
            "size": kept.size,
            "sha256": kept.sha256,
            "resumed": download.resumed > 0,
        }
