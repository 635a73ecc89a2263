# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module as a user runs it: through Ansible, on the controller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.collab.expressway.plugins.modules import presented_certificates_info

from tests.unit.local_module import results_of
from tests.unit.presented.pki import Pki
from tests.unit.presented.servers import tls_server


def run(tmp_path: Path, options: dict[str, Any], *arguments: str) -> dict[str, Any]:
    """The result of one task with these options."""
    (result,) = results_of("presented_certificates_info", [options], tmp_path, *arguments)
    return result


@pytest.mark.parametrize("arguments", [(), ("--check", "--diff")])
def test_the_module_reads_chains_under_ansible(
    tmp_path: Path, pki: Pki, arguments: tuple[str, ...]
) -> None:
    with tls_server(pki.rsa.path, pki.ecdsa.path) as server:
        result = run(
            tmp_path,
            {
                "origins": [
                    {"address": "cucm1.test", "port": server.port, "connect_to": server.ip}
                ],
                "minimum_tls_version": 1.2,
            },
            *arguments,
        )
    assert result["changed"] is False
    presented = result["presented"]
    assert [entry["key_type"] for entry in presented] == ["rsa", "ecdsa", "offered"]
    assert [entry["error"] for entry in presented] == [None] * 3
    assert presented[0]["chain"] in pki.rsa.path.read_text()
    assert presented[1]["chain"] in pki.ecdsa.path.read_text()
    documented = yaml.safe_load(presented_certificates_info.RETURN)["presented"]["contains"]
    assert set(presented[0]) == set(documented)


def test_a_wrong_option_fails_before_any_connection(tmp_path: Path) -> None:
    origin = {"address": "192.0.2.1", "port": 8443}
    result = run(tmp_path, {"origins": [origin], "cipher_list": "NO-SUCH"})
    assert result["failed"] is True
    assert "cipher_list: OpenSSL on this host refuses 'NO-SUCH'" in result["msg"]
    assert "presented" not in result


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"timeout": 0.0}, "timeout: 0 is not between"),
        ({"timeout": float("nan")}, "timeout: nan is not between"),
        ({"deadline": float("inf")}, "deadline: inf is not between"),
        ({"max_connections": 0}, "max_connections: 0 is less than 1"),
        ({"max_connections_per_host": -1}, "max_connections_per_host: -1 is less than 1"),
        ({"key_types": ["rsa", "rsa"]}, "key_types: rsa is given more than once"),
        ({"minimum_tls_version": "1.3", "maximum_tls_version": "1.2"}, "1.3 is above"),
    ],
)
def test_a_value_out_of_range_is_named(changes: dict[str, Any], words: str) -> None:
    defaults = {
        name: option.get("default")
        for name, option in presented_certificates_info.ARGUMENT_SPEC.items()
    }
    assert presented_certificates_info._problem(defaults) is None
    assert words in presented_certificates_info._problem({**defaults, **changes})
