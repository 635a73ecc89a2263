# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `root` sees of a peer over SFTP: the folder of the trust store, in memory.

A rename onto the store's file is seen by the whole peer at once, and what the API uploads is in the
file at the next look. Mode, owner and group of the file are invented. Source: Expressway facts 4.1.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import asyncssh

if TYPE_CHECKING:
    from tests.lab.faults import Fault
    from tests.lab.peer import Peer

FOLDER = "/tandberg/persistent/certs"
STORE = f"{FOLDER}/ca.pem"


@dataclass
class StoredFile:
    """One file; `modified` is in seconds since 1970."""

    content: bytes = b""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    modified: float = field(default_factory=time.time)

    @property
    def attributes(self) -> asyncssh.SFTPAttrs:
        return asyncssh.SFTPAttrs(
            type=asyncssh.FILEXFER_TYPE_REGULAR,
            size=len(self.content),
            uid=self.uid,
            gid=self.gid,
            permissions=0o100000 | self.mode,
            atime=int(self.modified),
            mtime=int(self.modified),
        )


class RootFolder:
    """The files of `FOLDER` by path; the trust store is one of them."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._files: dict[str, StoredFile] = {}
        self.reset()

    def reset(self) -> None:
        self._files = {STORE: StoredFile(mode=0o640, gid=100)}

    @property
    def names(self) -> list[str]:
        return sorted(PurePosixPath(path).name for path in self._files)

    def find(self, path: str) -> StoredFile:
        """Raises `SFTPNoSuchFile`."""
        if path not in self._files:
            raise asyncssh.SFTPNoSuchFile(f"No such file: {path}")
        found = self._files[path]
        if path == STORE:
            found.content = self._peer.trust_store_pem.encode("utf-8", "surrogateescape")
        return found

    def create(self, path: str, *, exclusive: bool) -> StoredFile:
        if str(PurePosixPath(path).parent) != FOLDER:
            raise asyncssh.SFTPNoSuchFile(f"No such folder: {path}")
        if exclusive and path in self._files:
            raise asyncssh.SFTPFailure(f"File exists: {path}")
        self._files.setdefault(path, StoredFile()).content = b""
        self.written(path)
        return self._files[path]

    def remove(self, path: str) -> None:
        self.find(path)
        del self._files[path]

    def rename(self, old: str, new: str) -> None:
        self._files[new] = self.find(old)
        del self._files[old]
        self.written(new)

    def written(self, path: str) -> None:
        """What was written to the store's file is trusted from now on."""
        self._files[path].modified = time.time()
        if path == STORE:
            self._peer.record.writes.append(f"SFTP {STORE}")
            self._peer.trust(self._files[path].content.decode("utf-8", "surrogateescape"))


@dataclass
class _Open:
    path: str
    file: StoredFile


class RootFiles(asyncssh.SFTPServer):
    """One SFTP session of root. Faults strike what it does as `read /path`, `rename /old /new` …"""

    def __init__(self, channel: Any, peer: Peer) -> None:
        super().__init__(channel)
        self._peer = peer
        self._folder = peer.root_folder

    async def _begin(self, step: str) -> Fault | None:
        """Note a step, and let faults strike before it is carried out. Returns what may strike later."""
        self._peer.record.file_steps.append(step)
        fault = self._peer.fault
        if fault is None:
            return None
        if fault.strikes("root", ("hang",), step):
            await asyncio.Event().wait()
        pause = fault.seconds
        if fault.strikes("root", ("slow",), step):
            await asyncio.sleep(pause)
        if fault.strikes("root", ("drop",), step):
            self._cut()
        if fault.strikes("root", ("fail",), step):
            raise asyncssh.SFTPFailure("No space left on device")
        return fault

    def _end(self, step: str, fault: Fault | None) -> None:
        if fault and fault.strikes("root", ("drop_after_write",), step):
            self._cut()

    def _cut(self) -> None:
        self.connection.abort()
        raise asyncssh.SFTPConnectionLost("the connection was cut")

    # --- what clients ask -----------------------------------------------------------------------

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        name = path.decode()
        writing = bool(pflags & asyncssh.FXF_WRITE)
        await self._begin(f"{'create' if writing else 'open'} {name}")
        if not writing:
            return _Open(name, self._folder.find(name))
        if not pflags & asyncssh.FXF_CREAT:
            return _Open(name, self._folder.find(name))
        return _Open(name, self._folder.create(name, exclusive=bool(pflags & asyncssh.FXF_EXCL)))

    def close(self, file_obj: object) -> None:
        return None

    async def read(self, file_obj: object, offset: int, size: int) -> bytes:
        assert isinstance(file_obj, _Open)
        await self._begin(f"read {file_obj.path}")
        return file_obj.file.content[offset : offset + size]

    async def write(self, file_obj: object, offset: int, data: bytes) -> int:
        assert isinstance(file_obj, _Open)
        step = f"write {file_obj.path}"
        fault = await self._begin(step)
        content = file_obj.file.content.ljust(offset, b"\0")
        file_obj.file.content = content[:offset] + data + content[offset + len(data) :]
        self._folder.written(file_obj.path)
        self._end(step, fault)
        return len(data)

    async def fsync(self, file_obj: object) -> None:
        assert isinstance(file_obj, _Open)
        await self._begin(f"fsync {file_obj.path}")
        if self._peer.switches["sftp_fsync"] == "absent":
            raise asyncssh.SFTPOpUnsupported("fsync is not supported")

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        old, new = oldpath.decode(), newpath.decode()
        step = f"rename {old} {new}"
        fault = await self._begin(step)
        if self._peer.switches["sftp_posix_rename"] == "absent":
            raise asyncssh.SFTPOpUnsupported("posix-rename is not supported")
        if new == STORE and fault and fault.strikes("root", ("half_store",), step):
            source = self._folder.find(old)
            source.content = half(source.content.decode()).encode()
        self._folder.rename(old, new)
        self._end(step, fault)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        old, new = oldpath.decode(), newpath.decode()
        await self._begin(f"rename {old} {new}")
        if new.rpartition("/")[2] in self._folder.names:
            raise asyncssh.SFTPFailure(f"File exists: {new}")
        self._folder.rename(old, new)

    async def remove(self, path: bytes) -> None:
        await self._begin(f"remove {path.decode()}")
        self._folder.remove(path.decode())

    async def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        await self._begin(f"setstat {path.decode()}")
        self._set(self._folder.find(path.decode()), attrs)

    async def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        assert isinstance(file_obj, _Open)
        await self._begin(f"setstat {file_obj.path}")
        self._set(file_obj.file, attrs)

    @staticmethod
    def _set(file: StoredFile, attrs: asyncssh.SFTPAttrs) -> None:
        if attrs.permissions is not None:
            file.mode = attrs.permissions & 0o7777
        if attrs.uid is not None and attrs.gid is not None:
            file.uid, file.gid = attrs.uid, attrs.gid

    def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return self._folder.find(path.decode()).attributes

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return self.stat(path)

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        assert isinstance(file_obj, _Open)
        return file_obj.file.attributes

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        if path.decode().rstrip("/") != FOLDER:
            raise asyncssh.SFTPNoSuchFile(f"No such folder: {path.decode()}")
        for name in self._folder.names:
            attributes = self._folder.find(f"{FOLDER}/{name}").attributes
            yield asyncssh.SFTPName(name.encode(), attrs=attributes)

    def realpath(self, path: bytes) -> bytes:
        return path


def half(pem: str) -> str:
    """The first half of the certificates of a bundle, at least one."""
    end = "-----END CERTIFICATE-----\n"
    blocks = [block + end for block in pem.split(end) if block.strip()]
    return "".join(blocks[: max(1, len(blocks) // 2)])
