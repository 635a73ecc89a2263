# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing secret is left in a capture, and its form is."""

from __future__ import annotations

import json
import string

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.capture.archive import redacted
from ansible_collections.collab.expressway.plugins.module_utils.capture.redaction import Redaction
from hypothesis import given
from hypothesis import strategies as st

PEM = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----"
ABC = "<certificate sha256=b5d4045c3f466fa91fe2cc6abe79232a1a57cdf104f7a26e716e0a1e2789df78>"
NAMES = ["expc1.corp.test", "10.1.2.3", "expc2.corp.test", "10.1.2.4"]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('*c xConfiguration A Verify: "On"', '*c xConfiguration A Verify: "On"'),
        ("*c xConfiguration A Ttl: 86400", "*c xConfiguration A Ttl: 86400"),
        ('*c xConfiguration A Name: "Frankfurt 1"', '*c xConfiguration A Name: "<text 11>"'),
        ('*c xConfiguration A Value: "HIGH:!MD5"', '*c xConfiguration A Value: "<text 9>"'),
        (
            '*c xConfiguration Ciphers Value: "HIGH:!MD5"',
            '*c xConfiguration Ciphers Value: "HIGH:!MD5"',
        ),
        ('     SerialNumber: "52A00B1C"', '     SerialNumber: "<text 8>"'),
        ('  Address: "10.1.2.4"', '  Address: "192.0.2.2"'),
        ('  Address: "EXPC2.corp.test"', '  Address: "peer2.example.invalid"'),
        ('  Address: "cucm.corp.test"', '  Address: "peer1001.example.invalid"'),
        ('  Address: "2001:db8:1::5"', '  Address: "2001:db8::3e9"'),
        ('  Note: "call expc1 at 10.9.9.9"', '  Note: "<text 22>"'),
        ("Welcome to expc1", "Welcome to peer1"),
        ("ERROR: no such name: cucm.corp.test", "ERROR: no such name: peer1001.example.invalid"),
        ("Command not recognized.", "Command not recognized."),
        ("*s Cluster: /", "*s Cluster: /"),
        ("*s/end", "*s/end"),
        ("", ""),
    ],
)
def test_a_line_keeps_its_form(line: str, shown: str) -> None:
    assert Redaction(["s3cret"], NAMES).lines(line) == [shown]


def test_certificates_become_their_digest() -> None:
    redaction = Redaction()
    assert redaction.lines(f"{PEM}\n{PEM}") == [ABC, ABC]
    assert "QUJD" not in redaction.words(PEM[:40])


@pytest.mark.parametrize("answer", ["xStatus SystemUnit\n*s SystemUnit: /\n*s/end\nOK", ""])
def test_a_greeting_in_the_words_of_a_site_is_not_kept(answer: str) -> None:
    said = "Property of Acme\nWelcome to Frankfurt 1\nCisco Expressway-C X14.2.5\nSW Release Name: Oak\nOK\n"
    observation = {"greeting": said + answer, "shell": {}, "api": {}, "not_read": []}
    assert redacted(observation, Redaction())["greeting"] == [
        "<text 16>",
        "<text 22>",
        "Cisco Expressway-C X14.2.5",
        "SW Release Name: <text 3>",
        "OK",
        *answer.split("\n"),
    ]


def test_json_keeps_names_of_fields_and_messages() -> None:
    answer = {"Message": "No user s3cret", "List": [{"Port": 8443, "On": True, "Who": "Anna"}]}
    assert Redaction(["s3cret"]).json(answer) == {
        "Message": "No user <removed>",
        "List": [{"Port": "8443", "On": True, "Who": "<text 4>"}],
    }


# Of signs that no placeholder and no word of the vocabulary is made of.
SECRET = st.text("QZ$%&§ß/", min_size=1, max_size=12)
LABEL = st.text("qz", min_size=3, max_size=8)
TEXT = st.text(string.printable, max_size=40)


@given(SECRET, LABEL, LABEL, TEXT, TEXT, st.sampled_from(["Cipher", "x", "Message", "ERROR"]))
def test_nothing_that_was_named_survives(
    secret: str, label: str, domain: str, before: str, after: str, field: str
) -> None:
    host = f"{label}.{domain}.test"
    redaction = Redaction([secret], [host, "10.1.2.3"])
    for hidden in (secret, host, host.upper(), label, "10.1.2.3"):
        text = f"{before}{hidden}{after}"
        shown = json.dumps(
            [
                redaction.lines(f'{field}: "{text}"'),
                redaction.lines(text),
                redaction.json({field: [text], text: 1}),
                redaction.words(text),
            ],
            ensure_ascii=False,
        )
        # JSON writes a backslash before some signs, none of which the hidden texts hold.
        if hidden.casefold() not in (before + after).casefold():
            assert hidden.casefold() not in shown.casefold()
