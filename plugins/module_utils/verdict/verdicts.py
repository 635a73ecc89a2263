# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the traffic server of each peer does with each presented chain under each address.

The chain is judged by OpenSSL itself (`chain_judgement`), the name by the traffic server's rules
(`origin_names`), both confirmed against the real program.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    NOTHING_IN_IT,
    Certificate,
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.catalogue import (
    explain_name,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.chain_verdict import (
    ChainVerdict,
    PeerStore,
    chain_verdict,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.origin_names import (
    NameFinding,
    canonical_ip,
    covered_by,
    strict_findings,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.reproduction import (
    nothing_sent_command,
)

ACCEPTED, REFUSED = "accepted", "refused"
AT_CHAIN, AT_NAME = "chain", "name"


@dataclass(frozen=True)
class Profile:
    """The generation of traffic server and OpenSSL whose verdict is asked for."""

    sha1_at_level_1: bool
    underscore_under_wildcard: bool


EXPRESSWAY = Profile(sha1_at_level_1=True, underscore_under_wildcard=False)
"""Traffic Server 8.x with OpenSSL 1.1.1, told by the log lines of X14.2."""
TRAFFIC_SERVER_9 = Profile(sha1_at_level_1=False, underscore_under_wildcard=True)
"""Traffic Server 9.x with OpenSSL 3, as distributions have it."""


@dataclass
class Work:
    """What was really done: distinct certificates parsed, stores built, (store, chain) pairs judged."""

    certificates: int = 0
    stores: int = 0
    pairs: int = 0


def judge_origins(
    trust_stores: Mapping[str, str],
    origins: Sequence[Mapping[str, Any]],
    security_level: int = 1,
    *,
    at: datetime,
    profile: Profile = EXPRESSWAY,
    work: Work | None = None,
) -> list[dict[str, Any]]:
    """One verdict for each trust store and origin, by store, then by origin, in the given order.

    `trust_stores`: name → PEM text. `origins`: dicts with `address` (host text that clients ask for),
    `port` and `presented` (PEM text, leaf first, as sent); `connect_to` (an IP address, for the log
    line) and `key_type` are optional, the latter is handed through. `security_level` is OpenSSL's (0 to 5),
    `at` the moment of the verdict, with a time zone. `work`, when given, is filled with counts.

    Each verdict holds `trust_store`, `address`, `port`,
    `outcome` (accepted, refused), `stage` (chain, name, None), `error_code` and `error` (number and words of
    OpenSSL 1.1.1; the number is None where no certificate error is involved), `depth`,
    `name_covered` (dns_name, common_name, None) and `names` (all that the traffic server compares),
    `cause`, `remedy`, `reveals` (list: what still fails once this is repaired), `weak` (list: accepted at this
    level, but not at level 2 or by a later OpenSSL), `name_findings` (list of {code, text}: where RFC 9525
    answers otherwise), `store_problems` (list: blocks of the trust store that are no certificates),
    `log_line` (what the peer will write, None when accepted) and `reproduce` (shell command).

    Never raises for what is in the PEM texts: a store or chain that cannot be read is a refusal with its cause.
    """
    session = _Session(at, security_level, profile)
    stores = {name: session.store(text) for name, text in trust_stores.items()}
    chains = [session.chain(origin["presented"]) for origin in origins]
    verdicts = []
    for name, (problems, store) in stores.items():
        for origin, chain in zip(origins, chains, strict=True):
            on_chain = session.chain_verdict(store, chain)
            on_name = session.name_verdict(chain.leaf, origin["address"])
            verdict = _verdict(origin, chain.leaf, on_chain, on_name)
            verdicts.append({"trust_store": name, **verdict, "store_problems": list(problems)})
    if work is not None:
        work.certificates, work.stores = len(session.known), len(session.stores)
        work.pairs = len(session.chain_verdicts)
    return verdicts


@dataclass(frozen=True, eq=False)
class _Chain:
    """A distinct presented chain; compared by identity, because there is one object for each."""

    certificates: tuple[Certificate, ...]
    problem: str | None

    @property
    def leaf(self) -> Certificate | None:
        return self.certificates[0] if self.certificates else None


@dataclass(frozen=True)
class _NameVerdict:
    covered: str | None = None
    names: tuple[str, ...] = ()
    findings: tuple[NameFinding, ...] = ()


@dataclass
class _Session:
    """Everything is parsed, built and judged once for each distinct content."""

    at: datetime
    security_level: int
    profile: Profile
    known: dict[str, Certificate] = field(default_factory=dict)
    chains: dict[str | tuple[Any, ...], _Chain] = field(default_factory=dict)
    stores: dict[tuple[Any, ...], PeerStore] = field(default_factory=dict)
    chain_verdicts: dict[tuple[int, _Chain], ChainVerdict] = field(default_factory=dict)
    name_verdicts: dict[tuple[Certificate, str], _NameVerdict] = field(default_factory=dict)

    def store(self, text: str) -> tuple[tuple[str, ...], PeerStore]:
        """(problems of this text, the store that it shares with every text of the same content)."""
        bundle = read_bundle(text, self.known)
        # OpenSSL skips duplicates in a store; the order of the others counts.
        content = (tuple(dict.fromkeys(bundle.certificates)), bundle.unloadable)
        if content not in self.stores:
            self.stores[content] = PeerStore(
                *content, self.at, self.security_level, self.profile.sha1_at_level_1
            )
        return bundle.problems, self.stores[content]

    def chain(self, text: str) -> _Chain:
        if text not in self.chains:
            bundle = read_bundle(text, self.known)
            junk = text.strip() and not bundle.certificates
            problem = "; ".join(bundle.problems) or (NOTHING_IN_IT if junk else None)
            content = (bundle.certificates, problem)
            self.chains[text] = self.chains.setdefault(content, _Chain(*content))
        return self.chains[text]

    def chain_verdict(self, store: PeerStore, chain: _Chain) -> ChainVerdict:
        pair = (id(store), chain)
        if pair not in self.chain_verdicts:
            self.chain_verdicts[pair] = chain_verdict(store, chain.certificates, chain.problem)
        return self.chain_verdicts[pair]

    def name_verdict(self, leaf: Certificate | None, address: str) -> _NameVerdict:
        if leaf is None:
            return _NameVerdict()
        if (leaf, address) not in self.name_verdicts:
            covered = covered_by(
                leaf.names,
                address,
                underscore_under_wildcard=self.profile.underscore_under_wildcard,
            )
            self.name_verdicts[leaf, address] = _NameVerdict(
                covered, tuple(leaf.names.compared()), tuple(strict_findings(leaf.names, address))
            )
        return self.name_verdicts[leaf, address]


def _verdict(
    origin: Mapping[str, Any],
    leaf: Certificate | None,
    on_chain: ChainVerdict,
    on_name: _NameVerdict,
) -> dict[str, Any]:
    address, port = origin["address"], origin["port"]
    misnamed = leaf is not None and on_name.covered is None
    # An error that OpenSSL finds after the leaf has passed comes too late: the name was compared first.
    stage = AT_CHAIN if on_chain.refused else None
    if misnamed and (stage is None or on_chain.after_name):
        stage = AT_NAME
    log = _LogLine(address, origin.get("connect_to"))
    shared = {
        "address": address,
        "port": port,
        **({"key_type": origin["key_type"]} if "key_type" in origin else {}),
        "outcome": REFUSED if stage else ACCEPTED,
        "stage": stage,
        "name_covered": on_name.covered,
        "names": list(on_name.names),
        "name_findings": [vars(finding) for finding in on_name.findings],
        "weak": list(on_chain.weak),
        "reproduce": on_chain.reproduce or nothing_sent_command(address, port),
    }
    if stage == AT_NAME:
        cause, remedy = explain_name(address, leaf)
        behind = [f"{on_chain.error} at depth {on_chain.depth}"] if on_chain.refused else []
        return shared | {
            "error_code": None,
            "error": log.not_in_certificate,
            "depth": None,
            "cause": cause,
            "remedy": remedy,
            "reveals": [*behind, *on_chain.reveals, *on_chain.reveals_after_name],
            "log_line": log.for_name(),
        }
    reveals = list(on_chain.reveals)
    if stage == AT_CHAIN and misnamed:
        reveals.append(f"{log.not_in_certificate}: {explain_name(address, leaf)[0]}")
    reveals += on_chain.reveals_after_name
    return shared | {
        "error_code": on_chain.error_code,
        "error": on_chain.error,
        "depth": on_chain.depth,
        "cause": on_chain.cause,
        "remedy": on_chain.remedy,
        "reveals": reveals,
        "log_line": log.for_chain(on_chain) if stage else None,
    }


@dataclass(frozen=True)
class _LogLine:
    """The lines of Traffic Server 8.x. Where the address is a name, the peer also writes the IP address it
    resolved; unless `connect_to` tells it, a placeholder stands there."""

    address: str
    connect_to: str | None

    @property
    def _who(self) -> str:
        return canonical_ip(self.address) or self.address

    @property
    def _server(self) -> str:
        ip = canonical_ip(self.address) or canonical_ip(self.connect_to or "") or "<IP address>"
        return f"server={self._who}({ip})"

    @property
    def not_in_certificate(self) -> str:
        return f"SNI ({self._who}) not in certificate"

    def for_name(self) -> str:
        return f"WARNING: {self.not_in_certificate}. Action=Terminate {self._server}"

    def for_chain(self, on_chain: ChainVerdict) -> str:
        if not on_chain.verified:
            return on_chain.log_line or f"ERROR: SSL connection failed for '{self._who}'"
        return (
            f"WARNING: Core server certificate verification failed for ({self._who}). Action=Terminate "
            f"Error={on_chain.error} {self._server} depth={on_chain.depth}"
        )
