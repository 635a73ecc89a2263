# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A shell command that shows a verdict with stock tools, so that nobody has to believe us."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
)
from ansible_collections.collab.expressway.plugins.module_utils.certificates.names import NameKey
from ansible_collections.collab.expressway.plugins.module_utils.verdict.chain_judgement import (
    LEVEL_WITH_SHA1_IN_1_1_1,
    TRAFFIC_SERVER_DEPTH,
)


class TrustedBySubject:
    """The certificates of a store, findable by subject, in the store's order."""

    def __init__(self, trusted: Sequence[Certificate]) -> None:
        self.number = len(trusted)
        self._by_subject: dict[NameKey, list[tuple[int, Certificate]]] = {}
        for place, certificate in enumerate(trusted):
            self._by_subject.setdefault(certificate.subject_key, []).append((place, certificate))

    def relevant(self, presented: Sequence[Certificate]) -> list[Certificate]:
        """Those that can bear on a chain.

        OpenSSL looks up issuers by name, so only namesakes of some issuer count; a store of hundreds of
        CAs need not be repeated in each command.
        """
        wanted = [certificate.issuer_key for certificate in presented]
        seen: set[NameKey] = set()
        kept: list[tuple[int, Certificate]] = []
        while wanted:
            name = wanted.pop()
            if name not in seen:
                seen.add(name)
                found = self._by_subject.get(name, [])
                kept += found
                wanted += [certificate.issuer_key for _place, certificate in found]
        return [certificate for _place, certificate in sorted(kept, key=lambda item: item[0])]


def verify_command(
    trusted: TrustedBySubject,
    presented: Sequence[Certificate],
    at: datetime,
    security_level: int,
    sha1_signed: Sequence[Certificate],
) -> str:
    """`openssl verify` as the traffic server verifies, and the names of the leaf, from inlined PEM text.

    Prints `error N at D depth` with the error number and depth of the verdict first (newer versions say
    79 instead of 24), or `OK`; then the names. Needs OpenSSL 3; version 1.1.1 has no -no-CAstore.
    """
    needed = trusted.relevant(presented)
    level, notes = security_level, []
    if len(needed) < trusted.number:
        notes.append(
            f"# {len(needed)} of {trusted.number} certificates of the trust store have to do with this chain."
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
