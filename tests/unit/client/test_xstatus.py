# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.peer.xstatus import (
    lookup,
    parse_status,
)
from hypothesis import given
from hypothesis import strategies as st

SYSTEM_UNIT = """xStatus SystemUnit
*s SystemUnit: /
     Product: "TANDBERG VCS"
     Uptime: "2492"
     SystemTime: "2018-12-18 21:32:46"
     Software: /
       Version: "X8.11.3"
       Configuration: /
         Expressway: "False"
         ExpresswaySeries: False
     Hardware:
       SerialNumber: "017DB2D0"
*s/end

OK
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_indentation_is_structure(newline: str) -> None:
    assert parse_status(SYSTEM_UNIT.replace("\n", newline)) == {
        "SystemUnit": {
            "Product": "TANDBERG VCS",
            "Uptime": "2492",
            "SystemTime": "2018-12-18 21:32:46",
            "Software": {
                "Version": "X8.11.3",
                "Configuration": {"Expressway": "False", "ExpresswaySeries": "False"},
            },
            "Hardware": {"SerialNumber": "017DB2D0"},
        }
    }


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("SystemUnit", "Software", "Version"), "X8.11.3"),
        (("systemunit", "software", "configuration", "expressway"), "False"),
        (("SystemUnit", "Software"), None),
        (("SystemUnit", "Uptime", "Seconds"), None),
        (("Cluster",), None),
    ],
)
def test_lookup(path: tuple[str, ...], value: str | None) -> None:
    assert lookup(parse_status(SYSTEM_UNIT), *path) == value


def test_several_blocks_and_empty_ones() -> None:
    text = '*s Alternates: /\n*s/end\n*s Cluster: /\n     Name: "emea"\n*s/end\nOK\n'
    assert parse_status(text) == {"Alternates": {}, "Cluster": {"Name": "emea"}}


def test_a_scalar_block_keeps_its_value() -> None:
    assert parse_status('*s Fips: "Off"\n*s/end\nOK') == {"Fips": {"": "Off"}}


def test_a_cut_block_is_an_error() -> None:
    with pytest.raises(ValueError, match="SystemUnit does not end"):
        parse_status(SYSTEM_UNIT.partition("*s/end")[0])


@given(st.text(max_size=200))
def test_text_without_a_block_holds_nothing(text: str) -> None:
    assert parse_status(text.replace("*", "")) == {}
