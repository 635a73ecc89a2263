# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logs with a known truth: requests of many clients through the traffic servers of several peers, as Expressway logs them.

Requests overlap, refused ones are tried again, each peer has its own clock and zone, and other programs write lines with
the very words of a refusal.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

CAUSES = {
    18: ("self signed certificate", 0),
    20: ("unable to get local issuer certificate", 0),
    19: ("self signed certificate in certificate chain", 2),
    10: ("certificate has expired", 0),
}
NAME_REFUSED = "name"
ALERT = "error:1416F086:SSL routines:tls_process_server_certificate:certificate verify failed"
NOISE = 500
"""Bytes of a line of another program."""
START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Origin:
    """What clients can ask for. `fault`: None accepted, an error number, `name`, or `down` (502 without a refusal)."""

    address: str
    ip: str
    port: int
    fault: int | str | None


@dataclass(frozen=True)
class Refusal:
    """The truth about one refusal line."""

    peer: str
    origin: Origin
    transaction: int
    user: str


@dataclass
class Log:
    """Lines in the order of one log; `truth` holds the refusal of a line by its index."""

    lines: list[str] = field(default_factory=list)
    truth: dict[int, Refusal] = field(default_factory=dict)

    def text(self) -> bytes:
        return "".join(f"{line}\n" for line in self.lines).encode()

    def without(self, first: int, last: int) -> Log:
        """A log that begins and ends in the middle of requests."""
        lines = self.lines[first : max(first, len(self.lines) - last)]
        truth = {
            line - first: one for line, one in self.truth.items() if 0 <= line - first < len(lines)
        }
        return Log(lines, truth)

    def amid(self, before: int, after: int) -> Log:
        """The same log with so many lines of another program before and behind it."""
        noise = f"2026-11-20T08:00:00.000+00:00 expc1 tvcs: {'nothing ' * 60}"[: NOISE - 1]
        lines = [*[noise] * before, *self.lines, *[noise] * after]
        return Log(lines, {line + before: one for line, one in self.truth.items()})

    def parts(self, count: int) -> Iterator[Log]:
        """The same log in so many rotated parts, oldest first."""
        size = max(1, -(-len(self.lines) // count))
        for start in range(0, len(self.lines), size):
            numbers = range(start, min(start + size, len(self.lines)))
            truth = {
                number - start: self.truth[number] for number in numbers if number in self.truth
            }
            yield Log(self.lines[start : start + size], truth)


ORIGINS = (
    Origin("cucm1.example.test", "10.1.0.1", 8443, None),
    Origin("cucm1.example.test", "10.1.0.1", 6972, 18),
    Origin("cucm2.example.test", "10.1.0.2", 8443, 20),
    Origin("cucm2.example.test", "10.1.0.2", 6972, 18),
    Origin("cucm2.example.test", "10.1.0.2", 6971, 20),
    Origin("10.1.0.3", "10.1.0.3", 8443, NAME_REFUSED),
    Origin("10.1.0.3", "10.1.0.3", 6972, NAME_REFUSED),
    Origin("cucm3.example.test", "10.1.0.3", 8443, 19),
    Origin("imp1.example.test", "10.1.0.4", 8443, 10),
    Origin("cuc1.example.test", "10.1.0.5", 8443, "down"),
    Origin("cuc1.example.test", "10.1.0.5", 7443, 20),
)


def token(origin: Origin) -> str:
    text = f"example.test/https/{origin.address}/{origin.port}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@dataclass
class _Peer:
    rng: random.Random
    name: str
    pid: int
    shift: timedelta
    zone: timezone
    transaction: int = 100

    def line(self, at: datetime, rest: str, program: str | None = None) -> str:
        local = (at + self.shift).astimezone(self.zone)
        stamp = local.isoformat(timespec="milliseconds")
        return f"{stamp} {self.name} {program or f'traffic_server[{self.pid}]'}: {rest}"

    def step(self, at: datetime, detail: str, transaction: int, rest: str) -> str:
        utc = (at + self.shift).strftime("%Y-%m-%d %H:%M:%S,") + f"{at.microsecond // 1000:03d}"
        return self.line(
            at,
            f'UTCTime="{utc}" Module="network.http.trafficserver" Level="INFO": Detail="{detail}" '
            f'Txn-id="{transaction}" TrackingID="" {rest}',
        )


def one_request(
    peer: _Peer, at: datetime, origin: Origin, user: str, *, recovers: bool = False
) -> Iterator[tuple[datetime, str, Refusal | None]]:
    """(time, line, truth of a refusal line) of one request. `recovers`: one more attempt gets through."""
    rng = peer.rng
    peer.transaction += rng.randint(1, 3)
    transaction = peer.transaction
    path = rng.choice(
        [
            f"/CSF{user.upper()}.cnf.xml",
            f"/cucm-uds/user/{user}/devices?max=100",
            "/global-settings.xml",
        ]
    )

    def later(low: int, high: int) -> datetime:
        nonlocal at
        at += timedelta(milliseconds=rng.randint(low, high))
        return at

    client = f'"127.0.0.1" {{}}-port="{rng.randint(20000, 40000)}"'
    url = f"http://vcs_control.example.test:8443/{token(origin)}{path}"
    message = f'Src-ip={client.format("Src")} Last-via-addr="" Msg="GET {url} HTTP/1.1"'
    yield at, peer.step(at, "Receive Request", transaction, message), None
    allowed = (
        f'Event="Request Allowed" Detail="Access allowed" Reason="In allow list" Username="{user}" Deployment="1" '
        f'Method="GET" Request="https://{origin.address}:{origin.port}{path}" Rule="https://{origin.address}/" '
        'Match="prefix" Type="Automatically generated rule for CUCM server"'
    )
    yield later(1, 5), peer.line(at, allowed), None
    truth = Refusal(peer.name, origin, transaction, user)
    refused = origin.fault not in (None, "down")
    attempts = rng.choice([1, 1, 2, 4]) if refused else 1
    recovers &= refused
    for attempt in range(attempts + recovers):
        sent = f'Dst-ip="{origin.ip}" Dst-port="{origin.port}" Msg="GET {path} HTTP/1.1"'
        yield later(1, 5), peer.step(at, "Sending Request", transaction, sent), None
        if refused and attempt < attempts:
            thread = f"[ET_NET {rng.randint(0, 3)}]"
            yield later(5, 90), peer.line(at, f"{thread} {warning(origin)}"), truth
            yield (
                at,
                peer.line(
                    at, f"{thread} ERROR: SSL connection failed for '{origin.address}': {ALERT}"
                ),
                None,
            )
    through = recovers or origin.fault is None
    if through:
        answer = f'Src-ip="{origin.ip}" Src-port="{origin.port}" Msg="HTTP/1.1 200 "'
        yield later(5, 200), peer.step(at, "Receive Response", transaction, answer), None
    status = "200 " if through else "502 connect failed"
    last = f'Dst-ip={client.format("Dst")} Msg="HTTP/1.1 {status}"'
    yield later(1, 10), peer.step(at, "Sending Response", transaction, last), None


def warning(origin: Origin) -> str:
    who = f"server={origin.address}({origin.ip})"
    if origin.fault == NAME_REFUSED:
        return f"WARNING: SNI ({origin.address}) not in certificate. Action=Terminate {who}"
    error, depth = CAUSES[int(origin.fault or 0)]
    return (
        f"WARNING: Core server certificate verification failed for ({origin.address}). Action=Terminate "
        f"Error={error} {who} depth={depth}"
    )


def decoys(peer: _Peer, at: datetime) -> Iterator[tuple[datetime, str, Refusal | None]]:
    """The words of a refusal where they are none, and what else fills a log."""
    rng = peer.rng
    words = warning(rng.choice([origin for origin in ORIGINS if isinstance(origin.fault, int)]))
    number = rng.randint(10**6, 10**7)
    kind = rng.randrange(6)
    if kind == 0:
        text = f'Src-ip="127.0.0.1" Src-port="1" Msg="GET http://x:8443/{words.replace(" ", "%20")} HTTP/1.1"'
        yield at, peer.step(at, "Receive Request", number, text), None
        yield at, peer.step(at, "Sending Response", number, 'Msg="HTTP/1.1 403 Forbidden"'), None
    elif kind == 1:
        yield at, peer.line(at, f'Event="Quoted" Detail="[ET_NET 0] {words}"', "tvcs"), None
    elif kind == 2:
        yield at, peer.line(at, f"[ET_NET 0] {words}", "httpd[77]"), None
    elif kind == 3:
        block = f"SIPMSG:\n|MESSAGE sip:a@example.test SIP/2.0\n Subject: [ET_NET 0] {words}\n X: y\n\n|"
        yield (
            at,
            peer.line(
                at, f'Module="network.sip" Level="DEBUG": Action="Received"\n {block}', "tvcs"
            ),
            None,
        )
    elif kind == 4:
        text = f'Detail="TLS error" Reason="{ALERT}" SSL connection failed for \'x\''
        yield at, peer.line(at, text, "tvcs"), None
    else:
        yield at, peer.line(at, "[ET_NET 1] NOTE: server is not in certificate list anyway"), None


def peers_of(rng: random.Random, count: int) -> list[_Peer]:
    return [
        _Peer(
            random.Random(rng.random()),
            f"expc{number + 1}",
            rng.randint(1000, 60000),
            timedelta(seconds=rng.choice([0, 0, -37, 3600, 5])),
            timezone(timedelta(hours=rng.choice([0, 1, 2, -5]))),
        )
        for number in range(count)
    ]


def estate_logs(
    seed: int,
    *,
    peers: int = 2,
    requests: int = 60,
    overlap: float = 1.0,
    decoy: float = 0.3,
    recovering: float = 0.0,
) -> list[Log]:
    """One log for each peer. `overlap` is how many requests are under way at once, about; 0 keeps them apart.
    `recovering` is the part of refused requests that get through in the end."""
    rng = random.Random(seed)
    logs = []
    for peer in peers_of(rng, peers):
        events: list[tuple[datetime, int, str, Refusal | None]] = []
        at = START
        for _request in range(requests):
            origin, user = rng.choice(ORIGINS), f"user{rng.randint(1, 9)}"
            recovers = recovering > 0 and rng.random() < recovering
            made = list(one_request(peer, at, origin, user, recovers=recovers))
            if rng.random() < decoy:
                made += decoys(peer, at + timedelta(milliseconds=rng.randint(0, 100)))
            events += [
                (time, len(events) + index, line, truth)
                for index, (time, line, truth) in enumerate(made)
            ]
            if overlap:
                at += timedelta(milliseconds=rng.randint(0, int(200 / overlap)))
            else:
                at = max(time for time, _line, _truth in made) + timedelta(seconds=2)
        log, number = Log(), 0
        for _time, _order, line, truth in sorted(events, key=lambda event: event[:2]):
            if truth is not None:
                log.truth[number] = truth
            rows = line.split("\n")
            log.lines += rows
            number += len(rows)
        logs.append(log)
    return logs
