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
    resume_change,
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
from ansible_collections.collab.expressway.plugins.plugin_utils.trust_store_backup import (
    NOTHING,
    Backups,
)
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
                f"{connection.peer}: certificates is empty, and state: exact would leave the trust store empty. "
                "List every certificate that is to stay. Nothing was sent"
            )
        backups = Backups(Path(options["backup_dir"]).expanduser()) if options["backup"] else None
        peer = connection.get_option("inventory_name") or connection.get_option("host")
        held = transport.read()
        left = (
            backups.left_halfway(peer, held, settle=not self._task.check_mode)
            if backups
            else NOTHING
        )
        how = {"state": options["state"], "order": options["order"]}
        if left.before is None:
            change = judged = plan_change(held, given, **how)
        else:
            change = resume_change(left.before, held, given, **how)
            judged = plan_change(left.before, given, **how)
        now = datetime.now(UTC)
        reasons = refused_additions(judged, now, options["allow"])
        reasons += refused_removals(change, protected, removable)
        if reasons:
            return refused_result(reasons, connection.peer)
        result = planned_result(change, connection.peer)
        result["warnings"] = [f"{connection.peer}: {text}" for text in left.warnings]
        if not change.changes:
            return result
        if options["via"] == "root_ssh":
            result["warnings"].append(f"{connection.peer}: {UNSUPPORTED}")
        obstacle = transport.refusal(change)
        if obstacle:
            raise PeerRefused(f"{connection.peer}: {obstacle}. Nothing was sent")
        if self._task.check_mode:
            result["unproven"] = unproven = transport.unproven(change)
            result["warnings"] += [f"{connection.peer}: {unproven}"] if unproven else []
            return result
        if left.before is not None:
            # The backup is that of the run that was killed; what it left is none.
            result["backup_file"] = left.backup_file
        elif backups:
            result["backup_file"] = backups.keep(
                change, peer=peer, cluster=self._cluster(options), via=options["via"], at=now
            )
        outcome = transport.apply(change)
        if backups and outcome.now is not None and not change.halfway(outcome.now):
            backups.close(peer)
        return with_outcome(result, change, outcome, connection.peer)

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
