# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which certificate unit of a UC node belongs to which TLS port.

HTTPS and port 6972 present `tomcat`, 6971 presents `CallManager` (Security Guide 12.5(1)SU6, ECDSA support); that 7443 of
Unity Connection presents `tomcat` is inferred.
"""

from __future__ import annotations

TOMCAT, CALL_MANAGER = "tomcat", "CallManager"
SECURE_CONFIGURATION_PORT, CALL_MANAGER_CONFIGURATION_PORT = 6972, 6971
ECDSA_SUFFIX = "-ECDSA"
KEY_TYPES = ("rsa", "ecdsa")


def unit_at(port: int, key_type: str) -> str:
    """`tomcat`, `tomcat-ECDSA`, `CallManager` or `CallManager-ECDSA`."""
    return sibling(CALL_MANAGER if port == CALL_MANAGER_CONFIGURATION_PORT else TOMCAT, key_type)


def sibling(unit: str, key_type: str) -> str:
    """The unit of the other, or the same, key type: `tomcat-ECDSA` of `tomcat`."""
    base = unit.removesuffix(ECDSA_SUFFIX)
    return f"{base}{ECDSA_SUFFIX}" if key_type == "ecdsa" else base


def service_at(port: int) -> str:
    """What has to be restarted before this port presents a new certificate."""
    if port in (SECURE_CONFIGURATION_PORT, CALL_MANAGER_CONFIGURATION_PORT):
        return "Cisco Tftp (deactivate and activate it in Cisco Unified Serviceability)"
    return "Cisco Tomcat (utils service restart Cisco Tomcat)"
