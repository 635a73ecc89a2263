# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The trust store over the REST API.

Whether an upload is appended to the store or replaces it is not documented. So the whole store as it is
wanted is uploaded: where the API replaces, that is the only upload that loses nothing at any moment, and
where it appends, what is there already does no harm. An API that refuses what it holds already compares
with what it keeps, hence appends, and gets the new certificates alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.collab.expressway.plugins.module_utils.certificates.bundle import (
    Certificate,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_plan.clashes import (
    common_name,
)
from ansible_collections.collab.expressway.plugins.module_utils.trust_store.change import (
    TrustStore,
    TrustStoreChange,
    bundle_text,
)
from ansible_collections.collab.expressway.plugins.module_utils.unexpected_answer import (
    UnexpectedAnswer,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.errors import (
    PeerError,
    PeerRefused,
    PeerUnreachable,
)
from ansible_collections.collab.expressway.plugins.plugin_utils.rest_client import RestClient
from ansible_collections.collab.expressway.plugins.plugin_utils.trust_store_outcome import (
    Outcome,
    foreign,
    read_back,
    unknown,
)

PATH = "/api/provisioning/certs/root"
APPEND, REPLACE, AUTO = "append", "replace", "auto"
RECOVERY_TRIES = 3

_HELD_ALREADY = re.compile(
    r"exist|duplicate|already|same (subject|name|certificate)", re.IGNORECASE
)
_SUCCESS = re.compile(r"updated|success", re.IGNORECASE)

WEB_INTERFACE = "the web interface (Maintenance > Security > Trusted CA certificate)"
NOT_REPLACE = ". So api_post: replace is wrong for this peer"
NO_REORDER = (
    "the API of this peer appends what is uploaded, and of certificates with one common name the first counts, so it cannot change "
    f"which of these comes first: {{names}}. Remove them in {WEB_INTERFACE} and run the task again, or use via: root_ssh"
)
NO_REMOVAL = (
    "the API of this peer appends what is uploaded and cannot remove certificates. "
    f"Remove them in {WEB_INTERFACE} or use via: root_ssh"
)


UNPROVEN = (
    "whether the API of this peer can remove certificates, or change their order, shows only when it is tried: one that appends makes the "
    "run fail there. "
    "Say what your release does with api_post, where you know it, or use via: root_ssh"
)
TOO_SMALL = (
    "whether the API of this peer replaces the store or appends to it cannot be found out with a store of so few certificates, and an "
    "exact upload to one that appends would leave old and new together. Say what your release does with api_post, add the new "
    "certificates first (state: present), or use via: root_ssh"
)


@dataclass(frozen=True)
class Upload:
    """One upload: what the peer `said` (or why it said nothing), and the store afterwards (None: unreadable)."""

    said: str
    answered: bool
    now: TrustStore | None

    @property
    def claims_success(self) -> bool:
        return self.answered and bool(_SUCCESS.search(self.said))


class StoreOverApi:
    """See `Transport`. `how`: what an upload does, `append`, `replace`, or `auto` to find out."""

    def __init__(self, api: RestClient, how: str = AUTO) -> None:
        self._api = api
        self._how = how
        self._locked_out: PeerError | None = None

    def read(self) -> TrustStore:
        text = self._once_refused_never_again(lambda: self._api.get_text(PATH))
        store = TrustStore.read(text)
        if not store.certificates:
            # No appliance is without one; an error page must not pass for an empty store.
            raise UnexpectedAnswer(
                f"GET {PATH} answered {len(text)} characters without a certificate"
            )
        return store

    def refusal(self, change: TrustStoreChange) -> str | None:
        if self._how == APPEND and _needs_replacing(change):
            return self._beyond_appending(change)
        if self._cannot_be_found_out(change):
            return TOO_SMALL
        return None

    def unproven(self, change: TrustStoreChange) -> str | None:
        return UNPROVEN if _needs_replacing(change) and self._how == AUTO else None

    def _cannot_be_found_out(self, change: TrustStoreChange) -> bool:
        needed = self._how == AUTO and _mixes(change)
        return needed and _turned(change.before.certificates) is None

    def _beyond_appending(self, change: TrustStoreChange) -> str:
        """What an API that appends cannot do of `change`, and the way out."""
        names = ", ".join(
            f"{one.record['subject']} ({one.sha256[:16]}…)" for one in change.reordered
        )
        said = NO_REMOVAL if change.removed else NO_REORDER.format(names=names)
        return said + (NOT_REPLACE if self._how == REPLACE else "")

    def apply(self, change: TrustStoreChange) -> Outcome:
        if _mixes(change):
            obstacle = self._append_shows(change)
            if obstacle is not None:
                return obstacle
        detail = None if self._how == AUTO else self._how
        upload = self._upload(change.added if self._how == APPEND else change.wanted)
        appending = self._how == AUTO and not _needs_replacing(change)
        if appending and _held_already(upload, change.before):
            detail, upload = APPEND, self._upload(change.added)
        if change.kept and upload.now and upload.now.members == frozenset(change.added):
            # Only the new certificates were sent, and they took the place of the others.
            detail, upload = REPLACE, self._upload(change.wanted)
        now = upload.now
        if now is None:
            return unknown(upload.said)
        if change.done(now):
            return Outcome(now, detail or _shown_by(change, now), _notes(upload, change.before))
        if now.members == change.before.members:
            return self._untouched(upload, change, detail)
        problem = foreign(now, change)
        if problem is not None:
            return Outcome(now, detail, problem=problem)
        return self._recover(upload, change, detail)

    def _upload(self, certificates: Iterable[Certificate]) -> Upload:
        """Send, then read back, whatever the answer was."""
        answered = False
        try:
            content = bundle_text(certificates).encode()
            said = self._once_refused_never_again(
                lambda: self._api.post_file(PATH, content, "ca.pem")
            ).rstrip(".")
            answered = True
        except (PeerRefused, PeerUnreachable) as error:
            said = str(error)
        now, unread = read_back(self.read)
        return Upload(f"{said}; {unread}" if unread else said, answered, now)

    def _once_refused_never_again(self, ask: Callable[[], str]) -> str:
        """What `ask` returns. After a refused login nothing more is asked, as the appliance blocks addresses."""
        if self._locked_out is not None:
            raise self._locked_out
        try:
            return ask()
        except PeerError as error:
            if error.login_refused:
                self._locked_out = error
            raise

    def _append_shows(self, change: TrustStoreChange) -> Outcome | None:
        """None unless an upload is seen not to replace the store.

        An upload that adds and removes would leave old and new together where it is appended. So the old store
        is sent first, two of its certificates the other way round: what replaces shows their new order.
        An API of which somebody says that it replaces is asked, too, and is believed unless it shows the contrary.
        """
        before = change.before
        turned = _turned(before.certificates)
        if turned is None:
            return None if self._how == REPLACE else Outcome(before, problem=TOO_SMALL)
        upload = self._upload(turned)
        if upload.now is None:
            return unknown(upload.said)
        if upload.now.certificates == turned:
            return None
        if upload.now.members == before.members:
            if self._how == REPLACE and not upload.claims_success:
                return None
            if upload.claims_success or _HELD_ALREADY.search(upload.said):
                said = self._beyond_appending(change)
                return Outcome(upload.now, APPEND, _notes(upload, before), said)
            return self._untouched(upload, change, None)
        problem = foreign(upload.now, change)
        if problem is not None:
            return Outcome(upload.now, problem=problem)
        return self._recover(upload, change, None)

    def _recover(self, upload: Upload, change: TrustStoreChange, detail: str | None) -> Outcome:
        """The store is neither old nor new: make it old again or, where nothing can be taken out, new."""
        seen = f"after the upload the store was neither the old nor the wanted one (the peer said: {upload.said})"
        now = upload.now
        for target in (change.back_to.certificates, change.wanted):
            for _try in range(RECOVERY_TRIES):
                brought = self._upload(target)
                if brought.now is not None and _held_already(brought, brought.now):
                    missing = [one for one in target if one not in brought.now.members]
                    brought = self._upload(missing) if missing else brought
                now = brought.now or now
                if brought.now is not None and brought.now.same(target):
                    if target == change.wanted:
                        return Outcome(
                            brought.now, detail, (f"{seen}; a further upload completed it",)
                        )
                    return Outcome(
                        brought.now, detail, problem=f"{seen}. The old store was restored"
                    )
                if brought.now is not None and brought.answered:
                    break
        return Outcome(
            now,
            detail,
            problem=f"{seen}. The old store could not be restored over the API{self._way_out(now, change)}",
        )

    def _way_out(self, now: TrustStore | None, change: TrustStoreChange) -> str:
        """Of a store that no upload made old or new."""
        if now is None or not now.members > change.back_to.members:
            return ". Run the task again, or use via: root_ssh"
        wrong = NOT_REPLACE if self._how == REPLACE else ""
        return (
            f", which appended what was uploaded{wrong}. Remove what is too much in {WEB_INTERFACE}, or run the task again with "
            "via: root_ssh"
        )

    def _untouched(self, upload: Upload, change: TrustStoreChange, detail: str | None) -> Outcome:
        notes = _notes(upload, change.before) if upload.answered else ()
        taken = upload.claims_success or _HELD_ALREADY.search(upload.said)
        if taken and _needs_replacing(change):
            said = f"{self._beyond_appending(change)}. The peer said: {upload.said}"
            return Outcome(upload.now, APPEND, notes, said)
        why = "answered the upload with" if upload.answered else "did not confirm the upload"
        return Outcome(
            upload.now,
            detail,
            notes,
            f"the store is as it was; the peer {why}: {upload.said}. Run the task again, or use via: root_ssh where the API "
            "cannot be used",
        )


def _needs_replacing(change: TrustStoreChange) -> bool:
    return bool(change.removed or change.reordered)


def _mixes(change: TrustStoreChange) -> bool:
    """Would an API that only appends make a half of it?"""
    return bool(change.added) and _needs_replacing(change)


def _turned(certificates: Sequence[Certificate]) -> tuple[Certificate, ...] | None:
    """The same with two neighbours exchanged; never of one common name, as the first of these counts."""
    for place in range(len(certificates) - 1):
        first, second = certificates[place : place + 2]
        if common_name(first) != common_name(second):
            return (*certificates[:place], second, first, *certificates[place + 2 :])
    return None


def _held_already(upload: Upload, store: TrustStore) -> bool:
    """Was the upload refused, without effect, for holding what the store has?"""
    return (
        upload.now is not None
        and upload.now.members == store.members
        and not upload.claims_success
        and _HELD_ALREADY.search(upload.said) is not None
    )


def _shown_by(change: TrustStoreChange, now: TrustStore) -> str | None:
    """Whether the outcome of an upload of the whole store tells that it replaced or appended."""
    before = change.before
    if _needs_replacing(change) or len(now.duplicates) < len(before.duplicates):
        return REPLACE
    if len(now.duplicates) > len(before.duplicates):
        return APPEND
    return None


def _notes(upload: Upload, before: TrustStore) -> tuple[str, ...]:
    notes = []
    if not upload.answered:
        notes.append(f"the upload was carried out, as reading back shows, although: {upload.said}")
    if upload.now is not None:
        twice = len(upload.now.duplicates) - len(before.duplicates)
        if twice > 0:
            notes.append(
                f"the API stored {twice} certificates twice, which does no harm. api_post: append sends the new ones alone"
            )
        lost = len(before.problems) - len(upload.now.problems)
        if lost > 0:
            notes.append(
                f"the store held {lost} blocks that are no certificates, and holds them no longer: {'; '.join(before.problems)}"
            )
    return tuple(notes)
