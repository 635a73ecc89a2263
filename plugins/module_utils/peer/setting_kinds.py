# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What kind of value a setting of the Expressway takes, and so how it is written.

The shell wants strings in double quotes, enumerations and integers bare, but prints enumerations (and often integers) quoted:
what a read shows does not tell how to write. So the kinds of the settings that matter here are data, from the X15.0
administrator guide, "Command reference: xConfiguration"; for any other setting `kind_of` weighs what is known.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum


class Kind(StrEnum):
    """How a value is written and compared."""

    STRING = "string"
    """In double quotes; compared exactly."""
    ENUMERATION = "enumeration"
    """Bare word; compared without regard to case."""
    INTEGER = "integer"
    """Bare decimal number; compared as a number."""


KNOWN_KINDS: Mapping[str, Kind] = {
    # "*" stands for one index or one name.
    "Administration HTTPS Mode": Kind.ENUMERATION,
    "Administration SSH Mode": Kind.ENUMERATION,
    "Alternates Cluster Name": Kind.STRING,
    "Alternates ConfigurationPrimary": Kind.INTEGER,
    "Alternates Peer * Address": Kind.STRING,
    "ApacheModReqTimeout Apachebody": Kind.INTEGER,
    "ApacheModReqTimeout Apachehead": Kind.INTEGER,
    "ApacheModReqTimeout Status": Kind.ENUMERATION,
    "Ciphers * Value": Kind.STRING,
    "CollaborationEdgeDeployments * DeploymentId": Kind.INTEGER,
    "CollaborationEdgeDeployments * UserReadableName": Kind.STRING,
    "EdgeConfigServer CredentialTtl": Kind.INTEGER,
    "EdgeConfigServer PurgeInterval": Kind.INTEGER,
    "EdgeConfigServer RateLimitLogins": Kind.INTEGER,
    "EdgeConfigServer RateLimitPeriod": Kind.INTEGER,
    "EdgeConfigServer VerifyOriginServer": Kind.ENUMERATION,
    "Logger Developer * Level": Kind.STRING,
    "SIP Advanced SipTlsVersions": Kind.STRING,
    "SIP Advanced TlsSignatureAlgoPrefRsa": Kind.ENUMERATION,
    "Security CSRFProtection Status": Kind.STRING,
    "SystemUnit Name": Kind.STRING,
    "Zones Zone * DNS SIP TLS Verify Mode": Kind.ENUMERATION,
    "Zones Zone * DNS SIP TLS Verify Subject Name": Kind.STRING,
}

ENUMERATION_WORDS = frozenset({"on", "off", "yes", "no", "true", "false"})
_INTEGER = re.compile(r"[+-]?[0-9]+")
_SECRET = re.compile(
    r"password|passphrase|passwd|secret|community|credential$|privatekey|token$", re.I
)


def is_integer(text: str) -> bool:
    """Whether `text` is one decimal number."""
    return _INTEGER.fullmatch(text) is not None


def _known_kind(path: str) -> Kind | None:
    words = path.split()
    for pattern, kind in KNOWN_KINDS.items():
        names = pattern.casefold().split()
        if len(names) == len(words) and all(
            name in ("*", word.casefold()) for name, word in zip(names, words, strict=True)
        ):
            return kind
    return None


def kind_of(path: str, wanted: object, current: str, current_quoted: bool) -> Kind:
    """The kind of the setting `path`.

    The table decides; then a bare value in the read (only enumerations and integers are ever bare); then a YAML boolean as
    the wanted value; then two values that are both On/Off words or both numbers. What remains is a string.
    """
    known = _known_kind(path)
    if known is not None:
        return known
    if not current_quoted and current:
        return Kind.INTEGER if is_integer(current) else Kind.ENUMERATION
    if isinstance(wanted, bool):
        return Kind.ENUMERATION
    if current.casefold() in ENUMERATION_WORDS and str(wanted).casefold() in ENUMERATION_WORDS:
        return Kind.ENUMERATION
    if is_integer(current) and is_integer(str(wanted)):
        return Kind.INTEGER
    return Kind.STRING


def looks_secret(path: str) -> bool:
    """Whether the name of the setting says that its value is a secret (a guess, erring on the side of silence)."""
    return _SECRET.search("".join(path.split())) is not None
