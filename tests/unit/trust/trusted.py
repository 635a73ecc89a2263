# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates that go into trust stores, and those that must not. Made once for all tests."""

from __future__ import annotations

from tests.unit.trust_plan.pki import make, server

LONG = (-300, 20000)

OLD = [make(f"Old Root {number}", valid=LONG) for number in range(3)]
NEW = [make(f"New Root {number}", valid=LONG) for number in range(2)]
ISSUING = make("New Issuing CA", NEW[0], valid=LONG)
TWIN = make("Old Root 1", key_name="another", valid=LONG)
STALE = make("Stale Root", valid=(-600, -500))
LEAF = server("cucm1.example.test", NEW[0], valid=LONG)
SELF_SIGNED_LEAF = server("cucm2.example.test", valid=LONG)
