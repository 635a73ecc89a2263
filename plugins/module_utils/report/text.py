# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit as text: one screen that says which logins break, why and what to do, and the whole of it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from ansible_collections.collab.expressway.plugins.module_utils.audit.gaps import told
from ansible_collections.collab.expressway.plugins.module_utils.audit.short_names import (
    cluster_domain,
    short,
)
from ansible_collections.collab.expressway.plugins.module_utils.audit.situation import (
    BREAKS_TODAY,
    Record,
)
from ansible_collections.collab.expressway.plugins.module_utils.presented.origins import login
from ansible_collections.collab.expressway.plugins.module_utils.report.not_looked_at import (
    reasons_in_short,
)
from ansible_collections.collab.expressway.plugins.module_utils.report.plan import (
    NOTHING,
    plan_lines,
)
from ansible_collections.collab.expressway.plugins.module_utils.report.printable_text import (
    printable,
)

SCREEN_LINES = 24
SCREEN_COLUMNS = 100
WHERE_COLUMNS = 40
"""Room for the places of one line; the columns that follow take what is left of the screen."""
UNREAD_LINES = SCREEN_LINES // 3
REASON_LINES = 3
"""Room for what was not looked at, and for one reason of it: the logins that break have to stay in view."""


def screen(audits: list[Record], *, lines: int = SCREEN_LINES) -> list[str]:
    """At most `lines` lines of at most 100 columns; what does not fit is counted, never dropped in silence."""
    blocks = [
        (_clip(audit["summary"]["answer"]), [*_unread_lines(audit), *_login_lines(audit)])
        for audit in audits
    ]
    room = lines - len(blocks)
    if room < 0:
        return [
            *(answer for answer, _logins in blocks[: lines - 1]),
            f"… and {len(blocks) - lines + 1} more clusters in the report",
        ]
    shown: list[str] = []
    for index, (answer, logins) in enumerate(blocks):
        fair = room // (len(blocks) - index)
        kept = logins if len(logins) <= fair else logins[: max(fair - 1, 0)]
        shown += [answer, *kept]
        room -= len(kept)
        if len(kept) < len(logins) and fair:
            shown.append(f"  … {len(logins) - len(kept)} more in the report")
            room -= 1
    return shown


def _unread_lines(audit: Record) -> Iterator[str]:
    """What was not looked at, and why: other logins than those that follow may break as well."""
    reasons = reasons_in_short(audit)
    room = UNREAD_LINES
    for index, reason in enumerate(reasons):
        lines = _wrapped(reason, "  ? ", REASON_LINES)
        if index and len(lines) > room:
            yield f"  ? … {len(reasons) - index} more in the report"
            return
        yield from map(_clip, lines)
        room -= len(lines)


def _login_lines(audit: Record) -> list[str]:
    """One line a cause: where, why → what to do."""
    domain = cluster_domain(audit)
    everyone = [peer["name"] for peer in audit["peers"] if peer["trust_store"] is not None]
    rows = []
    for entry in audit["summary"]["logins"]:
        mark = "x" if entry["standing"] == BREAKS_TODAY else "!"
        some = "" if entry["peers"] == everyone else f" [{_peers(entry['peers'], domain)}]"
        said = f"{entry['why']} → {entry['remedy']}"
        # Reason and remedy matter more than the fifth address of the same cause.
        room = min(WHERE_COLUMNS, SCREEN_COLUMNS - len(said) - 5) - len(some)
        rows.append((mark, _places(entry["origins"], domain, room) + some, said))
    width = max((len(place) for _mark, place, _said in rows), default=0)
    return [
        _clip(f"  {mark} {place:<{min(width, SCREEN_COLUMNS - len(said) - 5)}} {said}")
        for mark, place, said in rows
    ]


def _peers(peers: list[str], domain: str) -> str:
    return ",".join(short(name, domain) for name in peers)


def _places(origins: list[Record], domain: str, room: int) -> str:
    """ "cucm3:8443,6972 imp2:8443", cut at `room` columns with the number of those left out."""
    ports: dict[str, list[str]] = {}
    for origin in origins:
        host = login(short(origin["address"], domain), origin["port"]).rpartition(":")[0]
        ports.setdefault(host, []).append(str(origin["port"]))
    hosts = [f"{host}:{','.join(numbers)}" for host, numbers in ports.items()]
    for kept in range(len(hosts), 0, -1):
        text = " ".join(hosts[:kept]) + (f" +{len(hosts) - kept} more" if kept < len(hosts) else "")
        if len(text) <= room or kept == 1:
            break
    return text


def _clip(line: str) -> str:
    return line if len(line) <= SCREEN_COLUMNS else f"{line[: SCREEN_COLUMNS - 1].rstrip()}…"


def text_report(audits: list[Record]) -> str:
    """The screen, an empty line, then everything that was found: for a ticket or a mail."""
    parts = [*screen(audits), "", "MRA origin certificate audit", "=" * 28, ""]
    for audit in audits:
        parts += [*_cluster(audit), ""]
    return "\n".join(printable(line) for line in parts)


def _cluster(audit: Record) -> Iterator[str]:
    title = f"Cluster {audit['cluster']}, audited on {audit['audited_on']}"
    yield from (title, "-" * len(title), "", *_wrapped(audit["summary"]["answer"], ""), "")
    for peer in audit["peers"]:
        state = (
            f"{peer['version'] or 'release unknown'}, verification {peer['verification']}"
            if peer["reached"]
            else f"not reached: {peer['error']}"
        )
        yield from _wrapped(state, f"peer {peer['name']}: ")
    yield from ("", "Findings" if audit["findings"] else "No findings.", "")
    for found in audit["findings"]:
        yield from _wrapped(found["title"], f"[{found['severity']}] ")
        for line in found["evidence"]:
            yield from _wrapped(line, "    - ")
        yield from _wrapped(found["remedy"], "    Do: ")
        yield f"    id: {found['id']}"
        yield ""
    if audit["plan"]:
        lines = plan_lines(audit)
        yield f"The smallest repair of trust: {len(lines) or NOTHING}"
        for line in lines:
            yield from _wrapped(line, "    - ")
        yield ""
    unseen = audit["summary"]["not_looked_at"]
    yield f"Not looked at: {len(unseen) or 'nothing'}"
    for gap in unseen:
        yield from _wrapped(told(gap), "    - ")


def _wrapped(text: str, first: str, lines: int | None = None) -> list[str]:
    """The text in lines of the screen, at most so many of them."""
    return textwrap.wrap(
        text,
        SCREEN_COLUMNS,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_on_hyphens=False,
        break_long_words=False,
        max_lines=lines,
        placeholder=" …",
    )


def printable_lines(lines: Iterable[str]) -> str:
    return "\n".join(printable(line) for line in lines)
