"""A run: looks once, and answers from what it saw."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from mailguard import capture, discover
from mailguard.addresses.compare import compare_key, is_inside
from mailguard.affected import Affected
from mailguard.allow import Allowance
from mailguard.baseline import Problem, Unread
from mailguard.baseline import load as load_baseline
from mailguard.changes.change import Change
from mailguard.changes.stored import Stored
from mailguard.config import Settings
from mailguard.discover import Tree
from mailguard.gate import captures
from mailguard.gate.comparing import Known, is_gone, known_by
from mailguard.gate.files import BOTH, files_of, remarks
from mailguard.gate.looking import Looked, look
from mailguard.gate.plan import Plan, day_of
from mailguard.gate.policies import NOT_ABOUT_MESSAGES, policies_of
from mailguard.gate.reporting import report_of
from mailguard.gate.shelves import providers
from mailguard.hosts import NO_HOSTS, hosts_of
from mailguard.inspection import Inspection
from mailguard.model.finding import Report
from mailguard.model.place import Place
from mailguard.model.reporter import Options
from mailguard.rulepage import rule_text

__all__ = ["Run", "prepare"]


class Run(Plan):
    """A plan that can be carried out. ``dataclasses.replace`` makes another run, which has seen nothing yet."""

    @functools.cached_property
    def looked(self) -> Looked:
        """What there is, known or not."""
        return look(self)

    @functools.cached_property
    def _known(self) -> Known:
        return known_by(self, self.looked, self._problems_of)

    def _problems_of(self, stored: Stored) -> tuple[Sequence[Problem], Sequence[Unread]]:
        """Those of a tree from before the change, all of it, by the same rules and on the same day."""
        files = files_of(self.whole_tree, self.settings, self.eyes, stored)
        before = replace(
            self, tree=self.whole_tree, files=files, as_of=self.today(), baseline=None, change=None, notices=()
        )
        return before.problems()

    def report(self) -> Report:
        """Look, and say what was found."""
        return report_of(self, self.looked, self._known)

    def problems(self) -> tuple[Sequence[Problem], Sequence[Unread]]:
        """What closes the gate unless it is known, and what was not read, without lines and people."""
        return self.looked.problems, self.looked.unread

    def new_problems(self) -> list[tuple[Problem, tuple[Place, ...]]]:
        """What closes the gate and is not known yet, each with the places where it is told."""
        both = zip(self.looked.problems, self.looked.places(), strict=True)
        return [(problem, where) for index, (problem, where) in enumerate(both) if index not in self._known.problems]

    def is_gone(self, problem: Problem) -> bool:
        """Whether there is no file any more where ``problem`` was sent from: it may have been moved."""
        return is_gone(self, problem)

    def exceptions_in_force(self) -> list[Allowance]:
        """The exceptions beside the code that was asked for which allow something, in order."""
        return self.looked.exceptions.in_force(file.path for file in self.asked)

    def proposed_domains(self) -> tuple[str, ...]:
        """Domains of the code that may be the project's own: mail shows people of one of them only."""
        return self.looked.code.tally.proposed_domains() if self.looked.code is not None else ()

    def capture_files(self) -> Iterator[captures.CaptureFile]:
        """The captures among the files, told by their content."""
        return captures.capture_files(self)

    def inspections(self) -> Iterator[Inspection]:
        """What is in each request of the captures; requests that are no mail are passed over."""
        return captures.inspections(self)

    def affected(self) -> Affected:
        """What the captures showed to whom: the numbers for a notification."""
        return captures.affected(self)

    def options(self, **shown: Any) -> Options:
        """Options for a reporter: what is asked for, and what it needs of this run."""
        inside = self.policies.policy.inside
        return Options(
            code_lines=self.program.code_lines,
            is_inside=lambda person: is_inside(person, inside),
            compare_key=compare_key,
            rules=lambda: (*map(rule_text, self.rules), *NOT_ABOUT_MESSAGES),
            **shown,
        )


def prepare(
    paths: Sequence[str],
    tree: Tree,
    settings: Settings,
    *,
    eyes: frozenset[str] = BOTH,
    here: Path | None = None,
    as_of: date | None = None,
    change: Change | None = None,
    allow: bool = True,
) -> Run:
    """Find the files and read the rules.

    ``paths`` are what was named, relative to ``here``; ``change`` is what the run is about, where it is about a change;
    ``allow`` says whether exceptions beside the code count. Raises ``BaselineError`` for a baseline that cannot be used,
    ``SettingsError`` and ``RulesError`` for wrong settings, ``NothingToCheck`` for a named path that holds neither code
    nor a capture.
    """
    if as_of is None and settings.audience_ends:
        as_of = day_of(tree, change)
    policies, rules, notices = policies_of(settings, tree, as_of)
    files = files_of(tree, settings, eyes, change.now if change is not None else None)
    notices += remarks(tree, files, settings, eyes)
    baseline = change.baseline if change is not None else load_baseline(tree.root)
    hosts = hosts_of(settings, providers().values()) if settings.hosts else NO_HOSTS
    discover.check_found(tree, files, paths, here or Path.cwd(), _is_capture)
    return Run(
        tree, settings, files, policies, rules, eyes, tuple(notices), as_of, baseline, change, allow=allow, hosts=hosts
    )


def _is_capture(file: discover.File) -> bool:
    """Whether a file is a capture, or what is left of one."""
    return capture.detect(file.real) is not None or captures.unknown(file.real) is not None
