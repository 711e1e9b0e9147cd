"""Repairs: what a codemod must declare, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from mailguard.model.finding import Finding

__all__ = ["Edit", "Fix", "Refusal", "Repair"]


@dataclass(frozen=True, slots=True)
class Edit:
    """The file as it would be after the repair."""

    text: bytes
    """The whole file; everything that the repair does not concern is as it was, byte by byte."""
    outcome: str = "The same people get the mail, one message each."
    """What the readers get afterwards, one sentence."""
    requests: str = ""
    """What becomes of the number of requests where it stays as it is, one sentence; empty where it grows."""
    remarks: tuple[str, ...] = ()
    """What else is different afterwards and a reviewer should know, one sentence each."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The mechanism is there, and an edit would not surely be right."""

    reason: str
    """Why, as a clause without a full stop: ``the result of the mail call is used``."""


Repair: TypeAlias = Callable[[bytes, Finding], Edit | Refusal | None]
"""``repair(source, finding)``: the file at ``finding.place`` with the repair; None if the code is not what this one
repairs. Never raises on source that does not parse."""


@dataclass(frozen=True, slots=True)
class Fix:
    """A codemod: how one mechanism is undone in the code."""

    name: str
    """Like the module: ``split_flag``."""
    title: str
    """What it does, as an imperative without a full stop: ``add is_multiple=True``."""
    repair: Repair
    order: int = 50
    """The smallest is tried first; those that keep the number of requests come before those that do not."""
