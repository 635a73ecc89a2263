# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small pictures of a cluster: every builder gives the healthy case, and takes what a test wants otherwise."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.audit.peers import (
    DOCUMENTED_CIPHER_LIST,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import Situation

Record = dict[str, Any]

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
NODE = "cucm1.example.test"
RSA_FIRST = f"ECDHE-RSA-AES256-GCM-SHA384:{DOCUMENTED_CIPHER_LIST}"


def certificate(name: str, **otherwise: Any) -> Record:
    """A valid CA-signed RSA leaf called `name`; its digest follows from its name and what is otherwise."""
    digest = hashlib.sha256(repr((name, sorted(otherwise.items()))).encode()).hexdigest()
    return {
        "sha256": digest,
        "subject": f"CN={name}",
        "common_name": name,
        "issuer": "CN=Root",
        "issuer_common_name": "Root",
        "serial": "1f",
        "not_before": "2025-01-01T00:00:00Z",
        "not_after": "2028-01-01T00:00:00Z",
        "key_type": "rsa",
        "key_size": 2048,
        "signature_hash": "sha256",
        "self_signed": False,
        "is_ca": False,
        "san": {"dns": [name], "ip": [], "email": [], "uri": []},
        "ski": digest[:40],
        "aki": "ab" * 20,
        "extended_key_usage": ["serverAuth"],
        "pem": f"-----BEGIN CERTIFICATE-----\n{digest}\n-----END CERTIFICATE-----\n",
        **otherwise,
    }


def authority(name: str = "Root", **otherwise: Any) -> Record:
    """A self-signed CA."""
    own = {"issuer": f"CN={name}", "self_signed": True, "is_ca": True, **otherwise}
    return certificate(name, **own)


ROOT = authority()
LEAF = certificate(NODE)
ECDSA_LEAF = certificate(NODE, key_type="ecdsa", key_size=384)


def peer(
    name: str = "expc1", trusts: Iterable[Record] | None = (ROOT,), **otherwise: Any
) -> Record:
    """A peer of X14.2.5 that verifies and was read wholly; `trusts=None` is an unread store."""
    digests = None if trusts is None else [record["sha256"] for record in trusts]
    return {
        "name": name,
        "reached": True,
        "error": None,
        "version": "X14.2.5",
        "verification": "on",
        "verifies": True,
        "verification_note": None,
        "until": None,
        "reason": None,
        "cipher_list": DOCUMENTED_CIPHER_LIST,
        "cipher_list_assumed": False,
        "minimum_tls": "minTLSv1.2",
        "trust_store": None
        if digests is None
        else {
            "sha256": hashlib.sha256("".join(sorted(digests)).encode()).hexdigest(),
            "certificates": digests,
            "problems": [],
        },
        "uc_servers": [],
        "configured_peers": [],
        "not_read": {},
        **otherwise,
    }


def unreached(name: str = "expc2", error: str = "timed out") -> Record:
    return peer(
        name,
        trusts=None,
        reached=False,
        error=error,
        version=None,
        verification="unknown",
        verifies=None,
        verification_note="not reached",
        cipher_list=None,
        minimum_tls=None,
        uc_servers=None,
    )


def entry(key_type: str, *chain: Record, **otherwise: Any) -> Record:
    """What an origin presented for one key type; without a chain it failed."""
    failed = not chain
    return {
        "key_type": key_type,
        "cipher_list": DOCUMENTED_CIPHER_LIST if key_type == "offered" else None,
        "leaf_key_type": chain[0]["key_type"] if chain else None,
        "chain": [record["sha256"] for record in chain],
        "tls_version": None if failed else "TLSv1.2",
        "cipher": None,
        "connected_to": "192.0.2.11",
        "error": "no common cipher" if failed else None,
        "error_kind": "no_common_cipher" if failed else None,
        **otherwise,
    }


def origin(*presented: Record, address: str = NODE, port: int = 8443, **otherwise: Any) -> Record:
    """An origin with one RSA certificate, unless told what it presented."""
    default = (entry("rsa", LEAF), entry("ecdsa"), entry("offered", LEAF))
    return {
        "address": address,
        "port": port,
        "product": "cucm",
        "node": NODE,
        "connect_to": None,
        "source": "inventory",
        "presented": list(presented or default),
        **otherwise,
    }


def verdict(
    leaf: Record | None = None, key_type: str = "offered", by: str = "expc1", **otherwise: Any
) -> Record:
    """Accepted as offered. `leaf`: default LEAF."""
    leaf = leaf or LEAF
    return {
        "peer": by,
        "address": NODE,
        "port": 8443,
        "key_type": key_type,
        "leaf_key_type": leaf["key_type"],
        "chain": [leaf["sha256"]],
        "leaf_trusted": False,
        "as_offered": key_type == "offered",
        "standing": "accepted",
        "outcome": "accepted",
        "stage": None,
        "error_code": None,
        "error": None,
        "depth": None,
        "name_covered": "dns_name",
        "names": [NODE],
        "name_findings": [],
        "cause": None,
        "remedy": None,
        "reveals": [],
        "weak": [],
        "log_line": None,
        "reproduce": None,
        **otherwise,
    }


def refused(leaf: Record | None = None, standing: str = "breaks_today", **otherwise: Any) -> Record:
    """Refused at the chain: self-signed and not trusted."""
    said = {
        "standing": standing,
        "outcome": "refused",
        "stage": "chain",
        "error_code": 18,
        "error": "self signed certificate",
        "depth": 0,
        "cause": "The peer does not trust it.",
        "remedy": "Upload it.",
        "log_line": "WARNING: Core server certificate verification failed",
        "reproduce": "openssl verify",
        **otherwise,
    }
    return verdict(leaf, **said)


def situation(
    *verdicts: Record,
    peers: Iterable[Record] | None = None,
    origins: Iterable[Record] | None = None,
    certificates: Iterable[Record] = (),
    known: Iterable[Record] = (),
    **discovered: Any,
) -> Situation:
    """The healthy cluster of one peer and one origin, unless told otherwise."""
    known = list(known)
    seen = [ROOT, LEAF, ECDSA_LEAF, *certificates, *known]
    return Situation(
        cluster="emea",
        at=AT,
        expiring_within=timedelta(days=30),
        peers=[peer()] if peers is None else list(peers),
        origins=[origin()] if origins is None else list(origins),
        verdicts=list(verdicts) or [verdict(), verdict(key_type="rsa", as_offered=True)],
        certificates={record["sha256"]: record for record in seen},
        known=[record["sha256"] for record in known],
        **discovered,
    )
