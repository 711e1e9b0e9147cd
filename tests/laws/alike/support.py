"""Requests of one form that are dealt with at once come to what each of them comes to by itself: the two roads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mailguard import discover, gate
from mailguard.alike import Alike
from mailguard.config import Settings
from mailguard.gate.replaying import Look


@dataclass
class Count:
    """How many requests were dealt with at once."""

    hits: int = 0
    lines: int = 0
    """Those of them that were not parsed."""


def report(file: Path, jobs: int = 1, inside: tuple[str, ...] = ()) -> str:
    """The report of a log as JSON, with the settings that matter."""
    tree = discover.tree_of([str(file)], file.parent)
    given_settings = Settings(internal_domains=inside)
    run = gate.prepare([str(file)], tree, given_settings, eyes=frozenset({gate.CAPTURES}), here=file.parent)
    run = replace(run, jobs=jobs)
    result = run.report()
    return gate.render(result, "json", run.options()) + repr(result.ledger) + repr(result.calls) + repr(result.skips)


def both(file: Path, inside: tuple[str, ...] = ()) -> tuple[str, str]:
    """What the fast road says, and the careful one."""
    fast = report(file, 1, inside)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Look, "seen", None)
        patch.setattr(Alike, "record", lambda _, record: False)
        return fast, report(file, 1, inside)
