# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What counts as an origin, and how its address is used."""

from __future__ import annotations

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import (
    Origin,
    OriginRefused,
    read_origins,
)


@pytest.mark.parametrize(
    ("address", "server_name", "label"),
    [
        ("cucm1.example.test", "cucm1.example.test", "cucm1.example.test:8443"),
        ("cucm1", "cucm1", "cucm1:8443"),
        ("cucm_1.example.test.", "cucm_1.example.test", "cucm_1.example.test.:8443"),
        ("192.0.2.1", None, "192.0.2.1:8443"),
        ("2001:db8::1", None, "[2001:db8::1]:8443"),
        ("192.0.2.1.example.test", "192.0.2.1.example.test", "192.0.2.1.example.test:8443"),
    ],
)
def test_an_address_gives_the_server_name(
    address: str, server_name: str | None, label: str
) -> None:
    (origin,) = read_origins([{"address": address, "port": 8443, "connect_to": None}])
    assert origin == Origin(address, 8443, None)
    assert (origin.server_name, origin.label, origin.target) == (server_name, label, address)


def test_connect_to_moves_the_connection_and_not_the_name() -> None:
    (origin,) = read_origins([{"address": "a.test", "port": 1, "connect_to": "192.0.2.1"}])
    assert (origin.target, origin.server_name) == ("192.0.2.1", "a.test")


_GOOD = {"address": "a.test", "port": 8443}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"address": ""}, "origins[1].address is empty"),
        ({"address": "  "}, "origins[1].address is empty"),
        ({"address": "https://a.test"}, "origins[1].address: 'https://a.test' is neither"),
        ({"address": "a.test:8443"}, "without scheme, port, path or brackets"),
        ({"address": "[2001:db8::1]"}, "brackets"),
        ({"address": "bücher.test"}, "xn--"),
        ({"address": "fe80::1%eth0"}, "neither a host name nor an IP address"),
        ({"address": "a..test"}, "neither a host name nor an IP address"),
        ({"address": "a.test\n"}, "neither a host name nor an IP address"),
        ({"address": "a" * 64 + ".test"}, "neither a host name nor an IP address"),
        ({"connect_to": ""}, "origins[1].connect_to is empty"),
        ({"connect_to": "a b"}, "origins[1].connect_to: 'a b'"),
        ({"port": 0}, "origins[1].port (a.test): 0 is not a port from 1 to 65535"),
        ({"port": 65536}, "65536 is not a port"),
    ],
)
def test_what_cannot_be_an_origin_is_refused_by_its_place(
    changes: dict[str, object], words: str
) -> None:
    with pytest.raises(OriginRefused) as refused:
        read_origins([_GOOD, {**_GOOD, **changes}])
    assert words in str(refused.value)
