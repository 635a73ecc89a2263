# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who shares a certificate: the nodes that hold it, and whether it is a multi-server certificate."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
)
from ansible_collections.collab.expressway.plugins.module_utils.certificates.record import (
    is_multi_server_name,
)
from ansible_collections.collab.expressway.plugins.module_utils.san_coverage.meetings import Meeting
from ansible_collections.collab.expressway.plugins.module_utils.verdict.origin_names import (
    covered_by,
)

Record = dict[str, Any]
_ECDSA = re.compile(r"-EC(?=-ms(\.|$))", re.IGNORECASE)


class Sharing:
    """Nodes by the certificate that they hold."""

    def __init__(self, meetings: Iterable[Meeting], gaps: Iterable[Record] = ()) -> None:
        self._addresses: dict[str, dict[str, None]] = {}
        self._holders: dict[str, dict[str, None]] = {}
        self._units: dict[str, dict[str, None]] = {}
        self._units_of: dict[str, set[str]] = {}
        self._alike: dict[str, dict[str, None]] = {}
        met = list(meetings)
        for meeting in met:
            self._addresses.setdefault(meeting.node, {})[meeting.address] = None
        self._named = {
            meeting.certificate: [node for node in self._addresses if self._names(meeting, node)]
            for meeting in {meeting.certificate: meeting for meeting in met}.values()
        }
        for meeting in met:
            family = self.family(meeting.certificate)
            self._holders.setdefault(family, {})[meeting.node] = None
            if meeting.unit:
                self._units.setdefault(family, {})[meeting.unit] = None
                self._units_of.setdefault(meeting.node, set()).add(meeting.unit)
            if self.is_multi_server(meeting.certificate):
                self._alike.setdefault(_common_stem(meeting.certificate), {})[family] = None
        places = {str(gap["node"] or gap["address"]) for gap in gaps}
        self.unseen = sorted(places - self._addresses.keys())
        """Nodes of which no certificate is known: they may share any."""

    def _names(self, meeting: Meeting, node: str) -> bool:
        return any(
            covered_by(meeting.certificate.names, name) for name in (node, *self._addresses[node])
        )

    def named(self, certificate: Certificate) -> list[str]:
        """The nodes that a certificate names, by their name or by an address."""
        return self._named[certificate]

    def is_multi_server(self, certificate: Certificate) -> bool:
        """By its common name, or because it names several nodes."""
        name = certificate.record["common_name"]
        return is_multi_server_name(name) or len(self.named(certificate)) > 1

    def family(self, certificate: Certificate) -> str:
        """What is reissued together: a multi-server certificate with its older copies on other nodes, else itself."""
        if not self.is_multi_server(certificate) or not certificate.record["common_name"]:
            return certificate.sha256
        return f"{certificate.record['common_name'].casefold()} {certificate.record['key_type']}"

    def holders(self, certificate: Certificate) -> list[str]:
        """Nodes that hold it or a copy of another age, sorted.

        Of a multi-server certificate also those that hold its sibling of the other key type, unless it is known what they
        hold instead: HTTPS ciphers are RSA only by default, so a node may well hold an ECDSA certificate that nobody saw, and
        a name too many harms nobody.
        """
        family = self.family(certificate)
        nodes = dict(self._holders[family])
        if self.is_multi_server(certificate):
            units = set(self._units.get(family, {}))
            for alike in self._alike[_common_stem(certificate)]:
                nodes |= {
                    node: None
                    for node in self._holders[alike]
                    if units and units.isdisjoint(self._units_of.get(node, ()))
                }
        return sorted(nodes)

    def units(self, certificate: Certificate) -> list[str]:
        return sorted(self._units.get(self.family(certificate), {}))

    def addresses(self, node: str) -> list[str]:
        """What clients ask this node for, sorted."""
        return sorted(self._addresses.get(node, {}))


def _common_stem(certificate: Certificate) -> str:
    """What the common names of RSA and ECDSA have in common: `cucm1-ms.example.com` of `cucm1-EC-ms.example.com`."""
    return _ECDSA.sub("", certificate.record["common_name"] or certificate.sha256).casefold()
