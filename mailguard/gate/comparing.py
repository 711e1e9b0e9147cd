"""What of all that was found is known already: from the baseline, or because it was there before the change."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

from mailguard.baseline import Baseline, Problem, Unread, match, match_unread
from mailguard.changes.stored import Stored
from mailguard.gate.looking import Looked
from mailguard.gate.plan import Plan

__all__ = ["Known", "is_gone", "known_by", "matched"]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of what was found, by number."""

    problems: frozenset[int]
    unread: frozenset[int]
    """Of what was not read."""


Before = Callable[[Stored], tuple[Sequence[Problem], Sequence[Unread]]]
"""The problems of a tree from before the change, and what of it was not read."""


def known_by(plan: Plan, looked: Looked, before: Before) -> Known:
    """What is known from the baseline, else from before the change."""
    baseline = plan.baseline or Baseline()
    problems, unread = looked.problems, looked.unread
    known = frozenset(matched(plan, problems, baseline))
    known_unread = match_unread(unread, baseline.unread)
    if plan.change is None or not plan.change.olds:
        return Known(known, known_unread)
    if len(known) == len(problems) and len(known_unread) == len(unread) and not _touched(plan, looked, known):
        return Known(known, known_unread)
    if any(old.unchanged for old in plan.change.olds):
        return Known(frozenset(range(len(problems))), frozenset(range(len(unread))))
    # What was there before the change is known first. Of the baseline only that is left which is not there any more:
    # an entry for a problem that still is one makes no room for a second copy.
    found: set[int] = set()
    listed = _listed(plan, baseline)
    for old in plan.change.olds:
        problems_before, unread_before = before(old.tree)
        renamed = [old.renamed(problem) for problem in problems_before]
        found |= match(problems, renamed, same=True, became=plan.program.may_have_become).keys()
        known_unread |= match_unread(unread, [old.renamed_file(one) for one in unread_before])
        still_there = set(match(renamed, listed).values())
        listed = [problem for index, problem in enumerate(listed) if index not in still_there]
    left = [index for index in range(len(problems)) if index not in found]
    found |= {left[index] for index in match([problems[index] for index in left], listed)}
    return Known(frozenset(found), known_unread)


def matched(plan: Plan, problems: Sequence[Problem], baseline: Baseline) -> dict[int, int]:
    """Which problems the baseline knows. What git calls renamed is told by git, where there is a change to ask about."""
    if plan.change is None:
        return match(problems, baseline.problems, lambda problem: is_gone(plan, problem))
    return match(problems, _listed(plan, baseline))


def is_gone(plan: Plan, problem: Problem) -> bool:
    """Whether there is no file any more where ``problem`` was sent from: it may have been moved."""
    return problem.send.partition(":")[0] not in plan.program.modules


def _listed(plan: Plan, baseline: Baseline) -> list[Problem]:
    """The problems of the baseline, with the names that their files have now."""
    known = baseline.problems
    for old in plan.change.olds[:1] if plan.change is not None else ():
        known = [old.renamed(problem) for problem in known]
    return known


def _touched(plan: Plan, looked: Looked, known: Container[int]) -> bool:
    """Whether the change edits a line by which a known problem comes about."""
    change = plan.change
    if change is None:
        return False
    return any(change.changed(place) for index, one in enumerate(looked.places()) if index in known for place in one)
