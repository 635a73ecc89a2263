# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""trusted_ca and trusted_ca_info against an emulated peer, over both ways."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.lab.root_files import FOLDER, STORE
from tests.unit.trust.store_client import StoreClient, digests
from tests.unit.trust.trusted import ISSUING, LEAF, NEW, OLD, STALE, TWIN
from tests.unit.trust_plan.pki import Made, pem

WAYS = ["api", "root_ssh"]
LEFT_OUT_OF_A_PREDICTION = {"backup_file", "via_detail", "warnings", "held", "unproven"}


def essential(result: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key not in LEFT_OUT_OF_A_PREDICTION}


@pytest.mark.parametrize("via", WAYS)
@pytest.mark.parametrize(
    ("state", "given", "wanted"),
    [
        ("exact", [*OLD, TWIN, NEW[0]], [*OLD, TWIN, NEW[0]]),
        ("exact", [TWIN, *OLD], [OLD[0], TWIN, OLD[2], OLD[1]]),
        ("present", [*NEW, OLD[1]], [*OLD, *NEW]),
        ("exact", [OLD[2], OLD[0]], [OLD[0], OLD[2]]),
        ("exact", [NEW[0], OLD[1]], [OLD[1], NEW[0]]),
        ("exact", [NEW[0], ISSUING], [NEW[0], ISSUING]),
    ],
)
def test_check_mode_predicts_what_happens_and_the_second_run_changes_nothing(
    client: StoreClient, via: str, state: str, given: list[Made], wanted: list[Made]
) -> None:
    client.set(certs_root_post="replace")
    allowed: dict[str, Any] = {"allow": ["same_name"]}
    predicted = client.trust(pem(*given), state=state, via=via, check=True, **allowed)
    assert (client.uploads, client.seen["writes"]) == (0, [])
    assert not client.backups.exists()
    done = client.trust(pem(*given), state=state, via=via, **allowed)
    assert essential(predicted) == essential(done)
    assert (done["changed"], done["restart_required"]) == (True, True)
    assert client.held == done["held"] == digests(*wanted)
    assert [one["sha256"] for one in done["added"]] == digests(
        *(one for one in wanted if one not in OLD)
    )
    assert [one["sha256"] for one in done["removed"]] == digests(
        *(one for one in OLD if one not in wanted)
    )
    assert done["diff"]["after"].count("\n") == len(wanted)
    writes = client.seen["writes"]
    again = client.trust(pem(*given), state=state, via=via, **allowed)
    assert (again["changed"], again["restart_required"], again["backup_file"]) == (
        False,
        False,
        None,
    )
    assert again["before_sha256"] == again["after_sha256"] == done["after_sha256"]
    assert client.seen["writes"] == writes
    assert client.soon(lambda seen: seen["sessions"] == 0)


@pytest.mark.parametrize("via", WAYS)
def test_info_tells_what_the_store_holds(client: StoreClient, via: str) -> None:
    client.hold(f"# comment\n{pem(*OLD, OLD[0])}{LEAF.key_pem}")
    told = client.task("trusted_ca_info", via=via)
    assert told["changed"] is False
    assert [one["sha256"] for one in told["certificates"]] == digests(*OLD)
    assert told["certificates"][0]["common_name"] == "Old Root 0"
    assert (told["count"], told["pem"]) == (3, client.text)
    assert [problem.partition(": ")[2] for problem in told["problems"]] == ["private key"]
    assert len(told["duplicates"]) == 1
    assert told["sha256"] == client.trust(OLD[0], via=via)["before_sha256"]


@pytest.mark.parametrize("via", WAYS)
def test_a_store_that_cannot_be_read_is_never_an_empty_one(client: StoreClient, via: str) -> None:
    if via == "api":
        client.hold("")
        said = "without a certificate"
        options: dict[str, Any] = {}
    else:
        options, said = {"store_path": f"{FOLDER}/missing.pem"}, "Check store_path"
    told = client.task("trusted_ca_info", via=via, **options)
    assert told["failed"] is True
    assert said in told["msg"]
    assert client.name in told["msg"]
    written = client.trust(*NEW, via=via, **options)
    assert written["failed"] is True
    assert client.seen["writes"] == []


@pytest.mark.parametrize(
    ("given", "options", "said"),
    [
        (
            [NEW[0].pem, LEAF.key_pem],
            {},
            "certificates[1]: block 1 (line 1): private key",
        ),
        ([LEAF], {}, "upload its issuer 'CN=New Root 0,O=Example'"),
        ([STALE], {}, "expired on 2025-01-17T00:00:00Z"),
        ([TWIN], {}, "CSCwa12905"),
        (["/nowhere/ca.pem"], {}, "certificates[0]: neither PEM text nor a readable file"),
        ([], {"state": "exact"}, "certificates is empty, and state: exact"),
        ([OLD[0]], {"state": "exact", "protected": [OLD[1].pem]}, "allow_removal_of"),
        ([OLD[0]], {"allow_removal_of": ["abc"]}, "allow_removal_of[0]: no SHA-256"),
        ([OLD[0]], {"protected": ["nothing\n"]}, "protected[0]: no PEM certificate"),
    ],
)
def test_refusals_send_nothing(
    client: StoreClient, given: list[Made | str], options: dict[str, Any], said: str
) -> None:
    for check in (True, False):
        result = client.trust(*given, check=check, **options)
        assert (result["failed"], result["changed"]) == (True, False)
        assert said in result["msg"]
        assert "BEGIN" not in json.dumps(result)
    assert client.uploads == 0
    assert client.held == digests(*OLD)
    assert not client.backups.exists()


@pytest.mark.parametrize(
    ("given", "allow"), [(LEAF, "leaf"), (STALE, "expired"), (TWIN, "same_name")]
)
def test_what_is_allowed_is_sent(client: StoreClient, given: Made, allow: str) -> None:
    refused = client.trust(given)
    assert [(one["allow"], one["sha256"]) for one in refused["refused"]] == [(allow, given.sha256)]
    assert client.trust(given, allow=[allow])["changed"] is True
    assert client.held == digests(*OLD, given)


def test_a_protected_certificate_goes_when_it_is_told(client: StoreClient) -> None:
    client.set(certs_root_post="replace")
    options: dict[str, Any] = {"state": "exact", "protected": [pem(OLD[1], OLD[2])]}
    refused = client.trust(OLD[0], **options, allow_removal_of=[OLD[2].sha256])
    assert [one["sha256"] for one in refused["refused"]] == digests(OLD[1])
    allowed = [one.sha256 for one in (OLD[1], OLD[2])]
    assert client.trust(OLD[0], **options, allow_removal_of=allowed)["changed"] is True
    assert client.held == digests(OLD[0])


# --- backups ------------------------------------------------------------------------------------


def test_a_backup_is_what_was_read_and_the_manifest_finds_it(client: StoreClient) -> None:
    client.hold(f"# by hand\r\n{pem(*OLD)}")
    before = client.text
    first = client.trust(NEW[0], cluster="emea")
    second = client.trust(NEW[1], via="root_ssh")
    backup = Path(first["backup_file"])
    assert backup.read_bytes().decode() == before
    assert backup.name.startswith(f"{client.name}-20")
    assert backup.name.endswith(f"Z-{first['before_sha256'][:16]}.pem")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert stat.S_IMODE(client.backups.stat().st_mode) == 0o700
    manifest = json.loads((client.backups / "manifest.json").read_text())
    assert [(one["file"], one["peer"], one["cluster"], one["via"]) for one in manifest] == [
        (backup.name, client.name, "emea", "api"),
        (Path(second["backup_file"]).name, client.name, None, "root_ssh"),
    ]
    assert [(one["sha256"], one["count"]) for one in manifest] == [
        (first["before_sha256"], 3),
        (second["before_sha256"], 4),
    ]


def test_no_backup_no_change(client: StoreClient) -> None:
    client.backups.write_text("a file where a folder should be")
    result = client.trust(*NEW)
    assert result["failed"] is True
    assert "cannot be backed up" in result["msg"]
    assert (client.uploads, client.held) == (0, digests(*OLD))
    assert client.trust(*NEW, backup=False)["backup_file"] is None
    assert client.held == digests(*OLD, *NEW)


def test_a_backup_restores_exactly(client: StoreClient) -> None:
    client.set(certs_root_post="replace")
    client.hold(pem(*OLD, STALE, TWIN))
    before = client.held
    backup = client.trust(OLD[0], state="exact")["backup_file"]
    assert client.held == digests(OLD[0])
    restored = client.trust(backup, state="exact", allow=["leaf", "expired", "same_name"])
    assert (restored["changed"], client.held) == (True, before)


@pytest.mark.parametrize("via", WAYS)
def test_a_backup_restores_the_order_of_twins(client: StoreClient, via: str) -> None:
    client.set(certs_root_post="replace")
    how: dict[str, Any] = {"state": "exact", "via": via, "allow": ["same_name"]}
    restore = how | {"order": "listed"}
    client.hold(pem(OLD[0], TWIN, *OLD[1:]))
    before = client.held
    backup = client.trust(*OLD, **how)["backup_file"]
    restored = client.trust(backup, **restore)
    assert (restored["changed"], client.held) == (True, before)
    # Held without a certificate too many or too few, and yet not the store of the backup.
    client.hold(pem(*OLD, TWIN))
    predicted = client.trust(backup, check=True, **restore)
    assert bool(predicted["unproven"]) is (via == "api")
    restored = client.trust(backup, **restore)
    assert essential(predicted) == essential(restored)
    assert (restored["changed"], client.held) == (True, before)
    assert [one["sha256"] for one in restored["reordered"]] == digests(TWIN, OLD[1])
    assert client.trust(backup, **restore)["changed"] is False


# --- root_ssh -----------------------------------------------------------------------------------


def test_root_keeps_mode_owner_and_text_and_leaves_nothing_behind(client: StoreClient) -> None:
    client.hold(f"# by hand\n{pem(*OLD)}".rstrip())
    peer = client.estate.peer(client.name)
    stale = f"{FOLDER}/.ca.pem.collab-expressway-0123456789abcdef"
    foreign = f"{FOLDER}/server.pem"

    def prepare() -> None:
        found = peer.root_folder.find(STORE)
        found.mode, found.uid, found.gid = 0o604, 30, 31
        peer.root_folder.create(stale, exclusive=True).modified -= 7200
        peer.root_folder.create(foreign, exclusive=True).modified -= 7200

    client.estate.call(prepare)
    result = client.trust(*NEW, via="root_ssh")
    assert client.text == f"# by hand\n{pem(*OLD, *NEW)}"
    found = client.estate.call(lambda: peer.root_folder.find(STORE))
    assert (found.mode, found.uid, found.gid) == (0o604, 30, 31)
    assert client.seen["root_folder"] == ["ca.pem", "server.pem"]
    assert "Cisco does not support" in result["warnings"][0]
    assert (client.seen["root_logins"], client.seen["logins"]) == (1, 0)
    assert client.seen["requests"] == []


def test_facts_read_the_store_over_ssh_where_the_api_is_closed(client: StoreClient) -> None:
    client.set(api_access="forbidden")
    subset: dict[str, Any] = {"gather_subset": ["trust_store", "mra"], "allow_unread": True}
    closed, read = (
        client.task("facts", trust_store_via=via, **subset)["ansible_facts"]["expressway"]
        for via in ("api", "root_ssh")
    )
    assert closed["trust_store"] is None
    store = client.task("trusted_ca_info", via="root_ssh")
    assert read["trust_store"] == {key: store[key] for key in read["trust_store"]}
    assert list(read["not_read"]) == ["mra"]
    # What root cannot read is not read over the API instead.
    client.set(api_access="enabled", root_login="refused")
    refused = client.task("facts", trust_store_via="root_ssh", **subset)["ansible_facts"]
    assert refused["expressway"]["trust_store"] is None
    assert "password of user root" in refused["expressway"]["not_read"]["trust_store"]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"expressway_root_password": None}, "set expressway_root_password or"),
        ({"expressway_root_password": "wrong horse"}, "Check expressway_root_user and"),
        ({"expressway_root_private_key_file": "/nowhere"}, "expressway_root_private_key_file of"),
    ],
)
def test_root_needs_its_own_credential(
    client: StoreClient, variables: dict[str, Any], said: str
) -> None:
    result = client.trust(*NEW, via="root_ssh", variables=variables)
    assert result["unreachable"] is True
    assert said in result["msg"]
    assert "wrong horse" not in json.dumps(result)
    assert client.seen["failed_logins"] == (1 if "wrong" in str(variables) else 0)


def test_a_store_that_somebody_else_changes_meanwhile_is_left_alone(client: StoreClient) -> None:
    peer = client.estate.peer(client.name)
    begin = peer.root_folder.create

    def change_meanwhile(path: str, *, exclusive: bool) -> Any:
        peer.trust(pem(*OLD, ISSUING))
        return begin(path, exclusive=exclusive)

    peer.root_folder.create = change_meanwhile  # type: ignore[method-assign]
    try:
        result = client.trust(*NEW, via="root_ssh")
    finally:
        peer.root_folder.create = begin  # type: ignore[method-assign]
    assert result["failed"] is True
    assert "somebody else" in result["msg"]
    assert client.held == digests(*OLD, ISSUING)
    assert client.seen["root_folder"] == ["ca.pem"]
