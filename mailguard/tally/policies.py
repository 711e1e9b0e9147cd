"""What is judged where: the policy of a run, audiences, what is ignored in which files."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mailguard.globs import Globs
from mailguard.model.finding import Certainty, Finding, Severity, Verdict, entry_of
from mailguard.model.message import Message
from mailguard.model.place import Place
from mailguard.model.value import Trail
from mailguard.rulebook.judging import Judgement, judge
from mailguard.rulebook.policies import Audience, Policy

WORST: Final = (
    Verdict.SHOWS,
    Verdict.CANNOT_TELL,
    Verdict.UNDECIDED,
    Verdict.KEEPS_APART,
    Verdict.STAFF_ONLY,
)
"""The verdicts, worst first: a mail call is as bad as the worst of its ways.

One that writes to a customer on one way and to staff on another keeps readers apart; it does not write to staff only."""


def entering(trail: Trail, send: Place) -> Place:
    """Where people enter a message, as :func:`entry_of` has it; else the mail call itself."""
    step = entry_of(trail)
    return step.place if step else send


@dataclass(frozen=True, slots=True)
class Policies:
    """The policy of a run, and what of it counts where."""

    policy: Policy
    """With the rules that the settings choose."""
    whole: Policy
    """With all rules that are on by default: what a message does is said, also where nobody wants a finding of it."""
    path_ignores: tuple[tuple[Globs, frozenset[str]], ...] = ()
    gate: Severity = Severity.WARNING
    """The least severity that closes the gate."""
    tests: bool = False
    """Whether test code closes it."""

    def ignored(self, paths: Iterable[str]) -> frozenset[str]:
        """The rules that do not count at any of ``paths``."""
        found: frozenset[str] = frozenset()
        for path in paths:
            for globs, rules in self.path_ignores:
                if globs.match(path):
                    found |= rules
        return found

    def judge(
        self,
        message: Message,
        cap: Certainty,
        audience: Audience | None,
        paths_of: Callable[[Judgement], Sequence[str]],
    ) -> tuple[Judgement, ...]:
        """What ``message`` breaks. A rule that is ignored where it speaks hands the message to the next one."""
        silent: frozenset[str] = frozenset()
        while True:
            judgements = judge(message, _without(self.policy, silent), cap=cap, audience=audience)
            more = {one.rule.id for one in judgements if one.rule.id in self.ignored(paths_of(one))}
            if not more:
                return judgements
            silent |= more

    def noted(self, judgement: Judgement, *, test_code: bool = False) -> str:
        """Why a judgement does not close the gate although it is so; empty if it does."""
        if judgement.noted:
            return judgement.noted
        if test_code and not self.tests:
            return "test code"
        if Severity.WARNING <= judgement.severity < self.gate:
            return f"below the gate, which is {self.gate.name.lower()}"
        return ""


@functools.lru_cache(maxsize=256)
def _without(policy: Policy, silent: frozenset[str]) -> Policy:
    if not silent:
        return policy
    return replace(policy, rules=tuple(rule for rule in policy.rules if rule.id not in silent))


def worst_first(finding: Finding) -> tuple[object, ...]:
    """The key by which findings are sorted."""
    return (not finding.gates, -finding.severity, -finding.certainty, finding.place, finding.rule)
