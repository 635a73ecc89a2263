# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Diagnostic logs: what a peer says of its own, what archives are called, and what a person reads of the result."""
