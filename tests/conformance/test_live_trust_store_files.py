# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trust store files with something wrong in them: what a real Traffic Server loads of each, and what we say."""

from __future__ import annotations

import base64
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.verdicts import (
    TRAFFIC_SERVER_9,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from tests.conformance.generated import LiveCase
from tests.conformance.issuing import Issued, Keys, Profile, issue
from tests.conformance.live import LiveAnswer, answers
from tests.conformance.test_live_traffic_server import (
    NETWORK,
    expected,
    in_words_of_1_1_1,
    traffic_server_is_here,
    verdict_on,
)

__all__ = ["traffic_server_is_here"]  # a fixture

BEGIN, END = "-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n"


def labelled(label: str, der: bytes) -> str:
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n"


def store_files(leaf: Issued, rsa: Issued) -> dict[str, str]:
    """Name → text of a trust store; `leaf` is the self-signed certificate that it should trust."""
    good = leaf.pem
    lines = good.splitlines(keepends=True)
    der = leaf.certificate.public_bytes(serialization.Encoding.DER)
    formats = serialization.PrivateFormat
    plain, secret = serialization.NoEncryption(), serialization.BestAvailableEncryption(b"secret")

    def key(
        of: Issued,
        form: serialization.PrivateFormat,
        encryption: serialization.KeySerializationEncryption,
    ) -> str:
        return of.key.private_bytes(serialization.Encoding.PEM, form, encryption).decode()

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CRL")])
    now = datetime.now(UTC)
    crl = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(name)
        .last_update(now)
        .next_update(now + timedelta(days=9))
        .sign(leaf.key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
        .decode()
    )
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(name)
        .sign(leaf.key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
        .decode()
    )
    bad_base64 = "".join([*lines[:3], "!!!!" + lines[3], *lines[4:]])
    bad_content = "".join([lines[0], "AAAA" + lines[1][4:], *lines[2:]])
    rsa_key = key(rsa, formats.TraditionalOpenSSL, plain)
    return {
        "good": good,
        "empty": "",
        "only text": "# nobody here\n",
        "text around": f"# ours\n{good}the end\n",
        "carriage returns": good.replace("\n", "\r\n"),
        "spaces at line ends": good.replace("-----\n", "-----  \t\n"),
        "no newline at the end": good.rstrip("\n"),
        "one long line": BEGIN + "".join(line.strip() for line in lines[1:-1]) + "\n" + END,
        "indented": "".join(f"  {line}" for line in lines),
        "blank lines inside": good.replace("\n", "\n\n"),
        "two boundaries on one line": good.rstrip("\n") + good,
        "twice": good + good,
        "old label": good.replace("CERTIFICATE", "X509 CERTIFICATE"),
        "trusted label": good.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
        "bytes after the certificate": labelled("CERTIFICATE", der + b"\0\0"),
        "bad base64 before": bad_base64 + good,
        "bad base64 after": good + bad_base64,
        "bad content before": bad_content + good,
        "bad content after": good + bad_content,
        "line missing": "".join(lines[:3] + lines[4:]) + good,
        "cut off at the end": good + "".join(lines[:5]),
        "cut off before another": "".join(lines[:5]) + good,
        "empty block": BEGIN + END + good,
        "END alone": END + good,
        "BEGIN alone at the end": good + BEGIN,
        "damaged BEGIN line": good.replace(
            "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE---"
        )
        + good,
        "only a damaged BEGIN line": good.replace("-----BEGIN", "----BEGIN"),
        "labels differ": good.replace("END CERTIFICATE", "END X509 CRL") + good,
        "unknown label": labelled("SOMETHING", b"else") + good,
        "unknown label, bad base64": bad_base64.replace("CERTIFICATE", "SOMETHING") + good,
        "private key": key(leaf, formats.PKCS8, plain) + good,
        "private key alone": key(leaf, formats.PKCS8, plain),
        "private key, damaged": good + key(leaf, formats.PKCS8, plain).replace("\n", "\n!!", 1),
        "EC private key": good + key(leaf, formats.TraditionalOpenSSL, plain),
        "RSA private key": rsa_key + good,
        "RSA private key, damaged": rsa_key.replace("\nMII", "\nAAAA", 1) + good,
        "RSA private key, encrypted": key(rsa, formats.TraditionalOpenSSL, secret) + good,
        "private key, encrypted": key(rsa, formats.PKCS8, secret) + good,
        "request": request + good,
        "revocation list": crl + good,
        "revocation list alone": crl,
        "revocation list, damaged": good + crl.replace("\nMI", "\n!!MI", 1),
    }


def test_traffic_server_loads_what_we_say(traffic_server_is_here: None, tmp_path: Path) -> None:
    rng = random.Random(1)
    keys, now = Keys(rng), datetime.now(UTC).replace(microsecond=0)
    served = ("digital_signature", "key_encipherment", "key_cert_sign")
    profile = Profile(("*.mra.test",), key_usage=served)
    leaf = issue(profile, keys.any("p256"), None, now, rng)
    rsa = issue(profile, keys.any("rsa2048"), None, now, rng)
    files = store_files(leaf, rsa)
    cases = [
        LiveCase(
            index,
            f"node{index}.mra.test",
            f"{NETWORK}.60.{index + 1}",
            text,
            leaf.pem,
            leaf.key_pem,
            "1.3",
            (name,),
        )
        for index, (name, text) in enumerate(files.items())
    ]
    for case, answer in zip(cases, answers(cases, NETWORK, tmp_path), strict=True):
        (name,) = case.deviations
        verdict = verdict_on(case, TRAFFIC_SERVER_9)
        if read_bundle(case.trust_store).unloadable:
            assert (verdict["stage"], verdict["error_code"]) == ("chain", None), name
            assert answer == LiveAnswer(502, ()), name
        else:
            assert in_words_of_1_1_1(answer) == expected(case, verdict), name
            assert verdict["outcome"] == (
                "refused" if name == "revocation list alone" else "accepted"
            )
