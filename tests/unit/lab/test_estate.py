# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The running estate: what it writes, what its control answers, how traffic servers follow."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial
from typing import Any

import asyncssh
import pytest
import yaml

from tests.lab import logins, traffic_server
from tests.lab.estate import RunningEstate, own_network, running_estate
from tests.lab.logins import token
from tests.lab.profile import DEFAULT_PROFILE

NETWORK = own_network()
OTHER_NETWORK = own_network()
EXPC1, EXPC2, EXPC3 = (f"expc{number}.emea.example.test" for number in (1, 2, 3))
VERIFY = "EdgeConfigServer VerifyOriginServer"


@pytest.fixture(scope="module")
def estate() -> Iterator[RunningEstate]:
    with running_estate(NETWORK) as running:
        yield running


@pytest.fixture(autouse=True)
def initial_state(estate: RunningEstate) -> None:
    estate.reset()


@pytest.fixture
def real_traffic() -> None:
    if traffic_server.installed():
        return
    if os.environ.get("COLLAB_REQUIRE_TRAFFIC_SERVER") == "1":
        pytest.fail("COLLAB_REQUIRE_TRAFFIC_SERVER=1, but traffic_server is not installed")
    pytest.skip("traffic_server is not installed (Debian package trafficserver)")


def call(estate: RunningEstate, path: str, body: object = ..., status: int = 200) -> Any:
    sent = None if body is ... else json.dumps(body).encode()
    url = estate.description["control"] + path
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=sent), timeout=30) as answer:
            assert answer.status == status
            return json.load(answer)
    except urllib.error.HTTPError as error:
        assert error.code == status
        return json.load(error)


async def shell(estate: RunningEstate, peer: str, line: str) -> str:
    """Send one line to the admin shell of ``peer``, whose host key must be the known one."""
    entry = next(p for p in estate.description["peers"] if p["name"] == peer)
    async with asyncssh.connect(
        entry["address"],
        entry["ssh_port"],
        username="admin",
        password="lab-admin-password",
        known_hosts=str(estate.state / "known_hosts"),
        client_keys=None,
        config=None,
    ) as connection:
        process = await connection.create_process(term_type="vt100")
        process.stdin.write(f"{line}\n")
        seen = ""
        while not seen.rstrip().endswith("OK") or line not in seen:
            seen += await asyncio.wait_for(process.stdout.read(4096), 10)
        return seen


def test_the_token_is_the_one_of_the_recorded_request() -> None:
    assert token("steven.lab", "10.48.36.215", 8443) == (
        "c3RldmVuLmxhYi9odHRwcy8xMC40OC4zNi4yMTUvODQ0Mw"
    )


def test_the_description_is_the_same_everywhere(estate: RunningEstate) -> None:
    assert call(estate, "/estate") == estate.description
    assert json.loads((estate.state / "estate.json").read_text()) == estate.description


def test_there_is_a_request_for_every_peer_and_origin(estate: RunningEstate) -> None:
    wanted = {
        (peer["name"], address, port)
        for peer in estate.description["peers"]
        for node in estate.description["nodes"]
        if node["cluster"] == peer["cluster"]
        for address in node["advertised"]
        for port in node["ports"]
    }
    asked = [(r["peer"], r["address"], r["port"]) for r in estate.description["requests"]]
    assert set(asked) == wanted
    assert len(asked) == len(wanted) == 64


def test_the_api_lists_publishers_and_domain(estate: RunningEstate) -> None:
    trusting = ssl.create_default_context(cafile=str(estate.state / "api-ca.pem"))
    login = base64.b64encode(b"admin:lab-admin-password").decode()
    answers = {}
    for resource in ("controller/server/cucm", "controller/server/imp", "common/domain"):
        url = f"https://{NETWORK}.1.1:10443/api/provisioning/{resource}"
        request = urllib.request.Request(url, headers={"Authorization": f"Basic {login}"})
        with urllib.request.urlopen(request, timeout=5, context=trusting) as answer:
            answers[resource] = json.load(answer)
    servers = {
        product: [server["Publisher"] for server in answers[f"controller/server/{product}"]]
        for product in ("cucm", "imp")
    }
    assert servers == {"cucm": ["cucm1.emea.example.test"], "imp": ["imp1.emea.example.test"]}
    assert answers["common/domain"] == [{"Name": "example.test"}]


def test_shell_and_api_are_who_the_state_files_say(estate: RunningEstate) -> None:
    said = asyncio.run(shell(estate, EXPC2, "xConfiguration EdgeConfigServer"))
    assert 'VerifyOriginServer: "On"' in said
    trusting = ssl.create_default_context(cafile=str(estate.state / "api-ca.pem"))
    for peer in estate.description["peers"]:
        url = f"https://{peer['address']}:{peer['api_port']}/api/provisioning/certs/root"
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(url, timeout=5, context=trusting)


def test_a_peer_tells_its_state(estate: RunningEstate) -> None:
    peer = call(estate, f"/peers/{EXPC1}")
    assert peer["configuration"][VERIFY] == "On"
    ciphers = peer["configuration"]["Ciphers UcClientTLSCiphers Value"]
    assert ciphers == estate.description["peers"][0]["cipher_list"]
    assert peer["trust_store"].count("BEGIN CERTIFICATE") == 4
    assert call(estate, "/peers/nobody", status=404)["error"].startswith("no peer nobody; there")


def test_switches_and_faults_are_set_and_reset(estate: RunningEstate) -> None:
    assert call(estate, "/switches", {"certs_root_post": "replace"})["certs_root_post"] == "replace"
    assert call(estate, "/switches")["certs_root_post"]["value"] == "replace"
    assert call(estate, f"/peers/{EXPC1}/fault", {"kind": "hang"}) == {"fault": {"kind": "hang"}}
    assert estate.call(lambda: estate.peer(EXPC1).fault) is not None
    assert call(estate, "/reset", None) == {"settled": True}
    assert call(estate, "/switches")["certs_root_post"]["value"] == "append"
    assert estate.call(lambda: estate.peer(EXPC1).fault) is None


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/switches", {"nonsense": 1}, "no switch 'nonsense'"),
        ("/switches", ["x"], "switches are set with"),
        (f"/peers/{EXPC1}/fault", {"kind": "nonsense"}, "no fault 'nonsense'"),
        (f"/peers/{EXPC1}/fault", "hang", "a fault is"),
    ],
)
def test_what_cannot_be_set_is_refused(
    estate: RunningEstate, path: str, body: object, message: str
) -> None:
    assert message in call(estate, path, body, status=400)["error"]


def picture(results: list[logins.Login]) -> dict[tuple[str, int], str]:
    """(address, port) → one letter a peer: a accepted, r refused, ? anything else."""
    letters = {200: "a", 502: "r"}
    seen: dict[tuple[str, int], str] = {}
    for login in results:
        key = (login["address"].removesuffix(".example.test"), login["port"])
        seen[key] = seen.get(key, "") + letters.get(login["status"] or 0, "?")
    return seen


# By the rules that were measured on the real program, per peer: expc1, expc2 (and expc3).
EXPECTED = {
    ("cucm1.emea", 8443): "aaa",
    ("cucm1.emea", 6972): "aaa",
    ("cucm2.emea", 8443): "aaa",
    ("cucm2.emea", 6972): "rrr",  # self-signed tomcat-ECDSA
    ("cucm3.emea", 8443): "rrr",  # not named
    ("cucm3.emea", 6972): "rrr",
    (f"{NETWORK}.11.4", 8443): "rrr",  # IP address, certificate has the name
    (f"{NETWORK}.11.4", 6972): "rrr",
    ("cucm5.emea", 8443): "raa",  # the other one of the pair stands first
    ("cucm5.emea", 6972): "raa",
    ("imp1.emea", 8443): "aaa",
    ("imp2.emea", 8443): "rrr",  # unknown CA
    ("cuc1.emea", 8443): "aar",  # CA missing on one peer
    ("cuc2.emea", 8443): "rrr",  # unknown CA, intermediate not sent
    ("cucm1.apac", 8443): "aa",  # common name only
    ("cucm1.apac", 6972): "aa",
    ("cucm2.apac", 8443): "aa",
    ("cucm2.apac", 6972): "rr",  # self-signed tomcat-ECDSA whatever the peer prefers
    ("cucm3.apac", 8443): "aa",
    ("cucm3.apac", 6972): "ar",  # self-signed tomcat-ECDSA unless RSA comes first
    (f"{NETWORK}.12.3", 8443): "rr",  # IP address as iPAddress
    (f"{NETWORK}.12.3", 6972): "rr",
    ("imp1.apac", 8443): "ar",  # stale intermediate in one store
    ("cuc1.apac", 8443): "aa",
    ("cuc2.apac", 8443): "rr",  # expired
}


@pytest.mark.usefixtures("real_traffic")
class TestLogins:
    def test_logins_break_where_the_rules_say(self, estate: RunningEstate) -> None:
        assert picture(estate.log_in()) == EXPECTED

    def test_the_traffic_server_follows_the_switch_of_its_own_peer(
        self, estate: RunningEstate
    ) -> None:
        estate.set_switches({"origin_verification_scope": "per_peer"})
        asyncio.run(shell(estate, EXPC3, f"xConfiguration {VERIFY}: Off"))
        seen = picture(estate.log_in())
        assert seen == {
            key: f"{letters[:2]}a" if len(letters) == 3 else letters
            for key, letters in EXPECTED.items()
        }
        asyncio.run(shell(estate, EXPC3, f"xConfiguration {VERIFY}: On"))
        assert picture(estate.log_in()) == EXPECTED

    def test_the_traffic_servers_of_a_cluster_follow_its_primary(
        self, estate: RunningEstate
    ) -> None:
        asyncio.run(shell(estate, EXPC1, f"xConfiguration {VERIFY}: Off"))
        deadline = time.monotonic() + 10
        while estate.report(EXPC3)["verifies_origins"] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert picture(estate.log_in()) == {
            key: "aaa" if len(letters) == 3 else letters for key, letters in EXPECTED.items()
        }

    def test_the_traffic_server_follows_the_trust_store(self, estate: RunningEstate) -> None:
        def trust_the_voice_ca() -> None:
            peer = estate.peer(EXPC3)
            peer.trust(peer.trust_store_pem + estate.estate.pki.trust_store(["voice-root"]))

        estate.call(trust_the_voice_ca)
        assert picture(estate.log_in()) == EXPECTED | {("cuc1.emea", 8443): "aaa"}

    def test_the_traffic_server_follows_the_cipher_list(self, estate: RunningEstate) -> None:
        rsa_first = estate.description["peers"][3]["cipher_list"]
        setting = {"Ciphers UcClientTLSCiphers Value": rsa_first}
        estate.call(lambda: estate.peer(EXPC1).configure(setting))
        assert picture(estate.log_in()) == EXPECTED | {("cucm2.emea", 6972): "arr"}

    def test_a_traffic_server_that_cannot_start_is_told(self, estate: RunningEstate) -> None:
        estate.call(
            lambda: estate.peer(EXPC1).configure({"Ciphers UcClientTLSProtocol Value": "minTLSv9"})
        )
        problem = call(estate, "/settled", status=500)["error"]
        assert problem.startswith(f"traffic server of {EXPC1}: ")
        estate.reset()
        assert picture(estate.log_in()) == EXPECTED

    def test_a_burst_of_changes_ends_in_the_last_one(self, estate: RunningEstate) -> None:
        for state in ("Off", "On", "Off", "On", "Off"):
            estate.call(partial(estate.peer(EXPC1).configure, {VERIFY: state}))
        seen = picture(estate.log_in())
        assert {letters[0] for letters in seen.values() if len(letters) == 3} == {"a"}
        call(estate, "/reset", None)
        assert picture(estate.log_in()) == EXPECTED


@pytest.mark.usefixtures("real_traffic")
def test_before_x14_2_nothing_is_refused() -> None:
    data = yaml.safe_load(DEFAULT_PROFILE.read_text())
    data["clusters"]["apac"]["release"] = "X14.0.7"
    with running_estate(OTHER_NETWORK, ["apac"], profile=data) as old:
        assert {login["status"] for login in old.log_in()} == {200}


def test_without_traffic_servers_the_estate_says_so() -> None:
    with running_estate(OTHER_NETWORK, ["apac"], traffic_servers=False) as e:
        assert e.description["traffic_server"] is False
        assert [cluster["name"] for cluster in e.description["clusters"]] == ["apac"]
        assert "VerifyOriginServer" in asyncio.run(
            shell(e, "expc1.apac.example.test", "xConfiguration EdgeConfigServer")
        )
