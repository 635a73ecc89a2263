# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a verdict costs: beside `openssl verify`, and for an estate of 100 clusters.

Run from the project root: `python -m tests.bench.verdicts [--clusters N]`. Exits with 1 when a goal is missed.
Ratios are of CPU time in one run, interleaved, median of five rounds.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    read_bundle,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.chain_judgement import (
    TrustStore,
)
from ansible_collections.collab.expressway.plugins.module_utils.verdict.verdicts import (
    Work,
    judge_origins,
)

from tests.conformance.issuing import Issued, Keys, Profile, issue

CAS = 150
PEERS, NODES, PORTS = 6, 20, (8443, 6972)
ROUNDS, BATCH = 5, 500
GOAL_BESIDE_OPENSSL = 1 / 80


class Estate:
    """Certificates of many clusters: 149 CAs that everybody trusts, one issuing hierarchy, nodes with RSA and ECDSA."""

    def __init__(self) -> None:
        self.rng = random.Random(3)
        self.keys = Keys(self.rng)
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.root = self.certificate("Site root", key_type="rsa2048")
        self.issuing = self.certificate("Site issuing CA", self.root, key_type="rsa2048")
        self.others = [self.certificate(f"Public root {number}") for number in range(CAS - 1)]

    def certificate(self, name: str, issuer: Issued | None = None, **profile: Any) -> Issued:
        made = Profile((name,), **profile)
        key = self.keys.any(made.key_type, [issuer.key] if issuer else [])
        return issue(made, key, issuer, self.now, self.rng)

    def trust_store(self, *more: Issued) -> str:
        return "".join(item.pem for item in (*self.others, self.root, *more))

    def chain(self, name: str, key_type: str) -> str:
        usage = ("digital_signature", "key_encipherment")
        leaf = self.certificate(name, self.issuing, ca=False, key_type=key_type, key_usage=usage)
        return leaf.pem + self.issuing.pem


def cpu() -> float:
    """CPU seconds of this process and its ended children."""
    return sum(os.times()[:4])


def measured(work: Callable[[], object]) -> float:
    before = cpu()
    work()
    return cpu() - before


def beside_openssl(estate: Estate) -> float:
    """CPU of one verdict with the store kept, as part of one `openssl verify`."""
    store_text, chain_text = estate.trust_store(), estate.chain("node.test", "rsa2048")
    chain = read_bundle(chain_text).certificates
    store = TrustStore(read_bundle(store_text).certificates, estate.now)
    assert store.judge(chain).accepted
    with tempfile.TemporaryDirectory() as folder:
        trusted, sent = Path(folder, "store.pem"), Path(folder, "sent.pem")
        trusted.write_text(store_text)
        sent.write_text(chain_text)
        command = ["openssl", "verify", "-no-CApath", "-no-CAstore", "-CAfile", str(trusted)]
        command += ["-untrusted", str(sent), "-purpose", "sslserver", "-auth_level", "1"]
        command += ["-verify_depth", "7", str(sent)]

        def in_process() -> None:
            for _run in range(BATCH):
                store.judge(chain)

        def stock() -> None:
            for _run in range(5):
                subprocess.run(command, check=True, capture_output=True)

        rounds = [(measured(in_process) / BATCH, measured(stock) / 5) for _round in range(ROUNDS)]
    ours, theirs = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(
        f"V1  one verdict {ours * 1e3:.3f} ms, openssl verify {theirs * 1e3:.1f} ms: 1/{theirs / ours:.0f}"
    )
    return ours / theirs


def whole_estate(estate: Estate, clusters: int, *, own_stores: bool, shared_chain: bool) -> bool:
    """Every peer, node, port and key type; are exactly the distinct pairs judged?"""
    done, spent, checks = Work(), 0.0, 0
    for cluster in range(clusters):
        extras = [estate.certificate(f"Own CA {cluster}-{peer}") for peer in range(PEERS)]
        shared = estate.certificate(f"Cluster CA {cluster}")
        stores = {
            f"peer{peer}": estate.trust_store(extra if own_stores else shared)
            for peer, extra in enumerate(extras)
        }
        multi = {kind: estate.chain("*.cluster.test", kind) for kind in ("rsa2048", "p256")}
        origins = [
            {"address": f"node{node}.cluster.test", "port": port, "presented": chain}
            for node in range(NODES)
            for kind in ("rsa2048", "p256")
            for chain in [
                multi[kind] if shared_chain else estate.chain(f"node{node}.cluster.test", kind)
            ]
            for port in PORTS
        ]
        work = Work()
        before = cpu()
        verdicts = judge_origins(stores, origins, at=estate.now, work=work)
        spent += cpu() - before
        checks += len(verdicts)
        assert all(verdict["outcome"] == "accepted" for verdict in verdicts)
        done.stores += work.stores
        done.pairs += work.pairs
    per_cluster = (PEERS if own_stores else 1) * 2 * (1 if shared_chain else NODES)
    distinct = clusters * (PEERS if own_stores else 1)
    exact = (done.pairs, done.stores) == (clusters * per_cluster, distinct)
    print(
        f"V2  {checks} checks, {'a store per peer' if own_stores else 'shared stores'}, "
        f"{'one certificate per cluster' if shared_chain else 'one per node'}: {done.pairs} pairs, "
        f"{done.stores} stores {'exactly' if exact else 'NOT AS MANY AS DISTINCT'}; {spent:.1f} s CPU"
    )
    return exact


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clusters", type=int, default=100)
    clusters = parser.parse_args().clusters
    started = time.monotonic()
    estate = Estate()
    reached = beside_openssl(estate) <= GOAL_BESIDE_OPENSSL
    for own_stores in (True, False):
        for shared_chain in (False, True):
            reached &= whole_estate(
                estate, clusters, own_stores=own_stores, shared_chain=shared_chain
            )
    print(
        f"{'all goals reached' if reached else 'A GOAL IS MISSED'} in {time.monotonic() - started:.0f} s"
    )
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
