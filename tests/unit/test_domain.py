# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What CONTRIBUTING says of the domain: plugins/module_utils imports no Ansible and reads no clock."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

DOMAIN = Path(__file__).parents[2] / "plugins" / "module_utils"
CLOCKS = {"now", "utcnow", "today", "monotonic", "perf_counter"}


def forbidden(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            yield from (name for name in modules if name.partition(".")[0] in ("ansible", "time"))
        if isinstance(node, ast.Attribute) and node.attr in CLOCKS:
            yield ast.unparse(node)


def test_the_domain_imports_no_ansible_and_reads_no_clock() -> None:
    found = {
        f"{path.relative_to(DOMAIN)}: {name}"
        for path in DOMAIN.rglob("*.py")
        for name in forbidden(ast.parse(path.read_text()))
    }
    assert found == set()
