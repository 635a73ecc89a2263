# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every reader of an appliance's answers raises."""

from __future__ import annotations


class UnexpectedAnswer(ValueError):
    """The appliance answered, but not with what this was asked for."""


class ForeignAnswer(UnexpectedAnswer):
    """An answer not even of the kind that was asked for, as something else than the appliance would give it."""
