# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Root's SFTP session on an emulated peer, as paramiko sees it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from tests.lab.root_files import FOLDER, STORE, half
from tests.unit.lab.served_peers import PASSWORD, ServedPeers, certificate, served

OLD, NEW = certificate("old.example.test")[0], certificate("new.example.test")[0]
DRAFT = f"{FOLDER}/draft"


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[ServedPeers]:
    with served(tmp_path, options={"trust_store_pem": OLD}) as running:
        yield running


@contextlib.contextmanager
def files(
    estate: ServedPeers, password: str = "lab-root-password"
) -> Iterator[paramiko.SFTPClient]:
    peer = estate.peer
    transport = paramiko.Transport(socket.create_connection((peer.address, peer.ssh_port), 5))
    try:
        transport.start_client(timeout=3)
        transport.auth_password("root", password, fallback=False)
        client = paramiko.SFTPClient.from_transport(transport)
        assert client is not None
        client.get_channel().settimeout(2)
        yield client
    finally:
        transport.close()


def write(client: paramiko.SFTPClient, text: str) -> None:
    with client.open(DRAFT, "wx") as draft:
        draft.write(text)
        draft.chmod(0o600)
        draft.chown(30, 31)


def test_a_rename_onto_the_store_is_what_the_peer_trusts(estate: ServedPeers) -> None:
    with files(estate) as client:
        with client.open(STORE) as store:
            assert store.read().decode() == OLD
        assert (client.stat(STORE).st_mode or 0) & 0o777 == 0o640
        write(client, NEW)
        assert estate.peer.trust_store_pem == OLD
        client.posix_rename(DRAFT, STORE)
        assert client.listdir(FOLDER) == ["ca.pem"]
        found = client.stat(STORE)
    assert estate.peer.trust_store_pem == NEW
    assert ((found.st_mode or 0) & 0o777, found.st_uid, found.st_gid) == (0o600, 30, 31)
    assert estate.changes == [estate.peer.name]
    assert (estate.peer.record.root_logins, estate.peer.record.logins) == (1, 0)
    assert estate.eventually(lambda: estate.peer.sessions == 0)


def test_what_the_api_changed_is_in_the_file(estate: ServedPeers) -> None:
    with files(estate) as client:
        estate.call(estate.peer.trust, NEW)
        with client.open(STORE) as store:
            assert store.read().decode() == NEW


def test_only_root_with_its_own_password_gets_in(estate: ServedPeers) -> None:
    with pytest.raises(paramiko.AuthenticationException), files(estate, PASSWORD):
        pass
    estate.call(estate.switches.set, {"root_login": "refused"})
    with pytest.raises(paramiko.AuthenticationException), files(estate):
        pass
    assert estate.peer.record.failed_logins == 2


def test_a_server_without_the_extensions_keeps_the_store(estate: ServedPeers) -> None:
    estate.call(estate.switches.set, {"sftp_fsync": "absent", "sftp_posix_rename": "absent"})
    with files(estate) as client:
        write(client, NEW)
        for rename in (client.posix_rename, client.rename):
            with pytest.raises(OSError):
                rename(DRAFT, STORE)
    assert estate.peer.trust_store_pem == OLD


@pytest.mark.parametrize(
    ("fault", "store"),
    [
        ({"kind": "fail", "matching": "^rename"}, OLD),
        ({"kind": "drop", "matching": "^rename"}, OLD),
        ({"kind": "hang", "matching": "^rename"}, OLD),
        ({"kind": "drop", "matching": "^create"}, OLD),
        ({"kind": "drop_after_write", "matching": "^rename"}, NEW + OLD),
        ({"kind": "half_store", "matching": "^rename"}, NEW),
    ],
)
def test_faults(estate: ServedPeers, fault: dict[str, object], store: str) -> None:
    estate.call(estate.peer.set_fault, {"channel": "root", **fault})
    with files(estate) as client:
        error = (
            contextlib.nullcontext()
            if fault["kind"] == "half_store"
            else pytest.raises((OSError, EOFError, paramiko.SSHException))
        )
        with error:
            write(client, NEW + OLD)
            client.posix_rename(DRAFT, STORE)
    assert estate.peer.trust_store_pem == store


def test_a_fault_can_follow_another(estate: ServedPeers) -> None:
    following = {"kind": "drop", "matching": "^rename", "times": 1}
    fault = {"kind": "fail", "matching": "^rename", "times": 1, "then": following}
    estate.call(estate.peer.set_fault, fault)
    with files(estate) as client:
        write(client, NEW)
        with pytest.raises(OSError, match="No space left"):
            client.posix_rename(DRAFT, STORE)
        with pytest.raises((OSError, EOFError, paramiko.SSHException)):
            client.posix_rename(DRAFT, STORE)
    with files(estate) as client:
        client.posix_rename(DRAFT, STORE)
    assert estate.peer.trust_store_pem == NEW


@pytest.mark.parametrize(("bundle", "left"), [(OLD, OLD), (OLD + NEW, OLD), (NEW + OLD, NEW)])
def test_half_a_bundle_is_whole_certificates(bundle: str, left: str) -> None:
    assert half(bundle) == left
