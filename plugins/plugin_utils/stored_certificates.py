# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what a node holds in certificates, over the certificate management API or over the platform CLI."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes.platform_answers import (
    CertificateFile,
    active_version,
    certificate_list,
    certificate_pem,
)
from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes.stored import (
    Stored,
    StoredCertificates,
    trust_store_of,
)
from ansible_collections.collab.expressway.plugins.module_utils.unexpected_answer import (
    UnexpectedAnswer,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.certificate_api_client import (
    NoCertificateApi,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import (
    OptionRefused,
    PeerRefused,
    PeerUnreachable,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.node_action import NodeConnection
from ansible_collections.collab.expressway.plugins.plugin_utils.platform_shell import PlatformShell


def stored_over(
    source: str, connection: NodeConnection, units: Collection[str], *, trust: bool
) -> tuple[str, StoredCertificates, str | None]:
    """How it was read (`api` or `cli`), what the node holds, and why `auto` did not read it over the API.

    `auto` goes on to the CLI where there is no API or no way to it, never after a refused login: the CLI takes the same account, and a
    second try could lock it.
    """
    if source == "cli":
        return "cli", over_cli(connection.shell(), units, trust=trust), None
    try:
        return "api", connection.certificate_api().snapshot(), None
    except (NoCertificateApi, OptionRefused, PeerUnreachable) as error:
        if source == "api":
            raise
        why = str(error)
    try:
        return "cli", over_cli(connection.shell(), units, trust=trust), why
    except PeerUnreachable as error:
        unreachable = PeerUnreachable(f"{error}. Before that: {why}")
        unreachable.login_refused = error.login_refused
        raise unreachable from None


def over_cli(shell: PlatformShell, units: Collection[str], *, trust: bool) -> StoredCertificates:
    """The certificates of `units` and, with `trust`, of their trust stores: one command for each certificate."""
    not_given: list[dict[str, str]] = []
    listed = certificate_list(shell.read("show cert list own"))
    if not listed:
        raise UnexpectedAnswer("`show cert list own` lists no certificate")
    own = _read(shell, "own", (file for file in listed if file.unit in units), not_given)
    held: tuple[Stored, ...] = ()
    if trust:
        stores = {trust_store_of(unit) for unit in units}
        files = certificate_list(shell.read("show cert list trust"))
        held = tuple(
            _read(shell, "trust", (file for file in files if file.unit in stores), not_given)
        )
    return StoredCertificates(
        server=None,
        release=active_version(shell.read("show version active")),
        units=tuple(file.unit for file in listed),
        own=tuple(own),
        trust=held,
        not_given=tuple(not_given),
    )


def _read(
    shell: PlatformShell,
    kind: str,
    files: Iterator[CertificateFile],
    not_given: list[dict[str, str]],
) -> list[Stored]:
    found = []
    for file in files:
        if any(character.isspace() for character in file.file):
            reason = f"{file.file}: a name with blanks cannot be given to `show cert`; the API gives it (source: api)"
            not_given.append({"unit": file.unit, "reason": reason})
            continue
        try:
            pem = certificate_pem(shell.read(f"show cert {kind} {file.unit}/{file.file}"))
            reason = f"{file.file}: the node prints no PEM text for it"
        except PeerRefused as error:
            pem, reason = None, str(error)
        if pem is not None:
            found.append(Stored(file.unit, pem, file.file))
        else:
            not_given.append({"unit": file.unit, "reason": reason})
    return found
