# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take out of a peer's answers what is not for strangers, and keep the form that they came in.

Kept are the names of settings, words of a small vocabulary, short numbers, releases and what stands under a name about ciphers. Any other
value becomes `<text 11>`, which tells its length. Host names and addresses become peer1.example.invalid and 192.0.2.1, the same wherever
they stand; a certificate becomes the SHA-256 of its DER form.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re
from collections.abc import Iterable, Sequence
from typing import Any

REMOVED = "<removed>"
_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)(?:-----END \1-----|\Z)", re.DOTALL)
_MARK = re.compile(r"(<[a-z0-9 ]+ (?:sha256=[0-9a-f]{64}|unreadable)>)")
_KEY = re.compile(r"[A-Za-z0-9+/=_]{32,}")
_HOST = r"(?<![\w.-])(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?\.)+[A-Za-z]{2,}(?![\w-])"
_IPV4 = r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])"
_IPV6 = r"(?<![\w:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:])"
_NAMED = re.compile(f"{_HOST}|{_IPV4}|{_IPV6}")
_SAFE = re.compile(
    r"on|off|true|false|enabled?|disabled?|start(?:ed)?|stop(?:ped)?|yes|no|null|active|inactive|failed|permanent|none|ok"
    r"|ready to download|not available|collecting|fatal|error|warn|info|debug|trace"
    r"|\d{1,5}|X\d{1,2}(?:\.\d{1,3}){0,3}",
    re.IGNORECASE,
)
_CIPHERS = re.compile(r"cipher|protocol|tls", re.IGNORECASE)
_CIPHER_LIST = re.compile(r"[A-Za-z0-9!+@:._=-]{1,2000}")
# `*c xConfiguration Path: value`, `  Field: value`; a path holds neither quotes nor colons.
_LINE = re.compile(r"(?P<head>[^:\"]*:[ \t]?)(?P<value>.+)", re.DOTALL)
_REFUSAL = re.compile(r"\s*(?:ERROR|Command not recognized)", re.IGNORECASE)


class Redaction:
    """Replaces the same by the same, over any number of texts.

    `secrets`: passwords and user names. `names`: host names and addresses whose places are fixed, in an order that all peers of a capture
    share; what else turns up is numbered from 1001 as it comes.
    """

    def __init__(self, secrets: Iterable[str] = (), names: Sequence[str] = ()) -> None:
        self._places: dict[str, str] = {}
        hidden = [secret for secret in secrets if secret]
        literal = {secret.casefold(): REMOVED for secret in hidden}
        numbers = {True: 0, False: 0}
        for name in dict.fromkeys(name.casefold() for name in names):
            is_address = _address(name) is not None
            numbers[is_address] += 1
            placeholder = self._place(name, numbers[is_address])
            literal.setdefault(name, placeholder)
            label = name.partition(".")[0]
            if not is_address and len(label) > 2:
                literal.setdefault(label.casefold(), placeholder.partition(".")[0])
        self._fixed = len(self._places)
        self._literal = literal
        # As given, too: folding may change more than the case.
        longest_first = sorted({*hidden, *literal}, key=len, reverse=True)
        self._known = (
            re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE) if literal else None
        )

    def lines(self, text: str) -> list[str]:
        """Lines of the shell: what stands before a colon is kept, what stands behind it is a value."""
        return [self._line(line) for line in self.without_certificates(text).split("\n")]

    def json(self, value: Any, name: str = "") -> Any:
        """A value of JSON; the names of fields are kept. `Message` holds the appliance's own words."""
        if isinstance(value, dict):
            return {self.words(str(key)): self.json(item, str(key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.json(item, name) for item in value]
        if isinstance(value, str):
            is_message = name.casefold() == "message"
            return self.words(value) if is_message else self.value(value, name)
        return value if isinstance(value, bool | None) else self.value(str(value), name)

    def value(self, text: str, name: str = "") -> str:
        """A single value of the setting or field `name`."""
        bare = text.strip()
        if not bare or _SAFE.fullmatch(bare) or bare == "/":
            return self._literally(text)
        if _CIPHERS.search(name) and _CIPHER_LIST.fullmatch(bare) and not _NAMED.search(bare):
            return self._literally(text)
        if _NAMED.fullmatch(bare):
            return self.words(text)
        return f"<text {len(text)}>"

    def words(self, text: str) -> str:
        """A sentence of the appliance: kept but for what is known or looks like a name, an address or a key."""
        parts = _MARK.split(self.without_certificates(text))
        return "".join(part if _MARK.fullmatch(part) else self._plain(part) for part in parts)

    def without_certificates(self, text: str) -> str:
        """Each PEM block becomes what tells it from another one."""
        return _PEM.sub(lambda match: f"<{match[1].lower()} {_digest(match[2])}>", text)

    def _line(self, line: str) -> str:
        match = _LINE.fullmatch(line)
        if match is None or _REFUSAL.match(line) or _MARK.search(line):
            return self.words(line)
        head, value = match["head"], match["value"].rstrip()
        quoted = len(value) > 1 and value[0] == value[-1] == '"'
        inner = value[1:-1] if quoted else value
        shown = self.value(inner, head)
        return self.words(head) + (f'"{shown}"' if quoted else shown)

    def _plain(self, text: str) -> str:
        text = _NAMED.sub(lambda match: self._found(match[0]), self._literally(text))
        return _KEY.sub(REMOVED, text)

    def _literally(self, text: str) -> str:
        if self._known is None:
            return text
        return self._known.sub(lambda match: self._literal.get(match[0].casefold(), REMOVED), text)

    def _found(self, name: str) -> str:
        if name.endswith(".example.invalid") or name in self._places.values():
            return name
        return self._place(name, 1001 + len(self._places) - self._fixed)

    def _place(self, name: str, number: int) -> str:
        key = name.casefold()
        if key not in self._places:
            address = _address(name)
            if address is None:
                self._places[key] = f"peer{number}.example.invalid"
            elif address.version == 6 or number > 254:
                self._places[key] = f"2001:db8::{number:x}"
            else:
                self._places[key] = f"192.0.2.{number}"
        return self._places[key]


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _digest(body: str) -> str:
    try:
        return "sha256=" + hashlib.sha256(base64.b64decode("".join(body.split()))).hexdigest()
    except (binascii.Error, ValueError):
        return "unreadable"
