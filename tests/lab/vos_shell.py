# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialect of the platform CLI (`admin:`) of UC nodes: one line in, one answer out.

No connection and no clock; the session carries out what an answer asks for. Source: CUCM facts 2;
each guess is a switch (`switches.yml`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography import x509

from tests.lab.certificate_text import common_name, dump
from tests.lab.uc_profile import family

if TYPE_CHECKING:
    from tests.lab.uc_node import UcNode

PAGER = "Press <enter> for 1 line, <space> for one page, or <q> to quit"
STARTING = "Command Line Interface is starting up, please wait ..."
UNSUCCESSFUL = "Executed command unsuccessfully"
_WELCOME = (
    "",
    "   Welcome to the Platform Command Line Interface",
    "",
    "VMware Installation:",
    "        4 vCPU: Intel(R) Xeon(R) CPU",
    "        Disk 1: 110GB, Partitions aligned",
    "        8192 Mbytes RAM",
    "",
)
_COLUMNS = {"cucm": "callmanager", "imp": "cups", "cuc": "connection"}


@dataclass(frozen=True)
class VosAnswer:
    """`lines` to print; `pagination` and `command_count`, when not None, hold from now on."""

    lines: tuple[str, ...] = ()
    pagination: bool | None = None
    command_count: bool | None = None
    farewell: bool = False


@dataclass(frozen=True)
class SessionView:
    """What a session knows: the privilege of its account, whether the pager is on."""

    level: int
    pagination: bool


def welcome() -> tuple[str, ...]:
    """What is printed before the first prompt, after STARTING."""
    return _WELCOME


def prompt(switches: Mapping[str, Any], count: int | None) -> str:
    """The prompt; `count` is the number of commands so far while it is shown."""
    if count is None:
        return "admin:"
    if switches["vos_command_count"] == "before_colon":
        return f"admin({count}):"
    return f"admin:({count})"


def answer(node: UcNode, session: SessionView, line: str) -> VosAnswer:
    """Return the answer to one typed `line`."""
    words = line.split()
    if not words:
        return VosAnswer()
    for command, (level, function) in _COMMANDS.items():
        expected = command.split()
        if words[: len(expected)] == expected:
            if session.level < level:
                return _refused(node)
            return function(node, session, words[len(expected) :])
    return _unknown(node)


def _unknown(node: UcNode) -> VosAnswer:
    if node.switches["vos_unknown_command"] == "unsuccessful":
        return VosAnswer((UNSUCCESSFUL,))
    return VosAnswer(("No valid command entered",))


def _refused(node: UcNode) -> VosAnswer:
    if node.switches["vos_privilege_refusal"] == "unsuccessful":
        return VosAnswer((UNSUCCESSFUL,))
    return _unknown(node)


def _quit(_node: UcNode, _session: SessionView, _words: list[str]) -> VosAnswer:
    return VosAnswer(farewell=True)


def _version(node: UcNode, _session: SessionView, words: list[str]) -> VosAnswer:
    if words != ["active"]:
        return _unknown(node)
    return VosAnswer(
        (
            f"Active Master Version: {node.uc.release}",
            "Active Version Installed Software Options:",
            "No Installed Software Options Found.",
        )
    )


def _pagination(node: UcNode, session: SessionView, words: list[str]) -> VosAnswer:
    if words:
        return _unknown(node)
    return VosAnswer((f"Automatic Pagination : {'On' if session.pagination else 'Off'}.",))


def _set_pagination(node: UcNode, _session: SessionView, words: list[str]) -> VosAnswer:
    if words not in (["on"], ["off"]):
        return _unknown(node)
    return VosAnswer((f"Automatic pagination is turned {words[0]}",), pagination=words == ["on"])


def _set_command_count(node: UcNode, _session: SessionView, words: list[str]) -> VosAnswer:
    if words not in (["enable"], ["disable"]):
        return _unknown(node)
    return VosAnswer(command_count=words == ["enable"])


def _network_cluster(node: UcNode, _session: SessionView, words: list[str]) -> VosAnswer:
    """The nodes, and on the publisher System > Server (CUCM facts 2.5)."""
    if words:
        return _unknown(node)
    lines = []
    for member in node.members:
        host = member.name.partition(".")[0]
        names = [host] if node.switches["vos_cluster_names"] == "host_only" else [member.name, host]
        first = member.role == "publisher" and member.product != "imp"
        role = "Publisher" if first else "Subscriber"
        database = "DBPub" if member.role == "publisher" else "DBSub"
        state = "authenticated"
        if member.name != node.name:
            state += " using TCP since Wed Nov 11 17:44:48 2026"
        columns = [member.address, *names, role, _COLUMNS[member.product], database, state]
        lines.append(" ".join(columns))
    if node.is_database_publisher:
        title = "Server Table (processnode) Entries"
        lines += ["", title, "-" * len(title), *node.server_names]
    return VosAnswer((*lines, ""))


def _list_own(node: UcNode, _session: SessionView, words: list[str]) -> VosAnswer:
    if words:
        return _unknown(node)
    lines = []
    for unit in node.profile.held:
        leaf = node.issued(unit).leaf
        text = "Self-signed certificate generated by system"
        if leaf.issuer != leaf.subject:
            text = f"Certificate Signed by {common_name(leaf.issuer)}"
        lines.append(f"{unit}/{unit}.pem: {text}")
    return VosAnswer((*lines, ""))


def _list_trust(node: UcNode, _session: SessionView, words: list[str]) -> VosAnswer:
    if words:
        return _unknown(node)
    lines = [
        f"{store}/{filename}: {_description(certificate)}"
        for store, entries in node.trust_stores().items()
        for filename, certificate in entries.items()
    ]
    return VosAnswer((*lines, ""))


def _description(certificate: x509.Certificate) -> str:
    signed = certificate.issuer != certificate.subject
    return "Signed Certificate" if signed else "Trust Certificate"


def _show_own(node: UcNode, _session: SessionView, words: list[str]) -> VosAnswer:
    if len(words) != 1:
        return _unknown(node)
    unit, _slash, filename = words[0].partition("/")
    if unit not in node.profile.held or filename not in ("", f"{unit}.pem"):
        return _no_certificate(words[0])
    return VosAnswer((*dump(node.issued(unit).leaf, node.switches), ""))


def _show_trust(node: UcNode, _session: SessionView, words: list[str]) -> VosAnswer:
    if len(words) != 1:
        return _unknown(node)
    store, _slash, filename = words[0].partition("/")
    if not store.endswith("-trust"):
        store = family(store)
    found = node.trust_stores().get(store, {}).get(filename)
    if found is None:
        return _no_certificate(words[0])
    with_pem = node.switches["vos_trust_pem"] == "printed"
    return VosAnswer((*dump(found, node.switches, with_pem=with_pem), ""))


def _no_certificate(name: str) -> VosAnswer:
    """The wording is a guess, apart from its first line."""
    return VosAnswer((UNSUCCESSFUL, f"Certificate {name} does not exist"))


_COMMANDS: dict[str, tuple[int, Callable[[UcNode, SessionView, list[str]], VosAnswer]]] = {
    "quit": (0, _quit),
    "exit": (0, _quit),
    "show version": (0, _version),
    "show network cluster": (0, _network_cluster),
    "show cli pagination": (0, _pagination),
    "set cli pagination": (1, _set_pagination),
    "set commandcount": (1, _set_command_count),
    "show cert list own": (1, _list_own),
    "show cert list trust": (1, _list_trust),
    "show cert own": (1, _show_own),
    "show cert trust": (1, _show_trust),
}
"""What may be typed, with the privilege that it takes. Words are taken as they are written."""
