# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The SSH login to an appliance: one attempt with one credential, the host key checked first."""

from __future__ import annotations

import contextlib
import logging
import shlex
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.collab.expressway.plugins.plugin_utils.errors import PeerUnreachable

try:
    import paramiko
except ImportError:
    paramiko = None  # type: ignore[assignment]
else:
    # paramiko logs tracebacks of its threads; without a handler they would reach the terminal. Errors are reported here.
    logging.getLogger("paramiko").addHandler(logging.NullHandler())

SFTP_ERRORS: tuple[type[Exception], ...] = (
    (OSError, EOFError) if paramiko is None else (OSError, EOFError, paramiko.SSHException)
)
"""What an SFTP session raises."""

_INTERACTIVE = "keyboard-interactive"
_NO_SSH = ("Error reading SSH protocol banner", "No existing session")
"""What paramiko says where the other side did not greet, or did not exchange keys."""
SYSTEM_KNOWN_HOSTS = (Path("~/.ssh/known_hosts"), Path("/etc/ssh/ssh_known_hosts"))


@dataclass(frozen=True)
class Login:
    """Everything a login needs. `timeout` holds for TCP, key exchange and authentication each, in seconds.

    `variables` are the inventory variables of user, password, key file and passphrase, `known_hosts_variable` is that of
    `known_hosts_file`: messages name them.
    """

    peer: str
    host: str
    port: int
    user: str
    password: str | None = field(default=None, repr=False)
    private_key_file: str | None = None
    private_key_passphrase: str | None = field(default=None, repr=False)
    host_key_checking: bool = True
    known_hosts_file: str | None = None
    proxy_command: str | None = None
    timeout: float = 15.0
    variables: tuple[str, str, str, str] = (
        "ansible_user",
        "ansible_password",
        "ansible_private_key_file",
        "ansible_private_key_passphrase",
    )
    known_hosts_variable: str = "expressway_known_hosts_file"
    account: str = ""
    """What kind of account it takes, where there is another one to mix it up with."""

    @property
    def where(self) -> str:
        """Address and port as known_hosts spells them."""
        return self.host if self.port == 22 else f"[{self.host}]:{self.port}"


class SshLogin:
    """An SSH transport to one appliance that opens one shell, or one SFTP session.

    A server that takes no method but keyboard-interactive gets the password as the answer to its one question.
    """

    def __init__(self, login: Login) -> None:
        self._login = login
        self._client: Any = None
        self._proxy: Any = None

    def open_shell(self, width: int, height: int) -> Any:
        """Log in and return the channel of a shell on a terminal of so many columns and lines; raises `PeerUnreachable`."""
        return self._logged_in(
            lambda client: client.invoke_shell(term="dumb", width=width, height=height)
        )

    def open_sftp(self, answer_timeout: float) -> Any:
        """Log in and return a `paramiko.SFTPClient` that waits `answer_timeout` seconds for each answer.

        Raises `PeerUnreachable`.
        """
        files = self._logged_in(lambda client: client.open_sftp())
        files.get_channel().settimeout(answer_timeout)
        return files

    def _logged_in(self, then: Callable[[Any], Any]) -> Any:
        if paramiko is None:
            raise PeerUnreachable(
                "the Python library paramiko is missing on the controller; install it beside ansible-core"
            )
        credential = self._credential()
        try:
            try:
                self._connect(credential, paramiko.Transport)
            except paramiko.BadAuthenticationType as error:
                # The server has looked at no password. paramiko's own way on asks for a service that is granted only once.
                if "password" not in credential or _INTERACTIVE not in error.allowed_types:
                    raise
                self.close()
                self._connect(credential, _AnswersWithPassword)
            return then(self._client)
        except PeerUnreachable:
            raise
        except Exception as error:
            unreachable = PeerUnreachable(self._explained(error))
            unreachable.login_refused = isinstance(error, paramiko.AuthenticationException)
            raise unreachable from None

    def _connect(self, credential: dict[str, Any], transport: Any) -> None:
        login = self._login
        self._client = paramiko.SSHClient()
        self._client.set_missing_host_key_policy(_policy(login))
        self._load_known_hosts()
        self._client.connect(
            login.host,
            port=login.port,
            username=login.user,
            timeout=login.timeout,
            banner_timeout=login.timeout,
            auth_timeout=login.timeout,
            channel_timeout=login.timeout,
            allow_agent=False,
            look_for_keys=False,
            sock=self._proxy_socket(),
            transport_factory=transport,
            **credential,
        )

    def close(self) -> None:
        """Close the transport and the proxy command; never raises."""
        for resource in (self._client, self._proxy):
            if resource is not None:
                with contextlib.suppress(Exception):
                    resource.close()
        self._client = self._proxy = None

    def _credential(self) -> dict[str, Any]:
        login = self._login
        if login.private_key_file:
            path = Path(login.private_key_file).expanduser()
            try:
                return {"pkey": paramiko.PKey.from_path(path, _bytes(login.private_key_passphrase))}
            except Exception as error:
                raise PeerUnreachable(
                    f"{login.variables[2]} of {login.peer} cannot be used: {path}: {error}. "
                    f"An encrypted key needs {login.variables[3]}"
                ) from None
        if not login.password:
            raise PeerUnreachable(
                f"there is nothing to log in to {login.peer} with as {login.user}: "
                f"set {login.variables[1]} or {login.variables[2]}"
            )
        return {"password": login.password}

    def _load_known_hosts(self) -> None:
        login = self._login
        files = [path.expanduser() for path in SYSTEM_KNOWN_HOSTS]
        files = [path for path in files if path.is_file()]
        if login.known_hosts_file:
            extra = Path(login.known_hosts_file).expanduser()
            if not extra.is_file():
                raise PeerUnreachable(
                    f"{login.known_hosts_variable} of {login.peer} names no file: {extra}"
                )
            files.append(extra)
        for path in files:
            # The "system" list is the one that paramiko never writes back.
            try:
                self._client.load_system_host_keys(str(path))
            except (OSError, ValueError, paramiko.SSHException) as error:
                raise PeerUnreachable(
                    f"the known_hosts file {path} cannot be read: {error}"
                ) from None
            except paramiko.hostkeys.InvalidHostKey as error:
                raise PeerUnreachable(
                    f"the known_hosts file {path} cannot be read: the line of {error.line.split()[0]} is damaged ({error.exc}). "
                    f"Correct that line or remove it; it keeps {login.peer} from being logged in to"
                ) from None

    def _proxy_socket(self) -> Any:
        login = self._login
        if not login.proxy_command:
            return None
        replacements = {"%h": login.host, "%p": str(login.port), "%r": login.user, "%%": "%"}
        words = []
        for word in shlex.split(login.proxy_command):
            # Replaced word by word: a value never becomes an argument of its own.
            parts = [replacements.get(part, part) for part in _placeholders(word)]
            words.append(shlex.quote("".join(parts)))
        self._proxy = paramiko.ProxyCommand(" ".join(words))
        self._proxy.settimeout(login.timeout)
        return self._proxy

    def _explained(self, error: Exception) -> str:
        login = self._login
        who = f"{login.peer} ({login.where})"
        if isinstance(error, paramiko.BadHostKeyException):
            return (
                f"the host key of {who} is not the known one: it is {error.key.get_name()} {error.key.fingerprint}, known is "
                f"{error.expected_key.fingerprint}. Either the appliance was installed anew or someone is in between; find out "
                "which before you change known_hosts"
            )
        if isinstance(error, paramiko.AuthenticationException):
            by = "key" if login.private_key_file else "password"
            return (
                f"{who} refused the {by} of user {login.user} (one try was made; the appliance blocks addresses after repeated "
                f"failures). Check {login.variables[0]} and {login.variables[2 if login.private_key_file else 1]}: {error}"
                + (f". {login.account}" if login.account else "")
            )
        if isinstance(error, (TimeoutError, socket.timeout)):
            return (
                f"{who} did not answer within {login.timeout:g} s. A peer that blocks our address after failed logins answers "
                "nothing, too"
            )
        if str(error).startswith(_NO_SSH):
            return (
                f"{who} could not be logged in to: it took the connection, but no SSH came of it within {login.timeout:g} s ({error}). "
                "Check that ansible_port is the port of its SSH service. A peer that is starting, has no session left or blocks our "
                "address after failed logins may do the same"
            )
        # paramiko's error for all addresses of a host has a number, None, that says nothing.
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return f"{who} could not be logged in to: {reason}"


def _placeholders(word: str) -> list[str]:
    parts: list[str] = []
    while "%" in word:
        place = word.index("%")
        parts += [word[:place], word[place : place + 2]]
        word = word[place + 2 :]
    return [*parts, word]


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


def _policy(login: Login) -> Any:
    if not login.host_key_checking:
        return _AcceptAnyKey()
    return _RefuseUnknownKey(login)


class _AnswersWithPassword(paramiko.Transport if paramiko is not None else object):  # type: ignore[misc]
    """A transport whose password login is keyboard-interactive."""

    def auth_password(self, username: str, password: str, *_event_and_fallback: Any) -> Any:
        asked: list[Any] = []

        def answer(_title: str, _instructions: str, questions: list[Any]) -> list[str]:
            asked.extend(questions)
            if len(asked) > 1:
                raise paramiko.SSHException(
                    "it asks for more than a password; log in once by hand, as the password may have to be changed"
                )
            return [password for _question in questions]

        return self.auth_interactive(username, answer)


class _AcceptAnyKey(paramiko.MissingHostKeyPolicy if paramiko is not None else object):  # type: ignore[misc]
    """What ansible_host_key_checking false asks for; the key is not remembered."""

    def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
        return


class _RefuseUnknownKey(_AcceptAnyKey):
    """Refuses before any credential is sent, and says what to do."""

    def __init__(self, login: Login) -> None:
        self._login = login

    def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
        login = self._login
        raise PeerUnreachable(
            f"the host key of {login.peer} ({hostname}) is unknown: {key.get_name()} {key.fingerprint}. Compare it with the "
            f"appliance's, then add it to known_hosts (ssh-keyscan -p {login.port} {login.host}) or to the file in "
            f"{login.known_hosts_variable}"
        )
