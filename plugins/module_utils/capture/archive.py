# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A capture of many peers as one archive: a file for each peer, and an index of the guesses that it settles."""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.capture.questions import settled
from ansible_collections.collab.expressway.plugins.module_utils.capture.redaction import Redaction

HEADERS = ("content-type", "content-length", "allow", "accept-ranges", "cache-control")
"""Headers whose values are kept; of the others the name is."""


_PRODUCT = re.compile(
    r"(?:(?:TANDBERG|Cisco) )?(?:Video Communication Server|Expressway(?:-[CE])?)(?: Series)?(?: X[0-9.]+)?"
    r"|SW Release (?:Date|Name): .*|OK|"
)


def redacted(observation: Mapping[str, Any], redaction: Redaction) -> dict[str, Any]:
    """An observation (see `questions`) without what is secret, with what it settles in `settled`."""
    shell = {
        command: {
            "lines": redaction.lines(answer["raw"].replace("\r\n", "\n")),
            "refused": answer["refusal"] is not None,
        }
        for command, answer in observation["shell"].items()
    }
    return {
        "greeting": _greeting(observation["greeting"].replace("\r\n", "\n"), redaction),
        "shell": shell,
        "api": {path: _answer(answer, redaction) for path, answer in observation["api"].items()},
        "not_read": [redaction.words(text) for text in observation["not_read"]],
        "settled": settled(observation),
    }


def archive(captures: Sequence[Mapping[str, Any]], at: int) -> bytes:
    """A tar.gz of captures (as `redacted` makes them), made `at` (seconds since the epoch)."""
    files = {"index.json": _text({"switches": index(captures)})}
    files |= {name: _text(capture) for name, capture in _named(captures).items()}
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=at) as stream,
        tarfile.open(fileobj=stream, mode="w") as tar,
    ):
        for name, text in files.items():
            member = tarfile.TarInfo(f"capture/{name}")
            member.size, member.mtime, member.mode = len(text), at, 0o600
            tar.addfile(member, io.BytesIO(text))
    return packed.getvalue()


def index(captures: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each switch the guess, and what each file of the archive says of it."""
    switches: dict[str, dict[str, Any]] = {}
    for name, capture in _named(captures).items():
        for record in capture["settled"]:
            entry = switches.setdefault(
                record["switch"],
                {"switch": record["switch"], "guess": record["guess"], "answers": {}},
            )
            entry["answers"][name] = {"answer": record["answer"], "verdict": record["verdict"]}
    return list(switches.values())


def _greeting(text: str, redaction: Redaction) -> list[str]:
    """A site may greet in its own words, and with a name of its own: only the product's lines are kept."""
    own, found, answer = text.partition("xStatus SystemUnit")
    if not found:
        own, found, answer = text.partition("*s ")
    lines = [
        shown if _PRODUCT.fullmatch(shown) else f"<text {len(line)}>"
        for line in own.split("\n")
        for shown in redaction.lines(line)
    ]
    return (
        [*lines[:-1], *redaction.lines(f"{own.rpartition(chr(10))[2]}{found}{answer}")]
        if found
        else lines
    )


def _named(captures: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {f"answers{number}.json": capture for number, capture in enumerate(captures, start=1)}


def _answer(answer: Mapping[str, Any], redaction: Redaction) -> dict[str, Any]:
    body = answer["body"]
    try:
        shown: Any = redaction.json(json.loads(body))
    except ValueError:
        # Of text that is neither JSON nor a certificate only its length.
        parts = redaction.without_certificates(body.replace("\r\n", "\n")).split("\n")
        kept = ("<certificate ", "<x509 certificate ")
        shown = [part if part.startswith(kept) else redaction.value(part) for part in parts]
    return {
        "status": answer["status"],
        "headers": {
            name: redaction.words(value) if name in HEADERS else f"<text {len(value)}>"
            for name, value in answer["headers"].items()
        },
        "line_end": "crlf" if "\r\n" in body else "lf",
        "body": shown,
    }


def _text(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
