# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a certificate is in the plan, where it was seen, and where to look for one that was not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
)
from ansible_collections.collab.expressway.plugins.module_utils.dependencies import x509
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import login
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.candidates import (
    PRESENTED,
    Candidate,
    RefusedCandidate,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.growth import (
    Chain,
    Growth,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.refusal import (
    ON_THE_NODE,
    named,
)

NAMED_AT_MOST = 3
CA_ISSUERS = "1.3.6.1.5.5.7.48.2"

Origin = Mapping[str, Any]


def listed(origins: Iterable[Origin]) -> str:
    """Origins in a sentence: the first few by name, the others as a number."""
    places = sorted({(one["address"], one["port"]) for one in origins})
    logins = [login(*place) for place in places]
    more = len(logins) - NAMED_AT_MOST
    return ", ".join(logins[:NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")


def reason(
    candidate: Candidate, growth: Growth, repaired: Sequence[tuple[Chain, Sequence[Origin]]]
) -> str:
    """One to three sentences. `repaired`: the chains that it helps, each with the origins presenting it."""
    certificate = candidate.certificate
    origins = [origin for _chain, those in repaired for origin in those]
    unsent = [origin for chain, those in repaired if certificate not in chain for origin in those]
    if any(chain[0] == certificate for chain, _origins in repaired):
        told = f"Self-signed certificate of {listed(origins)}: only this very certificate makes it trusted."
    elif certificate.record["self_signed"]:
        told = (
            f"Root CA above {listed(origins)}: no chain is trusted without its self-signed root in the store"
            + ("." if unsent else ", and sending it does not count.")
        )
    elif unsent:
        told = f"Intermediate CA, not sent by {listed(unsent)}."
    elif len(growth.named(certificate.subject_key, repaired[0][0] if repaired else ())) > 1:
        told = (
            f"Intermediate CA, sent by {listed(origins)}, but the store or the chain holds another of its name that "
            "would be taken instead."
        )
    else:
        told = (
            f"Intermediate CA, sent by {listed(origins)}; it must be in the store all the same, because the CA below it "
            "is, and above a stored certificate only stored ones are looked for."
        )
    twins = [
        one
        for one in growth.stored
        if one.subject_key == certificate.subject_key and certificate.subject_key
    ]
    if twins:
        told += (
            f" The trust store holds another one of that subject: {', '.join(map(named, twins))}."
        )
    if candidate.only_presented:
        told += (
            " So far it is known only from what the origins themselves present: compare its SHA-256 with its "
            "owner before you trust it."
        )
    return told


def seen_in(candidate: Candidate) -> list[str]:
    """The places, those of origins shortened to the first few."""
    presented = [place for place in candidate.seen_in if place.startswith(PRESENTED)]
    more = len(presented) - NAMED_AT_MOST
    return [
        *(place for place in candidate.seen_in if not place.startswith(PRESENTED)),
        *presented[:NAMED_AT_MOST],
        *([f"{PRESENTED}{more} more"] if more > 0 else []),
    ]


def where_to_look(
    issued: Certificate, origins: Iterable[Origin], refused: Iterable[RefusedCandidate]
) -> list[str]:
    """Places where the issuer of `issued` may be found, the most direct first. `refused`: of the candidates."""
    issuer = issued.record["issuer_common_name"] or issued.record["issuer"] or "without a name"
    namesakes = [
        one
        for one in refused
        if one.certificate and one.certificate.subject_key == issued.issuer_key
    ]
    return [
        *(
            f"whoever gave {one.place}: a certificate of that name is in it, but it is {one.reason}; ask for its "
            "successor"
            for one in namesakes
        ),
        *(
            f"{url}, which the certificate itself names as the place of its issuer"
            for url in _issuer_urls(issued)
        ),
        f"the trust lists of {listed(origins)}: {ON_THE_NODE} (tomcat-trust, CallManager-trust), or "
        "'show cert list trust' on its platform CLI",
        f"the people who run the CA '{issuer}', or its web site if it is a public one",
    ]


def _issuer_urls(certificate: Certificate) -> list[str]:
    try:
        access = certificate.parsed.to_cryptography().extensions.get_extension_for_oid(
            x509.ExtensionOID.AUTHORITY_INFORMATION_ACCESS
        )
        urls = [
            one.access_location.value
            for one in access.value
            if one.access_method.dotted_string == CA_ISSUERS
        ]
    except Exception:  # no such extension, or one that cryptography cannot read
        return []
    return [
        url for url in urls if isinstance(url, str) and url.startswith("http") and url.isprintable()
    ]
