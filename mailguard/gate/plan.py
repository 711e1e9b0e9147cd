"""What a run is about: what to look at, and by which settings. Every room of the gate reads it, none changes it."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from datetime import date

from mailguard import git
from mailguard.baseline import Baseline
from mailguard.changes.change import Change
from mailguard.config import Settings
from mailguard.discover import File, Files, Tree
from mailguard.gate.files import BOTH, CODE, files_of
from mailguard.gate.program import Program
from mailguard.hosts import NO_HOSTS, Hosts
from mailguard.rulebook.rules import Rule
from mailguard.tally.policies import Policies
from mailguard.watch import Watch

__all__ = ["Plan", "day_of"]


@dataclass(frozen=True)
class Plan:
    """What to look at, and by which settings."""

    tree: Tree
    settings: Settings
    files: Files
    policies: Policies
    rules: tuple[Rule, ...]
    eyes: frozenset[str] = BOTH
    notices: tuple[str, ...] = ()
    as_of: date | None = None
    baseline: Baseline | None = None
    """What is known, as far as it counts for this run."""
    change: Change | None = None
    """The change under review; what was there before it is known."""
    allow: bool = True
    """Whether exceptions beside the code count."""
    hosts: Hosts = NO_HOSTS
    """Hosts of the settings that stand for a mail service."""
    jobs: int | None = 1
    """How many processes look at the code, or read a large capture. None: as many as pay, which for a capture is one."""
    watch: Watch = field(default_factory=Watch, compare=False)
    """Progress, and whether a sample is enough."""

    @functools.cached_property
    def program(self) -> Program:
        """The Python files."""
        return Program(self.files.python)

    @functools.cached_property
    def asked(self) -> tuple[File, ...]:
        """The Python files that were asked for."""
        return tuple(file for file in self.files.python if self.tree.asks_for(file.path))

    @property
    def whole_tree(self) -> Tree:
        """The tree as if nothing of it had been named."""
        return replace(self.tree, named=(), stdin=False)

    def touches(self, files: frozenset[str]) -> bool:
        """Whether a way goes through what was asked for: a caller elsewhere can make a call unsafe."""
        return self.tree.whole or any(self.tree.asks_for(path) for path in files)

    def today(self) -> date | None:
        """The day that end dates are compared with: as asked, else that of the commit; None if nothing tells."""
        return self.as_of or day_of(self.tree, self.change)

    def all_python(self) -> tuple[File, ...]:
        """All Python files of the tree, also where only captures are looked at; without a project those of its folder."""
        if CODE in self.eyes:
            return self.files.python
        if not self.tree.project:
            return tuple(File(one.name, str(one)) for one in sorted(self.tree.root.glob("*.py")) if one.is_file())
        return files_of(self.whole_tree, self.settings, frozenset({CODE}), None).python


def day_of(tree: Tree, change: Change | None) -> date | None:
    """The day of the commit that is checked out; for a change not before that of what it is compared with."""
    days = (git.commit_date(tree.root), change.day if change is not None else None)
    return max((day for day in days if day is not None), default=None)
