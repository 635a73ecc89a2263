# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refusals that the trust store explains: what is missing from it, or stands in the wrong place."""

from __future__ import annotations

from ansible_collections.collab.expressway.plugins.module_utils.verdict.refusal import (
    ON_THE_NODE,
    ONE_COMMON_NAME,
    UPLOAD,
    Explanation,
    Refusal,
    issuer_sought,
    listed,
    named,
    service,
)


def self_signed_leaf(refusal: Refusal) -> Explanation:
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
            f" The trust store holds another one of that subject, {listed(twins)}: renewed since?"
        )
        upload += f" in the place of {listed(twins)} ({ONE_COMMON_NAME})"
    return (
        cause,
        f"{upload}, or have it signed by a CA that the peers trust ({ON_THE_NODE}{service(leaf)}).",
    )


def self_signed_in_chain(refusal: Refusal) -> Explanation:
    root = refusal.at_fault
    cause = f"The origin sends its root CA {named(root)}, which the peer does not trust."
    twins = refusal.trusted_with_subject(root.subject_key)
    if twins:
        cause += (
            f" The trust store holds another CA of that subject, {listed(twins)}, with another key."
        )
    return (
        cause,
        f"Upload the root CA {named(root)} {UPLOAD}; the origin sends it, so it can be taken from there.",
    )


def unknown_issuer(refusal: Refusal) -> Explanation:
    last = refusal.at_fault
    issuer = issuer_sought(last)
    cause = f"The issuer of {named(last)} is neither sent by the origin nor trusted: {issuer}."
    namesakes = refusal.trusted_with_subject(last.issuer_key)
    if namesakes:
        cause += (
            f" The trust store holds {listed(namesakes)} of that name, but the authority key identifier of the "
            "certificate asks for another key or serial number."
        )
    elif last in refusal.trusted:
        cause += " That the certificate itself is trusted does not help: only a chain up to a self-signed root does."
    return cause, (
        f"Upload the CA {issuer} {UPLOAD}, and the CAs above it up to the self-signed root; or let the node send "
        f"its intermediate certificates (upload them as tomcat-trust before the tomcat certificate, {ON_THE_NODE})."
    )


def missing_root(refusal: Refusal) -> Explanation:
    last = refusal.at_fault
    return (
        f"The trust store holds the intermediate CA {named(last)}, but not the root above it: {issuer_sought(last)}.",
        f"Upload the CA {issuer_sought(last)} {UPLOAD}, up to the self-signed root. An intermediate alone is never enough.",
    )


def bad_signature(refusal: Refusal) -> Explanation:
    signed = refusal.at_fault
    namesakes = refusal.trusted_with_subject(signed.issuer_key)
    signers = [item for item in namesakes if item.signed(signed)]
    others = [item for item in namesakes if item not in signers]
    if signers and others:
        return (
            f"{named(signed)} was signed by {named(signers[0])}, which is trusted; but {listed(others)} of the same "
            "subject stands before it in the trust store, and the certificate has no authority key identifier that "
            "would tell them apart: the first match counts.",
            f"Remove {listed(others)} from the trust store of every peer if no node needs it; else reissue the "
            f"certificate with an authority key identifier ({ON_THE_NODE}).",
        )
    sent = [
        item
        for item in refusal.presented
        if item.subject_key == signed.issuer_key and item.signed(signed)
    ]
    if others and (sent or not signed.record["aki"]):
        return (
            f"{named(signed)} was not signed by {listed(others)}, the trusted CA of its issuer's name, but by another "
            "one with the same subject and another key"
            + (f", which the origin sends: {named(sent[0])}." if sent else ".")
            + " Without an authority key identifier in the certificate the first match counts.",
            f"Replace {listed(others)} in the trust store of every peer by the CA that really signed the certificate, "
            f"{named(sent[0]) if sent else issuer_sought(signed)}; if other nodes need both, reissue the certificate with "
            f"an authority key identifier ({ON_THE_NODE}).",
        )
    return (
        f"The signature of {named(signed)} does not fit its issuer {issuer_sought(signed)}: the certificate was changed, "
        "or a CA of the same name with another key signed it.",
        f"Reissue the certificate ({ON_THE_NODE}).",
    )
