"""Looks at all that a run is about, once: before anything is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mailguard import discover
from mailguard.allow import MARK, Allowance, Exceptions
from mailguard.baseline import Problem, Unread, unread_of
from mailguard.config import NEXT_CHANGE
from mailguard.filenames import module_of
from mailguard.gate.code import CodeResult, look_at_code
from mailguard.gate.files import CAPTURES, CODE
from mailguard.gate.plan import Plan
from mailguard.ledger import PLACES
from mailguard.model.finding import Finding, Skip
from mailguard.model.place import Comment, Place
from mailguard.redact import foreign
from mailguard.senders import CONTRADICTED

if TYPE_CHECKING:
    from mailguard.gate.replaying import CaptureResult

__all__ = ["Looked", "brings", "look"]


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found, before anything is known of it.

    A *problem* is what closes the gate unless it is known. Problems are numbered: first those of the code, then those of
    captures, then those of exceptions and declarations.
    """

    code: CodeResult | None
    captures: CaptureResult | None
    skips: tuple[Skip, ...]
    exceptions: Exceptions
    remarks: tuple[tuple[Finding, str], ...]
    """What is wrong with exceptions and declarations, with the function; those that close the gate first."""
    problems: tuple[Problem, ...]
    first_capture: int
    """The number of the first problem of a capture."""
    first_remark: int
    """The number of the first problem of an exception."""

    @property
    def unread(self) -> list[Unread]:
        """What was not read, without lines."""
        return [unread_of(skip) for skip in self.skips]

    def places(self) -> list[tuple[Place, ...]]:
        """The places where each of the problems is told."""
        places = self.code.tally.places() if self.code is not None else []
        if self.captures is not None:
            places += [(one.place,) for one in self.captures.tally.findings() if one.gates]
        return places + [(one.place,) for one, _ in self.remarks if one.gates]


def look(plan: Plan) -> Looked:
    """Look at the code, the captures and the exceptions of a run."""
    waits = plan.change is not None and plan.settings.exceptions == NEXT_CHANGE
    causes = {rule.id: rule.cause.value for rule in plan.rules}
    exceptions = Exceptions(
        plan.program.comments, plan.today, causes, (lambda one: brings(plan, one)) if waits else lambda _: False
    )
    code = look_at_code(plan, exceptions) if CODE in plan.eyes and plan.asked else None
    captures = None
    if CAPTURES in plan.eyes:
        from mailguard.gate.replaying import look_at_captures  # noqa: PLC0415  # a scan of code has no use for what it loads

        captures = look_at_captures(plan)
    read = plan.files.skips + (code.skips if code is not None else ())
    skips = read + (captures.skips if captures is not None else ())
    remarks: list[tuple[Finding, str]] = []
    if code is not None:
        remarks += _about_exceptions(plan, exceptions, skips) if plan.allow else ()
        remarks += (
            (finding, symbol)
            for finding, symbol in code.contradicted
            if plan.tree.asks_for(finding.place.path) and CONTRADICTED.rule not in plan.settings.ignore
        )
    # Those that close nothing come last, so that a problem's number tells its remark.
    remarks.sort(key=lambda remark: not remark[0].gates)
    of_code = code.tally.problems(plan.program.line) if code is not None else []
    of_captures = captures.tally.problems() if captures is not None else []
    problems = (*of_code, *of_captures, *_problems_of(plan, remarks))
    first_remark = len(of_code) + len(of_captures)
    return Looked(code, captures, skips, exceptions, tuple(remarks), problems, len(of_code), first_remark)


def _about_exceptions(plan: Plan, exceptions: Exceptions, skips: Iterable[Skip]) -> Iterator[tuple[Finding, str]]:
    """What is wrong with the exceptions of what was asked for and read."""
    not_read = {skip.place.path for skip in skips if not (skip.place.line and skip.reason in PLACES)}
    for finding, symbol in exceptions.findings(file.path for file in plan.asked if file.path not in not_read):
        path = finding.place.path
        if finding.rule not in plan.settings.ignore + tuple(plan.policies.ignored((path,))):
            noted = "" if plan.settings.tests or not discover.is_test_code(path) else "test code"
            yield replace(finding, noted=noted), symbol


def _problems_of(plan: Plan, remarks: Iterable[tuple[Finding, str]]) -> Iterator[Problem]:
    for finding, symbol in remarks:
        if finding.gates:
            where = f"{foreign(module_of(finding.place.path))}:{foreign(symbol) or '<module>'}"
            words = (plan.program.line(finding.place),)
            yield Problem(finding.rule, where, "", finding.certainty, finding.count, words=words)


def brings(plan: Plan, one: Allowance) -> bool:
    """Whether the change brings an exception: there are more like it in its function than there were."""
    before = plan.change.before(one.path) if plan.change is not None else None
    if before is None or MARK not in before:
        return True
    from mailguard.source.comments import comments  # noqa: PLC0415  # loads libcst

    def like(found: Iterable[Comment]) -> int:
        return sum((each.text, each.symbol) == (one.comment.text, one.comment.symbol) for each in found)

    return like(plan.program.comments(one.path)) > like(comments(one.path, before))
