# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The third-party libraries of the domain, imported once and guarded.

A module may be sent to a host without them; it then says which library is missing instead of ending in a traceback.
"""

from __future__ import annotations

import traceback

__all__ = ["MISSING", "SSL", "crypto", "missing_dependencies", "x509"]

MISSING: dict[str, str] = {}
"""Library name → traceback of the failed import."""

try:
    from cryptography import x509
except ImportError:
    x509 = None  # type: ignore[assignment]
    MISSING["cryptography"] = traceback.format_exc()

try:
    from OpenSSL import SSL, crypto
except ImportError:
    SSL = crypto = None  # type: ignore[assignment]
    MISSING["pyOpenSSL"] = traceback.format_exc()


def missing_dependencies() -> list[str]:
    """Names of the libraries that could not be imported, as PyPI spells them."""
    return sorted(MISSING)
