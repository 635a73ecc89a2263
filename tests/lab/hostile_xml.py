# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML that attacks whoever reads it without care: 30 MB at most, so that the machine survives a failed test."""

from __future__ import annotations

_LEVELS = 7


def hostile_xml(variant: str) -> str:
    """`billion_laughs`: entities of entities; `external_entity`: one that names a file."""
    if variant == "external_entity":
        return (
            '<?xml version="1.0"?><!DOCTYPE servers [<!ENTITY file SYSTEM "file:///etc/passwd">]>'
            "<servers><server>&file;</server></servers>"
        )
    entities = ['<!ENTITY lol0 "lol">']
    for level in range(1, _LEVELS + 1):
        entities.append(f'<!ENTITY lol{level} "{f"&lol{level - 1};" * 10}">')
    return (
        f'<?xml version="1.0"?><!DOCTYPE servers [{"".join(entities)}]>'
        f"<servers><server>&lol{_LEVELS};</server></servers>"
    )
