# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names in a certificate as the traffic server reads them, byte for byte.

General libraries refuse the names when any other extension is odd (a negative serial number, an
entry that is not ASCII); the traffic server compares bytes and does not care. So the few fields
are read here, straight from the DER.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.collab.expressway.plugins.module_utils.certificates.der import (
    elements,
    first_content,
)

_COMMON_NAME = bytes.fromhex("550403")
_SUBJECT_ALTERNATIVE_NAME = bytes.fromhex("551d11")
_KEY_USAGE = bytes.fromhex("551d0f")
_DIGITAL_SIGNATURE = 0x80
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_OBJECT_IDENTIFIER, _OCTET_STRING = 0x06, 0x04
ISSUER, SUBJECT = 2, 4
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

NameKey = tuple[tuple[bytes, bytes], ...]


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
        texts = (printable(name.decode("utf-8", "backslashreplace")) for name in names)
        return list(dict.fromkeys(texts))


def printable(text: str) -> str:
    """Control characters escaped: names come from the network and end in logs and terminals."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def certificate_names(der: bytes) -> CertificateNames:
    """The names of one DER certificate. What cannot be read is left out, as OpenSSL leaves it out."""
    fields = _fields(der)
    subject = fields[SUBJECT][1] if len(fields) > SUBJECT else b""
    try:
        common_name = _first_common_name(subject)
    except ValueError:
        common_name = None
    try:
        dns, ip = _alternative_names(_extensions(fields))
    except ValueError:
        dns, ip = (), ()
    return CertificateNames(dns, ip, common_name)


def subject_and_issuer(der: bytes) -> tuple[NameKey, NameKey]:
    """Subject and issuer as values that are equal where OpenSSL takes the names for equal:
    case, surplus white space and the kind of string do not count."""
    fields = _fields(der)
    if len(fields) <= SUBJECT:
        return (), ()
    return _name_key(fields[SUBJECT][1]), _name_key(fields[ISSUER][1])


def _name_key(name: bytes) -> NameKey:
    try:
        return tuple(
            (kind, b" ".join(_text(tag, value).encode().lower().split()))
            for kind, tag, value in _attributes(name)
        )
    except ValueError:
        return ((b"", name),)


def _fields(der: bytes) -> list[tuple[int, bytes]]:
    """The fields of a certificate after its version: serial number, algorithm, issuer, validity, subject, …"""
    try:
        fields = list(elements(first_content(first_content(der))))
    except ValueError:
        return []
    return fields[1:] if fields and fields[0][0] == _VERSION else fields


def _extensions(fields: list[tuple[int, bytes]]) -> bytes:
    return next((content for tag, content in fields[SUBJECT:] if tag == _EXTENSIONS), b"")


def _attributes(name: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    for _set, relative_name in elements(name):
        for _sequence, attribute in elements(relative_name):
            (_identifier, kind), (tag, value) = elements(attribute)
            yield kind, tag, value


def _text(tag: int, value: bytes) -> str:
    if tag not in _TEXT_ENCODINGS:
        raise ValueError("not a string")
    return value.decode(_TEXT_ENCODINGS[tag])


def _first_common_name(subject: bytes) -> bytes | None:
    for kind, tag, value in _attributes(subject):
        if kind == _COMMON_NAME:
            return _text(tag, value).encode()
    return None


def _alternative_names(extensions: bytes) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    entries = list(elements(first_content(_extension(extensions, _SUBJECT_ALTERNATIVE_NAME))))
    return (
        tuple(value for tag, value in entries if tag == _DNS_NAME),
        tuple(
            str(ipaddress.ip_address(value))
            for tag, value in entries
            if tag == _IP_ADDRESS and len(value) in (4, 16)
        ),
    )


def may_sign(der: bytes) -> bool:
    """Does keyUsage, where there is one, include digitalSignature?"""
    try:
        unused_bits_and_usage = first_content(_extension(_extensions(_fields(der)), _KEY_USAGE))
    except ValueError:
        return True
    return len(unused_bits_and_usage) > 1 and bool(unused_bits_and_usage[1] & _DIGITAL_SIGNATURE)


def _extension(extensions: bytes, kind: bytes) -> bytes:
    """The value of one extension; ValueError when it is not there, or twice: OpenSSL gives out none then."""
    found = []
    for _sequence, extension in elements(first_content(extensions)):
        parts = list(elements(extension))
        if parts[0] == (_OBJECT_IDENTIFIER, kind):
            found.append(parts[-1])
    if len(found) != 1 or found[0][0] != _OCTET_STRING:
        raise ValueError("no such extension")
    return found[0][1]
