# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real certificates, made once, and observations of clusters as modules and facts return them."""

from __future__ import annotations

import datetime as time
import ipaddress
import warnings
from functools import cache
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.audit.model import audit_cluster
from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    bundle_digest,
    describe,
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.plan import plan_trust
from ansible_collections.collab.expressway.plugins.module_utils.verdict.verdicts import (
    judge_origins,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

AT = time.datetime(2026, 11, 23, 12, tzinfo=time.UTC)
NODE = "cucm1.example.test"
HOSTILE = (
    "</script><script>document.title='owned'</script><img src=x onerror=alert(1)>\x1b[2J\u202e"
)
CIPHER_LISTS = ("ECDHE-RSA-AES256-GCM-SHA384:ALL", "ALL:!aNULL", None)
Record = dict[str, Any]


@cache
def key(kind: str) -> Any:
    if kind.startswith("rsa"):
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


@cache
def pem(common_name: str, kind: str, issuer: str | None = None, names: tuple[str, ...] = ()) -> str:
    """A certificate; without `issuer` self-signed. `names` are its subject alternative names."""
    own, signer = key(kind), key(f"ec {issuer}") if issuer else key(kind)
    subject, issued_by = _name(common_name), _name(issuer or common_name)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issued_by)
        .public_key(own.public_key())
        .serial_number(4711)
        .not_valid_before(AT - time.timedelta(days=300))
        .not_valid_after(AT + time.timedelta(days=300))
        .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False
        )
    certificate = builder.sign(signer, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _name(common_name: str) -> x509.Name:
    # The bounds of X.520 do not stop a hostile server.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        attribute = x509.NameAttribute(NameOID.COMMON_NAME, common_name, _validate=False)
    return x509.Name([attribute])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


ROOT = pem("Root", "ec Root")
OTHER_ROOT = pem("Other root", "ec Other root")
CHAINS = {
    "rsa": (
        pem(NODE, "rsa 1", "Root", (NODE,)),
        pem("other.example.test", "rsa 2", "Root", ("other.example.test",)),
        pem(NODE, "rsa 3", "Other root", (NODE,)),
    ),
    "ecdsa": (
        pem(f"{NODE}-EC", "ec 1", None, (NODE,)),
        pem(NODE, "ec 2", "Root", (NODE,)),
    ),
}
"""RSA: good, misnamed, unknown CA. ECDSA: self-signed, good."""


def facts(store: str | None = ROOT, *, state: str | None = "on", version: str = "X14.2.5", cipher_list: str | None = None) -> Record:  # fmt: skip
    """What the facts module returns; `store=None` is a trust store that could not be read."""
    bundle = read_bundle(store or "")
    return {
        "system": {"name": "x", "version": version},
        "cluster": {"name": "emea", "peers": []},
        "origin_verification": {"supported": state is not None, "state": state, "note": None},
        "ciphers": {"uc_client_tls": {"cipher_list": cipher_list, "protocol": "minTLSv1.2"}},
        "trust_store": None
        if store is None
        else {
            "pem": store,
            "sha256": bundle_digest(bundle.certificates),
            "certificates": [describe(certificate) for certificate in bundle.certificates],
            "problems": list(bundle.problems),
        },
        "uc_servers": {"cucm": [], "imp": []},
        "mra": {"enabled": "on"},
        "not_read": {} if store is not None else {"trust_store": "HTTP 403"},
    }


def observed(
    name: str = "expc1.example.test", said: Record | None = None, **otherwise: Any
) -> Record:
    return {
        "name": name,
        "reached": True,
        "error": None,
        "facts": said or facts(),
        "origin_verification_until": None,
        "origin_verification_reason": None,
        **otherwise,
    }


def address(host: str = NODE, port: int = 8443) -> Record:
    return {"address": host, "port": port, "product": "cucm", "node": host, "connect_to": None, "source": "inventory"}  # fmt: skip


def presented(
    key_type: str, chain: str | None, where: Record | None = None, **otherwise: Any
) -> Record:
    where = where or address()
    return {
        "address": where["address"],
        "port": where["port"],
        "connect_to": None,
        "connected_to": "192.0.2.11",
        "key_type": key_type,
        "tls_version": "TLSv1.2" if chain else None,
        "cipher": None,
        "cipher_list": None,
        "chain": chain or "",
        "sha256": [],
        "error_kind": None if chain else "timeout",
        "error": None if chain else "did not answer",
        **otherwise,
    }


def audit(
    peers: list[Record], addresses: list[Record], chains: list[Record], **otherwise: Any
) -> Record:
    return audit_cluster(
        **{
            "cluster": "emea",
            "peers": peers,
            "addresses": addresses,
            "presented": chains,
            "at": AT,
            "read_chain": lambda text: [describe(item) for item in read_bundle(text).certificates],
            "judge": judge_origins,
            "planner": plan_trust,
            **otherwise,
        }
    )
