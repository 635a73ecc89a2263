# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads from the REST API of a peer, and uploads files to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import ssl
import time
import urllib.error
from collections.abc import Iterator
from typing import Any

from ansible.module_utils.urls import Request, SSLValidationError
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import (
    PeerRefused,
    PeerUnreachable,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.http_body import (
    HttpAnswer,
    first_line,
    read_body,
)

_API_ACCESS = (
    "API access may be disabled for this account (the default for administrators since X15.2; it is also off "
    "in advanced account security mode)"
)


class RestClient:
    """HTTPS with Basic authentication to one peer. Proxies of the environment are not used, as SSH does not use them.

    Raises `PeerUnreachable` where `ca_path` holds nothing to verify with.
    """

    def __init__(
        self,
        host: str,
        port: int,
        user: str,
        password: str,
        *,
        peer: str,
        validate_certs: bool = True,
        ca_path: str | None = None,
        timeout: float = 30.0,
    ) -> None:
        self.peer = peer
        self._origin = f"https://{f'[{host}]' if ':' in host else host}:{port}"
        self._timeout = timeout
        if validate_certs and ca_path:
            _check_authorities(ca_path, peer)
        self._request = Request(
            url_username=user,
            url_password=password,
            force_basic_auth=True,
            validate_certs=validate_certs,
            ca_path=ca_path,
            timeout=timeout,
            use_proxy=False,
            use_netrc=False,
            # A redirect would carry the credentials to wherever it points.
            follow_redirects="none",
            decompress=False,
            # Mandatory for some calls from X14.2 and harmless before.
            headers={"X-CSRF-Header": "collab.expressway", "Accept": "*/*"},
        )

    def get_text(self, path: str) -> str:
        """The body of a GET; raises `PeerUnreachable` (no answer) or `PeerRefused` (the answer is an error)."""
        body = self._ask("GET", path)
        message = _message_only(body)
        if message is not None:
            raise PeerRefused(f"{self.peer} answered GET {path} with the message: {message}")
        return body

    def get_json(self, path: str) -> Any:
        """The JSON value of a GET; raises as `get_text`, and `PeerRefused` when the body is no JSON."""
        body = self.get_text(path)
        try:
            return json.loads(body)
        # RecursionError: lists in lists in lists.
        except (ValueError, RecursionError):
            raise PeerRefused(
                f"{self.peer} answered GET {path} with something that is no JSON ({len(body)} characters)"
            ) from None

    def get_answer(self, path: str) -> HttpAnswer:
        """The answer to a GET as it came, whatever its status. Raises `PeerUnreachable`."""
        deadline = time.monotonic() + self._timeout
        try:
            with self.response("GET", path) as response:
                body = read_body(response, deadline)
                return HttpAnswer(response.status, response.headers.items(), body)
        except PeerRefused as error:
            if isinstance(error.answer, HttpAnswer):
                return error.answer
            raise

    def post_file(self, path: str, content: bytes, filename: str) -> str:
        """Upload `content` as the form field `file`; returns what the answer says (its `Message`, or the body).

        Success and failure look alike in the answers of the appliance: read back what became of it. Raises
        `PeerRefused` for an HTTP error, and `PeerUnreachable` when no answer came: the upload may be carried out.
        """
        boundary = secrets.token_hex(16)
        body = b"".join(
            (
                f"--{boundary}\r\n".encode(),
                f'Content-Disposition: form-data; name="file"; filename="{filename}"\r\n'.encode(),
                b"Content-Type: application/x-pem-file\r\n\r\n",
                content,
                f"\r\n--{boundary}--\r\n".encode(),
            )
        )
        form = f"multipart/form-data; boundary={boundary}"
        answer = self._ask("POST", path, data=body, headers={"Content-Type": form})
        return _message_only(answer) or first_line(answer)

    def post_json(self, path: str, value: Any) -> str:
        """Post `value` as JSON; returns what the answer says, as `post_file` does, and raises as it."""
        headers = {"Content-Type": "application/json"}
        answer = self._ask("POST", path, data=json.dumps(value).encode(), headers=headers)
        return _message_only(answer) or first_line(answer)

    def send_json(self, method: str, path: str, value: Any) -> str | None:
        """Send `value` as JSON; returns the `Message` of an answer that holds nothing else, or None.

        Raises as `post_file`. A message may be a refusal although the status is 200.
        """
        headers = {"Content-Type": "application/json"}
        return _message_only(
            self._ask(method, path, data=json.dumps(value).encode(), headers=headers)
        )

    @contextlib.contextmanager
    def response(self, method: str, path: str, **content: Any) -> Iterator[Any]:
        """The open response, for a body that is too long to be held; `content` as `open_url` takes it.

        Also what goes wrong while the block reads is raised as `PeerUnreachable` or `PeerRefused`.
        """
        deadline = time.monotonic() + self._timeout
        asked = f"{method} {path}"
        try:
            with self._request.open(method, self._origin + path, **content) as response:
                yield response
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(asked, error, deadline) from None
        except (SSLValidationError, ssl.SSLCertVerificationError) as error:
            raise self._unverified(error) from None
        except urllib.error.URLError as error:
            if isinstance(error.reason, ssl.SSLCertVerificationError):
                raise self._unverified(error.reason) from None
            raise self._unreachable(method, path, error.reason) from None
        # ConnectionError is what urls.py makes of a time-out, too. ValueError: a host that is no name and no address.
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._unreachable(method, path, error) from None

    def _ask(self, method: str, path: str, **content: Any) -> str:
        deadline = time.monotonic() + self._timeout
        with self.response(method, path, **content) as response:
            return read_body(response, deadline).decode("utf-8", "replace")

    def _unreachable(self, method: str, path: str, reason: object) -> PeerUnreachable:
        return PeerUnreachable(
            f"{self.peer} did not answer {method} {self._origin}{path} (within {self._timeout:g} s): "
            f"{reason or type(reason).__name__}"
        )

    def _unverified(self, error: Exception) -> PeerUnreachable:
        return PeerUnreachable(
            f"the API certificate of {self.peer} ({self._origin}) is not trusted: {first_line(error)}. Name the CA that signed it "
            "in expressway_api_ca_path; check that the certificate holds the name in ansible_host"
        )

    def _refusal(self, asked: str, error: urllib.error.HTTPError, deadline: float) -> PeerRefused:
        answer = None
        try:
            body = read_body(error.fp, deadline)
            said = _message_only(body.decode("utf-8", "replace"))
            answer = HttpAnswer(error.code, error.headers.items(), body)
        except (OSError, http.client.HTTPException):
            said = None
        text = f"{self.peer} answered {asked} with HTTP status {error.code}" + (
            f": {said}" if said else ""
        )
        if error.code == 401:
            text += f". The API user name or password is wrong (one try was made), or {_API_ACCESS}"
        elif error.code == 403:
            text += f". {_API_ACCESS}"
            if not asked.startswith("GET"):
                text += ". An account may also be allowed to read only"
        elif error.code == 404:
            text += ". This release may not have this part of the API"
        elif 300 <= error.code < 400:
            text += ". Redirects are not followed, because they would carry the credentials along"
        refusal = PeerRefused(text)
        refusal.status = error.code
        refusal.answer = answer
        refusal.login_refused = error.code == 401
        return refusal


def _check_authorities(ca_path: str, peer: str) -> None:
    """Asked beforehand: a request would fail as one that the peer did not answer."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(ca_path)
    except OSError as error:
        raise PeerUnreachable(
            f"expressway_api_ca_path of {peer} holds no CA certificates that can be read: {ca_path}: {first_line(error)}"
        ) from None


def _message_only(body: str) -> str | None:
    """The `Message` of a body that holds nothing else: errors come in this form, some of them with status 200."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict) and {key.casefold() for key in value} == {"message"}:
        return " ".join(str(next(iter(value.values()))).split())[:300]
    return None
