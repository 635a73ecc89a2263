# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""All checks of the audit, in the order in which a person should read what they find."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ansible_collections.collab.expressway.plugins.module_utils.audit import (
    findings_certificates,
    findings_cluster,
    findings_coverage,
    findings_refusals,
    findings_trust_stores,
    findings_upgrade,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.discovered import (
    discovery_findings,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.finding import (
    identified,
    in_order,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import (
    Record,
    Situation,
)

Check = Callable[[Situation], Iterator[Record]]

CHECKS: tuple[Check, ...] = (
    findings_refusals.breaks_today,
    findings_refusals.no_agreement_on_tls,
    findings_cluster.verification_off,
    findings_refusals.breaks_when_verified,
    findings_cluster.may_verify,
    findings_coverage.not_seen,
    findings_coverage.publisher_not_audited,
    findings_coverage.optional_port_not_served,
    findings_refusals.masked_failure,
    findings_refusals.breaks_after_change,
    findings_cluster.trust_stores_differ,
    findings_cluster.switches_differ,
    findings_cluster.cipher_lists_differ,
    findings_cluster.releases_differ,
    findings_trust_stores.expired_in_trust_store,
    findings_trust_stores.same_subject_order,
    findings_trust_stores.not_a_certificate,
    findings_certificates.expiring,
    findings_certificates.ip_address_target,
    findings_certificates.common_name_only,
    findings_certificates.loosely_named,
    findings_certificates.weak,
    findings_upgrade.which_certificate_comes,
    findings_cluster.before_the_switch,
    findings_cluster.cipher_list_assumed,
)
"""A check is named after its function; the name is `check` of its findings and the beginning of their `id`."""


def findings(situation: Situation) -> list[Record]:
    """What every check found, and what the discovery of the addresses found; worst first."""
    own = [identified(check.__name__, found) for check in CHECKS for found in check(situation)]
    return in_order([*own, *discovery_findings(situation)])
