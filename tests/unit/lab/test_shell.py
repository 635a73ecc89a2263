# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dialect of the admin shell, line by line; literal samples are those of the fact page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.lab.releases import SUPPORTED, Release
from tests.lab.settings import Setting, settings
from tests.lab.shell import GROUPS, Answer, View, answer, greeting
from tests.lab.switches import Switches, catalogue

VERIFY = "EdgeConfigServer VerifyOriginServer"
STATUS = {
    "SystemUnit": {
        "Product": "TANDBERG VCS",
        "Uptime": "2492",
        "SystemTime": "2018-12-18 21:32:46",
        "TimeZone": "UTC",
        "Software": {
            "Version": "X8.11.3",
            "Build": "oak_v8.11.3_rc_3",
            "Name": "s42700",
            "ReleaseDate": "2018-10-02",
            "Configuration": {"Expressway": "False", "ExpresswaySeries": "False"},
        },
        "Hardware": {"Version": "VMware", "SerialNumber": "017DB2D0"},
    },
    "Alternates": {},
}
SYSTEM_UNIT = """\
*s SystemUnit: /
     Product: "TANDBERG VCS"
     Uptime: "2492"
     SystemTime: "2018-12-18 21:32:46"
     TimeZone: "UTC"
     Software: /
       Version: "X8.11.3"
       Build: "oak_v8.11.3_rc_3"
       Name: "s42700"
       ReleaseDate: "2018-10-02"
       Configuration: /
         Expressway: "False"
         ExpresswaySeries: "False"
     Hardware: /
       Version: "VMware"
       SerialNumber: "017DB2D0"
*s/end
"""


def view(
    release: str = "X14.2.5", values: Mapping[str, str] | None = None, **positions: object
) -> View:
    defaults = {path: one.default for path, one in settings(Release(release)).items()}
    return View(Release(release), {**defaults, **(values or {})}, STATUS, Switches(positions))


def printed(line: str, seen: View | None = None) -> str:
    return "".join(f"{text}\n" for text in answer(seen or view(), line).lines)


# --- reading ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "xConfiguration EdgeConfigServer",
            '*c xConfiguration EdgeConfigServer CredentialTtl: "28800"\n'
            '*c xConfiguration EdgeConfigServer PurgeInterval: "43200"\n'
            '*c xConfiguration EdgeConfigServer RateLimitLogins: "3"\n'
            '*c xConfiguration EdgeConfigServer RateLimitPeriod: "300"\n'
            '*c xConfiguration EdgeConfigServer VerifyOriginServer: "On"\n'
            "\nOK\n",
        ),
        (
            "xconf zones zone 6",
            '*c xConfiguration Zones Zone 6 DNS SIP TLS Verify Mode: "On"\n'
            "*c xConfiguration Zones Zone 6 DNS SIP TLS Verify Subject Name: "
            '"calllservice.ciscospark.com"\n'
            "\nOK\n",
        ),
        (
            "XCONFIGURATION ciphers ucclienttlsp VAL",
            '*c xConfiguration Ciphers UcClientTLSProtocol Value: "minTLSv1.2"\n\nOK\n',
        ),
        (
            # Equal words win over longer words that begin alike (…http_trans).
            "xConfiguration Logger Developer DEVELOPER.trafficserver.HTTP",
            '*c xConfiguration Logger Developer developer.trafficserver.http Level: "INFO"\n\nOK\n',
        ),
        ("  xconf   edge   ver  ", f'*c xConfiguration {VERIFY}: "On"\n\nOK\n'),
        ("xConfiguration E", "Command not recognized.\n"),
        ("xConfiguration Nonsense", "Command not recognized.\n"),
        ("xConfiguration EdgeConfigServer VerifyOriginServer Deeper", "Command not recognized.\n"),
        ("xco EdgeConfigServer", "Command not recognized.\n"),
        ("show version", "Command not recognized.\n"),
        ('"xConfiguration"', "Command not recognized.\n"),
        (": On", "Command not recognized.\n"),
        ("", ""),
        ("   ", ""),
        ("xHistory", "OK\n"),
    ],
)
def test_reads_configuration(line: str, expected: str) -> None:
    assert printed(line) == expected


def test_a_read_of_everything_holds_every_setting_once() -> None:
    lines = printed("xConfiguration").splitlines()
    assert lines[-2:] == ["", "OK"]
    paths = [line.removeprefix("*c xConfiguration ").partition(":")[0] for line in lines[:-2]]
    assert paths == list(settings(Release("X14.2.5")))


@pytest.mark.parametrize(
    ("positions", "line", "expected"),
    [
        ({"value_quoting": "bare"}, f"xConf {VERIFY}", f"*c xConfiguration {VERIFY}: On\n\nOK\n"),
        (
            {"value_quoting": "bare_integers"},
            "xconf edge rate",
            None,
        ),
        (
            {"value_quoting": "bare_integers", "read_end": "ok"},
            "xconf edge cred",
            "*c xConfiguration EdgeConfigServer CredentialTtl: 28800\nOK\n",
        ),
        (
            {"value_quoting": "bare_integers", "read_end": "ok"},
            "xconf edge ver",
            f'*c xConfiguration {VERIFY}: "On"\nOK\n',
        ),
        ({"read_end": "ok"}, "xconf edge ver", f'*c xConfiguration {VERIFY}: "On"\nOK\n'),
        (
            {"read_end": "star_end_ok"},
            "xconf edge ver",
            f'*c xConfiguration {VERIFY}: "On"\n** end\nOK\n',
        ),
        (
            {"primary_setting_name": "ConfigurationMaster"},
            "xconf alt conf",
            '*c xConfiguration Alternates ConfigurationMaster: "1"\n\nOK\n',
        ),
        (
            {"primary_setting_name": "ConfigurationMaster"},
            "xconf Alternates ConfigurationPrimary",
            None,
        ),
        (
            {"alternates_order": "number_then_peer"},
            "xconf Alternates 2",
            '*c xConfiguration Alternates 2 Peer Address: ""\n\nOK\n',
        ),
        ({"unknown_command": "error_only"}, "xconf nothing", "ERROR\n"),
        ({"unknown_command": "error_same_line"}, "xconf no", "ERROR: Unknown: no\n"),
        ({"unknown_command": "error_previous_line"}, "xconf no", "Unknown: no\nERROR\n"),
        ({"bare_enter": "ok"}, "", "OK\n"),
    ],
)
def test_reads_as_the_switches_say(
    positions: dict[str, Any], line: str, expected: str | None
) -> None:
    assert printed(line, view(**positions)) == (expected or "Command not recognized.\n")


OLD_BLOCK = (
    '*c xConfiguration EdgeConfigServer CredentialTtl: "28800"\n'
    '*c xConfiguration EdgeConfigServer PurgeInterval: "43200"\n'
    '*c xConfiguration EdgeConfigServer RateLimitLogins: "3"\n'
    '*c xConfiguration EdgeConfigServer RateLimitPeriod: "300"\n'
    "\nOK\n"
)


@pytest.mark.parametrize("release", ["X14.0.7", "X14.0.8"])
@pytest.mark.parametrize(
    ("position", "setting", "block"),
    [
        ("command_not_recognized", "Command not recognized.\n", OLD_BLOCK),
        ("error", "ERROR\n", OLD_BLOCK),
        ("empty_answer", "OK\n", OLD_BLOCK),
        ("element_not_recognized", "Command not recognized.\n", "Command not recognized.\n"),
    ],
)
def test_releases_before_the_switch(release: str, position: str, setting: str, block: str) -> None:
    seen = view(release, missing_item=position)
    assert printed(f"xConfiguration {VERIFY}", seen) == setting
    assert printed("xConfiguration EdgeConfigServer", seen) == block
    refused = answer(seen, f"xConfiguration {VERIFY}: Off")
    assert refused == Answer(("Command not recognized.",))


@pytest.mark.parametrize(
    ("release", "status"),
    [("X14.2.5", None), ("X15.0", "Disabled"), ("X15.2", "Enabled"), ("X15.5", "Enabled")],
)
def test_csrf_protection_by_release(release: str, status: str | None) -> None:
    line = f'*c xConfiguration Security CSRFProtection Status: "{status}"\n\nOK\n'
    found = printed("xConfiguration Security CSRFProtection", view(release))
    assert found == (line if status else "Command not recognized.\n")


# --- writing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "writes"),
    [
        (f"xConfiguration {VERIFY}: Off", {VERIFY: "Off"}),
        ("xconf edge ver:OFF", {VERIFY: "Off"}),
        ("xconf edge ver : off", {VERIFY: "Off"}),
        ("xconf EdgeConfigServer CredentialTtl: 007", {"EdgeConfigServer CredentialTtl": "7"}),
        (
            "xConfiguration ApacheModReqTimeout Apachehead:20 Apachebody:21 Status:On",
            {
                "ApacheModReqTimeout Apachehead": "20",
                "ApacheModReqTimeout Apachebody": "21",
                "ApacheModReqTimeout Status": "On",
            },
        ),
        (
            # The second property belongs to the element that holds the first one's element.
            'xconf Alternates Cluster Name: "a: b" ConfigurationPrimary: 2',
            {"Alternates Cluster Name": "a: b", "Alternates ConfigurationPrimary": "2"},
        ),
        (
            'xConfiguration Ciphers UcClientTLSCiphers Value: "ECDHE-RSA-AES256-GCM-SHA384:EECDH"',
            {"Ciphers UcClientTLSCiphers Value": "ECDHE-RSA-AES256-GCM-SHA384:EECDH"},
        ),
        ('xconf Alternates Peer 4 Address: ""', {"Alternates Peer 4 Address": ""}),
        ("xconf SystemUnit Name: 'a b'", {"SystemUnit Name": "a b"}),
    ],
)
def test_writes(line: str, writes: dict[str, str]) -> None:
    assert answer(view(), line) == Answer(("OK",), writes=writes)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (f"xConfiguration {VERIFY}: Maybe", "Invalid value: one of On/Off"),
        (f'xConfiguration {VERIFY}: "Off"', "Invalid value: not in quotes"),
        ("xconf edge cred: 604801", "Value out of range: 0 to 604800"),
        ("xconf edge cred: -1", "Invalid value: a number is expected"),
        ("xconf edge cred: ten", "Invalid value: a number is expected"),
        ("xconf System Name: expc1", "Invalid value: a string stands in double quotes"),
        (f'xconf System Name: "{51 * "x"}"', "Invalid length: 0 to 50 characters"),
        (
            'xconf Ciphers UcClientTLSProtocol Value: "TLSv1.2"',
            "Invalid value: one of minTLSv1.0/minTLSv1.1/minTLSv1.2",
        ),
        # Nothing of a line is written when a part of it is refused.
        ("xconf ApacheM Apachehead: 20 Status: Maybe", "Invalid value: one of On/Off"),
    ],
)
def test_refuses_values(line: str, text: str) -> None:
    wordings = {
        "error_previous_line": (text, "ERROR"),
        "error_same_line": (f"ERROR: {text}",),
        "error_only": ("ERROR",),
        "command_not_recognized": ("Command not recognized.",),
    }
    assert set(wordings) == set(catalogue()["refused_value"].values)
    for position, lines in wordings.items():
        assert answer(view(refused_value=position), line) == Answer(lines)


@pytest.mark.parametrize(
    "line",
    [
        "xConfiguration EdgeConfigServer: Off",
        "xConfiguration: Off",
        f"xConfiguration {VERIFY}:",
        f"xConfiguration {VERIFY}: Off Nonsense: On",
        f"xConfiguration {VERIFY}: Off On",
        f"xConfiguration {VERIFY}: : Off",
        'xConfiguration SystemUnit Name: "open',
        'xConfiguration SystemUnit Name: "a" "b"',
        "xStatus SystemUnit: On",
    ],
)
def test_refuses_lines_that_make_no_sense(line: str) -> None:
    assert answer(view(), line) == Answer(("Command not recognized.",))


@pytest.mark.parametrize(
    ("positions", "line", "writes"),
    [
        ({"enumeration_case": "exact"}, f"xconf {VERIFY}: off", {}),
        ({"enumeration_case": "exact"}, f"xconf {VERIFY}: Off", {VERIFY: "Off"}),
        ({"quoted_enumeration": "accepted"}, f'xconf {VERIFY}: "Off"', {VERIFY: "Off"}),
        ({"bare_string": "accepted"}, "xconf system name: x", {"SystemUnit Name": "x"}),
    ],
)
def test_writes_as_the_switches_say(
    positions: dict[str, Any], line: str, writes: dict[str, str]
) -> None:
    assert answer(view(**positions), line).writes == writes


# --- the rest of the dialect --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("xStatus SystemUnit", SYSTEM_UNIT + "OK\n"),
        ("xstat sys", SYSTEM_UNIT + "OK\n"),
        ("xStatus", SYSTEM_UNIT + "*s Alternates: /\n*s/end\nOK\n"),
        ("xstatus alternates", "*s Alternates: /\n*s/end\nOK\n"),
        (
            "xStatus SystemUnit Software Configuration",
            "*s SystemUnit: /\n     Software: /\n       Configuration: /\n"
            '         Expressway: "False"\n         ExpresswaySeries: "False"\n*s/end\nOK\n',
        ),
        ("xStatus Cafe", "Command not recognized.\n"),
    ],
)
def test_reads_status(line: str, expected: str) -> None:
    assert printed(line) == expected


@pytest.mark.parametrize(
    ("line", "taken"),
    [
        ("xCommand Restart", True),
        ("xcommand ForceConfigUpdate", True),
        ("xCommand Force Config Update", True),
        ("xcom boot", True),
        ("xCommand Remote Syslog Add Address: 192.0.2.9 Port: 514", True),
        ("xCommand RemoteSyslogAdd Address: 192.0.2.9", True),
        ("xCommand Remote Syslog Delete Address: 192.0.2.9", False),
        ("xCommand XMPP Delete", False),
        ("xCommand Restart Now: On", False),
        ("xCommand Force", False),
        ("xCommand", False),
        ("xCommand Certs Root Add", False),
    ],
)
def test_takes_commands_and_carries_none_out(line: str, taken: bool) -> None:
    given_answer = answer(view(), line)
    assert given_answer.command == (line if taken else None)
    assert (given_answer.lines[-1] == "OK") is taken
    assert not given_answer.writes


def test_a_command_may_print_a_result() -> None:
    found = printed("xCommand Restart", view(xcommand_result="result_block"))
    assert found == "*r Result (status=OK): /\n*r/end\nOK\n"


def test_help_names_settings_but_not_the_undocumented_one() -> None:
    found = printed("xConfiguration EdgeConfigServer ?")
    assert "*h xConfiguration EdgeConfigServer RateLimitLogins: <0..100>\n" in found
    assert "VerifyOriginServer" not in found
    assert "     Default: 28800\n" in printed("xConfiguration EdgeConfigServer ??")
    assert printed("?").splitlines()[0] == "xCommand"
    assert printed("nonsense ?") == "Command not recognized.\n"


@pytest.mark.parametrize("line", ["bye", "exit", "BYE"])
def test_farewell(line: str) -> None:
    assert answer(view(), line) == Answer(farewell=True)


@pytest.mark.parametrize(
    ("position", "expected"),
    [
        (
            "typical",
            (
                "Welcome to expc1",
                "TANDBERG Video Communication Server X14.2.5",
                "SW Release Date: 2023-02-01",
                "SW Release Name: X14.2.5",
                "OK",
            ),
        ),
        ("version_line_only", ("TANDBERG Video Communication Server X14.2.5", "OK")),
        ("silent", ("OK",)),
    ],
)
def test_greets(position: str, expected: tuple[str, ...]) -> None:
    assert greeting("expc1", Release("X14.2.5"), Switches(greeting=position)) == expected


def test_may_greet_under_another_name() -> None:
    found = greeting("expc1", Release("X15.5"), Switches(greeting="other_product_name"))
    assert found[1] == "Cisco Expressway X15.5"


# --- what holds for every line ------------------------------------------------------------------

positions = st.fixed_dictionaries(
    {name: st.sampled_from(switch.values) for name, switch in catalogue().items() if switch.values}
)
releases = st.sampled_from(SUPPORTED)
words = [*GROUPS, *{word for path in settings(Release("X15.5")) for word in path.split()}]
pieces = st.one_of(
    st.sampled_from([*words, ":", ": ", '"', "'", "?", "??", "On", "Off", "\t", "\x00", "x"]),
    st.sampled_from(words).flatmap(lambda word: st.integers(1, len(word)).map(lambda n: word[:n])),
    st.integers().map(str),
    st.text(max_size=5),
)
lines = st.one_of(st.text(), st.lists(pieces, max_size=8).map(" ".join))


# No deadline: the first example reads the catalogues, and the machine may be busy.
@examples(deadline=None)
@given(line=lines, release=releases, chosen=positions)
def test_any_line_gets_an_answer_that_ends(line: str, release: str, chosen: dict[str, Any]) -> None:
    given_answer = answer(view(release, **chosen), line)
    if not line.strip():
        assert given_answer.lines in ((), ("OK",))
    elif not given_answer.farewell:
        last = given_answer.lines[-1]
        assert last in ("OK", "Command not recognized.") or last.startswith("ERROR")
    if given_answer.writes or given_answer.command:
        assert given_answer.lines[-1] == "OK"


def accepted_values(setting: Setting) -> st.SearchStrategy[tuple[str, str]]:
    """Draw (as typed, as stored) for a setting."""
    if setting.kind == "integer":
        return st.integers(setting.least, setting.most).map(lambda n: (str(n), str(n)))
    if setting.values:
        quote = '"' if setting.kind == "string" else ""
        return st.sampled_from(setting.values).map(lambda value: (f"{quote}{value}{quote}", value))
    text = st.text(
        st.characters(exclude_characters='"', exclude_categories=("Cc", "Cs", "Zl", "Zp")),
        min_size=setting.least,
        max_size=min(setting.most, 40),
    )
    return text.map(lambda value: (f'"{value}"', value))


@examples(deadline=None)
@given(data=st.data(), release=releases, chosen=positions)
def test_what_was_written_is_read_back(
    data: st.DataObject, release: str, chosen: dict[str, Any]
) -> None:
    chosen |= {"missing_item": "empty_answer"}
    setting = data.draw(st.sampled_from(list(settings(Release(release)).values())))
    typed, stored = data.draw(accepted_values(setting))
    before = view(release, **chosen)
    path = setting.words(before.switches)
    written = answer(before, f"xConfiguration {path}: {typed}")
    assert written == Answer(("OK",), writes={setting.path: stored})
    after = view(release, written.writes, **chosen)
    line = answer(after, f"xConfiguration {path}").lines[0]
    name, _colon, value = line.removeprefix("*c xConfiguration ").partition(": ")
    assert (name, value.strip('"') if value[:1] == '"' else value) == (path, stored.strip('"'))


ALL_PATHS = {path.lower() for path in settings(Release("X15.5"))}


@examples(deadline=None)
@given(data=st.data(), setting=st.sampled_from(list(settings(Release("X15.5")).values())))
def test_abbreviations_read_the_same_or_are_refused(data: st.DataObject, setting: Setting) -> None:
    seen = view("X15.5")
    shortened = []
    for word in setting.path.split():
        length = data.draw(st.integers(1, len(word)))
        beginning = word[:length]
        # `…http` is the whole of another word, not an abbreviation of `…http_trans`.
        if any(beginning.lower() in path.split() for path in ALL_PATHS):
            beginning = word
        shortened.append(data.draw(st.sampled_from([str.lower, str.upper, str.title]))(beginning))
    found = answer(seen, f"xconf {' '.join(shortened)}").lines
    full = answer(seen, f"xConfiguration {setting.path}").lines
    assert found in (full, ("Command not recognized.",))
    assert len(full) == 3
