# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.peer.configuration_plan import (
    InvalidSettings,
    explain_absence,
    plan_change,
    wanted_settings,
)
from ansible_collections.collab.expressway.plugins.module_utils.peer.shell_commands import (
    group_of,
    only_reads,
)
from ansible_collections.collab.expressway.plugins.module_utils.peer.xconfiguration import (
    Configuration,
    Setting,
)
from hypothesis import given
from hypothesis import strategies as st

SWITCH = "EdgeConfigServer VerifyOriginServer"


@pytest.mark.parametrize(
    ("wanted", "current", "line"),
    [
        ("off", Setting(SWITCH, "On", True), f"xConfiguration {SWITCH}: Off"),
        (False, Setting(SWITCH, "On", True), f"xConfiguration {SWITCH}: Off"),
        ("ON", Setting(SWITCH, "On", True), None),
        (True, Setting(SWITCH, "On", False), None),
        (
            3600,
            Setting("EdgeConfigServer CredentialTtl", "28800", True),
            "xConfiguration EdgeConfigServer CredentialTtl: 3600",
        ),
        ("028800", Setting("EdgeConfigServer CredentialTtl", "28800", True), None),
        ("on", Setting("SystemUnit Name", "On", True), 'xConfiguration SystemUnit Name: "on"'),
        (
            "Permissive",
            Setting("Some Mode", "Enforcing", False),
            "xConfiguration Some Mode: Permissive",
        ),
    ],
)
def test_only_what_differs_is_written(wanted: object, current: Setting, line: str | None) -> None:
    (setting,) = wanted_settings({current.path.upper(): wanted}, {}, [])
    change = plan_change(setting, current)
    assert (change.line if change else None) == line


@pytest.mark.parametrize(
    ("kinds", "secrets", "said"),
    [
        ({"Other Path": "string"}, [], "'other path', which settings do not"),
        ({}, ["Other Path"], "'other path', which settings do not"),
        ({SWITCH: "integer"}, [], "must be a decimal number"),
    ],
)
def test_kinds_and_secrets_must_belong_to_settings(
    kinds: dict[str, str], secrets: list[str], said: str
) -> None:
    with pytest.raises(InvalidSettings, match=said):
        wanted_settings({SWITCH: "Off"}, kinds, secrets)


def test_a_kind_that_does_not_exist_is_named() -> None:
    with pytest.raises(InvalidSettings, match=r"'number'.*string, enumeration, integer"):
        wanted_settings({SWITCH: "Off"}, {SWITCH: "number"}, [])


def test_secrets_by_name_are_hidden_in_lines() -> None:
    (setting,) = wanted_settings({"SNMP V3 Password": "horse"}, {}, [])
    change = plan_change(setting, Setting("SNMP V3 Password", "battery", True))
    assert change is not None
    assert "horse" in change.line
    assert "horse" not in change.shown_line(change.after) + change.shown(change.after)


@pytest.mark.parametrize(
    ("listed", "nearby", "said"),
    [
        ([Setting("A Bee", "1", True)], [], "write it in full: 'A Bee'"),
        (
            [Setting("A Bee", "1", True), Setting("A Cow", "1", True)],
            [],
            "has several: 'A Bee', 'A Cow'",
        ),
        ([], [Setting("A Bea", "1", True)], "Near it are 'A Bea'"),
        ([], [], "may not exist in this release"),
    ],
)
def test_an_absent_setting_is_explained(
    listed: list[Setting], nearby: list[Setting], said: str
) -> None:
    assert said in explain_absence("A Be", Configuration(listed), Configuration(nearby))


@pytest.mark.parametrize(
    ("command", "reads"),
    [
        ("xStatus", True),
        ("xstat Cluster", True),
        ("xConfiguration EdgeConfigServer", True),
        ("xconf edge", True),
        ("xHistory Call", True),
        ("xCommand CUCM Mixed Mode Check", True),
        ("xcommand cucmmixedmodecheck", True),
        ("xConfiguration A B: Off", False),
        ("xConfiguration A B:Off", False),
        ('xConfiguration A "Off"', False),
        ("xCommand Boot", False),
        ("xCommand", False),
        ("xFeedback Register", False),
        # Too short to be sure.
        ("xs Cluster", False),
        ("xco Zones", False),
        ("reboot", False),
        ("", False),
    ],
)
def test_reads_are_told_from_writes(command: str, reads: bool) -> None:
    assert only_reads(command) is reads


@given(st.text(max_size=40))
def test_an_assignment_never_passes_for_a_read(text: str) -> None:
    command = f"xConfiguration {text}: {text}"
    assert group_of(command) == "xconfiguration"
    assert not only_reads(command)
