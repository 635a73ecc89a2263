# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""No module returns a key that Ansible reads as something else."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import yaml

MODULES = Path(__file__).parents[3] / "plugins" / "modules"
TAKEN = {
    "ansible_job_id", "changed", "deprecations", "exception", "failed", "failed_when_result", "finished", "invocation", "msg", "rc", "results",
    "skip_reason", "skipped", "started", "unreachable", "warnings",
}  # fmt: skip
"""A task with a list `skipped` that is not empty counts as skipped; one with `results` as a loop."""


@pytest.mark.parametrize("module", sorted(path.stem for path in MODULES.glob("[a-z]*.py")))
def test_no_module_returns_a_key_that_ansible_reads(module: str) -> None:
    found = importlib.import_module(f"ansible_collections.collab.expressway.plugins.modules.{module}")  # fmt: skip
    assert TAKEN & set(yaml.safe_load(found.RETURN)) == set()
