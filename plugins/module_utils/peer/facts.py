# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a peer says about itself, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.peer.cluster import (
    is_primary,
    locate_peer,
    parse_cluster,
)
from ansible_collections.collab.expressway.plugins.module_utils.peer.releases import (
    Release,
    note_on_missing_switch,
    parse_release,
)
from ansible_collections.collab.expressway.plugins.module_utils.peer.xconfiguration import (
    Configuration,
    Setting,
)
from ansible_collections.collab.expressway.plugins.module_utils.peer.xstatus import lookup
from ansible_collections.collab.expressway.plugins.module_utils.unexpected_answer import (
    UnexpectedAnswer,
)

SWITCH = "EdgeConfigServer VerifyOriginServer"
"""The setting that lets the traffic server verify origins, from X14.2."""

CIPHER_LISTS: Mapping[str, str] = {
    "uc_client_tls": "UcClientTLS",
    "https": "HTTPS",
    "reverse_proxy_tls": "ReverseProxyTLS",
    "sip_tls": "SIPTLS",
    "smtp_tls": "SMTPTLS",
    "xcp_tls": "XCPTLS",
}
"""Our name → the stem of the settings `Ciphers <stem>Ciphers Value` and `Ciphers <stem>Protocol Value`."""


def release_of(system_unit: Mapping[str, Any]) -> Release | None:
    """The release in a status block SystemUnit, None when it names none."""
    version = lookup(dict(system_unit), "Software", "Version")
    try:
        return None if version is None else parse_release(version)
    except ValueError:
        return None


def system_facts(system_unit: Mapping[str, Any], configuration: Configuration) -> dict[str, Any]:
    """`configuration` answers `xConfiguration SystemUnit`. Raises `UnexpectedAnswer` without a release: all else hangs on it."""
    block = dict(system_unit)
    release = release_of(block)
    if release is None:
        raise UnexpectedAnswer("xStatus SystemUnit names no release in Software Version")
    uptime = lookup(block, "Uptime")
    traversal_server = lookup(block, "Software", "Configuration", "Expressway")
    return {
        "name": configuration.value("SystemUnit Name"),
        "product": lookup(block, "Product"),
        "version": str(release),
        "serial_number": lookup(block, "Hardware", "SerialNumber"),
        "uptime_seconds": int(uptime) if uptime and uptime.isdecimal() else None,
        "time": lookup(block, "SystemTime"),
        # The field says whether this is the traversal server, which is the Expressway-E (general knowledge).
        "is_expressway_e": None
        if traversal_server is None
        else traversal_server.casefold() == "true",
    }


def cluster_facts(
    configuration: Configuration, names: Iterable[str | None], declared_index: int | None
) -> dict[str, Any]:
    """`configuration` answers `xConfiguration Alternates`; `names` are all names of the host, `declared_index` wins over them."""
    cluster = parse_cluster(configuration)
    index = declared_index if declared_index is not None else locate_peer(cluster, names)
    if declared_index is not None and cluster.peers and declared_index not in cluster.peers:
        raise UnexpectedAnswer(
            f"expressway_peer_index is {declared_index}, but the cluster has only the peers "
            + ", ".join(map(str, cluster.peers))
        )
    return {
        "name": cluster.name,
        "primary": cluster.primary,
        "peers": [
            {"index": number, "address": address} for number, address in cluster.peers.items()
        ],
        "peer_index": index,
        "is_primary": is_primary(cluster, index),
    }


def switch_state(setting: Setting) -> str:
    """ "on" or "off"; raises `UnexpectedAnswer` for any other value: it must not be taken for one of them."""
    state = setting.value.strip().casefold()
    if state not in ("on", "off"):
        raise UnexpectedAnswer(f"{SWITCH} reads {setting.value!r}, which is neither On nor Off")
    return state


def origin_verification_facts(setting: Setting | None, release: Release | None) -> dict[str, Any]:
    """`setting` is the switch as read, None when the peer does not list it."""
    if setting is not None:
        return {"supported": True, "state": switch_state(setting), "note": None}
    note = (
        note_on_missing_switch(release)
        if release is not None
        else f"this peer does not list {SWITCH}, and its release is unknown"
    )
    return {"supported": False, "state": None, "note": note}


def cipher_facts(configuration: Configuration) -> dict[str, Any]:
    """`configuration` answers `xConfiguration Ciphers`; a list that the release does not have is null."""
    return {
        name: {
            "cipher_list": configuration.value(f"Ciphers {stem}Ciphers Value"),
            "protocol": configuration.value(f"Ciphers {stem}Protocol Value"),
        }
        for name, stem in CIPHER_LISTS.items()
    }


def uc_server_facts(records: object) -> list[dict[str, Any]]:
    """The answer to GET controller/server/cucm or imp; raises `UnexpectedAnswer` when it is no list of servers."""
    return [
        {
            "publisher": record.get("Publisher"),
            "axl_username": record.get("AxlUsername"),
            "tls_verify": str(record.get("TlsVerify", "")).casefold() or None,
        }
        for record in records_of(records)
    ]


def mra_facts(switch: object, domains: object) -> dict[str, Any]:
    """The answers to GET common/mra and common/domain."""
    if isinstance(switch, list) and len(switch) == 1:
        switch = switch[0]
    if not isinstance(switch, Mapping) or "Enabled" not in switch:
        raise UnexpectedAnswer("GET common/mra does not say whether MRA is enabled")
    return {
        "enabled": str(switch["Enabled"]).casefold(),
        "sso": str(switch["SSO"]).casefold() if "SSO" in switch else None,
        "domains": [record.get("Name") or record.get("Domain") for record in records_of(domains)],
    }


def records_of(value: object) -> list[Mapping[str, Any]]:
    """A list of records as the API gives it; raises `UnexpectedAnswer` for anything else."""
    if not isinstance(value, list) or not all(isinstance(record, Mapping) for record in value):
        raise UnexpectedAnswer("the answer is no list of records")
    return value
