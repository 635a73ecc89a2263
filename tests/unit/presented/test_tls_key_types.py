# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The key type of a leaf, and what is made of one that was not asked for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.presented.key_types import (
    ECDSA,
    RSA,
    held_to,
    leaf_key_type,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.outcomes import (
    Outcome,
    failed,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.presented.pki import Pki


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("rsa:1024", "rsa"),
        ("rsa-pss", "rsa"),
        ("ec:prime256v1", "ecdsa"),
        ("ec:secp521r1", "ecdsa"),
        ("ec:brainpoolP256r1", "ecdsa"),
        ("ed25519", "ed25519"),
        ("ed448", "ed448"),
    ],
)
def test_the_algorithm_of_the_key_decides(tmp_path: Path, algorithm: str, expected: str) -> None:
    name, _colon, size = algorithm.partition(":")
    kind = [name, "-pkeyopt", f"ec_paramgen_curve:{size}"] if name == "ec" else [algorithm]
    done = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-subj", "/CN=a"),
            *("-keyout", str(tmp_path / "key"), "-outform", "DER"),
        ],
        capture_output=True,
        check=True,
    )
    assert leaf_key_type(done.stdout) == expected


@given(st.data())
def test_damaged_certificates_have_no_key_type_or_some(pki: Pki, data: st.DataObject) -> None:
    der = bytearray(pki.rsa.chain[0])
    for _byte in range(data.draw(st.integers(1, 8))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    found = leaf_key_type(bytes(der[: data.draw(st.integers(0, len(der)))]))
    assert found is None or isinstance(found, str)


def test_only_the_key_type_asked_for_is_reported(pki: Pki) -> None:
    rsa, ecdsa = Outcome(chain=pki.rsa.chain), Outcome(chain=pki.ecdsa.chain)
    assert held_to(RSA, rsa) is rsa
    assert held_to(ECDSA, ecdsa) is ecdsa
    for asked, outcome in ((RSA, ecdsa), (ECDSA, rsa)):
        refused = held_to(asked, outcome)
        assert (refused.chain, refused.error_kind) == ((), "key_type_not_offered")
    refused = failed("refused", "refused the connection")
    assert held_to(RSA, refused) is refused


def test_a_leaf_that_cannot_be_parsed_is_kept_and_named() -> None:
    outcome = held_to(RSA, Outcome(chain=(b"no certificate",)))
    assert (outcome.chain, outcome.error_kind) == ((b"no certificate",), "protocol")
