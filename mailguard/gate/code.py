"""The code of a run: every mail call of it, and who is shown to whom there."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

from mailguard import discover
from mailguard.allow import Exceptions
from mailguard.gate.callers import open_to_callers
from mailguard.gate.claims import claimed, messages_in
from mailguard.gate.plan import Plan
from mailguard.gate.shelves import libraries
from mailguard.model.finding import Finding, Skip
from mailguard.model.message import CannotTell, Decoded, Reason, Undecided
from mailguard.model.place import Place
from mailguard.model.provider import Library
from mailguard.senders import contradiction, library_of
from mailguard.tally.code import CodeTally

__all__ = ["CodeResult", "look_at_code"]


@dataclass(frozen=True, slots=True)
class CodeResult:
    """What the code of a run came to."""

    tally: CodeTally
    skips: tuple[Skip, ...]
    """What was not read, of what was asked for."""
    contradicted: tuple[tuple[Finding, str], ...]
    """Declarations of senders that the code does not keep, each with the function of the call that says so."""
    naming: frozenset[str]
    """Files that hold the name of a mail library."""
    loud: frozenset[str]
    """Files that were looked into."""
    words: frozenset[tuple[bytes, ...]]
    """What was searched for in all files: all parts of one of them make a file matter."""


def look_at_code(plan: Plan, exceptions: Exceptions) -> CodeResult:
    """Scan all code of a run, and judge its mail calls."""
    from mailguard.source import scan as source  # noqa: PLC0415  # loads libcst

    program = plan.program
    # A file that sends to a host of the settings names it.
    known = (*libraries(), library_of(plan.settings.senders), Library(tokens=plan.hosts.tokens))
    scanned = source.scan(
        [source.SourceFile(file.path, functools.partial(program.read, file)) for file in program.files],
        known,
        functools.partial(open_to_callers, hosts=plan.hosts),
        is_test=discover.is_test_code,
        jobs=plan.jobs,
    )
    tally = CodeTally(plan.policies, program.is_test_code)
    contradicted: dict[tuple[str, Place], tuple[Finding, str]] = {}
    for dispatch in scanned.dispatches:
        claim = claimed(dispatch.exchange, None, plan.hosts)
        if claim is not None and dispatch.unsent:
            claim = replace(claim, decoded=_unsent(claim.decoded))
        if claim is not None:
            tally.add(dispatch, claim.provider, claim.decoded)
            for finding, symbol in contradiction(plan.settings.senders, dispatch, messages_in(claim.decoded)):
                contradicted.setdefault((finding.title, finding.place), (finding, symbol))
    if plan.allow:
        tally.allow(exceptions.reason)
    tally.trace(functools.cache(program.symbol_at))
    skips = tuple(skip for skip in scanned.skips if plan.tree.asks_for(skip.place.path))
    return CodeResult(tally, skips, tuple(contradicted.values()), scanned.naming, scanned.loud, scanned.words)


def _unsent(decoded: Decoded) -> Decoded:
    """What a message is that nobody was seen to send: undecided where it names somebody, else nothing."""
    if isinstance(decoded, CannotTell):
        return ()
    named = tuple(each for each in messages_in(decoded) if each.to or each.cc or each.bcc or each.transmitted_bcc)
    return Undecided(Reason.NOT_SENT, named) if named else ()
