# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong between the controller and a peer or a UC node. Each message names it and, where there is one, the remedy."""

from __future__ import annotations


class PeerError(Exception):
    """Something about a peer or a UC node that the task cannot go on with."""

    login_refused = False
    """Whether the credential was refused. Another try might get this address blocked."""
    lasting = False
    """Whether the next request of the same kind would be answered in the same way."""


class PeerUnreachable(PeerError):
    """No session, or a session that broke down before anything was written: the host becomes UNREACHABLE."""


class PeerRefused(PeerError):
    """The peer answered, and the answer is no: the task fails. `changed` says whether something was written before."""

    status: int | None = None
    """HTTP status, where it was the API that said no."""
    answer: object = None
    """The whole HTTP answer (`HttpAnswer`), where it could be read."""

    def __init__(self, message: str, *, changed: bool = False) -> None:
        super().__init__(message)
        self.changed = changed

    @property
    def leaves_open(self) -> bool:
        """Whether what was asked for may be carried out all the same: an error of the server (HTTP 5xx) may hide that."""
        return (self.status or 0) >= 500


class OptionRefused(PeerRefused):
    """An option is missing or cannot be used: nothing was sent, and nobody knows whether the node is up."""

    lasting = True
