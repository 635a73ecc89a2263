# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import string
import unicodedata

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.peer.setting_kinds import (
    Kind,
    kind_of,
    looks_secret,
)
from ansible_collections.collab.expressway.plugins.module_utils.peer.xconfiguration import (
    InvalidPath,
    InvalidValue,
    Setting,
    as_text,
    normalise_path,
    parse_configuration,
    print_assignment,
    print_value,
    same_value,
)
from hypothesis import given
from hypothesis import strategies as st

VERIFY = "EdgeConfigServer VerifyOriginServer"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("\r\nOK\r\n", []),
        (f'*c xConfiguration {VERIFY}: "On"\n\nOK\n', [Setting(VERIFY, "On", True)]),
        (f"*c xConfiguration {VERIFY}: On\r\n\r\nOK\r\n", [Setting(VERIFY, "On", False)]),
        (f"*c xconfiguration {VERIFY}: Off\n** end\nOK", [Setting(VERIFY, "Off", False)]),
        ('*c xConfiguration SystemUnit Name: ""\nOK\n', [Setting("SystemUnit Name", "", True)]),
        ("*c xConfiguration SystemUnit Name:\nOK\n", [Setting("SystemUnit Name", "", False)]),
        (
            '*c xConfiguration Ciphers UcClientTLSCiphers Value: "EECDH:!aNULL"\nOK',
            [Setting("Ciphers UcClientTLSCiphers Value", "EECDH:!aNULL", True)],
        ),
        (
            '*c xConfiguration SystemUnit Name: "said "hello" twice"\nOK\n',
            [Setting("SystemUnit Name", 'said "hello" twice', True)],
        ),
        (
            '*c xConfiguration Banner Text: "first\r\nOK\r\nlast"\r\n*c xConfiguration A B: 1\r\nOK\r\n',
            [Setting("Banner Text", "first\nOK\nlast", True), Setting("A B", "1", False)],
        ),
        (
            'xConfiguration EdgeConfigServer\r\n*c xConfiguration A: "1"\r\nOK',
            [Setting("A", "1", True)],
        ),
        ("Command not recognized.\n", []),
    ],
)
def test_reads_replies(text: str, expected: list[Setting]) -> None:
    assert list(parse_configuration(text)) == expected


def test_finds_settings_without_regard_to_case_but_never_by_abbreviation() -> None:
    configuration = parse_configuration(f'*c xConfiguration {VERIFY}: "On"\nOK\n')
    assert configuration.value("edgeconfigserver   VERIFYORIGINSERVER") == "On"
    assert configuration.value("EdgeConfigServer Verify") is None
    assert configuration.value("EdgeConfigServer") is None


@pytest.mark.parametrize(
    ("path", "wanted", "current", "quoted", "kind"),
    [
        # The table wins over what the read shows: an enumeration is printed quoted.
        (VERIFY, "off", "On", True, Kind.ENUMERATION),
        ("edgeconfigserver credentialttl", "3600", "28800", True, Kind.INTEGER),
        ("Ciphers UcClientTLSCiphers Value", "ALL", "ALL:!aNULL", False, Kind.STRING),
        ("Alternates Peer 3 Address", "10.0.0.3", "", True, Kind.STRING),
        # Settings that the table does not hold.
        ("Some New Mode", "permissive", "Enforcing", False, Kind.ENUMERATION),
        ("Some New Timer", "5", "10", False, Kind.INTEGER),
        ("Some New Mode", True, "Off", True, Kind.ENUMERATION),
        ("Some New Mode", "on", "Off", True, Kind.ENUMERATION),
        ("Some New Timer", "5", "10", True, Kind.INTEGER),
        ("Some New Name", "5", "ten", True, Kind.STRING),
        ("Some New Name", "Off", "words", True, Kind.STRING),
        ("Some New Name", "5", "", False, Kind.STRING),
    ],
)
def test_kinds(path: str, wanted: object, current: str, quoted: bool, kind: Kind) -> None:
    assert kind_of(path, wanted, current, quoted) is kind


@pytest.mark.parametrize(
    ("path", "value", "kind", "line"),
    [
        (VERIFY, "Off", Kind.ENUMERATION, f"xConfiguration {VERIFY}: Off"),
        (
            "EdgeConfigServer CredentialTtl",
            "028800",
            Kind.INTEGER,
            "xConfiguration EdgeConfigServer CredentialTtl: 28800",
        ),
        (
            "Ciphers XCPTLSCiphers Value",
            "A:!B",
            Kind.STRING,
            'xConfiguration Ciphers XCPTLSCiphers Value: "A:!B"',
        ),
        ("SystemUnit Name", "", Kind.STRING, 'xConfiguration SystemUnit Name: ""'),
        (
            "xconfiguration  SystemUnit   Name",
            "a b",
            Kind.STRING,
            'xConfiguration SystemUnit Name: "a b"',
        ),
        (
            "SystemUnit Name",
            "Zürich; bye",
            Kind.STRING,
            'xConfiguration SystemUnit Name: "Zürich; bye"',
        ),
    ],
)
def test_prints_assignments(path: str, value: str, kind: Kind, line: str) -> None:
    assert print_assignment(path, value, kind) == line


@pytest.mark.parametrize(
    ("value", "kind", "reason"),
    [
        ("Off\nxCommand Boot", Kind.STRING, "U[+]000A at position 4"),
        ("Off\rxCommand Boot", Kind.ENUMERATION, "U[+]000D at position 4"),
        ("a\tb", Kind.STRING, "U[+]0009 at position 2"),
        ("a\x03", Kind.STRING, "U[+]0003"),
        ("a\x1b[A", Kind.STRING, "U[+]001B"),
        ("a\x85b", Kind.STRING, "U[+]0085"),
        ("a\u2028b", Kind.STRING, "U[+]2028"),
        ("a\u202eb", Kind.STRING, "U[+]202E"),
        ('a" xCommand', Kind.STRING, "double quote at position 2"),
        ("domain\\", Kind.STRING, "backslash"),
        (" padded", Kind.STRING, "space"),
        ("On Status: Off", Kind.ENUMERATION, "one word"),
        ("Off:On", Kind.ENUMERATION, "one word"),
        ("", Kind.ENUMERATION, "one word"),
        ("?", Kind.ENUMERATION, "one word"),
        ("ten", Kind.INTEGER, "decimal number"),
        ("1 2", Kind.INTEGER, "decimal number"),
        ("x" * 2049, Kind.STRING, "2049 characters"),
    ],
)
def test_refuses_values(value: str, kind: Kind, reason: str) -> None:
    with pytest.raises(InvalidValue, match=reason):
        print_value(value, kind)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "  ",
        "xConfiguration",
        "A: Off\nB",
        "A\nB",
        "A\tB",
        "A:B",
        'A "B"',
        "A ?",
        "A?",
        "A;B",
        "A " * 300,
    ],
)
def test_refuses_paths(path: str) -> None:
    with pytest.raises(InvalidPath):
        normalise_path(path)


def test_refuses_a_line_longer_than_the_terminal_takes() -> None:
    with pytest.raises(InvalidValue, match="command line has"):
        print_assignment("SystemUnit Name", "ü" * 2048, Kind.STRING)


@pytest.mark.parametrize(
    ("left", "right", "kind", "same"),
    [
        ("On", "on", Kind.ENUMERATION, True),
        ("On", "Off", Kind.ENUMERATION, False),
        ("20", "020", Kind.INTEGER, True),
        ("20", "21", Kind.INTEGER, False),
        ("", "20", Kind.INTEGER, False),
        ("Name", "name", Kind.STRING, False),
        ("name", "name", Kind.STRING, True),
    ],
)
def test_compares_by_kind(left: str, right: str, kind: Kind, same: bool) -> None:
    assert same_value(left, right, kind) is same


@pytest.mark.parametrize(
    ("wanted", "text"), [(True, "On"), (False, "Off"), (28800, "28800"), ("Off", "Off"), (None, "")]
)
def test_texts_of_yaml_values(wanted: object, text: str) -> None:
    assert as_text(wanted) == text


@pytest.mark.parametrize(
    ("path", "secret"),
    [
        ("Login Remote LDAP VCS BindPassword", True),
        ("SNMP CommunityName", True),
        ("SNMP V3 PrivacySecret", True),
        ("EdgeConfigServer CredentialTtl", False),
        ("Ciphers UcClientTLSCiphers Value", False),
        (VERIFY, False),
    ],
)
def test_names_of_secrets(path: str, secret: bool) -> None:
    assert looks_secret(path) is secret


paths = (
    st.lists(
        st.text(string.ascii_letters + string.digits + "_.-", min_size=1, max_size=12),
        min_size=1,
        max_size=6,
    )
    .map(" ".join)
    .filter(lambda path: path.split()[0].casefold() != "xconfiguration")
)


@given(path=paths, value=st.text(max_size=80), kind=st.sampled_from(Kind))
def test_what_is_printed_is_one_line_and_reads_back_the_same(
    path: str, value: str, kind: Kind
) -> None:
    try:
        line = print_assignment(path, value, kind)
    except InvalidValue:
        return
    assert len(line.splitlines()) == 1
    assert not any(unicodedata.category(character) == "Cc" for character in line)
    # A peer prints what it was told, as `*c` line; nothing may be lost or gained on the way.
    (setting,) = parse_configuration(f"*c {line}\r\nOK\r\n")
    assert setting.path == path
    assert same_value(setting.value, value, kind)
    assert setting.quoted is (kind is Kind.STRING)


@given(
    prefix=st.text("abc ", max_size=5),
    bad=st.characters(categories=["Cc", "Zl", "Zp"]) | st.just('"'),
    suffix=st.text("abc ", max_size=5),
    kind=st.sampled_from(Kind),
)
def test_nothing_that_ends_a_line_or_a_quote_is_ever_written(
    prefix: str, bad: str, suffix: str, kind: Kind
) -> None:
    with pytest.raises(InvalidValue):
        print_value(prefix + bad + suffix, kind)


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    for setting in parse_configuration(text):
        assert setting.path == " ".join(setting.path.split())
