"""For each mail API how everybody is shown to everybody, and how each person gets a message of their own.

The first is the leak that the drill plants (``drill_data``), the second lies beside it (``explain_data``), below the name of the
rule that the first one breaks. Both are Python in which ``people`` is a list of addresses; tests scan both.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files as package_files

__all__ = ["Sample", "names_for", "samples"]


@dataclass(frozen=True, slots=True)
class Sample:
    """The two ways of one mail API."""

    rule: str
    """The rule that the bad one breaks."""
    bad: str
    good: str


@functools.cache
def samples() -> Mapping[str, Sample]:
    """The samples by the names of the providers."""
    found = {}
    for file in sorted(package_files("mailguard").joinpath("explain_data").iterdir(), key=lambda file: file.name):
        name, _, ending = file.name.rpartition(".")
        leak = package_files("mailguard").joinpath(f"drill_data/{file.name}")
        if ending == "txt" and leak.is_file():
            rule, _, good = file.read_text("utf-8").partition("\n")
            found[name] = Sample(rule.strip(), leak.read_text("utf-8"), good)
    return found


def names_for(rule: str) -> tuple[str, ...]:
    """The mail APIs whose plainest leak is the one that a rule speaks of, in order."""
    return tuple(name for name, sample in samples().items() if sample.rule == rule)
