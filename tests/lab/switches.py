# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guesses about the appliance, as named switches (`switches.yml`), checked when set."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

CATALOGUE = Path(__file__).with_name("switches.yml")


class SwitchError(ValueError):
    """A switch that does not exist, or a value that it does not take; the text says what would do."""


@dataclass(frozen=True)
class Switch:
    """One guess: its name, what it may be, what it stands for."""

    name: str
    default: str | float
    meaning: str
    fact: str
    values: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None

    @property
    def appliance(self) -> str:
        """Whose guess it is: "Expressway" or "CUCM" (and the other UC nodes)."""
        return self.fact.partition(" ")[0]

    def accept(self, value: object) -> str | float:
        """Return `value` as this switch stores it; raise `SwitchError` when it does not take it."""
        if self.values:
            # YAML reads a bare `off` as false; both mean the value named "off".
            name = {True: "on", False: "off"}[value] if isinstance(value, bool) else value
            if isinstance(name, str) and name in self.values:
                return name
            raise SwitchError(
                f"switch {self.name} is one of {', '.join(self.values)}: got {value!r}"
            )
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise SwitchError(f"switch {self.name} is a number: got {value!r}")
        if (self.least is not None and value < self.least) or (
            self.most is not None and value > self.most
        ):
            limits = f"{self.least} to {'any' if self.most is None else self.most}"
            raise SwitchError(f"switch {self.name} is a number from {limits}: got {value!r}")
        return value


def read_catalogue(text: str) -> dict[str, Switch]:
    """Return the switches described in YAML `text` by name; raise `SwitchError` for a bad entry."""
    catalogue = {}
    for name, entry in (yaml.safe_load(text) or {}).items():
        missing = {"default", "meaning", "fact"} - set(entry)
        if missing:
            raise SwitchError(f"switch {name} lacks {', '.join(sorted(missing))}")
        if ("values" in entry) == ("number" in entry):
            raise SwitchError(f"switch {name} needs either values or number")
        least, most = entry.get("number", (None, None))
        switch = Switch(
            name=name,
            default=entry["default"],
            meaning=entry["meaning"],
            fact=entry["fact"],
            values=tuple(entry.get("values", ())),
            least=least,
            most=most,
        )
        switch.accept(switch.default)
        catalogue[name] = switch
    return catalogue


@functools.cache
def catalogue() -> dict[str, Switch]:
    """Return every switch of `switches.yml` by name."""
    return read_catalogue(CATALOGUE.read_text(encoding="utf-8"))


def switches_of(appliance: str) -> dict[str, Switch]:
    """Return the switches of one appliance, "Expressway" or "CUCM", by name."""
    return {name: one for name, one in catalogue().items() if one.appliance == appliance}


class Switches(Mapping[str, "str | float"]):
    """The position of every switch. Peers may share one object: setting it then changes them all.

    >>> switches = Switches(certs_root_post="replace")
    >>> switches["certs_root_post"], switches["read_end"]
    ('replace', 'blank_line_ok')
    """

    def __init__(self, positions: Mapping[str, object] | None = None, **more: object) -> None:
        self._initial: dict[str, str | float] = {}
        self._now: dict[str, str | float] = {}
        self.set(positions or {}, **more)
        self._initial = dict(self._now)

    def set(self, positions: Mapping[str, object] | None = None, **more: object) -> None:
        """Set switches; with one unknown name or value, raise `SwitchError` and set none."""
        accepted = {}
        for name, value in {**(positions or {}), **more}.items():
            if name not in catalogue():
                raise SwitchError(f"no switch {name!r}; there are {', '.join(catalogue())}")
            accepted[name] = catalogue()[name].accept(value)
        self._now.update(accepted)

    def reset(self) -> None:
        """Return to the positions given when this object was made."""
        self._now = dict(self._initial)

    def number(self, name: str) -> float:
        """Return the position of a switch that is a number."""
        return float(self[name])

    def __getitem__(self, name: str) -> str | float:
        return self._now[name] if name in self._now else catalogue()[name].default

    def __iter__(self) -> Iterator[str]:
        return iter(catalogue())

    def __len__(self) -> int:
        return len(catalogue())
