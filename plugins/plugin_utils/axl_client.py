# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""AXL of one publisher: the version found out, throttling waited for, and every no explained (Unified CM facts 3.1)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes import axl
from ansible_collections.collab.expressway.plugins.module_utils.uc_nodes.uds import uds_version
from ansible_collections.collab.expressway.plugins.module_utils.unexpected_answer import (
    UnexpectedAnswer,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import (
    PeerError,
    PeerRefused,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.node_https import (
    BasicLogin,
    HttpAnswer,
    NodeHttps,
    refused,
    understood,
)

PATH = "/axl/"
PORT = "vos_https_port"
FIRST_PAUSE = 0.5
"""Seconds before a throttled request is sent again; doubled each time."""
LONGEST_PAUSE = 16.0

T = TypeVar("T")

_ACCOUNT = (
    "AXL takes an application user of Unified CM (vos_axl_user, vos_axl_password), not the platform administrator of SSH and the "
    "certificate API (ansible_user)"
)
_ROLE = "The application user needs the roles Standard AXL API Users and Standard AXL Read Only API Access (or Standard AXL API Access)"


class AxlClient:
    """Read operations of AXL. A request that is throttled is repeated until the time-out of `https` is over."""

    def __init__(
        self, https: NodeHttps, login: BasicLogin, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._https = https
        self._login = login
        self._pause = pause
        self._version: str | None = None

    def call(self, operation: str, read: Callable[[bytes], T], content: str = "") -> T:
        """What `read` makes of the SOAP answer to `operation`; `content` is the XML inside the request.

        Raises `PeerUnreachable` without an answer, `PeerRefused` when the answer is a no, `UnexpectedAnswer` when it is neither.
        """
        if self._version is None:
            self._version = self._find_version()
        answer = self._asked(operation, self._version, content)
        newest = axl.newest_supported(answer.body) if answer.status == 599 else None
        if newest is not None and newest != self._version:
            self._version = newest
            answer = self._asked(operation, newest, content)
        return self._understood(answer, operation, read)

    def _understood(self, answer: HttpAnswer, operation: str, read: Callable[[bytes], T]) -> T:
        self._check_accepted(answer, operation)
        return understood(answer, self._https, f"AXL {operation}", read, PORT)

    def _asked(self, operation: str, version: str, content: str) -> HttpAnswer:
        header = {"SOAPAction": f'"CUCM:DB ver={version} {operation}"'}
        return self._post(axl.envelope(operation, version, content), header)

    def _find_version(self) -> str:
        """Major and minor version of the schema to speak: that of the node's release."""
        answer = self._post(axl.envelope("getCCMVersion", axl.DISCOVERY_NAMESPACE), {})
        if answer.status in (200, 401, 403, 404, 503):
            return self._understood(
                answer, "getCCMVersion", lambda body: axl.schema_version(axl.ccm_version(body))
            )
        # A release that does not take the old namespace says its version to everybody, and which versions it takes.
        try:
            told = self._https.ask("GET", "/cucm-uds/version")
            return axl.schema_version(uds_version(told.body))
        except (PeerError, UnexpectedAnswer):
            newest = axl.newest_supported(answer.body) if answer.status == 599 else None
            if newest is not None:
                return newest
            self._check_accepted(answer, "getCCMVersion")
            raise

    def _post(self, envelope: bytes, header: dict[str, str]) -> HttpAnswer:
        headers = {"Content-Type": "text/xml; charset=utf-8", **header}
        deadline = time.monotonic() + self._https.timeout
        pause = FIRST_PAUSE
        while True:
            answer = self._https.ask(
                "POST", PATH, headers=headers, body=envelope, login=self._login
            )
            if answer.status != 503 or time.monotonic() + pause > deadline:
                return answer
            self._pause(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _check_accepted(self, answer: HttpAnswer, operation: str) -> None:
        if answer.status != 200:
            raise refused(answer, self._https, f"AXL {operation}", self._why(answer))
        if (said := axl.fault(answer.body)) is not None:
            raise PeerRefused(f"{self._https.peer} refused AXL {operation}: {said}")

    def _why(self, answer: HttpAnswer) -> str:
        user = self._login.user
        if answer.status == 401:
            return f": it refused user {user} (one try was made). {_ACCOUNT}"
        if answer.status == 403:
            return f": user {user} may not use AXL. {_ROLE}. {_ACCOUNT}"
        if answer.status == 404:
            return ": there is no AXL here. Activate the Cisco AXL Web Service on the publisher, and ask the publisher"
        if answer.status == 503:
            return f": AXL is throttled, and still was after {self._https.timeout:g} s. Ask again later or raise vos_command_timeout"
        if answer.status == 599:
            versions = axl.supported_versions(answer.body)
            said = f"; the node supports {versions}" if versions else ""
            return (
                f": it does not speak AXL schema {self._version or axl.DISCOVERY_NAMESPACE}{said}"
            )
        if 300 <= answer.status < 400:
            return ". Redirects are not followed, because they would carry the credentials along"
        said = axl.fault(answer.body)
        return (
            f": {said}" if said else ". The log of the Cisco AXL Web Service on the node says why"
        )
