# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must stay in a trust store, because the peers of the cluster or an origin need it.

Each peer verifies the certificates of the others (cluster TLS verification, Expressway facts: "each peer's
certificate must be trusted by the others"), so a CA that is taken out can break a cluster that no login shows.
Whether a chain is accepted says OpenSSL, with the store as it is and as it would be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import login
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.growth import (
    Chain,
    Growth,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.refusals import (
    read_given,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.chain_judgement import (
    TrustStore,
)

Record = dict[str, Any]

LISTED = "trust_store_protected"


@dataclass(frozen=True)
class Needs:
    """The chains that a store is to accept, by who presents them, and the peers whose chains nobody could read.

    `unread`: peer → why. `listed`: certificates that a site wants to keep whatever happens; `unlisted`: why some of
    these are unknown, so that nothing may be taken out.
    """

    peers: Mapping[str, Sequence[Chain]]
    unread: Mapping[str, str]
    origins: Mapping[str, Sequence[Chain]]
    listed: Sequence[Certificate] = ()
    unlisted: Sequence[str] = ()


def needs(
    peers: Iterable[str],
    presented: Iterable[Mapping[str, Any]],
    origins: Iterable[Mapping[str, Any]],
    listed: Sequence[str] = (),
    unreadable: Sequence[str] = (),
) -> Needs:
    """From `presented` of presented_certificates_info, whose `address` is the name of a peer, and from `origins` of
    trust_plan_info. A peer counts as read with one chain: most have one server certificate for all that they do.

    `listed`: PEM texts; `unreadable`: why there are not more of them."""
    known: dict[str, Certificate] = {}
    chains: dict[str, list[Chain]] = {peer: [] for peer in peers}
    errors: dict[str, list[str]] = {peer: [] for peer in chains}
    for entry in presented:
        chain = read_bundle("".join(entry["chain"]), known).certificates
        if chain:
            chains[entry["address"]].append(chain)
        elif entry["error"]:
            where = login(entry.get("connect_to") or entry["address"], entry["port"])
            errors[entry["address"]].append(f"{where} {entry['error']}")
    of_origins: dict[str, list[Chain]] = {}
    for origin in origins:
        chain = read_bundle(origin["presented"], known).certificates
        if chain:
            place = login(origin["address"], origin["port"])
            of_origins.setdefault(place, []).append(chain)
    kept, refused = read_given(listed, LISTED)
    return Needs(
        peers={peer: list(dict.fromkeys(found)) for peer, found in chains.items() if found},
        unread={
            peer: "; ".join(dict.fromkeys(errors[peer])) or "nobody asked it"
            for peer, found in chains.items()
            if not found
        },
        origins={place: list(dict.fromkeys(found)) for place, found in of_origins.items()},
        listed=kept,
        unlisted=[*unreadable, *(refusal.text for refusal in refused)],
    )


def protected(
    before: Sequence[Certificate],
    wanted: Sequence[Certificate],
    needed: Needs,
    at: datetime,
    *,
    security_level: int = 1,
) -> dict[Certificate, list[str]]:
    """What a change from `before` to `wanted` takes out although it is needed, and by whom (texts for people).

    Nothing that the wanted store makes up for, for example with a renewed CA, counts as needed. While the certificate of a peer
    is unread, everything that would leave does.
    """
    staying = frozenset(wanted)
    removed = [one for one in dict.fromkeys(before) if one not in staying]
    found: dict[Certificate, list[str]] = {}
    if not removed:
        return found
    old, new = (
        TrustStore(tuple(dict.fromkeys(store)), at, security_level=security_level)
        for store in (before, wanted)
    )
    growth = Growth(before, (), at, security_level)

    def keep(certificates: Iterable[Certificate], who: str) -> None:
        for one in removed:
            if one in certificates and who not in found.setdefault(one, []):
                found[one].append(who)

    for peer, chains in needed.peers.items():
        for chain in chains:
            judgement = old.judge(chain)
            if not judgement.accepted:
                # Verified or not, for example expired: its issuers are those that its successor will have.
                keep(growth.above(chain), f"the certificate of {peer}")
            elif not new.judge(chain).accepted:
                keep(judgement.path, f"the certificate of {peer}")
    for place, chains in needed.origins.items():
        for chain in chains:
            judgement = old.judge(chain)
            if judgement.accepted and not new.judge(chain).accepted:
                keep(judgement.path, place)
    keep(needed.listed, LISTED)
    for peer, why in needed.unread.items():
        keep(removed, f"perhaps {peer}, whose certificate could not be read: {why}")
    return found


def with_protection(
    uploads: Mapping[str, Record], needed: Needs, at: datetime, *, security_level: int = 1
) -> dict[str, Record]:
    """Uploads (see `rollout`) with `protected`, PEM texts for trusted_ca; `needed_by`, digest → texts; further `problems`;
    and `not_looked_at`, the peers whose own certificates are unknown."""
    result = {}
    for peer, upload in uploads.items():
        kept = protected(
            read_bundle(upload["before_pem"]).certificates,
            read_bundle(upload["after_pem"]).certificates,
            needed,
            at,
            security_level=security_level,
        )
        result[peer] = {
            **upload,
            "protected": [one.pem for one in kept],
            "needed_by": {one.sha256: who for one, who in kept.items()},
            "problems": [*upload["problems"], *needed.unlisted],
            "not_looked_at": [
                f"the certificate of {other}, which the peers of its cluster may verify: {why}"
                for other, why in needed.unread.items()
            ],
        }
    return result
