# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a verdict says beyond accepted and refused, and what it says about unusable input.

Outcome, error and depth are held to real Traffic Servers in tests/conformance.
"""

from __future__ import annotations

import ipaddress
import random
import shlex
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.verdicts import (
    Work,
    judge_origins,
)
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.generated import random_case
from tests.conformance.issuing import Issued, Keys, Profile, changed, issue
from tests.conformance.recorded import recorded_cases

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
RNG = random.Random(11)
KEYS = Keys(RNG)
HOST, IP = "cucm.example.test", "10.48.36.215"
LEAF = Profile(
    (HOST,),
    ca=False,
    key_usage=("digital_signature", "key_encipherment"),
    extended_key_usage=("serverAuth", "clientAuth"),
    alternative_names=(x509.DNSName(HOST),),
)


def ca(name: str, issuer: Issued | None = None, key: Any = None, **profile: Any) -> Issued:
    used = [issuer.key] if issuer else []
    return issue(Profile((name,), **profile), key or KEYS.any("p256", used), issuer, AT, RNG)


def leaf(issuer: Issued | None, **changes: Any) -> Issued:
    profile = changed(LEAF, **changes)
    return issue(profile, KEYS.any(profile.key_type), issuer, AT, RNG)


def pem(*certificates: Issued) -> str:
    return "".join(certificate.pem for certificate in certificates)


ROOT = ca("Root CA")
ISSUING = ca("Issuing CA", ROOT)
GOOD = leaf(ISSUING)


def verdict(store: str, presented: str, address: str = HOST, **options: Any) -> dict[str, Any]:
    origin = {"address": address, "port": 8443, "presented": presented}
    (only,) = judge_origins({"peer": store}, [origin], at=options.pop("at", AT), **options)
    return only


def test_a_healthy_origin() -> None:
    said = verdict(pem(ROOT), pem(GOOD, ISSUING))
    shown = said.pop("reproduce")
    assert said == {
        "trust_store": "peer",
        "address": HOST,
        "port": 8443,
        "outcome": "accepted",
        "stage": None,
        "error_code": None,
        "error": None,
        "depth": None,
        "name_covered": "dns_name",
        "names": [HOST],
        "name_findings": [],
        "cause": None,
        "remedy": None,
        "reveals": [],
        "weak": [],
        "store_problems": [],
        "log_line": None,
    }
    assert "openssl verify" in shown


BAD_BLOCK = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("store", "presented", "stage", "code", "cause"),
    [
        ("", pem(GOOD), "chain", None, "cannot be loaded (it is empty)"),
        ("no PEM at all", pem(GOOD), "chain", None, "cannot be loaded (no certificate in it)"),
        (ROOT.key_pem, pem(GOOD), "chain", None, "cannot be loaded (no certificate in it)"),
        (
            pem(ROOT) + BAD_BLOCK,
            pem(GOOD, ISSUING),
            "chain",
            None,
            "cannot be loaded (block 2 (line",
        ),
        (
            BAD_BLOCK + pem(ROOT),
            pem(GOOD, ISSUING),
            "chain",
            None,
            "cannot be loaded (block 1 (line 1)",
        ),
        (pem(ROOT), "", "chain", None, "sends no certificate"),
        (pem(ROOT), BAD_BLOCK, "chain", None, "block 1 (line 1): not a certificate"),
        (pem(ROOT), pem(GOOD) + GOOD.key_pem, "chain", None, "private key"),
        # A private key between certificates is skipped, as the real program skips it.
        (ROOT.key_pem + pem(ROOT), pem(GOOD, ISSUING), None, None, None),
        # In any order, with duplicates and strangers: OpenSSL builds the path itself.
        (pem(ROOT), pem(GOOD, ROOT, ISSUING), None, None, None),
        (pem(ROOT), pem(GOOD, GOOD, ISSUING, ISSUING), None, None, None),
        (pem(ROOT, ROOT), pem(GOOD, ISSUING), None, None, None),
        # But the leaf must come first: what comes first is taken for it.
        (pem(ROOT), pem(ISSUING, GOOD), "chain", 26, "not meant for TLS servers"),
    ],
)
def test_unusual_input_is_answered(
    store: str, presented: str, stage: str | None, code: int | None, cause: str | None
) -> None:
    said = verdict(store, presented)
    assert (said["stage"], said["error_code"]) == (stage, code)
    assert (said["outcome"] == "refused") == (stage is not None)
    assert cause is None if said["cause"] is None else str(cause) in said["cause"]
    for key in ("cause", "remedy", "error", "log_line"):
        assert bool(said[key]) == (stage is not None), key
    assert said["reproduce"]
    assert "PRIVATE KEY" not in str(said)


def chain_of(intermediates: int) -> tuple[Issued, list[Issued]]:
    root = issuer = ca("Deep root")
    between: list[Issued] = []
    for level in range(intermediates):
        issuer = ca(f"Deep {level}", issuer)
        between.insert(0, issuer)
    return root, [leaf(issuer), *between]


@pytest.mark.parametrize(("intermediates", "code"), [(7, None), (8, 22), (20, 22)])
def test_at_most_seven_intermediates(intermediates: int, code: int | None) -> None:
    root, sent = chain_of(intermediates)
    said = verdict(pem(root), pem(*sent))
    assert (said["error_code"], said["depth"]) == ((22, 8) if code else (None, None))


def test_the_moment_counts() -> None:
    for days, code in ((-40, 9), (0, None), (400, 10)):
        said = verdict(pem(ROOT), pem(GOOD, ISSUING), at=AT + timedelta(days=days))
        assert said["error_code"] == code


@pytest.mark.parametrize(
    ("level", "profile", "code", "warned"),
    [
        (0, {"digest": "sha1"}, None, True),
        (1, {"digest": "sha1"}, None, True),
        (2, {"digest": "sha1"}, 68, False),
        (1, {"key_type": "rsa1024"}, None, True),
        (2, {"key_type": "rsa1024"}, 66, False),
        (1, {}, None, False),
        (2, {}, None, False),
    ],
)
def test_security_levels(
    level: int, profile: dict[str, str], code: int | None, warned: bool
) -> None:
    said = verdict(pem(ROOT), pem(leaf(ROOT, **profile)), security_level=level)
    assert said["error_code"] == code
    assert bool(said["weak"]) == warned


def test_sha1_that_passes_hides_no_other_error() -> None:
    """Letting SHA-1 pass must not end the verification: what comes after it still counts."""
    flawed = leaf(ROOT, digest="sha1", days=(-30, -1))
    assert verdict(pem(ROOT), pem(flawed))["error_code"] == 10
    weak_ca = ca("Weak CA", ROOT, digest="sha1", key=KEYS.any("rsa1024"))
    said = verdict(pem(ROOT), pem(leaf(weak_ca, tampered=True), weak_ca))
    assert said["error_code"] == 7
    assert len(said["weak"]) == 2


OTHER_CA = ca("Other CA")


@pytest.mark.parametrize(
    ("store", "presented", "address", "first", "revealed"),
    [
        # the issuer is unknown, and then ...
        (OTHER_CA, leaf(ROOT), HOST, 20, []),
        (OTHER_CA, leaf(ROOT), "x.test", 20, ["SNI (x.test) not in certificate"]),
        (OTHER_CA, leaf(ROOT, days=(-9, -1)), HOST, 20, ["certificate has expired at depth 0"]),
        (
            OTHER_CA,
            leaf(ROOT, days=(-9, -1), extended_key_usage=("clientAuth",)),
            "x.test",
            20,
            ["unsupported certificate purpose", "certificate has expired", "SNI (x.test)"],
        ),
        # self-signed and unknown, and then ...
        (OTHER_CA, leaf(None, days=(-9, -1)), HOST, 18, ["certificate has expired at depth 0"]),
        # trusted, but wrong purpose, and then expired
        (
            ROOT,
            leaf(ROOT, days=(-9, -1), extended_key_usage=("clientAuth",)),
            HOST,
            26,
            ["certificate has expired at depth 0"],
        ),
        (ROOT, leaf(ROOT), "x.test", None, []),
    ],
)
def test_reveals_what_fails_next(
    store: Issued, presented: Issued, address: str, first: int | None, revealed: list[str]
) -> None:
    said = verdict(pem(store), pem(presented), address)
    assert said["error_code"] == first
    assert len(said["reveals"]) == len(revealed), said["reveals"]
    for text, expected in zip(said["reveals"], revealed, strict=True):
        assert expected in text


def test_what_is_revealed_is_what_a_repair_uncovers() -> None:
    """Trust the root as the remedy says: the next verdict is the first thing revealed."""
    sent = pem(leaf(ISSUING, days=(-9, -1)), ISSUING, ROOT)
    before, after = verdict(pem(OTHER_CA), sent), verdict(pem(OTHER_CA, ROOT), sent)
    assert before["error_code"] == 19
    assert before["reveals"][0].startswith(f"{after['error']} at depth {after['depth']}")


def test_reveals_hold_for_random_cases() -> None:
    """Wherever trusting one certificate is the repair: what comes up then was revealed."""
    rng = random.Random(29)
    repaired = 0
    for index in range(300):
        case = random_case(rng, KEYS, AT, index, "127.25")
        sent = case.presented + case.trust_store  # the root comes along, and nobody trusts it
        before = verdict(pem(OTHER_CA), sent, case.address)
        for certificate in (
            read_bundle(sent).certificates if before["error_code"] in (18, 19) else ()
        ):
            if certificate.record["self_signed"] and certificate.sha256[:16] in before["cause"]:
                after = verdict(certificate.pem + pem(OTHER_CA), sent, case.address)
                repaired += 1
                told = before["reveals"]
                assert after["outcome"] == ("refused" if told else "accepted"), told
                assert not told or after["error"] in told[0]
                break
    assert repaired > 100


def test_a_wrong_name_comes_before_a_name_constraint() -> None:
    """OpenSSL checks name constraints after the callback in which the name is compared."""
    constrained = ca("Constrained CA", ROOT, permitted=("other.test",))
    sent = pem(leaf(constrained), constrained)
    assert verdict(pem(ROOT), sent)["error_code"] == 47
    said = verdict(pem(ROOT), sent, "x.test")
    assert (said["stage"], said["error_code"]) == ("name", None)
    assert said["reveals"] == ["permitted subtree violation at depth 0"]


def recorded(name: str) -> dict[str, Any]:
    (case,) = (case for case in recorded_cases() if case.name == name)
    return verdict(case.trust_store, case.presented, case.address)


@pytest.mark.parametrize(
    ("case", "cause", "remedy"),
    [
        ("self_untrusted_bad_name", "self-signed certificate 'CN=x.mra.test", "Upload this very"),
        ("self_same_subj_BA_skionly", "stands before it", "Remove 'CN=cucm.mra.test"),
        ("self_same_subj_B_only_noids", "another one of that subject", "in the place of"),
        ("trust_missing_int", "'CN=Lab Issuing CA 1", "subject key identifier 6b4cda3c"),
        ("trust_leaf_only", "itself is trusted does not help", "'CN=Lab Root CA"),
        ("trust_int_only_leaf_int_sent", "not the root above it", "'CN=Lab Root CA"),
        ("trust_unknown_full_chain", "sends its root CA 'CN=Lab Root CA", "SHA-256 7a05e26f"),
        ("twin_ca_wrong_store_right_sent", "another CA of that subject", "Upload the root CA"),
        ("twin_ca_old_new_skionly", "stands before it", "Remove 'CN=Twin CA"),
        ("twin_ca_wrong_only_noids", "by another one with the same subject", "Replace 'CN=Twin"),
        ("twin_ca_wrong_store_right_sent_noids", "which the origin sends", "by the CA that really"),
        ("leaf_tampered", "the certificate was changed", "Reissue"),
        ("leaf_expired_bad_name", "expired on 2021-01-01", "Renew it"),
        ("renewed_root_exp_only", "from its own trust store", "Remove it from the trust store"),
        ("leaf_future", "only from 2047-01-01", "clocks"),
        ("chain_8_ints", "more than 7", "shorter hierarchy"),
        ("int_ca_false", "is no CA", "proper CA"),
        ("eku_client_only", "extended key usage (clientAuth)", "serverAuth"),
        ("int_eku_client_only", "The CA certificate", "serverAuth"),
        ("leaf_unknown_critical", "critical extension", "reissued"),
        ("nameconstraints_cn_only", "name constraints", "without that constraint"),
        ("leaf_md5", "signed with md5", "SHA-256"),
        ("ip_dns_san_only", "the IP address 127.0.0.9", "Advertise cucm.mra.test"),
        ("name_none_match", "does not name cucm.mra.test. It names nomatch", "System > Server"),
    ],
)
def test_cause_and_remedy_name_the_culprit(case: str, cause: str, remedy: str) -> None:
    said = recorded(case)
    assert cause in said["cause"]
    assert remedy in said["remedy"]


def test_an_ip_address_entry_is_told_not_to_count() -> None:
    entry = x509.IPAddress(ipaddress.ip_address(IP))
    said = verdict(pem(ROOT), pem(leaf(ROOT, alternative_names=(entry,))), IP)
    assert said["stage"] == "name"
    assert "Its iPAddress entry does not count" in said["cause"]
    assert [finding["code"] for finding in said["name_findings"]] == ["ip_only_as_ip_address"]


def test_log_lines_are_those_of_the_appliance() -> None:
    """Literal lines of Cisco's article 218018 with its host and address."""
    host = "cucm.steven.lab"
    self_signed = pem(leaf(None, common_names=(host,), alternative_names=()))
    origins = [
        {"address": host, "port": 6972, "presented": self_signed, "connect_to": IP},
        {"address": host, "port": 6972, "presented": self_signed},
        {"address": IP, "port": 8443, "presented": pem(GOOD, ISSUING)},
    ]
    lines = [said["log_line"] for said in judge_origins({"p": pem(ROOT)}, origins, at=AT)]
    assert lines == [
        f"WARNING: Core server certificate verification failed for ({host}). Action=Terminate "
        f"Error=self signed certificate server={host}({IP}) depth=0",
        f"WARNING: Core server certificate verification failed for ({host}). Action=Terminate "
        f"Error=self signed certificate server={host}(<IP address>) depth=0",
        f"WARNING: SNI ({IP}) not in certificate. Action=Terminate server={IP}({IP})",
    ]


def test_one_verdict_for_each_store_and_origin_in_order() -> None:
    origins = [
        {"address": HOST, "port": port, "presented": pem(GOOD, ISSUING), "key_type": key_type}
        for port, key_type in ((8443, "rsa"), (8443, "ecdsa"), (6972, "rsa"))
    ]
    said = judge_origins({"b": pem(ROOT), "a": pem(OTHER_CA)}, origins, at=AT)
    assert [(v["trust_store"], v["port"], v["key_type"], v["outcome"]) for v in said] == [
        ("b", 8443, "rsa", "accepted"),
        ("b", 8443, "ecdsa", "accepted"),
        ("b", 6972, "rsa", "accepted"),
        ("a", 8443, "rsa", "refused"),
        ("a", 8443, "ecdsa", "refused"),
        ("a", 6972, "rsa", "refused"),
    ]


def test_everything_distinct_is_done_once() -> None:
    stores = {f"peer{index}": f"# {index}\n{pem(ROOT, OTHER_CA)}" for index in range(5)}
    stores["in another order"] = pem(OTHER_CA, ROOT)
    chains = [pem(GOOD, ISSUING), f"# same\n{pem(GOOD, ISSUING)}", pem(leaf(ROOT))]
    origins = [
        {"address": address, "port": port, "presented": chain}
        for address in (HOST, IP, "x.test")
        for port in (8443, 6972)
        for chain in chains
    ]
    work = Work()
    said = judge_origins(stores, origins, at=AT, work=work)
    assert len(said) == 6 * 18
    # The order of a store decides between namesakes, so another order is another store.
    assert work == Work(certificates=5, stores=2, pairs=4)


@pytest.mark.parametrize("address", ["$(touch /tmp/pwned)", "a'; exit 7; '", "a\nPEM\nexit 7"])
def test_nothing_from_outside_is_run(address: str) -> None:
    """A hostile address or subject is quoted or left out of the command."""
    hostile = leaf(ROOT, common_names=(address,))
    for said in (verdict(pem(ROOT), pem(hostile), address), verdict(pem(ROOT), "", address)):
        command = said["reproduce"]
        if address in command:
            assert shlex.quote(f"{address}:8443") in command
    done = subprocess.run(
        ["sh", "-c", verdict(pem(ROOT), pem(hostile), address)["reproduce"]],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0
    assert "OK" in done.stdout


@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=4), st.sampled_from(["leaf", "root"]))
def test_damaged_certificates_are_answered(place: int, junk: bytes, where: str) -> None:
    der = bytearray(ssl.PEM_cert_to_DER_cert(pem(GOOD if where == "leaf" else ROOT)))
    place %= len(der)
    der[place : place + len(junk)] = junk
    damaged = ssl.DER_cert_to_PEM_cert(bytes(der))
    store, sent = (pem(ROOT), damaged) if where == "leaf" else (damaged, pem(GOOD))
    said = verdict(store, sent + pem(ISSUING))
    intact = damaged in (pem(GOOD), pem(ROOT))
    assert said["outcome"] in (("accepted",) if intact else ("accepted", "refused"))
    assert (said["outcome"] == "accepted") == (said["cause"] is None)
    if not intact and where == "leaf":
        assert said["outcome"] == "refused"
