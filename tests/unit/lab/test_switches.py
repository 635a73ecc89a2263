# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab import switches as module
from tests.lab.switches import SwitchError, Switches, catalogue, read_catalogue

GOOD = "{default: a, meaning: m, fact: f, values: [a, b]}"


def test_every_switch_stands_for_a_fact_and_is_looked_at_by_the_lab() -> None:
    sources = list(Path(module.__file__).parent.glob("*.y*ml"))
    sources += Path(module.__file__).parent.glob("*.py")
    code = "".join(path.read_text() for path in sources if path.name != "switches.yml")
    for name, switch in catalogue().items():
        assert switch.fact.startswith(("Expressway facts ", "CUCM facts ")), name
        assert switch.meaning, name
        assert f'"{name}"' in code or f"switch: {name}," in code, f"nothing looks at {name}"


def test_every_position_of_every_switch_can_be_set() -> None:
    switches = Switches()
    for name, switch in catalogue().items():
        for value in switch.values or (switch.least, 5, 0.5):
            switches.set({name: value})
            assert switches[name] == value


@pytest.mark.parametrize(
    ("positions", "says"),
    [
        ({"certs_root": "append"}, "no switch 'certs_root'; there are value_quoting, read_end"),
        ({"certs_root_post": "add"}, "certs_root_post is one of append, replace: got 'add'"),
        ({"certs_root_post": 1}, "certs_root_post is one of append, replace: got 1"),
        ({"certs_root_post": True}, "certs_root_post is one of append, replace: got True"),
        ({"session_limit": "2"}, "session_limit is a number: got '2'"),
        ({"session_limit": True}, "session_limit is a number: got True"),
        ({"session_limit": -1}, "session_limit is a number from 0 to any: got -1"),
    ],
)
def test_says_what_is_wrong_and_sets_nothing(positions: dict[str, object], says: str) -> None:
    switches = Switches()
    with pytest.raises(SwitchError) as error:
        switches.set({"read_end": "ok", **positions})
    assert says in str(error.value)
    assert dict(switches) == dict(Switches())


def test_off_in_yaml_is_a_position_like_any_other() -> None:
    assert Switches({"csrf_header": False})["csrf_header"] == "off"


def test_reset_returns_to_what_it_was_made_with() -> None:
    switches = Switches(read_end="ok")
    switches.set(read_end="star_end_ok", echo="none")
    switches.reset()
    assert (switches["read_end"], switches["echo"]) == ("ok", "line_by_line")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: {default: a, values: [a]}", "switch a lacks fact, meaning"),
        ("a: {default: a, meaning: m, fact: f}", "switch a needs either values or number"),
        ("a: {default: c, meaning: m, fact: f, values: [a]}", "switch a is one of a: got 'c'"),
        ("a: {default: 1, meaning: m, fact: f, number: [2, 3]}", "from 2 to 3: got 1"),
    ],
)
def test_refuses_a_bad_catalogue(text: str, says: str) -> None:
    with pytest.raises(SwitchError) as error:
        read_catalogue(text)
    assert says in str(error.value)
