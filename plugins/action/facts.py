# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.dependencies import (
    missing_dependencies,
)
from ansible_collections.collab.expressway.plugins.module_utils.peer.facts import (
    SWITCH,
    cipher_facts,
    cluster_facts,
    mra_facts,
    origin_verification_facts,
    release_of,
    system_facts,
    uc_server_facts,
)
from ansible_collections.collab.expressway.plugins.module_utils.peer.xconfiguration import (
    Configuration,
    parse_configuration,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.options import (
    ACCESS_OPTIONS,
)
from ansible_collections.collab.expressway.plugins.module_utils.unexpected_answer import (
    UnexpectedAnswer,
)
from ansible_collections.collab.expressway.plugins.modules.facts import ARGUMENT_SPEC, SUBSETS
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import (
    PeerError,
    PeerRefused,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.peer_action import (
    PeerAction,
    PeerConnection,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.setting_writer import find_setting

OVER_SHELL = {"system", "cluster", "origin_verification", "ciphers"}


class ActionModule(PeerAction):
    """See the module of the same name."""

    argument_spec = ARGUMENT_SPEC

    def perform(self, options: dict[str, Any], connection: PeerConnection) -> dict[str, Any]:
        facts: dict[str, Any] = {}
        not_read: dict[str, str] = {}
        subsets = _chosen(options["gather_subset"])
        if OVER_SHELL & set(subsets):
            # Outside of allow_unread: without a login the peer is unreachable, not partly unread.
            connection.shell()
        readers = READERS | {"trust_store": partial(_trust_store, via=options["trust_store_via"])}
        for subset in subsets:
            try:
                facts[subset] = readers[subset](connection)
            except UnexpectedAnswer as error:
                message = f"{connection.peer}: {subset} cannot be read: {error}"
                if not options["allow_unread"]:
                    raise PeerRefused(message) from None
                facts[subset], not_read[subset] = None, message
            except PeerError as error:
                if not options["allow_unread"]:
                    raise
                facts[subset], not_read[subset] = None, str(error)
        return {"changed": False, "ansible_facts": {"expressway": facts | {"not_read": not_read}}}


def _chosen(gather_subset: list[str]) -> list[str]:
    included = {name for name in gather_subset if not name.startswith("!")}
    excluded = {name[1:] for name in gather_subset if name.startswith("!")}
    everything = not included or "all" in included
    return [name for name in SUBSETS if (everything or name in included) and name not in excluded]


def _settings(connection: PeerConnection, element: str) -> Configuration:
    return parse_configuration(connection.shell().read(f"xConfiguration {element}"))


def _system(connection: PeerConnection) -> dict[str, Any]:
    name = find_setting(connection.shell(), "SystemUnit Name")
    return system_facts(
        connection.shell().system_unit, Configuration([] if name is None else [name])
    )


def _cluster(connection: PeerConnection) -> dict[str, Any]:
    names = [connection.get_option("inventory_name"), connection.get_option("host")]
    return cluster_facts(
        _settings(connection, "Alternates"), names, connection.get_option("peer_index")
    )


def _origin_verification(connection: PeerConnection) -> dict[str, Any]:
    session = connection.shell()
    return origin_verification_facts(find_setting(session, SWITCH), release_of(session.system_unit))


def _ciphers(connection: PeerConnection) -> dict[str, Any]:
    return cipher_facts(_settings(connection, "Ciphers"))


def _trust_store(connection: PeerConnection, via: str) -> dict[str, Any]:
    missing = missing_dependencies()
    if missing:
        raise PeerRefused(
            f"the trust store cannot be described without {' and '.join(missing)} on the controller"
        )
    from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
        describe,
        read_bundle,
    )
    from ansible_collections.collab.expressway.plugins.plugin_utils.trust_store_access import (
        trust_store_of,
    )

    path = ACCESS_OPTIONS["store_path"]["default"]
    store = trust_store_of(connection, {"via": via, "store_path": path}).read()
    return {
        "pem": store.text,
        "sha256": store.sha256,
        # As the bundle has them, also what it holds twice.
        "certificates": [describe(one) for one in read_bundle(store.text).certificates],
        "problems": list(store.problems),
    }


def _uc_servers(connection: PeerConnection) -> dict[str, Any]:
    path = "/api/provisioning/controller/server"
    return {
        product: uc_server_facts(connection.api().get_json(f"{path}/{product}"))
        for product in ("cucm", "imp")
    }


def _mra(connection: PeerConnection) -> dict[str, Any]:
    api = connection.api()
    return mra_facts(
        api.get_json("/api/provisioning/common/mra"),
        api.get_json("/api/provisioning/common/domain"),
    )


READERS: dict[str, Callable[[PeerConnection], dict[str, Any]]] = {
    "system": _system,
    "cluster": _cluster,
    "origin_verification": _origin_verification,
    "ciphers": _ciphers,
    "uc_servers": _uc_servers,
    "mra": _mra,
}
