# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit whose addresses were discovered: its findings, its gaps and its optional ports."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.audit.peers import (
    DOCUMENTED_CIPHER_LIST,
)
from ansible_collections.collab.expressway.plugins.module_utils.report.files import (
    FILE_NAMES,
    render,
)
from ansible_collections.collab.expressway.plugins.module_utils.report.text import screen

from tests.unit.audit.observations import (
    CHAINS,
    NODE,
    Record,
    audit,
    facts,
    observed,
    presented,
)
from tests.unit.audit.test_audit import valid
from tests.unit.uc_addresses.readings import (
    discovered,
    listed,
    process_node,
    publisher,
    read,
    service,
    unread,
)

FOUND: Record = {
    "axl_process_nodes": read(process_node(NODE, usage="publisher")),
    "cli_server_table": read({"name": NODE}),
    "cli_cluster": None,
    # Another node than the one that is looked at: 6972 is not served there.
    "axl_tftp_nodes": read({"name": "tftp.example.test"}),
    "axl_uc_services": read(),
    "uds_servers": read({"host": NODE}),
    "expressway": read(publisher(NODE)),
}


def audited(discovery: Record, **closed: str) -> Record:
    """An audit of everything that was discovered, all of it healthy but the ports given as p443="refused"."""
    chains = []
    for origin in discovery["origins"]:
        kind = closed.get(f"p{origin['port']}")
        for key_type in ("rsa", "ecdsa", "offered"):
            cipher_list = DOCUMENTED_CIPHER_LIST if key_type == "offered" else None
            good = None if kind else CHAINS["ecdsa" if key_type == "ecdsa" else "rsa"][-1 if key_type == "ecdsa" else 0]  # fmt: skip
            failed = {"error_kind": kind, "error": f"{origin['address']} {kind}"} if kind else {}
            chains.append(presented(key_type, good, origin, cipher_list=cipher_list, **failed))
    peers = [observed(said=facts(cipher_list=DOCUMENTED_CIPHER_LIST))]
    model = audit(peers, discovery["origins"], chains, discovery=discovery)
    valid({"audits": [model]})
    for kind in FILE_NAMES:
        assert render([model], kind)
    return model


def unasked(model: Record) -> list[tuple[str, str]]:
    return [(gap["what"], gap["error_kind"]) for gap in model["summary"]["not_looked_at"]]


def test_a_healthy_discovery_adds_nothing_but_where_the_addresses_are_from() -> None:
    model = audited(discovered(**FOUND))
    assert model["findings"] == []
    assert model["summary"]["complete"]
    assert model["discovery"] == {
        "complete": True,
        "addresses": [
            {
                "address": NODE,
                "product": "cucm",
                "node": NODE,
                "role": "publisher",
                "ports": [8443],
                "sources": ["axl_process_nodes", "cli_server_table", "uds_servers", "expressway"],
            }
        ],
        "excluded": [],
        "not_read": [],
    }


def test_without_discovery_the_model_says_so() -> None:
    discovery = discovered(**FOUND)
    model = audit([observed()], discovery["origins"], [])
    assert model["discovery"] is None


@pytest.mark.parametrize(
    ("otherwise", "gaps", "checks"),
    [
        ({"uds_servers": unread()}, [("source", "uds_servers")], ["source_not_read"]),
        ({"axl_uc_services": read(service("voice mail"))}, [("address", "not_a_host")], ["not_a_host"]),
        ({"uds_servers": read()}, [], ["uds_differs_from_axl"]),
        ({"expressway": read(publisher("cucm9.example.test"))}, [("source", "publisher")], ["expressway_publisher_not_advertised"]),
    ],
)  # fmt: skip
def test_findings_and_gaps_of_the_discovery_are_those_of_the_audit(
    otherwise: Any, gaps: Any, checks: list[str]
) -> None:
    model = audited(discovered(**{**FOUND, **otherwise}))
    assert unasked(model) == gaps
    assert model["summary"]["complete"] is not bool(gaps)
    found = [entry["check"] for entry in model["findings"] if not entry["check"].startswith("breaks")]  # fmt: skip
    assert found == checks


def test_the_screen_says_once_why_addresses_may_be_missing() -> None:
    axl = ("axl_process_nodes", "axl_tftp_nodes", "axl_uc_services")
    model = audited(discovered(**{**FOUND, **dict.fromkeys(axl, unread("set vos_axl_user"))}))
    assert screen([model]) == [
        model["summary"]["answer"],
        "  ? axl_process_nodes, axl_tftp_nodes, axl_uc_services not read: set vos_axl_user",
    ]


def test_an_advertised_ip_address_is_one_finding() -> None:
    said = read(process_node("192.0.2.12"))
    model = audited(discovered(**{**FOUND, "axl_process_nodes": said}))
    about = [entry["check"] for entry in model["findings"] if entry["address"] == "192.0.2.12"]
    assert "ip_address_target" in about and "ip_address_in_system_server" not in about


@pytest.mark.parametrize(
    ("kind", "optional", "complete", "checks"),
    [
        ("refused", True, True, ["optional_port_not_served"]),
        ("refused", False, False, ["not_seen"]),
        # Nobody answered: that port may well be served.
        ("timeout", True, False, ["not_seen"]),
    ],
)
def test_an_optional_port_may_be_closed(
    kind: str, optional: bool, complete: bool, checks: list[str]
) -> None:
    discovery = discovered(**FOUND, inventory=read(listed(NODE, ports=[8443, 443])))
    discovery = copy.deepcopy(discovery)
    discovery["origins"][1]["optional"] = optional
    model = audited(discovery, p443=kind)
    assert [entry["check"] for entry in model["findings"]] == checks
    assert model["summary"]["complete"] is complete
    assert len(model["origins"]) == (1 if complete else 2)
