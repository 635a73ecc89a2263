# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.pem_options import (
    pem_texts,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.change import (
    plan_change,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.refusals import (
    Refusal,
    digest,
    read_given,
    refused_additions,
    refused_removals,
)
from ansible_collections.collab.expressway.plugins.modules.trusted_ca import ARGUMENT_SPEC
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import PeerRefused
from ansible_collections.collab.expressway.plugins.plugin_utils.peer_action import (
    PeerAction,
    PeerConnection,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.trust_store_access import (
    trust_store_of,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.trust_store_backup import Backups
from ansible_collections.collab.expressway.plugins.plugin_utils.trust_store_file import UNSUPPORTED
from ansible_collections.collab.expressway.plugins.plugin_utils.trust_store_result import (
    planned_result,
    refused_result,
    with_outcome,
)


class ActionModule(PeerAction):
    """See the module of the same name."""

    argument_spec = ARGUMENT_SPEC

    def perform(self, options: dict[str, Any], connection: PeerConnection) -> dict[str, Any]:
        transport = trust_store_of(connection, options)
        complaints: list[str] = []
        texts = pem_texts(options["certificates"], "certificates", complaints)
        kept_texts = pem_texts(options["protected"], "protected", complaints)
        given, refused = read_given(texts, "certificates")
        protected, unreadable = read_given(kept_texts, "protected")
        removable = _digests(options["allow_removal_of"], complaints)
        if complaints or refused or unreadable:
            reasons = [*map(Refusal, complaints), *refused, *unreadable]
            return refused_result(reasons, connection.peer)
        if options["state"] == "exact" and not given:
            raise PeerRefused(
                "state exact needs every certificate that is to stay in certificates; it is empty"
            )
        change = plan_change(transport.read(), given, options["state"])
        now = datetime.now(UTC)
        reasons = refused_additions(change, now, options["allow"])
        reasons += refused_removals(change, protected, removable)
        if reasons:
            return refused_result(reasons, connection.peer)
        result = planned_result(change, connection.peer)
        if not change.changes:
            return result
        if options["via"] == "root_ssh":
            result["warnings"] = [f"{connection.peer}: {UNSUPPORTED}"]
        obstacle = transport.refusal(change)
        if obstacle:
            raise PeerRefused(f"{connection.peer}: {obstacle}. Nothing was sent")
        if self._task.check_mode:
            return result
        if options["backup"]:
            result["backup_file"] = Backups(Path(options["backup_dir"]).expanduser()).keep(
                change.before,
                peer=connection.get_option("inventory_name") or connection.get_option("host"),
                cluster=self._cluster(options),
                via=options["via"],
                at=now,
            )
        return with_outcome(result, change, transport.apply(change), connection.peer)

    def _cluster(self, options: dict[str, Any]) -> str | None:
        return options["cluster"] or self._templar.template(
            self._task_vars.get("expressway_cluster")
        )


def _digests(values: list[str], complaints: list[str]) -> list[str]:
    found = []
    for number, value in enumerate(values):
        try:
            found.append(digest(value))
        except ValueError as error:
            complaints.append(f"allow_removal_of[{number}]: {error}")
    return found
