# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ansible_collections.collab.expressway.plugins.module_utils.peer.facts import records_of
from ansible_collections.collab.expressway.plugins.module_utils.peer.uc_servers import (
    PRODUCTS,
    UNITY_NOT_READ,
    configured_servers,
    lookup_request,
    path_of,
    says_no,
)
from ansible_collections.collab.expressway.plugins.module_utils.unexpected_answer import (
    UnexpectedAnswer,
)
from ansible_collections.collab.expressway.plugins.modules.uc_servers import (
    ARGUMENT_SPEC,
    REQUIRED_IF,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import (
    PeerError,
    PeerRefused,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.peer_action import (
    PeerAction,
    PeerConnection,
)

Listed = Mapping[str, Any]


class ActionModule(PeerAction):
    """See the module of the same name."""

    argument_spec = ARGUMENT_SPEC
    spec_rules: ClassVar[dict[str, Any]] = {"required_if": REQUIRED_IF}

    def perform(self, options: dict[str, Any], connection: PeerConnection) -> dict[str, Any]:
        answers = {product: connection.api().get_json(path_of(product)) for product in PRODUCTS}
        peer = connection.get_option("inventory_name")
        result: dict[str, Any] = {
            "changed": False,
            "servers": [
                server
                for product, answer in answers.items()
                for server in configured_servers(product, answer, peer)
            ],
            "not_read": [{"product": "cuc", "reason": UNITY_NOT_READ}],
        }
        if options["state"] == "listed":
            return result
        chosen = _chosen(answers, options, connection.peer)
        lookups = [_lookup(product, record) for product, record in chosen]
        if not self._task.check_mode:
            _look_up(connection, chosen, lookups, options["axl_password"])
        return result | {"changed": bool(chosen), "lookups": lookups, "unproven": True}


def _lookup(product: str, record: Listed) -> dict[str, Any]:
    return {"product": product, "publisher": record.get("Publisher"), "answer": None}


def _chosen(
    answers: Mapping[str, Any], options: Mapping[str, Any], peer: str
) -> list[tuple[str, Listed]]:
    wanted = options["publishers"]
    listed = [
        (product, record)
        for product, answer in answers.items()
        if product in options["products"]
        for record in records_of(answer)
    ]
    names = [str(record.get("Publisher")) for _product, record in listed]
    unknown = sorted(set(wanted or ()) - set(names))
    if unknown:
        raise PeerRefused(
            f"{peer} has no publisher {', '.join(unknown)} configured as {' or '.join(options['products'])}; it has "
            f"{', '.join(names) or 'none'}. Nothing was looked up"
        )
    return [
        (product, record)
        for product, record in listed
        if wanted is None or record.get("Publisher") in wanted
    ]


def _look_up(
    connection: PeerConnection,
    chosen: list[tuple[str, Listed]],
    lookups: list[dict[str, Any]],
    axl_password: str,
) -> None:
    for number, (product, record) in enumerate(chosen):
        publisher = record.get("Publisher")
        where = f"the lookup of {publisher} ({product})"
        try:
            answer = connection.api().post_json(
                path_of(product), lookup_request(record, axl_password)
            )
        except PeerError as error:
            if isinstance(error, PeerRefused) and not error.leaves_open:
                raise PeerRefused(f"{where} was refused: {error}", changed=number > 0) from None
            raise PeerRefused(f"{where} may have been carried out: {error}", changed=True) from None
        if says_no(answer):
            raise PeerRefused(
                f"{connection.peer} refused {where}: {answer}. Refresh it under Configuration > Unified Communications, on the primary peer",
                changed=number > 0,
            )
        lookups[number]["answer"] = answer
        try:
            after = configured_servers(product, connection.api().get_json(path_of(product)), "")
        except (PeerError, UnexpectedAnswer) as error:
            raise PeerRefused(
                f"{where} was carried out, but what {connection.peer} has configured now cannot be read: {error}",
                changed=True,
            ) from None
        if not set(map(_settings, configured_servers(product, [record], ""))) <= set(
            map(_settings, after)
        ):
            raise PeerRefused(
                f"{connection.peer} does not list {publisher} ({product}) as before after its lookup; compare Configuration > Unified "
                "Communications with the state before",
                changed=True,
            )


def _settings(server: Listed) -> tuple[Any, ...]:
    return server["publisher"], server["axl_username"], server["tls_verify"]
