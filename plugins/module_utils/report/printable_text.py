# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text from the network made harmless for terminals and pages."""

from __future__ import annotations


def printable(text: str, *, keep: str = "") -> str:
    """Control and direction characters spelled out, save those in `keep`.

    A certificate subject must neither steer a terminal nor turn a line around.
    """
    return "".join(
        character
        if character.isprintable() or character in keep
        else character.encode("unicode_escape").decode()
        for character in text
    )
