# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The trust store as root's file over SFTP: a new file beside it, flushed, compared, renamed over it."""

from __future__ import annotations

import contextlib
import posixpath
import secrets
import stat
from collections.abc import Callable
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.trust_store.change import (
    TrustStore,
    TrustStoreChange,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import (
    PeerRefused,
    PeerUnreachable,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.ssh_login import SFTP_ERRORS
from ansible_collections.collab.expressway.plugins.plugin_utils.trust_store_outcome import (
    Outcome,
    foreign,
    read_back,
    unknown,
)

UNSUPPORTED = "root_ssh writes the trust store's file directly, which Cisco does not support; prefer via: api where it works"
NO_RENAME = (
    "the SFTP server cannot rename a file over another one (posix-rename@openssh.com), and without that the trust store's file would be "
    "missing or incomplete for a moment. Use via: api, or the web interface (Maintenance > Security > Trusted CA certificate)"
)
RECOVERY_TRIES = 3
LEFTOVER_SECONDS = 3600.0
"""A temporary file this much older than a new one belongs to a run that was killed."""

_CMD_EXTENDED = 200  # draft-ietf-secsh-filexfer-02, section 8


class StoreInFile:
    """See `Transport`. `log_in` opens a new session of root each time it is called."""

    def __init__(self, log_in: Callable[[], Any], path: str, peer: str) -> None:
        self._log_in = log_in
        self._path = path
        self._peer = peer
        self._files: Any = None
        self._draft: str | None = None
        self._locked_out: PeerUnreachable | None = None
        self._notes: list[str] = []

    def read(self) -> TrustStore:
        return TrustStore.read(self._read(self._path).decode("utf-8", "surrogateescape"))

    def refusal(self, change: TrustStoreChange) -> str | None:
        """A file that does not exist is renamed, which changes nothing: what cannot rename over another file says so."""
        try:
            files = self._session()
            folder, name = posixpath.split(files.normalize(self._path))
            nothing = f"{folder}/.{name}.not-there-{secrets.token_hex(8)}"
            files.posix_rename(nothing, nothing)
        except FileNotFoundError:
            return None
        except SFTP_ERRORS as error:
            if _unsupported(error):
                return NO_RENAME
            # Anything else shows when it matters.
            self._files = None
        return None

    def unproven(self, change: TrustStoreChange) -> str | None:
        return None

    def apply(self, change: TrustStoreChange) -> Outcome:
        old, new = (
            text.encode("utf-8", "surrogateescape")
            for text in (change.before.text, change.file_text())
        )
        problem = self._try_replace(old, new)
        now, unread = read_back(self.read)
        self._remove_draft()
        if now is None:
            return unknown("; ".join(filter(None, (problem, unread))))
        if change.done(now):
            if problem:
                self._notes.append(
                    f"the change was made, as reading back shows, although: {problem}"
                )
            return Outcome(now, notes=tuple(self._notes))
        if now.same(change.before.certificates):
            return Outcome(
                now, notes=tuple(self._notes), problem=f"the store is as it was: {problem}"
            )
        stranger = foreign(now, change)
        if stranger is not None:
            return Outcome(now, notes=tuple(self._notes), problem=stranger)
        back_to = change.back_to.text.encode("utf-8", "surrogateescape")
        return self._recover(now, change, back_to)

    def _recover(self, now: TrustStore, change: TrustStoreChange, old: bytes) -> Outcome:
        seen = "after the rename the store was neither the old nor the wanted one"
        for _try in range(RECOVERY_TRIES):
            self._try_replace(now.text.encode("utf-8", "surrogateescape"), old)
            again, _unread = read_back(self.read)
            self._remove_draft()
            now = again or now
            if again is not None and again.same(change.back_to.certificates):
                return Outcome(
                    again, notes=tuple(self._notes), problem=f"{seen}. The old store was restored"
                )
        return Outcome(
            now, notes=tuple(self._notes), problem=f"{seen}. The old store could not be restored"
        )

    # --- SFTP -----------------------------------------------------------------------------------

    def _session(self) -> Any:
        # After a refused login nothing more is tried, as the appliance blocks addresses.
        if self._locked_out is not None:
            raise self._locked_out
        try:
            if self._files is None:
                self._files = self._log_in()
        except PeerUnreachable as error:
            if error.login_refused:
                self._locked_out = error
            raise
        return self._files

    def _read(self, path: str) -> bytes:
        try:
            files = self._session()
            # The file itself where the path is a link: a rename would replace the link.
            with files.open(files.normalize(path), "rb") as file:
                return file.read()
        except SFTP_ERRORS as error:
            self._files = None
            message = f"{self._peer}: {path} cannot be read over SFTP: {_said(error)}"
            if isinstance(error, (FileNotFoundError, PermissionError)):
                raise PeerRefused(f"{message}. Check store_path and expressway_root_user") from None
            raise PeerUnreachable(message) from None

    def _try_replace(self, old: bytes, new: bytes) -> str:
        """Put `new` in the place of `old`. Returns what went wrong, or nothing."""
        try:
            self._replace(self._session(), old, new)
        except (PeerUnreachable, PeerRefused) as error:
            return str(error)
        except SFTP_ERRORS as error:
            self._files = None
            return f"{self._peer}: {self._path} cannot be replaced over SFTP: {_said(error)}"
        return ""

    def _replace(self, files: Any, old: bytes, new: bytes) -> None:
        path = files.normalize(self._path)
        folder, name = posixpath.split(path)
        prefix = f".{name}.collab-expressway-"
        self._draft = draft = f"{folder}/{prefix}{secrets.token_hex(8)}"
        found = files.stat(path)
        with files.open(draft, "wbx") as file:
            file.chmod(stat.S_IMODE(found.st_mode))
            file.chown(found.st_uid, found.st_gid)
            file.write(new)
            file.flush()
            self._flush_to_disk(files, file)
        self._remove_leftovers(files, folder, prefix, draft)
        if self._read(draft) != new:
            raise PeerRefused(f"{self._peer}: {draft} does not hold what was written to it")
        if self._read(path) != old:
            raise PeerRefused(f"{self._peer}: {path} was changed by somebody else meanwhile")
        # Unlike the rename of SFTP itself, this one takes the place of what is there, at once.
        files.posix_rename(draft, path)
        self._draft = None

    def _remove_draft(self) -> None:
        """What a write that failed has left, in the session that works again."""
        if self._draft is not None and self._files is not None:
            with contextlib.suppress(*SFTP_ERRORS):
                self._files.remove(self._draft)
        self._draft = None

    def _flush_to_disk(self, files: Any, file: Any) -> None:
        try:
            # paramiko has no call for it: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL, 4.5
            files._request(_CMD_EXTENDED, "fsync@openssh.com", file.handle)
        except OSError as error:
            if not _unsupported(error):
                raise
            note = "the SFTP server cannot flush files to disk (fsync@openssh.com)"
            if note not in self._notes:
                self._notes.append(note)

    def _remove_leftovers(self, files: Any, folder: str, prefix: str, draft: str) -> None:
        """Temporary files of runs that were killed. That one cannot be removed is no reason to stop."""
        with contextlib.suppress(OSError):
            now = files.stat(draft).st_mtime
            for entry in files.listdir_attr(folder):
                if entry.filename.startswith(prefix) and now - entry.st_mtime > LEFTOVER_SECONDS:
                    files.remove(f"{folder}/{entry.filename}")


def _unsupported(error: BaseException) -> bool:
    """Does the server not know what it was asked for?"""
    return any(word in str(error).lower() for word in ("unsupported", "not supported"))


def _said(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time (expressway_command_timeout)"
    return str(error) or type(error).__name__
