# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates that a node holds, as records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Bundle,
    Certificate,
    describe,
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.certificates.record import (
    is_multi_server_name,
)

UNITS_OF_MRA = (
    "tomcat",
    "tomcat-ECDSA",
    "CallManager",
    "CallManager-ECDSA",
    "cup",
    "cup-ECDSA",
    "cup-xmpp",
    "cup-xmpp-ECDSA",
)
"""The units whose certificates mobile and remote access meets (Unified CM facts 1.4 and 4.1)."""
LONGEST_CHAIN = 10


@dataclass(frozen=True)
class Stored:
    """One certificate as the node gave it out; `pem` is not looked at yet."""

    unit: str
    pem: str
    file: str = ""


@dataclass(frozen=True)
class StoredCertificates:
    """What one node holds. `units`: those that it lists with a certificate, also where it was not read. `not_given`: {unit, reason} of what
    it lists and does not give out.
    """

    server: str | None
    release: str | None
    units: tuple[str, ...]
    own: tuple[Stored, ...]
    trust: tuple[Stored, ...]
    not_given: tuple[Mapping[str, str], ...] = ()


def trust_store_of(unit: str) -> str:
    """The trust store beside a unit: RSA and ECDSA share one."""
    return unit.removesuffix("-ECDSA") + "-trust"


def product_of(units: Iterable[str]) -> str | None:
    """cucm or imp by the units that only they have, else null."""
    names = set(units)
    if "cup-xmpp" in names or "cup" in names:
        return "imp"
    return "cucm" if "CallManager" in names or "CAPF" in names else None


def certificate_records(
    stored: StoredCertificates,
    *,
    node: str,
    host: str | None = None,
    units: Iterable[str] | None,
    trust: bool,
) -> dict[str, Any]:
    """`certificates`, `trust_certificates`, `not_given`, `units` and `trust_stores` as the module uc_certificates_info returns them.

    `host`: where `node` was read. `units` None stands for `UNITS_OF_MRA`; a unit that is asked for by name and missing goes to `not_given`.
    Each certificate's `chain` is found in all the trust stores of the node by name and key identifier: what could be its issuers, not a
    verdict.
    """
    wanted = tuple(units) if units is not None else UNITS_OF_MRA
    known: dict[str, Certificate] = {}
    stores = {trust_store_of(unit) for unit in wanted}
    not_given: list[dict[str, Any]] = [
        {**entry, "listed": True}
        for entry in stored.not_given
        if entry["unit"] in {*wanted, *stores}
    ]
    trusted = _trusted(stored.trust, known, not_given, stores)
    issuers = Issuers(certificate for certificate, _units in trusted.values())
    records = []
    for one in stored.own:
        if one.unit not in wanted:
            continue
        bundle = read_bundle(one.pem, known)
        if bundle.certificates:
            records.append(
                {"node": node, "host": host} | _record(bundle.certificates[0], one.unit, issuers)
            )
        else:
            not_given.append(_unloadable(one, bundle))
    if units is not None:
        told = {record["unit"] for record in records} | {entry["unit"] for entry in not_given}
        not_given += [
            {"unit": unit, "reason": "the node lists no such unit", "listed": False}
            for unit in wanted
            if unit not in told
        ]
    return {
        "certificates": records,
        "trust_certificates": [
            _trust_record(certificate, [unit for unit in held if unit in stores])
            for certificate, held in trusted.values()
            if trust and stores.intersection(held)
        ],
        "not_given": not_given,
        "units": list(wanted),
        "trust_stores": sorted(stores) if trust else [],
    }


def _unloadable(one: Stored, bundle: Bundle) -> dict[str, Any]:
    return {"unit": one.unit, "reason": f"{one.file}: {bundle.unloadable}", "listed": True}


class Issuers:
    """Certificates by subject, to look up who may have issued another."""

    def __init__(self, certificates: Iterable[Certificate]) -> None:
        self._by_subject: dict[Any, list[Certificate]] = {}
        for certificate in certificates:
            self._by_subject.setdefault(certificate.subject_key, []).append(certificate)

    def chain(self, certificate: Certificate) -> list[Certificate]:
        """The issuers of `certificate` that are known, nearest first, up to the root."""
        chain: list[Certificate] = []
        while len(chain) < LONGEST_CHAIN and (issuer := self._issuer(certificate)) is not None:
            if issuer == certificate or issuer in chain:
                break
            chain.append(issuer)
            certificate = issuer
        return chain

    def _issuer(self, certificate: Certificate) -> Certificate | None:
        aki = certificate.record["aki"]
        candidates = [
            issuer
            for issuer in self._by_subject.get(certificate.issuer_key, ())
            if aki is None or issuer.record["ski"] in (None, aki)
        ]
        # A renewed CA has the name and the key of the old one: the one that is valid longest is in use.
        return max(candidates, key=lambda one: one.record["not_after"] or "", default=None)


def _trusted(
    trust: Iterable[Stored],
    known: dict[str, Certificate],
    not_given: list[dict[str, Any]],
    wanted: set[str],
) -> dict[str, tuple[Certificate, list[str]]]:
    """SHA-256 → the certificate and the trust stores that hold it, in the order of the node."""
    found: dict[str, tuple[Certificate, list[str]]] = {}
    for one in trust:
        bundle = read_bundle(one.pem, known)
        if not bundle.certificates and one.unit in wanted:
            not_given.append(_unloadable(one, bundle))
        for certificate in bundle.certificates:
            units = found.setdefault(certificate.sha256, (certificate, []))[1]
            if one.unit not in units:
                units.append(one.unit)
    return found


def _record(certificate: Certificate, unit: str, issuers: Issuers) -> dict[str, Any]:
    described = describe(certificate)
    # A self-signed certificate ends its own chain, also where the trust store holds it again.
    chain = [] if described["self_signed"] else issuers.chain(certificate)
    return {
        "unit": unit,
        "subject": described["subject"],
        "common_name": described["common_name"],
        "sans": described["san"],
        "sha256": described["sha256"],
        "key_type": described["key_type"],
        "key_size": described["key_size"],
        "not_before": described["not_before"],
        "not_after": described["not_after"],
        "self_signed": described["self_signed"],
        "multi_server": is_multi_server_name(described["common_name"]),
        "issuer": described["issuer"],
        "subject_key_identifier": described["ski"],
        "authority_key_identifier": described["aki"],
        "serial": described["serial"],
        "pem": described["pem"],
        "chain": [issuer.pem for issuer in chain],
    }


def _trust_record(certificate: Certificate, units: list[str]) -> dict[str, Any]:
    described = describe(certificate)
    return {
        "sha256": described["sha256"],
        "subject": described["subject"],
        "common_name": described["common_name"],
        "units": units,
        "not_after": described["not_after"],
        "pem": described["pem"],
    }
