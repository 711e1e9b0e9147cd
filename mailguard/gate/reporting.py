"""Puts a report together: the findings, every mail call, the ledger that counts them, and notices."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mailguard.baseline import Baseline
from mailguard.gate.code import CodeResult
from mailguard.gate.comparing import Known, matched
from mailguard.gate.files import BOTH
from mailguard.gate.looking import Looked, brings
from mailguard.gate.plan import Plan
from mailguard.gate.witnesses import evidence
from mailguard.ledger import PLACES
from mailguard.model.finding import Call, Finding, Ledger, Report, Skip, SkipReason, Verdict
from mailguard.tally.policies import worst_first

if TYPE_CHECKING:
    from mailguard.gate.replaying import CaptureResult

__all__ = ["report_of"]


def report_of(plan: Plan, looked: Looked, known: Known) -> Report:
    """The report on what was found."""
    skips = tuple(replace(skip, accepted=index in known.unread) for index, skip in enumerate(looked.skips))
    findings: list[Finding] = []
    calls: list[Call] = []
    ledger = Ledger()
    if looked.code is not None:
        of_code = [call for call, files in looked.code.tally.calls() if plan.touches(files)]
        found = [one for one, files in looked.code.tally.findings(known.problems) if plan.touches(files)]
        ledger = _with_code(ledger, plan, looked, looked.code, of_code, found, skips)
        calls += of_code
        findings += found
    if looked.captures is not None:
        of_captures = looked.captures.tally.calls()
        stale = evidence(plan, looked)
        ledger = _with_captures(ledger, looked.captures, of_captures, frozenset().union(*(paths for _, paths in stale)))
        calls += of_captures
        findings += looked.captures.tally.findings({index - looked.first_capture for index in known.problems})
        findings += (finding for finding, _ in stale)
    findings += (
        replace(remark, new=looked.first_remark + index not in known.problems)
        for index, (remark, _) in enumerate(looked.remarks)
    )
    notices = tuple(_notices(plan, looked, ledger))
    return Report(tuple(sorted(findings, key=worst_first)), skips, tuple(calls), ledger, notices)


def _with_code(
    ledger: Ledger,
    plan: Plan,
    looked: Looked,
    code: CodeResult,
    calls: Sequence[Call],
    findings: Iterable[Finding],
    skips: Iterable[Skip],
) -> Ledger:
    """``ledger`` with the code counted in."""
    # A file of which one place was not understood was read all the same.
    whole = [
        skip
        for skip in skips
        if skip.cause is None
        and skip.reason is not SkipReason.REMEMBERED
        and not (skip.place.line and skip.reason in PLACES)
    ]
    unread = {skip.place.path for skip in whole}
    accepted = unread - {skip.place.path for skip in whole if not skip.accepted}
    verdicts = [call.verdict for call in calls]
    new = {step.place for one in findings if one.gates for way in one.ways for step in way.steps[-1:]}
    asked = {file.path for file in plan.asked}
    return replace(
        ledger,
        calls=len(calls),
        keeps_apart=verdicts.count(Verdict.KEEPS_APART),
        staff_only=verdicts.count(Verdict.STAFF_ONLY),
        shows=verdicts.count(Verdict.SHOWS),
        shows_new=sum(call.verdict is Verdict.SHOWS and call.place in new for call in calls),
        exceptions=len(looked.exceptions.in_force(asked)),
        undecided=verdicts.count(Verdict.UNDECIDED),
        files=len(asked) + len(plan.files.skips),
        files_read=len(asked - unread),
        files_naming=len(code.naming & asked),
        files_known=len(accepted),
    )


def _with_captures(ledger: Ledger, captures: CaptureResult, calls: Sequence[Call], stale: Collection[str]) -> Ledger:
    """``ledger`` with the captures counted in; ``stale`` are those that prove less than they seem to."""

    def times(verdict: Verdict) -> int:
        return sum(call.times for call in calls if call.verdict is verdict)

    cannot_tell = sum(skip.times for skip in captures.tally.skips())
    return replace(
        ledger,
        requests=sum(call.times for call in calls) + cannot_tell,
        request_keeps_apart=times(Verdict.KEEPS_APART),
        request_staff_only=times(Verdict.STAFF_ONLY),
        request_shows=times(Verdict.SHOWS),
        request_undecided=times(Verdict.UNDECIDED),
        cannot_tell=cannot_tell,
        captures=captures.count,
        stale=len(stale),
    )


def _notices(plan: Plan, looked: Looked, ledger: Ledger) -> Iterator[str]:
    """What there is to say besides the findings."""
    yield from plan.notices
    if looked.code is not None and not plan.settings.internal_domains:
        yield from _proposal(looked.code.tally.proposed_domains())
    if plan.baseline is not None and plan.change is None and plan.tree.whole and plan.eyes == BOTH:
        yield from _against(plan.baseline, len(matched(plan, looked.problems, plan.baseline)), ledger)
    if plan.change is not None:
        asked = [file.path for file in plan.asked]
        brought = [one for one in looked.exceptions.in_force(asked) if brings(plan, one)]
        yield from plan.change.remarks(brought, looked.exceptions.waiting(asked))
    if looked.captures is not None:
        yield from looked.captures.tally.limits()
    yield from plan.watch.notices(crowded=False)


def _against(baseline: Baseline, known: int, ledger: Ledger) -> Iterator[str]:
    """What a baseline says of a run besides what is known: that it got better, or that mailguard has lost sight."""
    if ledger.calls * 2 < baseline.calls:
        yield f"Was {baseline.calls:,}, now {ledger.calls:,}: was code removed, or has mailguard lost sight of it?"
    gone = len(baseline.entries) - known
    if gone:
        words = (
            "1 known problem is gone. Take it off" if gone == 1 else f"{gone:,} known problems are gone. Take them off"
        )
        yield f"Better than the baseline: {words}: mailguard baseline --prune"


def _proposal(domains: Sequence[str]) -> Iterator[str]:
    """Asks whether domains are the project's own."""
    if domains:
        names = ", ".join(f'"{domain}"' for domain in domains)
        whose = "Is this domain your own" if len(domains) == 1 else "Are these domains your own"
        yield f"{whose}? Then its people are inside: internal-domains = [{names}] under [tool.mailguard]."
