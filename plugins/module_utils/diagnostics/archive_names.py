# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a downloaded archive is called on the controller. The name that a peer gives is never trusted with a path."""

from __future__ import annotations

import re
from email.message import Message

LONGEST = 100
"""Characters of each half; most file systems take 255 in all."""
NAMELESS = "diagnostic_log"

_FORBIDDEN = re.compile(r"[^A-Za-z0-9._-]+")


def announced_name(content_disposition: str | None) -> str | None:
    """The file name in a header Content-Disposition (quoted, unquoted or RFC 2231), None when there is none.

    >>> announced_name('attachment; filename="log_16:55:25.tar.gz"')
    'log_16:55:25.tar.gz'
    """
    if not content_disposition:
        return None
    message = Message()
    try:
        message["Content-Disposition"] = content_disposition
        name = message.get_filename()
    except (LookupError, ValueError):
        return None
    return name or None


def archive_name(peer: str, announced: str | None) -> str:
    """A name without a path, of letters, digits and `._-` only, that starts with `peer`.

    >>> archive_name("expc1.example.test", "../../etc/log_16:55:25.tar.gz")
    'expc1.example.test-log_16_55_25.tar.gz'
    """
    last = re.split(r"[/\\]", announced or "")[-1]
    return f"{_plain(peer) or 'peer'}-{_plain(last) or NAMELESS}"


def _plain(text: str) -> str:
    # Of a long one the end stays: it holds the suffix, by which a reader knows the format.
    return _FORBIDDEN.sub("_", text)[-LONGEST:].strip(".")
