# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialect of the admin shell: one line in, one answer out. No connection, no clock, no change.

`answer` says what is printed and what the line asks to change; the peer carries that out.
Sources: Expressway facts 1.2 to 1.4 and 2; each guess is a switch (`switches.yml`).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.lab.releases import Release
from tests.lab.settings import Refused, Setting, tree
from tests.lab.status import Status, read_status
from tests.lab.words import Line, Node, NotUnderstood, parse, pick

GROUPS = ("xCommand", "xConfiguration", "xFeedback", "xHistory", "xStatus", "bye", "exit", "help")
NOT_RECOGNIZED = "Command not recognized."
_EVERY_SETTING = Release("X999.0")
_SWITCH_INTRODUCED = Release("X14.2")


@dataclass(frozen=True)
class View:
    """What the shell sees of its peer: values by path, status elements, positions of switches."""

    release: Release
    configuration: Mapping[str, str]
    status: Status
    switches: Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """`lines` to print; `writes` (path → value) and `command` to carry out; `farewell`: hang up."""

    lines: tuple[str, ...] = ()
    writes: Mapping[str, str] = field(default_factory=dict)
    command: str | None = None
    farewell: bool = False


def answer(view: View, line: str) -> Answer:
    """Return the answer to one typed `line` (without its line end)."""
    if not line.strip():
        return Answer(("OK",) if view.switches["bare_enter"] == "ok" else ())
    try:
        if line.strip().endswith("?"):
            return _help(view, line)
        parsed = parse(line)
        group = pick(parsed.words[0], GROUPS)
        return _ANSWERS[group](view, parsed, line)
    except Refused as error:
        return _error(view, "refused_value", str(error))
    except NotUnderstood as error:
        return _error(view, "unknown_command", str(error))


def greeting(name: str, release: Release, switches: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is printed after login (Expressway facts 1.2, layout from memory)."""
    product = "TANDBERG Video Communication Server"
    if switches["greeting"] == "other_product_name":
        product = "Cisco Expressway"
    version = f"{product} {release}"
    if switches["greeting"] == "silent":
        return ("OK",)
    if switches["greeting"] == "version_line_only":
        return (version, "OK")
    return (
        f"Welcome to {name}",
        version,
        f"SW Release Date: {release.date}",
        f"SW Release Name: {release}",
        "OK",
    )


def _error(view: View, switch: str, text: str) -> Answer:
    wording = {
        "command_not_recognized": (NOT_RECOGNIZED,),
        "error_same_line": (f"ERROR: {text}",),
        "error_previous_line": (text, "ERROR"),
        "error_only": ("ERROR",),
    }
    return Answer(wording[view.switches[switch]])


# --- xConfiguration -----------------------------------------------------------------------------


def _configuration(view: View, line: Line, _text: str) -> Answer:
    return _write(view, line) if line.values else _read(view, line.words[1:])


def _read(view: View, words: tuple[str, ...]) -> Answer:
    try:
        node = tree(view.release, view.switches).follow(words)[-1]
    except NotUnderstood:
        # Raises again for words that no release knows.
        tree(_EVERY_SETTING, view.switches).follow(words)
        return _missing(view)
    found = list(node.leaves())
    if (
        view.switches["missing_item"] == "element_not_recognized"
        and view.release < _SWITCH_INTRODUCED
        and all(setting.path.startswith("EdgeConfigServer ") for setting in found)
    ):
        return _missing(view)
    lines = [_configuration_line(view, setting) for setting in found]
    end = {
        "ok": ("OK",),
        "blank_line_ok": ("", "OK"),
        "star_end_ok": ("** end", "OK"),
    }[view.switches["read_end"]]
    return Answer((*lines, *end))


def _configuration_line(view: View, setting: Setting) -> str:
    value = setting.printed(view.configuration[setting.path], view.switches)
    return f"*c xConfiguration {setting.words(view.switches)}: {value}"


def _missing(view: View) -> Answer:
    answers = {"error": ("ERROR",), "empty_answer": ("OK",)}
    return Answer(answers.get(view.switches["missing_item"], (NOT_RECOGNIZED,)))


def _write(view: View, line: Line) -> Answer:
    root = tree(view.release, view.switches)
    writes: dict[str, str] = {}
    way: list[Node[Setting]] = [root]
    for number, (words, value) in enumerate(line.values):
        # Later properties of a line belong to the element of the first, or to one that holds it.
        names = words[1:] if number == 0 else words
        way = _descend(way, names)
        setting = way[-1].leaf
        if setting is None:
            raise NotUnderstood(f"Not a setting: {' '.join(names)}")
        writes[setting.path] = setting.accept(value, view.switches)
        way = way[:-1]
    return Answer(("OK",), writes=writes)


def _descend(way: list[Node[Setting]], names: tuple[str, ...]) -> list[Node[Setting]]:
    """Follow `names` from the deepest node of `way` that knows them; the root is tried only first."""
    problem = NotUnderstood("Missing setting")
    starts = range(len(way) - 1, 0, -1) if len(way) > 1 else range(1)
    for start in starts:
        try:
            return way[:start] + way[start].follow(names)
        except NotUnderstood as error:
            problem = error
    raise problem


# --- xStatus and xCommand -----------------------------------------------------------------------


def _status(view: View, line: Line, _text: str) -> Answer:
    if line.values:
        raise NotUnderstood("xStatus takes no values")
    return Answer((*read_status(view.status, line.words[1:]), "OK"))


@functools.cache
def _commands() -> dict[str, tuple[list[str], list[str]]]:
    """Return (required, optional) parameters by joined lower-case command name."""
    text = Path(__file__).with_name("commands.yml").read_text(encoding="utf-8")
    return {
        entry["name"].replace(" ", ""): (entry.get("required", []), entry.get("optional", []))
        for entry in yaml.safe_load(text)
    }


def _command(view: View, line: Line, text: str) -> Answer:
    words = line.words[1:-1] if line.values else line.words[1:]
    name = pick("".join(words), list(_commands())) if words else ""
    if not name:
        raise NotUnderstood("Missing command")
    required, optional = _commands()[name]
    given = {
        pick(names[-1] if number == 0 else " ".join(names), required + optional)
        for number, (names, _value) in enumerate(line.values)
    }
    lacking = [parameter for parameter in required if parameter not in given]
    if lacking:
        return _error(view, "refused_value", f"Missing parameter: {', '.join(lacking)}")
    block = ("*r Result (status=OK): /", "*r/end")
    printed = block if view.switches["xcommand_result"] == "result_block" else ()
    return Answer((*printed, "OK"), command=text.strip())


def _nothing_to_show(_view: View, _line: Line, _text: str) -> Answer:
    return Answer(("OK",))


def _farewell(_view: View, _line: Line, _text: str) -> Answer:
    return Answer(farewell=True)


# --- help ---------------------------------------------------------------------------------------


def _help(view: View, text: str) -> Answer:
    words = text.replace("?", " ").split()
    if not words or pick(words[0], GROUPS) != "xConfiguration":
        return Answer((*(group for group in GROUPS if group.startswith("x")), "OK"))
    detailed = text.strip().endswith("??")
    lines = []
    for setting in tree(view.release, view.switches).follow(words[1:])[-1].leaves():
        # The command reference does not list every setting (Expressway facts 0.1).
        if setting.documented:
            lines.append(f"*h xConfiguration {setting.words(view.switches)}: {setting.usage}")
            if detailed:
                lines.append(f"     Default: {setting.default}")
    return Answer((*lines, "OK"))


def _help_group(view: View, _line: Line, _text: str) -> Answer:
    return _help(view, "?")


_ANSWERS = {
    "xConfiguration": _configuration,
    "xStatus": _status,
    "xCommand": _command,
    "xHistory": _nothing_to_show,
    "xFeedback": _nothing_to_show,
    "bye": _farewell,
    "exit": _farewell,
    "help": _help_group,
}
