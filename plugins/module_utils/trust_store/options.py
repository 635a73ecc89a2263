# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that the modules share which reach the trust store of a peer."""

from __future__ import annotations

from typing import Any

ACCESS_OPTIONS: dict[str, dict[str, Any]] = {
    "via": {"type": "str", "choices": ["api", "root_ssh"], "default": "api"},
    "store_path": {"type": "str", "default": "/tandberg/persistent/certs/ca.pem"},
}
