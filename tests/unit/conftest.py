# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.plugins.loader import init_plugin_loader

# Before any test imports from ansible_collections: plugins load only from packages that Ansible's own finder imported.
init_plugin_loader()

FIGURES = "figures"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have recorded with `record_property("figures", text)`, also where other processes ran them."""
    texts = [
        text
        for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed")
        for name, text in report.user_properties
        if name == FIGURES and report.when == "call"
    ]
    for text in dict.fromkeys(texts):
        terminalreporter.write_line(str(text))
