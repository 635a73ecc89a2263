# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A shell command that shows a verdict with stock tools, so that nobody has to believe us."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime

from ansible_collections.collab.expressway.plugins.module_utils.certificates import Certificate
from ansible_collections.collab.expressway.plugins.module_utils.chain_judgement import (
    LEVEL_WITH_SHA1_IN_1_1_1,
    TRAFFIC_SERVER_DEPTH,
)


def relevant(trusted: Sequence[Certificate], presented: Sequence[Certificate]) -> list[Certificate]:
    """The certificates of a store that can bear on a chain, in the store's order.

    OpenSSL looks up issuers by name, so only namesakes of some issuer count; a store of hundreds of
    CAs need not be repeated in each command.
    """
    wanted = {certificate.issuer_key for certificate in presented}
    kept: set[Certificate] = set()
    while found := {item for item in trusted if item.subject_key in wanted} - kept:
        kept |= found
        wanted |= {item.issuer_key for item in found}
    return [item for item in trusted if item in kept]


def verify_command(
    trusted: Sequence[Certificate],
    presented: Sequence[Certificate],
    at: datetime,
    security_level: int,
    sha1_signed: Sequence[Certificate],
) -> str:
    """`openssl verify` as the traffic server verifies, and the names of the leaf, from inlined PEM text.

    Prints `error N at D depth` with the error number and depth of the verdict first (newer versions say
    79 instead of 24), or `OK`; then the names. Needs OpenSSL 3; version 1.1.1 has no -no-CAstore.
    """
    needed = relevant(trusted, presented)
    level, notes = security_level, []
    if len(needed) < len(trusted):
        notes.append(
            f"# {len(needed)} of {len(trusted)} certificates of the trust store have to do with this chain."
        )
    if sha1_signed and security_level == LEVEL_WITH_SHA1_IN_1_1_1:
        level = 0
        notes.append(
            "# OpenSSL 3 puts SHA-1 below level 1, OpenSSL 1.1.1 does not: level 0 shows its view."
        )
    trust = '-CAfile "$folder/store.pem"' if needed else "-no-CAfile"
    return "\n".join(
        [
            "# OpenSSL 3; with 1.1.1 leave out -no-CAstore.",
            *notes,
            "folder=$(mktemp -d)",
            *(_here_document("store.pem", needed) if needed else ()),
            *_here_document("sent.pem", presented),
            f"openssl verify -no-CApath -no-CAstore {trust} "
            '-untrusted "$folder/sent.pem" -purpose sslserver '
            f"-auth_level {level} -verify_depth {TRAFFIC_SERVER_DEPTH} "
            f'-attime {int(at.timestamp())} "$folder/sent.pem"',
            'openssl x509 -in "$folder/sent.pem" -noout -subject -ext subjectAltName',
            'rm -r "$folder"',
        ]
    )


def nothing_sent_command(address: str, port: int) -> str:
    """What the origin sends, when it sent no certificate."""
    return f"openssl s_client -connect {shlex.quote(f'{address}:{port}')} -showcerts </dev/null"


def unloadable_store_command() -> str:
    """Whether OpenSSL reads a trust store, saved from the peer's page."""
    return (
        "# Save the peer's trust store as store.pem: Maintenance > Security > Trusted CA certificate, Show all (PEM file).\n"
        "openssl verify -no-CApath -no-CAstore -CAfile store.pem store.pem"
    )


def _here_document(name: str, certificates: Sequence[Certificate]) -> list[str]:
    text = "".join(certificate.pem for certificate in certificates)
    return [f"cat >\"$folder/{name}\" <<'PEM'", text.rstrip("\n"), "PEM"]
