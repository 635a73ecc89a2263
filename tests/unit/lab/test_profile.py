# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The estate as data: what is filled in, and what is refused with its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.lab.fleet import fleet
from tests.lab.profile import DEFAULT_PROFILE, Listener, ProfileError, load_profile


def default_data() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(DEFAULT_PROFILE.read_text())
    return data


def test_the_default_estate_has_the_clusters_of_the_documentation() -> None:
    profile = load_profile()
    assert [(c.name, c.release, len(c.peers)) for c in profile.clusters] == [
        ("emea", "X14.2.5", 3),
        ("apac", "X15.0", 2),
    ]
    assert {(node.product, node.role) for node in profile.nodes} == {
        (product, role)
        for product in ("cucm", "imp", "cuc")
        for role in ("publisher", "subscriber")
    }


def test_every_situation_is_shown_by_a_node_and_explained() -> None:
    shown = {node.situation: node.note for node in load_profile().nodes}
    assert set(shown) == set(default_data()["situations"])
    assert all(len(note) > 40 and note.endswith(".") for note in shown.values())


def test_addresses_are_unique_and_in_the_network() -> None:
    profile = load_profile(network="127.99")
    addresses = [peer.address for peer in profile.peers]
    addresses += [node.address for node in profile.nodes]
    assert len(set(addresses)) == len(addresses)
    assert all(address.startswith("127.99.") for address in addresses)


def test_fields_of_the_node_are_filled_in() -> None:
    cucm2 = next(n for n in load_profile().nodes if n.name == "cucm2.emea.example.test")
    ecdsa = cucm2.certificates["tomcat-ECDSA"]
    assert (ecdsa.common_name, ecdsa.dns, ecdsa.issuer, ecdsa.key) == (
        "cucm2-EC.emea.example.test",
        ("cucm2.emea.example.test",),
        None,
        "ecdsa",
    )
    assert cucm2.listeners == (
        Listener(8443, ("tomcat",)),
        Listener(6972, ("tomcat", "tomcat-ECDSA")),
    )


def test_only_the_named_clusters_are_taken() -> None:
    assert [cluster.name for cluster in load_profile(clusters=["apac"]).clusters] == ["apac"]
    with pytest.raises(ProfileError, match="clusters: amer not in the profile"):
        load_profile(clusters=["amer"])


@pytest.mark.parametrize("network", ["10.1", "127", "127.300", "127.20.1", "", "::1"])
def test_a_network_is_half_a_loopback_address(network: str) -> None:
    with pytest.raises(ProfileError, match="network: "):
        load_profile(network=network)


def set_peer(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda data: data["clusters"]["emea"]["peers"][0].update({name: value})


def set_node(name: str, value: object) -> Callable[[dict[str, Any]], None]:
    return lambda data: data["clusters"]["emea"]["nodes"][0].update({name: value})


def set_healthy(port: int, **values: object) -> Callable[[dict[str, Any]], None]:
    return lambda data: data["situations"]["healthy"]["listeners"].update({port: values})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (set_peer("ciphers", "none"), "expc1.emea.example.test: no cipher list 'none'"),
        (set_peer("trust_store", ["who"]), "expc1.emea.*trust_store: no authority 'who'"),
        (set_peer("trust_store", ["cucm1.emea.example.test/x"]), "no authority 'cucm1.emea"),
        (set_node("situation", "odd"), "cucm1.emea.example.test: no situation 'odd'"),
        (set_node("situation", "healthy"), "cucm1.emea.*: nothing said about port 6972"),
        (set_healthy(8443, units=["x"]), r"cuc1.apac.*\.8443: no certificate x"),
        (set_healthy(8443, units=["tomcat"], order="odd"), r"cuc1.apac.*\.8443: order is"),
        (set_healthy(8443, units=["tomcat"], tls=["1.1"]), r"cuc1.apac.*\.8443: .* tls"),
        (set_healthy(8443, unit=["tomcat"]), r"cuc1.apac.*\.8443: .*'unit'"),
        (
            lambda data: data["authorities"]["corporate-issuing"].update(issuer="who"),
            "authorities.corporate-issuing.issuer: no authority 'who'",
        ),
        (
            lambda data: data["clusters"]["emea"]["certificates"].pop("tomcat"),
            "cucm1.emea.example.test.tomcat: its cluster shares no 'tomcat'",
        ),
    ],
)
def test_a_reference_to_nothing_is_refused_with_its_place(
    spoil: Callable[[dict[str, Any]], object], message: str
) -> None:
    data = default_data()
    spoil(data)
    with pytest.raises(ProfileError, match=message):
        load_profile(data)


def test_a_fleet_has_the_size_asked_for() -> None:
    profile = load_profile(fleet(clusters=50, peers=4, origins=20))
    assert len(profile.peers) == 200
    assert sum(len(node.listeners) for node in profile.nodes) == 1000
    with pytest.raises(ValueError, match="at most 100 clusters"):
        fleet(clusters=101, peers=1, origins=2)
