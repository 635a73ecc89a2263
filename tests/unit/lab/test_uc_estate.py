# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""UC nodes of a running estate as clients meet them: TLS, SSH, names, faults, and what is recorded."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import logging
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

import dns.message
import dns.rcode
import dns.resolver
import paramiko
import pytest

from tests.lab.dns_server import DnsServer
from tests.lab.estate import RunningEstate, own_network, running_estate
from tests.lab.fleet import fleet
from tests.lab.profile import load_profile
from tests.lab.vos_shell import PAGER
from tests.unit.lab.uc_nodes import AXL, PLATFORM, basic

NETWORK = own_network()
CUCM, SUBSCRIBER, APAC = (
    "cucm1.emea.example.test",
    "cucm2.emea.example.test",
    "cucm1.apac.example.test",
)
ADDRESS = {CUCM: f"{NETWORK}.11.1", SUBSCRIBER: f"{NETWORK}.11.2", APAC: f"{NETWORK}.12.1"}
SNAPSHOT = "/platformcom/api/v1/certmgr/config/snapshot/server"
LIST = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:ns="http://www.cisco.com/AXL/API/14.0"><soapenv:Body><ns:listProcessNode>'
    "<searchCriteria><name>%</name></searchCriteria><returnedTags><name/></returnedTags>"
    "</ns:listProcessNode></soapenv:Body></soapenv:Envelope>"
)
ACTION = {"SOAPAction": '"CUCM:DB ver=14.0 listProcessNode"'}

logging.getLogger("paramiko").setLevel(logging.CRITICAL)


@pytest.fixture(scope="module")
def running() -> Iterator[RunningEstate]:
    with running_estate(NETWORK, traffic_servers=False) as estate:
        yield estate


@pytest.fixture
def estate(running: RunningEstate) -> RunningEstate:
    """The estate as at its start, once it has seen that the sessions of the test before are over."""
    deadline = time.monotonic() + 5
    while running.node_report(CUCM)["sessions"] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert running.node_report(CUCM)["sessions"] == 0
    running.reset()
    return running


# --- HTTPS --------------------------------------------------------------------------------------


def ask(
    estate: RunningEstate,
    path: str,
    *,
    name: str = CUCM,
    login: tuple[str, str] | None = None,
    body: str | None = None,
    timeout: float = 5,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Ask port 8443 of a node, verified as the state files say; (status, text)."""
    trusting = ssl.create_default_context(cafile=str(estate.state / "uc-ca.pem"))
    trusting.hostname_checks_common_name = False
    connection = _Named(ADDRESS[name], 8443, name, timeout, trusting)
    try:
        sent = {**(headers or {}), **basic(login)}
        connection.request("GET" if body is None else "POST", path, body=body, headers=sent)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


class _Named(http.client.HTTPSConnection):
    """Connects to an address and verifies another name, as a client does without DNS."""

    def __init__(
        self, address: str, port: int, name: str, timeout: float, context: ssl.SSLContext
    ) -> None:
        super().__init__(address, port, timeout=timeout, context=context)
        self._name, self._trusting = name, context

    def connect(self) -> None:
        plain = socket.create_connection((self.host, self.port), self.timeout)
        self.sock = self._trusting.wrap_socket(plain, server_hostname=self._name)


def list_nodes(estate: RunningEstate, login: tuple[str, str] = AXL) -> tuple[int, str]:
    return ask(estate, "/axl/", login=login, body=LIST, headers=ACTION)


def test_each_page_answers_and_each_request_is_recorded(estate: RunningEstate) -> None:
    assert ask(estate, "/cucm-uds/version")[0] == 200
    assert list_nodes(estate)[0] == 200
    assert ask(estate, f"{SNAPSHOT}?x=1", login=PLATFORM)[0] == 200
    assert ask(estate, "/anything") == (
        200,
        "cucm1.emea.example.test port 8443: healthy-multi-server\n",
    )
    report = estate.node_report(CUCM)
    assert report["requests"] == [
        "GET /cucm-uds/version",
        "POST /axl/ listProcessNode",
        f"GET {SNAPSHOT}?x=1",
        "GET /anything",
    ]
    assert report["failed_logins"] == 0


def test_a_wrong_password_is_refused_and_counted_by_channel(estate: RunningEstate) -> None:
    assert list_nodes(estate, PLATFORM)[0] == 401
    assert ask(estate, SNAPSHOT, login=AXL)[0] == 401
    assert estate.node_report(CUCM)["failed_by_channel"] == {"axl": 1, "certificates": 1}


def test_the_pin_is_what_the_node_presents_where_no_name_fits(estate: RunningEstate) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        ask(estate, "/cucm-uds/version", name=APAC)
    pins = json.loads((estate.state / "uc-fingerprints.json").read_text())
    leaf = ssl.get_server_certificate((ADDRESS[APAC], 8443))
    assert pins[APAC] == [hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf)).hexdigest()]
    assert set(pins) == {node["name"] for node in estate.description["nodes"]}


def test_the_other_port_has_no_pages(estate: RunningEstate) -> None:
    anything = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anything.check_hostname, anything.verify_mode = False, ssl.CERT_NONE
    url = f"https://{ADDRESS[CUCM]}:6972/cucm-uds/version"
    with urllib.request.urlopen(url, timeout=5, context=anything) as answer:
        assert answer.read() == b"cucm1.emea.example.test port 6972: healthy-multi-server\n"


@pytest.mark.parametrize(
    ("fault", "axl", "uds"),
    [
        ({"kind": "http_status", "status": 502}, 502, 502),
        ({"kind": "http_status", "status": 404, "channel": "axl"}, 404, 200),
        ({"kind": "throttle"}, 503, 200),
        ({"kind": "wrong_credentials", "channel": "axl"}, 401, 200),
        ({"kind": "wrong_credentials", "channel": "cli"}, 200, 200),
        ({"kind": "throttle", "matching": "listUcService"}, 200, 200),
    ],
)
def test_a_fault_strikes_its_channel(
    estate: RunningEstate, fault: dict[str, Any], axl: int, uds: int
) -> None:
    estate.set_node_fault(CUCM, fault)
    assert (list_nodes(estate)[0], ask(estate, "/cucm-uds/version")[0]) == (axl, uds)
    estate.set_node_fault(CUCM, None)
    assert list_nodes(estate)[0] == 200


def test_a_throttle_ends_after_its_times_and_another_fault_may_follow(
    estate: RunningEstate,
) -> None:
    then = {"kind": "http_status", "status": 599, "times": 1}
    estate.set_node_fault(CUCM, {"kind": "throttle", "times": 2, "then": then})
    assert [list_nodes(estate)[0] for _time in range(4)] == [503, 503, 599, 200]


@pytest.mark.parametrize("variant", ["billion_laughs", "external_entity"])
@pytest.mark.parametrize("channel", ["axl", "uds"])
def test_hostile_xml_is_served(estate: RunningEstate, channel: str, variant: str) -> None:
    estate.set_node_fault(CUCM, {"kind": "hostile_xml", "variant": variant, "channel": channel})
    status, text = list_nodes(estate) if channel == "axl" else ask(estate, "/cucm-uds/servers")
    assert status == 200
    assert text.count("<!ENTITY") == (8 if variant == "billion_laughs" else 1)


def test_a_truncated_answer_is_shorter_than_announced(estate: RunningEstate) -> None:
    estate.set_node_fault(CUCM, {"kind": "truncated"})
    with pytest.raises(http.client.IncompleteRead):
        ask(estate, "/cucm-uds/servers")


def test_a_slow_and_a_hanging_node(estate: RunningEstate) -> None:
    estate.set_node_fault(CUCM, {"kind": "slow", "seconds": 0.3})
    began = time.monotonic()
    assert ask(estate, "/cucm-uds/version")[0] == 200
    assert time.monotonic() - began >= 0.3
    estate.set_node_fault(CUCM, {"kind": "hang"})
    with pytest.raises(TimeoutError):
        ask(estate, "/cucm-uds/version", timeout=0.3)


def test_a_node_that_is_down_listens_nowhere_until_it_is_mended(estate: RunningEstate) -> None:
    estate.set_node_fault(CUCM, {"kind": "down"})
    for port in (8443, 6972, 5022):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((ADDRESS[CUCM], port), 2)
    estate.reset()
    assert ask(estate, "/cucm-uds/version")[0] == 200
    with shell(estate) as screen:
        assert screen.endswith("admin:")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"kind": "silent"}, "no fault 'silent'"),
        ({"kind": "slow", "channel": "shell"}, "channel is one of all, cli"),
        ({"kind": "http_status", "status": 1}, "status is a number from 200"),
        ({"kind": "http_status", "status": "x"}, "status is a number"),
        ({"kind": "hostile_xml", "variant": "x"}, "variant is one of"),
        ({"kind": "slow", "port": 1}, "a fault has kind"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(
    estate: RunningEstate, fault: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        estate.set_node_fault(CUCM, fault)


def test_the_control_interface_breaks_and_shows_nodes(estate: RunningEstate) -> None:
    def call(path: str, body: object = None) -> Any:
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(estate.description["control"] + path, data=sent)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)

    fault = {"kind": "http_status", "status": 500}
    assert call(f"/nodes/{CUCM}/fault", fault) == {"fault": fault}
    assert ask(estate, "/cucm-uds/version")[0] == 500
    assert call(f"/nodes/{CUCM}") == estate.node_report(CUCM)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        call("/nodes/nobody")
    with pytest.raises(urllib.error.HTTPError, match="400"):
        call(f"/nodes/{CUCM}/fault", {"kind": "silent"})


# --- SSH ----------------------------------------------------------------------------------------


class Screen:
    """A session with a terminal: what is typed, and what came since."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel
        self._channel.settimeout(5)
        self.greeting = self.until("admin:")

    def endswith(self, text: str) -> bool:
        return self.greeting.endswith(text)

    def until(self, end: str) -> str:
        seen = ""
        while not seen.endswith(end):
            part = self._channel.recv(65536)
            assert part, f"the session ended after {seen!r}"
            seen += part.decode()
        return seen

    def type(self, text: str) -> None:
        self._channel.sendall(text.encode())

    def say(self, line: str, end: str = "admin:") -> str:
        self.type(f"{line}\n")
        return self.until(end)

    def rest(self) -> str:
        """What comes until the node closes the session."""
        seen = b""
        while part := self._channel.recv(65536):
            seen += part
        return seen.decode()


@contextlib.contextmanager
def transport(
    estate: RunningEstate, login: tuple[str, str] = PLATFORM, name: str = CUCM
) -> Iterator[paramiko.SSHClient]:
    with paramiko.SSHClient() as client:
        client.load_host_keys(str(estate.state / "known_hosts"))
        client.connect(
            ADDRESS[name], 5022, *login, timeout=5, look_for_keys=False, allow_agent=False
        )
        yield client


@contextlib.contextmanager
def shell(
    estate: RunningEstate, login: tuple[str, str] = PLATFORM, rows: int = 1000
) -> Iterator[Screen]:
    with transport(estate, login) as client:
        yield Screen(client.invoke_shell(width=200, height=rows))


def test_a_session_begins_slowly_and_is_counted_until_it_ends(estate: RunningEstate) -> None:
    estate.set_switches({"vos_start_seconds": 0.3})
    began = time.monotonic()
    with shell(estate) as screen:
        assert time.monotonic() - began >= 0.3
        assert screen.greeting.startswith(
            "Command Line Interface is starting up, please wait ...\r\n\r\n   Welcome to the"
        )
        assert estate.node_report(CUCM)["sessions"] == 1
        assert screen.say("show version active").startswith(
            "show version active\r\nActive Master Version: 14.0.1.13900-155\r\n"
        )
        screen.type("quit\n")
        assert screen.rest() == "quit\r\n"
        assert estate.node_report(CUCM)["sessions"] == 0
    report = estate.node_report(CUCM)
    assert (report["sessions"], report["logins"], report["most_sessions"]) == (0, 1, 1)
    assert report["lines"] == ["show version active", "quit"]


def test_without_a_shell_on_a_terminal_there_is_only_the_start_of_a_greeting(
    estate: RunningEstate,
) -> None:
    with transport(estate) as client:
        for terminal in (False, True):
            _in, out, _error = client.exec_command(
                "show version active", timeout=5, get_pty=terminal
            )
            assert out.read() == b"Command Line Interface is starting up, please wait ...\r\n"
        channel = client.get_transport().open_session()  # type: ignore[union-attr]
        channel.settimeout(5)
        channel.invoke_shell()
        assert channel.makefile().read() == (
            b"Command Line Interface is starting up, please wait ...\r\n"
        )


@pytest.mark.parametrize(
    ("method", "password", "interactive"),
    [("both", True, True), ("password", True, False), ("keyboard_interactive", False, True)],
)
def test_the_ways_to_log_in(
    estate: RunningEstate, method: str, password: bool, interactive: bool
) -> None:
    estate.set_switches({"vos_login_method": method})
    for way, possible in (("password", password), ("interactive", interactive)):
        with contextlib.closing(paramiko.Transport((ADDRESS[CUCM], 5022))) as one:
            one.start_client(timeout=5)
            try:
                if way == "password":
                    one.auth_password(*PLATFORM, fallback=False)
                else:
                    one.auth_interactive(PLATFORM[0], lambda *_asked: [PLATFORM[1]])
            except paramiko.BadAuthenticationType:
                assert not possible
            else:
                assert possible
                assert one.is_authenticated()
    assert estate.node_report(CUCM)["failed_logins"] == 0


@pytest.mark.parametrize("login", [(PLATFORM[0], "wrong"), AXL, ("nobody", PLATFORM[1])])
def test_a_wrong_login_is_refused_and_counted(
    estate: RunningEstate, login: tuple[str, str]
) -> None:
    with contextlib.closing(paramiko.Transport((ADDRESS[CUCM], 5022))) as one:
        one.start_client(timeout=5)
        with pytest.raises(paramiko.AuthenticationException):
            one.auth_password(*login, fallback=False)
    report = estate.node_report(CUCM)
    assert (report["failed_by_channel"], report["logins"]) == ({"cli": 1}, 0)


def test_a_long_answer_stops_at_the_pager(estate: RunningEstate) -> None:
    with shell(estate, rows=5) as screen:
        first = screen.say("show network cluster", PAGER)
        assert first.count("\r\n") == 5  # the echoed line and four more
        screen.type("\r\n")
        assert screen.until(PAGER).count("\r\n") == 1
        screen.type(" ")
        assert screen.until(PAGER).count("\r\n") == 4
        screen.type("q")
        assert "\n" not in screen.until("admin:")
        assert "turned off" in screen.say("set cli pagination off")
        assert PAGER not in screen.say("show network cluster")


def test_the_pager_may_go_to_the_next_line(estate: RunningEstate) -> None:
    estate.set_switches({"vos_pager_end": "next_line"})
    with shell(estate, rows=5) as screen:
        screen.say("show network cluster", PAGER)
        screen.type("q")
        assert screen.until("admin:") == "\r\nadmin:"


def test_the_prompt_counts_commands_when_it_is_told_to(estate: RunningEstate) -> None:
    with shell(estate) as screen:
        screen.say("set commandcount enable", "admin(0):")
        screen.say("show version active", "admin(1):")
        screen.say("", "admin(1):")
        screen.say("set commandcount disable", "admin:")


def test_an_account_of_privilege_0_cannot_read_certificates(estate: RunningEstate) -> None:
    with shell(estate, ("reader", "lab-reader-password")) as screen:
        assert "No valid command entered" in screen.say("show cert list own")
        assert "Active Master Version" in screen.say("show version active")


def test_typing_is_echoed_and_can_be_corrected(estate: RunningEstate) -> None:
    with shell(estate) as screen:
        assert screen.say("shox\x7fw version active").startswith("shox\b \bw version active\r\n")
    assert estate.node_report(CUCM)["lines"] == ["show version active"]


def test_an_idle_session_is_closed(estate: RunningEstate) -> None:
    estate.set_switches({"vos_idle_seconds": 0.2})
    with shell(estate) as screen:
        assert screen.rest() == ""


@pytest.mark.parametrize(
    ("kind", "ends"), [("drop", True), ("half_answer", False), ("hang", False)]
)
def test_a_session_that_breaks(estate: RunningEstate, kind: str, ends: bool) -> None:
    with shell(estate) as screen:
        estate.set_node_fault(CUCM, {"kind": kind, "matching": "version", "channel": "cli"})
        assert "DBPub" in screen.say("show network cluster")
        screen.type("show version active\n")
        if ends:
            said = screen.rest()
            assert said.startswith("show version active\r\nActive Master")
            assert not said.endswith(("Found.\r\n", "admin:"))
        else:
            screen._channel.settimeout(0.3)
            with pytest.raises(TimeoutError):
                screen.until("admin:")


def test_a_command_may_fail(estate: RunningEstate) -> None:
    estate.set_node_fault(CUCM, {"kind": "fail", "times": 1})
    with shell(estate) as screen:
        assert "Executed command unsuccessfully" in screen.say("show cert list own")
        assert "tomcat/tomcat.pem" in screen.say("show cert list own")


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize("tcp", [False, True])
def test_names_resolve_as_the_estate_has_them(estate: RunningEstate, tcp: bool) -> None:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port, resolver.lifetime = [f"{NETWORK}.0.1"], 5353, 3

    def look_up(name: str, kind: str) -> list[str]:
        return sorted(record.to_text() for record in resolver.resolve(name, kind, tcp=tcp))

    for node in estate.description["nodes"]:
        assert look_up(node["name"].upper(), "A") == [node["address"]]
    assert look_up("expc1.emea.example.test", "A") == [f"{NETWORK}.1.1"]
    assert look_up("_cisco-uds._tcp.apac.example.test", "SRV") == [
        f"10 10 8443 cucm{number}.apac.example.test." for number in (1, 2, 3)
    ]
    assert look_up("_cuplogin._tcp.emea.example.test", "SRV") == [
        f"10 10 8443 imp{number}.emea.example.test." for number in (1, 2)
    ]
    assert len(look_up("_cisco-uds._tcp.example.test", "SRV")) == 8
    with pytest.raises(dns.resolver.NXDOMAIN):
        look_up("nobody.example.test", "A")
    with pytest.raises(dns.resolver.NoAnswer):
        look_up(CUCM, "AAAA")


def test_what_is_no_question_gets_no_answer(estate: RunningEstate) -> None:
    server = estate.estate.dns
    query = dns.message.make_query(CUCM, "A")
    response = server.answer(query.to_wire())
    assert response is not None
    assert dns.message.from_wire(response).rcode() == dns.rcode.NOERROR
    assert server.answer(response) is None
    assert server.answer(b"\0\1nonsense") is None


@pytest.mark.parametrize(("payload", "fits"), [(None, False), (1232, True)])
def test_an_answer_that_is_too_long_for_a_datagram_says_so(payload: int | None, fits: bool) -> None:
    server = DnsServer(load_profile(fleet(clusters=1, peers=1, origins=40)))
    query = dns.message.make_query("_cisco-uds._tcp.example.test", "SRV", payload=payload)
    answers = {
        way: server.answer(query.to_wire(), datagram=way == "datagram") or b""
        for way in ("datagram", "stream")
    }
    read = {way: dns.message.from_wire(answer) for way, answer in answers.items()}
    assert len(read["stream"].answer[0]) == 20
    assert bool(read["datagram"].flags & dns.flags.TC) is not fits
    assert (read["datagram"].answer == read["stream"].answer) is fits
    assert len(answers["datagram"]) <= (payload or 512)
