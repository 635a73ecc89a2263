# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what is packed in gzip, tar and zip as streams, one in another, without unpacking anything to disk by name.

The tar reader walks the 512-byte headers itself: `tarfile` in its stream mode copies everything several times, which
costs as much as decompressing. Bounds hold against archives made to harm: depth, members, and the growth of what is
unpacked over what is on disk.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO

from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.analysis import Unread
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.encodings import (
    Reader,
    Recoded,
    is_text,
    utf_16_in,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.rotation import (
    age_order,
)

BLOCK = 512
PIECE = 256 * 1024
GZIP_OR_ZLIB_HEADER = 31
DEEPEST = 5
MOST_MEMBERS = 100_000
GROWTH = 400
"""Bytes unpacked for each byte on disk. Logs reach 10 to 100."""
HARMLESS = 256 * 1024 * 1024
"""Below this size the growth does not matter."""
MOST_SPOOLED = 1024 * 1024 * 1024
"""A zip within an archive goes to a nameless temporary file up to this size, because zip is read from its end."""

GZIP, ZIP, EMPTY_ZIP = b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06"
PACKET_CAPTURES = (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x0a\x0d\x0d\x0a")
NOT_UNPACKED = {b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"7z\xbc\xaf": "7z", b"Rar!": "rar"}

REMEDY = "Unpack it and name the log files in it."


@dataclass
class Growth:
    """What was read from disk and what was unpacked from it, for one path."""

    path: str
    packed: int = 0
    unpacked: int = 0
    members: int = 0

    def add(self, count: int) -> None:
        self.unpacked += count
        if self.unpacked > HARMLESS and self.unpacked > GROWTH * self.packed:
            raise Unread(
                f"{self.path}: it unpacks to more than {GROWTH} times its size, like an archive that is made to harm. {REMEDY}"
            )

    def member(self) -> None:
        self.members += 1
        if self.members > MOST_MEMBERS:
            raise Unread(f"{self.path}: it holds more than {MOST_MEMBERS} files. {REMEDY}")


class OnDisk:
    """A file that is read through, counted for its growth."""

    def __init__(self, file: io.RawIOBase, growth: Growth) -> None:
        self._file = file
        self._growth = growth

    def read(self, size: int, /) -> bytes:
        piece = self._file.read(size) or b""
        self._growth.packed += len(piece)
        return piece


class Peeked:
    """A reader whose beginning can be looked at first."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.head = exactly(reader, BLOCK)
        self._left = self.head

    def read(self, size: int, /) -> bytes:
        if self._left:
            piece, self._left = self._left[:size], self._left[size:]
            return piece
        return self._reader.read(size)


class Gunzipped:
    """What is packed in a gzip stream of one or more members."""

    def __init__(self, name: str, reader: Reader, growth: Growth) -> None:
        self._name = name
        self._reader = reader
        self._growth = growth
        self._member = zlib.decompressobj(GZIP_OR_ZLIB_HEADER)
        self._packed = b""
        self._begun = False

    def read(self, size: int, /) -> bytes:
        while True:
            self._packed = self._packed or self._reader.read(PIECE)
            if not self._packed:
                if self._begun and not self._member.eof:
                    raise Unread(
                        f"{self._name}: it is cut off, so what it holds is not complete. Download it again."
                    )
                return b""
            if self._member.eof:
                if not self._packed.startswith(GZIP[:1]):
                    self._packed = b""  # padding behind the last member
                    continue
                self._member = zlib.decompressobj(GZIP_OR_ZLIB_HEADER)
            self._begun = True
            try:
                piece = self._member.decompress(self._packed, size)
            except zlib.error as error:
                raise Unread(f"{self._name}: it is damaged ({error}). Download it again.") from None
            self._packed = self._member.unused_data or self._member.unconsumed_tail
            if piece:
                self._growth.add(len(piece))
                return piece


class Unzipped:
    """A member of a zip archive."""

    def __init__(self, name: str, member: IO[bytes], growth: Growth) -> None:
        self._name = name
        self._member = member
        self._growth = growth

    def read(self, size: int, /) -> bytes:
        try:
            piece = self._member.read(size)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise Unread(f"{self._name}: it is damaged ({error}). Download it again.") from None
        self._growth.add(len(piece))
        return piece


class Part:
    """The next `size` bytes of a reader."""

    def __init__(self, name: str, reader: Reader, size: int) -> None:
        self._name = name
        self._reader = reader
        self._left = size

    def read(self, size: int, /) -> bytes:
        if not self._left:
            return b""
        piece = self._reader.read(min(size, self._left))
        if not piece:
            raise Unread(f"{self._name}: the archive ends within it. Download it again.")
        self._left -= len(piece)
        return piece

    def drain(self) -> None:
        while self.read(PIECE):
            pass


@dataclass
class PackedLog:
    """A log in an archive: a stream for the scanner. `skipped` says why it is not read."""

    name: str
    reader: Reader
    modified: datetime | None
    skipped: str | None = None
    rereadable: bool = field(default=False, init=False)

    def readinto(self, buffer: memoryview, /) -> int:
        piece = self.reader.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


def logs_in(
    name: str,
    reader: Reader,
    modified: datetime | None,
    growth: Growth,
    depth: int = 0,
    seekable: io.FileIO | None = None,
) -> Iterator[PackedLog]:
    """The logs in one stream, whatever it is packed in, told by its first bytes; each is to be read before the next.

    `seekable` is the stream itself where it can be read from any place. Raises `Unread`.
    """
    if depth > DEEPEST:
        raise Unread(f"{name}: archives are packed more than {DEEPEST} deep. {REMEDY}")
    peeked = Peeked(reader)
    head = peeked.head
    if head.startswith(GZIP):
        unpacked = Gunzipped(name, peeked, growth)
        yield from logs_in(name, unpacked, modified, growth, depth + 1)
    elif head.startswith((ZIP, EMPTY_ZIP)):
        yield from _zip(name, peeked, growth, depth, seekable)
    elif _is_tar(head):
        yield from _tar(name, peeked, growth, depth)
    elif head.startswith(PACKET_CAPTURES):
        yield PackedLog(name, peeked, modified, skipped="a packet capture")
    else:
        for start, kind in NOT_UNPACKED.items():
            if head.startswith(start):
                raise Unread(f"{name}: {kind} is not read. {REMEDY}")
        encoding = utf_16_in(head)
        if encoding is not None:
            yield PackedLog(name, Recoded(peeked, encoding), modified)
        else:
            no_log = None if is_text(head) else "it is no text"
            yield PackedLog(name, peeked, modified, skipped=no_log)


def exactly(reader: Reader, size: int) -> bytes:
    """`size` bytes, fewer only at the end."""
    pieces, left = [], size
    while left and (piece := reader.read(left)):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _zip(
    name: str, reader: Reader, growth: Growth, depth: int, seekable: io.FileIO | None
) -> Iterator[PackedLog]:
    with tempfile.TemporaryFile() as spooled:
        if seekable is None:
            for piece in iter(lambda: reader.read(PIECE), b""):
                if spooled.tell() + len(piece) > MOST_SPOOLED:
                    raise Unread(f"{name}: the zip in an archive is too large. {REMEDY}")
                spooled.write(piece)
        try:
            archive = zipfile.ZipFile(seekable or spooled)
        except zipfile.BadZipFile as error:
            raise Unread(f"{name}: it is no whole zip ({error}). Download it again.") from None
        for info in sorted(archive.infolist(), key=lambda info: age_order(info.filename)):
            if info.is_dir():
                continue
            growth.member()
            inner = f"{name}/{_printable(info.filename)}"
            if seekable is not None:
                growth.packed += info.compress_size
            try:
                modified = datetime(*info.date_time, tzinfo=UTC)
                member = archive.open(info)
            except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
                raise Unread(f"{inner}: {error}. {REMEDY}") from None
            except ValueError:  # a date that the calendar does not have
                modified, member = datetime(1980, 1, 1, tzinfo=UTC), archive.open(info)
            with member:
                unpacked = Unzipped(inner, member, growth)
                yield from logs_in(inner, unpacked, modified, growth, depth + 1)


def _is_tar(head: bytes) -> bool:
    return len(head) == BLOCK and _checksum(head) is not None


def _checksum(header: bytes) -> int | None:
    """The checksum of a tar header, None when it does not fit."""
    stated = _number(header[148:156])
    real = sum(header) - sum(header[148:156]) + 8 * ord(" ")
    return stated if stated == real and any(header) else None


def _number(text: bytes) -> int | None:
    """An octal number, or a binary one where the first bit is set."""
    if text[:1] >= b"\x80":
        return int.from_bytes(text[1:], "big")
    digits = text.strip(b" \0")
    try:
        return int(digits or b"0", 8)
    except ValueError:
        return None


def _tar(name: str, reader: Reader, growth: Growth, depth: int) -> Iterator[PackedLog]:
    long_name: str | None = None
    while True:
        header = exactly(reader, BLOCK)
        if not any(header):  # the end of the archive; without it, tar takes it for whole as well
            while reader.read(PIECE):
                pass  # what packs it tells only at its end whether it is whole
            return
        if len(header) < BLOCK or _checksum(header) is None:
            raise Unread(f"{name}: the tar archive is cut off or damaged. Download it again.")
        growth.member()
        size = _number(header[124:136]) or 0
        kind = header[156:157]
        part = Part(name, reader, size)
        if kind == b"L":
            long_name = _printable(exactly(part, min(size, 4096)).rstrip(b"\0"))
        elif kind == b"x":
            long_name = _pax_path(exactly(part, min(size, 65536)))
        elif kind in (b"0", b"\0", b"7"):
            inner = f"{name}/{long_name or _ustar_name(header)}"
            moment = datetime.fromtimestamp(min(_number(header[136:148]) or 0, 2**33), UTC)
            member = Part(inner, part, size)
            yield from logs_in(inner, member, moment, growth, depth + 1)
            long_name = None
        else:
            long_name = None
        part.drain()
        exactly(reader, -size % BLOCK)


def _ustar_name(header: bytes) -> str:
    folder = header[345:500] if header[257:262] == b"ustar" else b""
    parts = (folder.split(b"\0")[0], header[:100].split(b"\0")[0])
    return _printable(b"/".join(part for part in parts if part))


def _pax_path(records: bytes) -> str | None:
    for record in records.split(b"\n"):
        key, _equals, value = record.partition(b" ")[2].partition(b"=")
        if key == b"path":
            return _printable(value)
    return None


def _printable(name: str | bytes) -> str:
    """A name of an archive's member for people; it never becomes a path on this machine."""
    text = name.decode("utf-8", "replace") if isinstance(name, bytes) else name
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:500]
