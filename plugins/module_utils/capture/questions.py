# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a capture asks of a peer, and which guess about the appliance each answer settles.

A guess is a switch of the lab (`tests/lab/switches.yml`, where each has the fact that it stands for); its default is the guess. Only reads
are asked, so what writes would show stays open.

An observation is {greeting: bytes as text, shell: {command: {raw: text as it came, text: without echo and terminator, refusal}},
api: {path: {status, headers: {lower case: value}, body}}}.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

UNKNOWN_COMMAND = "xWhatever"
MISSING_ITEM = "xConfiguration EdgeConfigServer NoSuchItem"
LATER_ITEM = "xConfiguration Security CSRFProtection Status"
SHELL = (
    "xStatus SystemUnit",
    "xStatus Cluster",
    "xStatus Alternates",
    "xConfiguration EdgeConfigServer",
    "xConfiguration EdgeConfigServer VerifyOriginServer",
    "xConfiguration Alternates",
    "xConfiguration Ciphers",
    "xConfiguration SystemUnit",
    LATER_ITEM,
    MISSING_ITEM,
    UNKNOWN_COMMAND,
)
ROOT = "/api/provisioning/certs/root"
PEERS = "/api/v1/provisioning/common/cluster/peers"
LOGGING = "/api/provisioning/common/diagnosticlogging"
API = (
    ROOT,
    PEERS,
    LOGGING,
    "/api/provisioning/controller/server/cucm",
    "/api/provisioning/controller/server/imp",
    "/api/provisioning/common/mra",
    "/api/provisioning/common/domain",
)


def settled(observation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One record for each switch that reads can settle: {switch, guess, answer (None: not told), verdict}.

    `verdict`: confirms, contradicts or open.
    """
    records = []
    for switch, (guess, read) in QUESTIONS.items():
        try:
            answer = read(observation)
        except (KeyError, ValueError):
            answer = None
        verdict = "open" if answer is None else "confirms" if answer == guess else "contradicts"
        records.append({"switch": switch, "guess": guess, "answer": answer, "verdict": verdict})
    return records


def _quoting(observation: Mapping[str, Any]) -> str | None:
    text = _text(observation, "xConfiguration EdgeConfigServer")
    values = re.findall(r"^\*c [^:]*: *(\S.*?)\s*$", text, re.MULTILINE)
    quoted = [value.startswith('"') for value in values]
    if not values:
        return None
    if all(quoted):
        # Without an integer among them, quoted integers are not proven.
        return "quoted" if any(value.strip('"').isdecimal() for value in values) else None
    return "bare_integers" if any(quoted) else "bare"


def _read_end(observation: Mapping[str, Any]) -> str | None:
    raw = observation["shell"]["xConfiguration EdgeConfigServer"]["raw"]
    _before, found, last = raw.rpartition("*c ")
    rest = [line.strip() for line in last.splitlines()[1:]]
    if not found or "OK" not in rest:
        return None
    between = rest[: rest.index("OK")]
    if any(line.startswith("**") for line in between):
        return "star_end_ok"
    return "blank_line_ok" if between else "ok"


def _missing(observation: Mapping[str, Any]) -> str | None:
    # Before X15.0 a setting of later releases is missing, too.
    answer = observation["shell"][LATER_ITEM]
    if "*c " in answer["text"]:
        answer = observation["shell"][MISSING_ITEM]
    refusal = answer["refusal"]
    if refusal is None:
        return "empty_answer"
    return "command_not_recognized" if "not recognized" in refusal else "error"


def _unknown(observation: Mapping[str, Any]) -> str | None:
    answer = observation["shell"][UNKNOWN_COMMAND]
    lines = [line.strip() for line in answer["raw"].splitlines() if line.strip()]
    if not lines or answer["refusal"] is None:
        return None
    if "not recognized" in lines[-1]:
        return "command_not_recognized"
    if lines[-1].rstrip(":").upper() != "ERROR":
        return "error_same_line"
    return "error_previous_line" if len(answer["text"].split()) else "error_only"


def _primary(observation: Mapping[str, Any]) -> str | None:
    text = _text(observation, "xConfiguration Alternates")
    names = ("ConfigurationPrimary", "ConfigurationMaster")
    return next((name for name in names if name in text), None)


def _order(observation: Mapping[str, Any]) -> str | None:
    text = _text(observation, "xConfiguration Alternates")
    if re.search(r"Alternates Peer \d", text):
        return "peer_then_number"
    return "number_then_peer" if re.search(r"Alternates \d+ Peer", text) else None


def _cluster_status(observation: Mapping[str, Any]) -> str | None:
    answer = observation["shell"]["xStatus Cluster"]
    if answer["refusal"] is not None:
        return "command_not_recognized" if "not recognized" in answer["refusal"] else None
    return "with_peers" if "Peer" in answer["text"] else "empty"


def _greeting(observation: Mapping[str, Any]) -> str | None:
    # What follows is the echo of the first command and its answer.
    text = observation["greeting"].partition("xStatus SystemUnit")[0].partition("*s ")[0]
    said = [line for line in text.splitlines() if line.strip() and line.strip() != "OK"]
    if not said:
        return "silent"
    if "TANDBERG" in text:
        return "typical" if len(said) > 1 else "version_line_only"
    return "other_product_name" if "Expressway" in text else None


def _echo(observation: Mapping[str, Any]) -> str | None:
    # Told apart line by line from on arrival only by several commands at once.
    raw = observation["shell"]["xConfiguration EdgeConfigServer"]["raw"]
    return None if "xConfiguration EdgeConfigServer\r" in raw.partition("*c")[0] else "none"


def _line_end(observation: Mapping[str, Any]) -> str:
    raw = observation["shell"]["xConfiguration EdgeConfigServer"]["raw"].partition("*c")[2]
    return "crlf" if "\r\n" in raw else "lf"


def _access(observation: Mapping[str, Any]) -> str | None:
    statuses = {answer["status"] for answer in observation["api"].values()}
    if 401 in statuses:
        return "unauthorized"
    found = "forbidden" if 403 in statuses else "enabled" if 200 in statuses else None
    release = re.search(r"\bX(\d+)\.(\d+)", _text(observation, "xStatus SystemUnit"))
    if found is None or release is None:
        return found
    expected = "forbidden" if (int(release[1]), int(release[2])) >= (15, 2) else "enabled"
    return "by_release" if found == expected else found


def _endpoint(path: str) -> Callable[[Mapping[str, Any]], str | None]:
    names = {200: "present", 404: "absent"}
    return lambda observation: names.get(observation["api"][path]["status"])


def _store_type(observation: Mapping[str, Any]) -> str | None:
    answer = _stored(observation)
    kind = answer["headers"].get("content-type", "").partition(";")[0].strip()
    names = {"text/html": "text_html", "text/plain": "text_plain"}
    return names.get(kind, "pem_file" if "pem" in kind else None)


def _store_line_end(observation: Mapping[str, Any]) -> str:
    return "crlf" if "\r\n" in _stored(observation)["body"] else "lf"


def _mode(observation: Mapping[str, Any]) -> str | None:
    answer = observation["api"][LOGGING]
    fields = json.loads(answer["body"]) if answer["status"] == 200 else None
    if not isinstance(fields, dict):
        return None
    return "shown" if "mode" in {name.casefold() for name in fields} else "not_shown"


def _stored(observation: Mapping[str, Any]) -> Any:
    answer = observation["api"][ROOT]
    if answer["status"] != 200 or "-----BEGIN" not in answer["body"]:
        raise ValueError("no trust store in it")
    return answer


def _text(observation: Mapping[str, Any], command: str) -> str:
    return str(observation["shell"][command]["text"])


QUESTIONS: dict[str, tuple[str, Callable[[Mapping[str, Any]], str | None]]] = {
    "value_quoting": ("quoted", _quoting),
    "read_end": ("blank_line_ok", _read_end),
    "missing_item": ("command_not_recognized", _missing),
    "unknown_command": ("command_not_recognized", _unknown),
    "primary_setting_name": ("ConfigurationPrimary", _primary),
    "alternates_order": ("peer_then_number", _order),
    "cluster_status": ("with_peers", _cluster_status),
    "greeting": ("typical", _greeting),
    "echo": ("line_by_line", _echo),
    "output_line_end": ("crlf", _line_end),
    "api_access": ("by_release", _access),
    "certs_root_endpoint": ("present", _endpoint(ROOT)),
    "certs_root_content_type": ("text_html", _store_type),
    "certs_root_line_end": ("lf", _store_line_end),
    "cluster_peers_endpoint": ("present", _endpoint(PEERS)),
    "diagnostic_mode": ("not_shown", _mode),
}
"""Switch → the guess, and how an observation answers it."""
