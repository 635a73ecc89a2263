# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults at every step of a change: the store is the old or the new one, and the next run finishes.

The last test says how many faults were tried and how many stores were lost.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.unit.trust.interrupted import start
from tests.unit.trust.store_client import StoreClient, digests
from tests.unit.trust.trusted import ISSUING, NEW, OLD
from tests.unit.trust_plan.pki import Made, pem

GET, POST = "^GET ", "^POST "
DRAFT = "collab-expressway"
RENAME, CREATE, WRITE, FSYNC, SETSTAT = (
    f"^{step} .*{DRAFT}" for step in ("rename", "create", "write", "fsync", "setstat")
)
READ_DRAFT, OPEN_STORE, READ_STORE = f"^read .*{DRAFT}", r"^open .*/ca\.pem$", r"^read .*/ca\.pem$"


@dataclass
class Count:
    tried: int = 0
    halfway: int = 0
    lost: list[str] = field(default_factory=list)


COUNT = Count()


def at(kind: str, matching: str, times: int = 1, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "matching": matching, "times": times, **more}


def after(matching: str, fault: dict[str, Any], times: int = 1) -> dict[str, Any]:
    """`fault`, once a step that `matching` finds has gone by."""
    return at("slow", matching, times, seconds=0, then=fault)


def spoilt_then(matching: str, fault: dict[str, Any] | None) -> dict[str, Any]:
    """The store is spoilt by the appliance; then `fault` while it is restored."""
    return at("half_store", matching, then=fault)


API_FAULTS = {
    "before read": [at(kind, GET) for kind in ("hang", "drop", "half_answer", "fail")]
    + [at("refuse_login", ""), at("reset", ""), at("silent", "")],
    "during upload": [at(kind, POST) for kind in ("cut_upload", "drop", "hang", "fail")],
    "after upload": [
        at(kind, POST)
        for kind in ("lost_after_upload", "drop_after_write", "half_answer", "half_store")
    ],
    "read-back": [
        after(POST, at(kind, GET, times))
        for kind, times in (("hang", 1), ("half_answer", 1), ("drop", 3), ("fail", 3))
    ]
    + [after(POST, at("reset", "", 1)), after(POST, at("refuse_login", "", 1))],
    "restore": [
        spoilt_then(POST, at(kind, POST))
        for kind in (
            "cut_upload",
            "drop",
            "hang",
            "fail",
            "lost_after_upload",
            "half_answer",
            "half_store",
        )
    ]
    + [spoilt_then(POST, at(kind, GET)) for kind in ("hang", "drop", "fail")],
}
ROOT_FAULTS = {
    "before read": [at(kind, OPEN_STORE) for kind in ("hang", "drop", "fail")]
    + [at(kind, READ_STORE) for kind in ("hang", "drop", "fail")]
    + [at("refuse_login", "", channel="root"), at("reset", ""), at("silent", "")],
    "during upload": [
        at(kind, step)
        for step in (CREATE, WRITE, FSYNC, SETSTAT, READ_DRAFT, RENAME)
        for kind in (("hang", "drop", "fail") if step in (WRITE, RENAME) else ("drop", "fail"))
    ],
    "after upload": [at("drop_after_write", RENAME), at("half_store", RENAME)],
    "read-back": [
        after(RENAME, at(kind, OPEN_STORE, times))
        for kind, times in (("hang", 1), ("drop", 1), ("drop", 3), ("fail", 3))
    ],
    "restore": [
        spoilt_then(RENAME, at(kind, step))
        for step in (WRITE, RENAME)
        for kind in ("hang", "drop", "fail")
    ]
    + [spoilt_then(RENAME, at(kind, RENAME)) for kind in ("drop_after_write", "half_store")],
}


def cases() -> Iterator[Any]:
    for step, some in API_FAULTS.items():
        for fault in some:
            yield case("api", "append", False, step, fault)
            if step != "before read":
                yield case("api", "replace", False, step, fault)
                yield case("api", "replace", True, step, fault)
    for step, some in ROOT_FAULTS.items():
        for fault in some:
            yield case("root_ssh", "append", step in ("after upload", "restore"), step, fault)


def case(via: str, post: str, exact: bool, step: str, fault: dict[str, Any]) -> Any:
    words = json.dumps(fault).replace('"', "")
    name = f"{via} {post} {'exact' if exact else 'present'}: {step}: {words}"
    return pytest.param(via, post, exact, fault, id=name)


def wanted(exact: bool) -> list[Made]:
    return [OLD[0], OLD[2], *NEW] if exact else [*OLD, *NEW]


def told_truly(result: dict[str, Any], old: list[str], held: list[str]) -> bool:
    """Does the result say what the peer holds? A hung upload may still be carried out later."""
    if result.get("unreachable"):
        return held == old
    if "unknown" in result.get("msg", ""):
        return result["changed"] is True
    if result.get("failed"):
        return result["changed"] is (held != old)
    return result["changed"] is True and held != old


@pytest.mark.parametrize(("via", "post", "exact", "fault"), list(cases()))
def test_a_fault_leaves_the_old_or_the_new_store(
    client: StoreClient,
    request: pytest.FixtureRequest,
    via: str,
    post: str,
    exact: bool,
    fault: dict[str, Any],
) -> None:
    # To find out whether the API can remove, two old certificates are exchanged: the same store in another order.
    ordered = sorted if (via, exact) == ("api", True) else list
    old, new = ordered(digests(*OLD)), ordered(digests(*wanted(exact)))
    options: dict[str, Any] = {"via": via, "state": "exact" if exact else "present"}
    certificates = pem(*wanted(exact)) if exact else pem(*NEW)
    client.set(certs_root_post=post)
    COUNT.tried += 1
    client.estate.set_fault(client.name, fault)
    result = client.trust(
        certificates,
        **options,
        variables={"expressway_command_timeout": 0.5, "expressway_connect_timeout": 0.5},
    )
    left = client.fault_left()
    assert left is None or left.times == 0, "the fault did not strike"
    held = ordered(client.held)
    if held not in (old, new):
        COUNT.lost.append(request.node.name)
    assert held in (old, new)
    assert told_truly(result, old, held)
    assert client.name in result.get("msg", client.name)
    client.estate.set_fault(client.name, None)
    finished = client.trust(certificates, **options)
    assert (finished.get("msg"), finished["changed"]) == (None, held == old)
    assert ordered(client.held) == new


KILLED = [
    ("api", at("hang", GET)),
    ("api", at("hang", POST)),
    ("api", at("half_answer", POST)),
    ("api", after(POST, at("hang", GET))),
    ("root_ssh", at("hang", READ_STORE)),
    ("root_ssh", at("hang", CREATE)),
    ("root_ssh", at("hang", WRITE)),
    ("root_ssh", at("hang", FSYNC)),
    ("root_ssh", at("hang", RENAME)),
    ("root_ssh", after(RENAME, at("hang", OPEN_STORE))),
]


@pytest.mark.parametrize(
    ("via", "fault"),
    [
        ("api", at("refuse_login", "", 9, channel="api")),
        ("api", after(GET, at("refuse_login", "", 9, channel="api"))),
        ("api", after(POST, at("refuse_login", "", 9, channel="api"))),
        ("root_ssh", at("refuse_login", "", 9, channel="root")),
        ("root_ssh", at("drop", RENAME, then=at("refuse_login", "", 9, channel="root"))),
    ],
)
def test_a_refused_login_is_tried_once(
    client: StoreClient, via: str, fault: dict[str, Any]
) -> None:
    client.estate.set_fault(client.name, fault)
    result = client.trust(*NEW, via=via)
    assert result.get("failed") or result.get("unreachable")
    assert client.seen["failed_logins"] == 1


@pytest.mark.parametrize(
    ("via", "post", "fault"),
    [
        (via, post, fault)
        for via, fault in KILLED
        for post in (("append", "replace") if via == "api" else ("append",))
    ],
)
def test_a_killed_run_leaves_the_old_or_the_new_store(
    client: StoreClient,
    request: pytest.FixtureRequest,
    via: str,
    post: str,
    fault: dict[str, Any],
) -> None:
    old, new = digests(*OLD), digests(*OLD, *NEW)
    client.set(certs_root_post=post)
    client.estate.set_fault(client.name, fault)
    COUNT.tried += 1
    process = start(client, [pem(*NEW)], {"via": via})
    try:
        struck = client.soon(lambda _seen: client.fault_struck, 20)
    finally:
        process.kill()
        process.join(10)
    assert struck
    held = client.held
    if held not in (old, new):
        COUNT.lost.append(request.node.name)
    assert held in (old, new)
    client.estate.set_fault(client.name, None)
    finished = client.trust(*NEW, via=via)
    assert (finished.get("msg"), finished["changed"]) == (None, held == old)
    assert client.held == new


@pytest.mark.parametrize(
    ("duplicates", "told", "fault", "ends"),
    [
        # No order of uploads brings such an API from the old store to the new one, so the old one comes back.
        ("refused", "auto", after(POST, at("half_answer", POST)), OLD),
        ("accepted", "append", at("half_answer", POST), [*OLD, *NEW]),
    ],
)
def test_a_store_that_a_killed_run_left_halfway_is_put_right_by_the_next(
    client: StoreClient, duplicates: str, told: str, fault: dict[str, Any], ends: list[Made]
) -> None:
    client.set(certs_root_post="replace", duplicate_certificate=duplicates)
    client.estate.set_fault(client.name, fault)
    process = start(client, [pem(*NEW)], {"api_post": told})
    try:
        assert client.soon(lambda _seen: client.fault_struck, 20)
    finally:
        process.kill()
        process.join(10)
    COUNT.halfway += 1
    assert client.held == digests(*NEW)
    client.estate.set_fault(client.name, None)
    journal = (client.backups / "manifest.json").read_bytes()
    predicted = client.trust(*NEW, api_post=told, check=True)
    assert (client.backups / "manifest.json").read_bytes() == journal
    assert [one["sha256"] for one in predicted["added"]] == digests(*OLD)
    result = client.trust(*NEW, api_post=told)
    assert client.held == digests(*ends)
    assert result.get("failed", False) is (ends == OLD)
    assert "was interrupted" in " ".join(result["warnings"])
    # What was left halfway is no backup, and the story ends here.
    manifest = json.loads((client.backups / "manifest.json").read_text())
    assert [entry["count"] for entry in manifest] == [len(OLD)]
    assert "open" not in manifest[0]
    client.set(duplicate_certificate="accepted")
    assert not client.trust(*NEW).get("failed")
    assert client.held == digests(*OLD, *NEW)


@pytest.mark.parametrize("content", ["", "[{", "{}", '["expc1"]'])
def test_a_broken_manifest_stops_a_task_before_it_sends(client: StoreClient, content: str) -> None:
    client.backups.mkdir(exist_ok=True)
    manifest = client.backups / "manifest.json"
    manifest.write_text(content)
    result = client.trust(*NEW)
    assert result["failed"] and f"{manifest} cannot be understood" in result["msg"]
    assert "Nothing was sent" in result["msg"]
    assert (client.uploads, client.held) == (0, digests(*OLD))
    assert manifest.read_text() == content


def test_what_somebody_else_wrote_after_an_interrupted_run_stays(client: StoreClient) -> None:
    client.estate.set_fault(client.name, at("hang", POST))
    process = start(client, [pem(*NEW)], {})
    try:
        assert client.soon(lambda _seen: client.fault_struck, 20)
    finally:
        process.kill()
        process.join(10)
    client.estate.set_fault(client.name, None)
    client.hold(pem(ISSUING, OLD[0]))
    result = client.trust(*NEW)
    assert client.held == digests(ISSUING, OLD[0], *NEW)
    assert "somebody else has changed the store since" in " ".join(result["warnings"])
    assert "warnings" not in client.trust(*NEW) or not client.trust(*NEW)["warnings"]


def test_figures(record_property: Callable[[str, object], None]) -> None:
    record_property(
        "figures",
        f"trust stores: {COUNT.tried} faults tried, {len(COUNT.lost)} stores lost; {COUNT.halfway} more runs killed where an API "
        "leaves no way but through another store, each put right by the next run",
    )
    assert COUNT.lost == []
