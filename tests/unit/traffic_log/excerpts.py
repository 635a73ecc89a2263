# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Excerpts of diagnostic logs, in the shape of those in Cisco's articles about the traffic server of X14.2."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).with_name("articles")


def _excerpt(name: str) -> str:
    return (_FOLDER / f"{name}.log").read_text()


PREFIX = "2022-07-11T18:55:26.016+02:00 vcsc traffic_server[18242]:"

SELF_SIGNED = _excerpt("self_signed")
"""A self-signed certificate on the TFTP port, wrapped, with the marks and blank lines of a web page."""

IP_ADDRESS = _excerpt("ip_address")
"""An IP address in System > Server that the certificate does not hold."""

REFUSED_BY_THE_NODE = _excerpt("refused_by_the_node")
"""The UC node does not trust the certificate that the Expressway shows it as client."""
