# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a chain or a name is refused, and what repairs it, for the person who is woken up by it.

Classified by the error number, never by the depth alone: a CA-signed certificate whose issuer is
unknown fails at depth 0 too, like a self-signed one, and needs another remedy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ansible_collections.collab.expressway.plugins.module_utils import verification_errors as errors
from ansible_collections.collab.expressway.plugins.module_utils.certificate_names import NameKey
from ansible_collections.collab.expressway.plugins.module_utils.certificates import Certificate
from ansible_collections.collab.expressway.plugins.module_utils.chain_judgement import ChainError
from ansible_collections.collab.expressway.plugins.module_utils.origin_names import canonical_ip

UPLOAD = "to the trust store of every peer (Maintenance > Security > Trusted CA certificate)"
ON_THE_NODE = "Cisco Unified OS Administration > Security > Certificate Management of the UC node"
ONE_COMMON_NAME = "of several with one common name the first in the list counts, CSCwa12905"


@dataclass(frozen=True)
class Refusal:
    """A refused chain: the first error, what the origin sent (leaf first), what the peer trusts."""

    error: ChainError
    presented: Sequence[Certificate]
    trusted: Sequence[Certificate]

    @property
    def at_fault(self) -> Certificate:
        """The certificate at the error's depth; the last one sent when OpenSSL names none."""
        return (
            self.error.certificate or self.presented[min(self.error.depth, len(self.presented) - 1)]
        )

    def trusted_with_subject(self, name: NameKey) -> list[Certificate]:
        return [item for item in self.trusted if name and item.subject_key == name]


Explanation = tuple[str, str]
"""(cause, remedy), one or two sentences each."""


def explain_chain(refusal: Refusal) -> Explanation:
    """Cause and remedy of a chain error."""
    explain = EXPLANATIONS.get(refusal.error.code, _anything_else)
    return explain(refusal)


def explain_name(address: str, leaf: Certificate) -> Explanation:
    """Cause and remedy when the certificate does not cover the address that clients ask for."""
    covered = leaf.names.compared()
    listed = ", ".join(covered[:10]) + (
        f" and {len(covered) - 10} more" if len(covered) > 10 else ""
    )
    ip = canonical_ip(address)
    if ip is None:
        cause = f"The certificate does not name {address}. It names {listed or 'nothing at all'}."
        return cause, (
            f"Reissue it with {address} as subject alternative name (dNSName), or advertise a name that it "
            "holds: CUCM System > Server, or the UC service. Then refresh the UC servers on the Expressway-C."
        )
    cause = f"Clients ask for the IP address {ip}, and the certificate names {listed or 'nothing at all'}."
    if ip in leaf.names.ip:
        cause += (
            " Its iPAddress entry does not count: the traffic server compares the address as text with "
            "dNSName entries and the common name (by its source; not seen on a real Expressway)."
        )
    hosts = [
        name for name in covered if canonical_ip(name) is None and "." in name and "*" not in name
    ]
    instead = (
        f"{hosts[0]}, which the certificate names,"
        if hosts
        else "the FQDN, with a certificate that names it,"
    )
    return cause, (
        f"Advertise {instead} instead of {ip}: CUCM System > Server, or the UC service. Then refresh the UC servers "
        "on the Expressway-C."
    )


def explain_unloadable_store(problem: str) -> Explanation:
    """Cause and remedy when OpenSSL takes nothing from the peer's trust store."""
    return (
        f"The trust store cannot be loaded ({problem}), so the traffic server trusts nothing; the version that "
        "the Expressway is believed to have does not even start.",
        "Repair the trust store: remove or replace that block, or upload the CA certificates again "
        "(Maintenance > Security > Trusted CA certificate).",
    )


def explain_nothing_presented() -> Explanation:
    """Cause and remedy when the origin sends no certificate at all."""
    return (
        "The origin sends no certificate, so the TLS handshake fails before anything is verified.",
        f"Check the service behind the port and its certificate: {ON_THE_NODE}.",
    )


def explain_broken_handshake(reason: str) -> Explanation:
    """Cause and remedy when the client cannot even read what the origin sends."""
    return (
        f"The TLS client cannot read the Certificate message ({reason}), so nothing is verified.",
        f"Reissue the certificate, or send fewer certificates with it: {ON_THE_NODE}.",
    )


def named(certificate: Certificate) -> str:
    """A certificate in words that find it again: subject and the start of its SHA-256."""
    return (
        f"'{certificate.record['subject'] or '(no subject)'}' (SHA-256 {certificate.sha256[:16]})"
    )


def _self_signed_leaf(refusal: Refusal) -> Explanation:
    leaf = refusal.at_fault
    cause = f"The origin sends the self-signed certificate {named(leaf)}, which the peer does not trust."
    twins = refusal.trusted_with_subject(leaf.subject_key)
    if twins and leaf in twins:
        cause += (
            f" It is in the trust store, but {named(twins[0])} of the same subject stands before it, and the "
            "certificate has no authority key identifier that would tell them apart."
        )
        return cause, (
            f"Remove {named(twins[0])} from the trust store of every peer if no node uses it any more; better, "
            f"have the certificate signed by a CA that the peers trust ({ON_THE_NODE})."
        )
    upload = f"Upload this very certificate {UPLOAD}"
    if twins:
        cause += (
            f" The trust store holds another one of that subject, {_list(twins)}: renewed since?"
        )
        upload += f" in the place of {_list(twins)} ({ONE_COMMON_NAME})"
    return (
        cause,
        f"{upload}, or have it signed by a CA that the peers trust ({ON_THE_NODE}{_which_service(leaf)}).",
    )


def _self_signed_in_chain(refusal: Refusal) -> Explanation:
    root = refusal.at_fault
    cause = f"The origin sends its root CA {named(root)}, which the peer does not trust."
    twins = refusal.trusted_with_subject(root.subject_key)
    if twins:
        cause += (
            f" The trust store holds another CA of that subject, {_list(twins)}, with another key."
        )
    return (
        cause,
        f"Upload the root CA {named(root)} {UPLOAD}; the origin sends it, so it can be taken from there.",
    )


def _unknown_issuer(refusal: Refusal) -> Explanation:
    last = refusal.at_fault
    issuer = _issuer(last)
    cause = f"The issuer of {named(last)} is neither sent by the origin nor trusted: {issuer}."
    namesakes = refusal.trusted_with_subject(last.issuer_key)
    if namesakes:
        cause += (
            f" The trust store holds {_list(namesakes)} of that name, but the authority key identifier of the "
            "certificate asks for another key or serial number."
        )
    elif last in refusal.trusted:
        cause += " That the certificate itself is trusted does not help: only a chain up to a self-signed root does."
    return cause, (
        f"Upload the CA {issuer} {UPLOAD}, and the CAs above it up to the self-signed root; or let the node send "
        f"its intermediate certificates (upload them as tomcat-trust before the tomcat certificate, {ON_THE_NODE})."
    )


def _missing_root(refusal: Refusal) -> Explanation:
    last = refusal.at_fault
    return (
        f"The trust store holds the intermediate CA {named(last)}, but not the root above it: {_issuer(last)}.",
        f"Upload the CA {_issuer(last)} {UPLOAD}, up to the self-signed root. An intermediate alone is never enough.",
    )


def _bad_signature(refusal: Refusal) -> Explanation:
    signed = refusal.at_fault
    namesakes = refusal.trusted_with_subject(signed.issuer_key)
    signers = [item for item in namesakes if item.signed(signed)]
    others = [item for item in namesakes if item not in signers]
    if signers and others:
        return (
            f"{named(signed)} was signed by {named(signers[0])}, which is trusted; but {_list(others)} of the same "
            "subject stands before it in the trust store, and the certificate has no authority key identifier that "
            "would tell them apart: the first match counts.",
            f"Remove {_list(others)} from the trust store of every peer if no node needs it; else reissue the "
            f"certificate with an authority key identifier ({ON_THE_NODE}).",
        )
    sent = [
        item
        for item in refusal.presented
        if item.subject_key == signed.issuer_key and item.signed(signed)
    ]
    if others and (sent or not signed.record["aki"]):
        return (
            f"{named(signed)} was not signed by {_list(others)}, the trusted CA of its issuer's name, but by another "
            "one with the same subject and another key"
            + (f", which the origin sends: {named(sent[0])}." if sent else ".")
            + " Without an authority key identifier in the certificate the first match counts.",
            f"Replace {_list(others)} in the trust store of every peer by the CA that really signed the certificate, "
            f"{named(sent[0]) if sent else _issuer(signed)}; if other nodes need both, reissue the certificate with "
            f"an authority key identifier ({ON_THE_NODE}).",
        )
    return (
        f"The signature of {named(signed)} does not fit its issuer {_issuer(signed)}: the certificate was changed, "
        "or a CA of the same name with another key signed it.",
        f"Reissue the certificate ({ON_THE_NODE}).",
    )


def _expired(refusal: Refusal) -> Explanation:
    old = refusal.at_fault
    ended = f"{named(old)} expired on {old.record['not_after']}"
    if refusal.error.depth == 0:
        return f"The certificate {ended}.", f"Renew it: {ON_THE_NODE}{_which_service(old)}."
    if old in refusal.trusted:
        return (
            f"The CA {ended}, and the peer takes it from its own trust store before a valid one that the origin "
            "sends.",
            f"Remove it from the trust store of every peer and upload its successor {UPLOAD}.",
        )
    return (
        f"The CA {ended}; the origin still sends it.",
        f"Upload the renewed CA of the same key {UPLOAD}, or replace it on the node ({ON_THE_NODE}).",
    )


def _not_yet_valid(refusal: Refusal) -> Explanation:
    new = refusal.at_fault
    return (
        f"{named(new)} is valid only from {new.record['not_before']}.",
        "Check the clocks of the peer and of the issuing CA (System > Time), or wait until it is valid.",
    )


def _too_long(refusal: Refusal) -> Explanation:
    return (
        "There are more than 7 intermediate CAs between the certificate and its root.",
        "Have the certificate issued from a shorter hierarchy, or trust a self-signed CA closer to it.",
    )


def _invalid_ca(refusal: Refusal) -> Explanation:
    issuer = refusal.at_fault
    return (
        f"{named(issuer)} issued a certificate, but is no CA: basicConstraints CA:FALSE or missing, or keyUsage "
        "without keyCertSign.",
        "Have the certificate issued by a proper CA, or reissue that CA certificate with CA:TRUE and keyCertSign.",
    )


def _wrong_purpose(refusal: Refusal) -> Explanation:
    certificate = refusal.at_fault
    usages = ", ".join(certificate.record["extended_key_usage"]) or "none"
    what = "The certificate" if refusal.error.depth == 0 else "The CA certificate"
    return (
        f"{what} {named(certificate)} is not meant for TLS servers: its extended key usage ({usages}) or its "
        "keyUsage leaves that out.",
        "Reissue it with the extended key usage serverAuth (and clientAuth, which UC nodes need) and keyUsage "
        f"digitalSignature, keyEncipherment: {ON_THE_NODE}; mind the CA's template.",
    )


def _weak_key(refusal: Refusal) -> Explanation:
    weak = refusal.at_fault
    return (
        f"The key of {named(weak)} is too weak: {weak.record['key_type']} {weak.record['key_size']} bits.",
        "Reissue it with RSA 2048 bits or more, or ECDSA.",
    )


def _weak_digest(refusal: Refusal) -> Explanation:
    weak = refusal.at_fault
    return (
        f"{named(weak)} is signed with {weak.record['signature_hash'] or 'a weak digest'}, which is too weak.",
        "Have it signed with SHA-256 or better.",
    )


def _forbidden_name(refusal: Refusal) -> Explanation:
    leaf = refusal.at_fault
    return (
        f"A CA above {named(leaf)} may not issue for its names (name constraints): "
        f"{', '.join(leaf.names.compared()) or 'none'}. Without dNSName entries the common name is checked.",
        "Have the certificate issued by a CA without that constraint, or with names that it permits.",
    )


def _flaw_of_the_pki(flaw: str) -> Callable[[Refusal], Explanation]:
    def explain(refusal: Refusal) -> Explanation:
        return (
            f"{named(refusal.at_fault)} {flaw}.",
            f"Have it reissued without that: {ON_THE_NODE}, or its CA.",
        )

    return explain


def _anything_else(refusal: Refusal) -> Explanation:
    return (
        f"OpenSSL refuses {named(refusal.at_fault)}: {errors.error_text(refusal.error.code)}.",
        f"Reissue the certificate; the command in `reproduce` shows the error ({ON_THE_NODE}).",
    )


EXPLANATIONS: dict[int, Callable[[Refusal], Explanation]] = {
    errors.SELF_SIGNED_LEAF: _self_signed_leaf,
    errors.SELF_SIGNED_IN_CHAIN: _self_signed_in_chain,
    errors.UNKNOWN_ISSUER: _unknown_issuer,
    errors.UNVERIFIED_LEAF: _unknown_issuer,
    errors.MISSING_ISSUER: _missing_root,
    errors.BAD_SIGNATURE: _bad_signature,
    errors.EXPIRED: _expired,
    errors.NOT_YET_VALID: _not_yet_valid,
    errors.CHAIN_TOO_LONG: _too_long,
    errors.INVALID_CA: _invalid_ca,
    errors.PATH_LENGTH: _flaw_of_the_pki(
        "stands deeper below its CA than that CA's path length allows"
    ),
    errors.WRONG_PURPOSE: _wrong_purpose,
    errors.UNKNOWN_CRITICAL_EXTENSION: _flaw_of_the_pki(
        "has a critical extension that OpenSSL does not know"
    ),
    errors.NOT_PERMITTED_NAME: _forbidden_name,
    errors.EXCLUDED_NAME: _forbidden_name,
    errors.WEAK_LEAF_KEY: _weak_key,
    errors.WEAK_CA_KEY: _weak_key,
    errors.WEAK_DIGEST: _weak_digest,
}


def _issuer(certificate: Certificate) -> str:
    """The CA to look for: its subject, and its subject key identifier where the certificate tells it."""
    key = certificate.record["aki"]
    subject = f"'{certificate.record['issuer'] or '(no issuer)'}'"
    return f"{subject} (subject key identifier {key})" if key else subject


def _list(certificates: Sequence[Certificate]) -> str:
    return ", ".join(map(named, certificates))


def _which_service(leaf: Certificate) -> str:
    """The entry of that page: UC nodes keep their web certificates apart by key type."""
    return ", tomcat-ECDSA" if leaf.record["key_type"] == "ecdsa" else ", tomcat"
