# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two readers of a log that compete in `traffic_log.py`, each a process of its own that imports no more than it needs:
`python -m tests.bench.log_readers analyse|each-line PATH`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.analysis import (
    Options,
    analyse,
)
from ansible_collections.collab.expressway.plugins.module_utils.traffic_log.sources import (
    line_numbers,
    open_logs,
)


def analyse_path(path: str) -> None:
    unread: list[str] = []
    result = analyse(open_logs([path], unread, []), Options(), line_numbers)
    assert not unread and not result["unread"], (unread, result["unread"])
    print(json.dumps({**result["connections"], "records": len(result["refusals"])}))


PER_LINE = re.compile(
    r"^(\S+) (\S+) traffic_server\[(\d+)\]:\s*(?:\[(ET_NET \d+)\]\s*WARNING:\s*(?:Core server certificate verification "
    r"failed for \(([^)]*)\)|SNI \(([^)]*)\) not in certificate).*server=(\S+?)\(|.*?Detail=\"([^\"]*)\" Txn-id=\"(\d+)\")"
)


def parse_each_line(path: str) -> None:
    """The straightforward parser: a regular expression for each line, and what it tells of refusals."""
    refused = 0
    requests: dict[str, str] = {}
    with Path(path).open(encoding="utf-8", errors="replace") as file:
        for line in file:
            found = PER_LINE.match(line)
            if not found:
                continue
            if found[4]:
                refused += 1
            elif found[8] == "Sending Response":
                requests.pop(found[9], None)
            else:
                requests[found[9]] = line
    print(json.dumps({"refused": refused}))


if __name__ == "__main__":
    {"analyse": analyse_path, "each-line": parse_each_line}[sys.argv[1]](sys.argv[2])
