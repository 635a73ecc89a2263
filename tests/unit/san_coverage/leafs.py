# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates of UC nodes by their names, and what is read of them: presented on the wire, stored on the node."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

Record = dict[str, Any]
SINCE = datetime(2026, 1, 1, tzinfo=UTC)


@cache
def _key(key_type: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    if key_type == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1())


@cache
def leaf(
    common_name: str, dns: tuple[str, ...] = (), ip: tuple[str, ...] = (), key_type: str = "rsa", serial: int = 1
) -> str:  # fmt: skip
    """PEM of a self-signed certificate; coverage looks at names only."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_key(key_type).public_key())
        .serial_number(serial)
        .not_valid_before(SINCE)
        .not_valid_after(SINCE + timedelta(days=3650))
    )
    if dns or ip:
        entries: list[x509.GeneralName] = [x509.DNSName(entry) for entry in dns]
        entries += [x509.IPAddress(ipaddress.ip_address(entry)) for entry in ip]
        builder = builder.add_extension(x509.SubjectAlternativeName(entries), critical=False)
    signed = builder.sign(_key(key_type), hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def origin(address: str, port: int = 8443, node: str | None = None, product: str = "cucm", source: str = "axl_process_nodes") -> Record:  # fmt: skip
    return {
        "address": address,
        "port": port,
        "product": product,
        "node": node or address,
        "connect_to": None,
        "source": source,
    }


def shown(
    address: str, pem: str | None, port: int = 8443, key_type: str = "rsa", error_kind: str = "timeout"
) -> Record:  # fmt: skip
    failed = {"error": f"{address}:{port} did not answer", "error_kind": error_kind}
    return {
        "address": address,
        "port": port,
        "key_type": key_type,
        "chain": pem or "",
        **({"error": None, "error_kind": None} if pem else failed),
    }


def no_such_key_type(address: str, port: int = 8443, key_type: str = "ecdsa") -> Record:
    return shown(address, None, port, key_type, "no_common_cipher")


def stored(node: str, pem: str, unit: str = "tomcat") -> Record:
    return {"node": node, "unit": unit, "pem": pem}


def codes(result: Record) -> list[str]:
    return sorted(found["id"] for found in result["findings"])


def names(*hosts: str) -> Sequence[str]:
    return tuple(f"{host}.example.test" for host in hosts)
