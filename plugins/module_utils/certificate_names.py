# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names in a certificate as the traffic server reads them, byte for byte.

General libraries refuse the names when any other extension is odd (a negative serial number, an
entry that is not ASCII); the traffic server compares bytes and does not care. So the few fields
are read here, straight from the DER.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from ansible_collections.collab.expressway.plugins.module_utils.der import elements, first_content

_COMMON_NAME = bytes.fromhex("550403")
_SUBJECT_ALTERNATIVE_NAME = bytes.fromhex("551d11")
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_OBJECT_IDENTIFIER, _OCTET_STRING = 0x06, 0x04
_DNS_NAME, _IP_ADDRESS = 0x82, 0x87
_TEXT_ENCODINGS = {
    0x0C: "utf-8",  # UTF8String
    0x12: "latin-1",  # NumericString
    0x13: "latin-1",  # PrintableString
    0x14: "latin-1",  # T61String, which OpenSSL reads as Latin-1
    0x16: "latin-1",  # IA5String
    0x1A: "latin-1",  # VisibleString
    0x1C: "utf-32-be",  # UniversalString
    0x1E: "utf-16-be",  # BMPString
}


@dataclass(frozen=True)
class CertificateNames:
    """`dns`: dNSName entries as bytes; `ip`: iPAddress entries as text; `common_name`: the first CN, UTF-8.

    All in the certificate's order. `common_name` is None when there is no CN, or none that is text.
    """

    dns: tuple[bytes, ...] = ()
    ip: tuple[str, ...] = ()
    common_name: bytes | None = None

    def compared(self) -> list[str]:
        """The names that the traffic server compares, for people: dNSName entries, then the CN."""
        names = [name for name in (*self.dns, self.common_name) if name]
        return list(dict.fromkeys(name.decode("utf-8", "backslashreplace") for name in names))


def certificate_names(der: bytes) -> CertificateNames:
    """The names of one DER certificate. What cannot be read is left out, as OpenSSL leaves it out."""
    try:
        fields = list(elements(first_content(first_content(der))))
    except ValueError:
        return CertificateNames()
    if fields and fields[0][0] == _VERSION:
        del fields[0]
    subject = fields[4][1] if len(fields) > 4 else b""
    extensions = next((content for tag, content in fields[5:] if tag == _EXTENSIONS), b"")
    try:
        common_name = _first_common_name(subject)
    except ValueError:
        common_name = None
    try:
        dns, ip = _alternative_names(extensions)
    except ValueError:
        dns, ip = (), ()
    return CertificateNames(dns, ip, common_name)


def _first_common_name(subject: bytes) -> bytes | None:
    for _, relative_name in elements(subject):
        for _, attribute in elements(relative_name):
            (_, kind), (tag, value) = elements(attribute)
            if kind == _COMMON_NAME:
                return (
                    value.decode(_TEXT_ENCODINGS[tag]).encode() if tag in _TEXT_ENCODINGS else None
                )
    return None


def _alternative_names(extensions: bytes) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    found = []
    for _, extension in elements(first_content(extensions)) if extensions else ():
        parts = list(elements(extension))
        if parts[0] == (_OBJECT_IDENTIFIER, _SUBJECT_ALTERNATIVE_NAME):
            found.append(parts[-1])
    # OpenSSL hands out no names at all when the extension is there twice.
    if len(found) != 1 or found[0][0] != _OCTET_STRING:
        return (), ()
    entries = list(elements(first_content(found[0][1])))
    return (
        tuple(value for tag, value in entries if tag == _DNS_NAME),
        tuple(
            str(ipaddress.ip_address(value))
            for tag, value in entries
            if tag == _IP_ADDRESS and len(value) in (4, 16)
        ),
    )
