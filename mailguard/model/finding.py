"""Findings, skips and the report: what is handed to the reporters."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from typing import Final

from mailguard.model.count import ZERO, Count
from mailguard.model.message import Message, Reason
from mailguard.model.place import Place
from mailguard.model.value import Origin, Step, StepKind, Trail

__all__ = [
    "IN_CODE",
    "Call",
    "Certainty",
    "Finding",
    "Ledger",
    "Report",
    "Severity",
    "Skip",
    "SkipReason",
    "Verdict",
    "Way",
    "entry_of",
    "without_people",
]


class Severity(enum.IntEnum):
    """How bad it is if it is so. Ordered."""

    NOTE = 1
    WARNING = 2
    ERROR = 3


class Certainty(enum.IntEnum):
    """How sure it is that it is so. Ordered; ``CERTAIN`` and ``LIKELY`` close the gate."""

    UNDECIDED = 1
    """Only the upper bound breaks the rule: an open parameter, an unresolved value from outside."""
    LIKELY = 2
    """The plain reading breaks the rule: the code itself shows many."""
    CERTAIN = 3
    """Every run of this way breaks the rule, or a capture did."""


class Verdict(enum.Enum):
    """What was established about one mail call or one recorded request."""

    KEEPS_APART = "keeps readers apart"
    STAFF_ONLY = "writes to staff only"
    SHOWS = "shows people to each other"
    UNDECIDED = "undecided"
    CANNOT_TELL = "cannot tell"


IN_CODE: Final = "an address in the code"
"""How somebody is told who is written in the code as an address, which is not printed."""


def entry_of(trail: Trail) -> Step | None:
    """The step at which people enter a message, which is what a maintainer has to change; None where no step tells.

    That is the header write, argument or add call that shows them, the first one: a header that was written is shown
    again by the call that sends it. Where only a dictionary is handed over it is the field that says for whom it is, of
    fields within fields the last one (``to`` in ``personalizations``), and not what holds the whole message around it.
    """
    stored: Step | None = None
    named: Step | None = None
    for step in trail:
        if step.kind is StepKind.SHOWN:
            return step
        if step.kind is StepKind.STORED:
            stored = step
            if _READERS.fullmatch(step.detail):
                named = step
    return named or stored


_READERS: Final = re.compile(
    r"(?:.*[_:.-]|.*[a-z](?=[A-Z]))?(?:[Tt]o(?:addrs)?|TO|[Bb]?[Cc]c|B?CC|[Rr]ecipients?|[Aa]ddresses|[Dd]estinations?)(?:[_A-Z-].*)?"
)
"""Names of the fields of a request that say for whom it is."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way by which people come into a message: from where the list comes from to the send."""

    steps: Trail
    """In order; the last one is the send."""
    certainty: Certainty
    identity: str
    """Stable name of the way: no line, no path of a person, no address. What is known and what is new go by it."""
    count: Count
    """The measure of the rule on this way."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that is broken, at one place, with the ways that break it."""

    rule: str
    """The rule's id: ``visible-external-recipients``."""
    title: str
    """The first line everywhere, with its number filled in."""
    severity: Severity
    certainty: Certainty
    """That of its worst way."""
    place: Place
    """Where the recipients enter the message: header write, argument, add call; the record of a capture."""
    send: Place
    """The mail call; the record for a capture."""
    ways: tuple[Way, ...]
    """Worst first; never empty for code, empty for a capture."""
    api: str
    """The library call (``sendgrid.Mail``) or the provider and its operation."""
    provider: str
    """The provider's name; ``smtp`` for plain mail."""
    symbol: str
    """The function in which the recipients enter; empty for a capture."""
    change: str
    """What to change, one sentence, as an imperative without a full stop."""
    why: str
    """What a reader of the mail would see, one sentence."""
    caption: str
    """The words under the caret: ``one message with everybody in To``."""
    count: Count
    """The measure on the worst way."""
    message: Message | None = None
    """The message that breaks the rule; read by ``inspect`` and by redaction, never printed as it is."""
    noted: str = ""
    """Why it does not close the gate although it is so: ``test code``, ``audience account-admins``; empty if it does."""
    times: int = 1
    """How many requests of a capture are like this; the first is at ``place``."""
    new: bool = True
    """False where a baseline knows it."""
    fixable: bool = True
    """Whether ``mailguard fix`` can write the change; never for a capture."""
    line: str = ""
    """The line of the message in which the people stand: ``To``, ``Cc``, ``Bcc``, ``Reply-To``; where else a reader
    finds them: ``the text``."""
    named: tuple[tuple[str, str], ...] = ()
    """Where the code names the people one by one: the expression of each and the line in which it stands, first the one
    whose way is told. It is empty where nothing names that person, and :data:`IN_CODE` where the address itself stands
    there; all is empty for a list, and for a capture."""
    exception: bool = False
    """Whether it is about an exception that is written beside the code, or about a capture as evidence; then there are no
    people and no ways."""
    blocks: bool = True
    """False for what is told and never closes the gate by itself: a capture that proves less than it seems to."""

    @property
    def gates(self) -> bool:
        """Whether it closes the gate, by itself."""
        return (
            self.blocks
            and self.new
            and not self.noted
            and self.severity >= Severity.WARNING
            and self.certainty >= Certainty.LIKELY
        )


def without_people(
    rule: str,
    severity: Severity,
    place: Place,
    title: str,
    *,
    why: str,
    change: str,
    api: str = "",
    symbol: str = "",
    blocks: bool = True,
) -> Finding:
    """A finding about what is declared, or about a capture as evidence: certain, and without people, ways and a repair."""
    return Finding(
        rule=rule,
        title=title,
        severity=severity,
        certainty=Certainty.CERTAIN,
        place=place,
        send=place,
        ways=(),
        api=api,
        provider="",
        symbol=symbol,
        change=change,
        why=why,
        caption="",
        count=ZERO,
        fixable=False,
        exception=True,
        blocks=blocks,
    )


class SkipReason(enum.Enum):
    """Why something that may matter was not read; the value is the phrase that is printed."""

    SYNTAX = "not valid Python"
    PYTHON_2 = "Python 2"
    ENCODING = "not text in the encoding that it declares"
    TOO_LARGE = "larger than the limit"
    UNREADABLE = "cannot be opened"
    BUDGET = "took more steps than the limit"
    DEPTH = "nested deeper than the limit"
    INTERNAL = "mailguard failed on it"
    REMEMBERED = "not compared in full"
    CANNOT_TELL = "cannot tell"
    NOT_UNDERSTOOD = "given up by the analysis"


IN_LFS: Final = "kept in Git LFS, and not fetched (git lfs pull)"
NOT_CHECKED_OUT: Final = "a submodule that is not checked out (git submodule update --init)"
"""Details of what cannot be opened."""


@dataclass(frozen=True, slots=True)
class Skip:
    """Something that may matter and was not read. A value, never an exception."""

    reason: SkipReason
    place: Place
    detail: str = ""
    """What exactly, without any content of the file."""
    cause: Reason | None = None
    """For a request of a capture: why it cannot be told."""
    provider: str = ""
    operation: str = ""
    times: int = 1
    """How many records are like this; the first is at ``place``."""
    accepted: bool = False
    """True where the baseline knows it."""


@dataclass(frozen=True, slots=True)
class Call:
    """One mail call of the code, or one group of equal requests of a capture: a line of the inventory."""

    place: Place
    api: str
    provider: str
    verdict: Verdict
    symbol: str = ""
    reads: tuple[tuple[str, str, Place], ...] = ()
    """What was read for the verdict: field, what it holds (redacted words), where it is written."""
    because: str = ""
    """What follows, one sentence."""
    unless: str = ""
    """What would change the verdict."""
    times: int = 1
    certainty: Certainty | None = None
    """How sure it is that people are shown to each other; None where nothing says that they are."""
    origin: Origin | None = None
    """Where its recipients come from: those that matter most, as in ``way``; None for a capture, and where nothing tells."""
    way: Trail = ()
    """The way of these recipients on the worst way of the call, as in :class:`Way`; empty for a capture."""
    others: tuple[tuple[Verdict, Trail], ...] = ()
    """The other ways by which people come into it, worst first, and what each of them comes to."""
    test_code: bool = False
    """Whether all its ways belong to test code."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was decided, what was not, what was not read. The parts add up."""

    calls: int = 0
    """Mail calls in the code."""
    requests: int = 0
    """Requests in captures."""
    keeps_apart: int = 0
    staff_only: int = 0
    shows: int = 0
    shows_new: int = 0
    exceptions: int = 0
    """Exceptions beside the code that allow something."""
    undecided: int = 0
    cannot_tell: int = 0
    request_keeps_apart: int = 0
    request_staff_only: int = 0
    request_shows: int = 0
    request_undecided: int = 0
    files: int = 0
    """Python files that were considered."""
    files_read: int = 0
    """Those of them that were read, or that need not be."""
    files_known: int = 0
    """Not read, and accepted in the baseline."""
    files_naming: int = 0
    """Those of them that hold the name of a mail library."""
    captures: int = 0
    """Capture files."""
    stale: int = 0
    """Those of them that prove less than they seem to: replayed whatever the body is, or older than the code."""


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a run."""

    findings: tuple[Finding, ...] = ()
    """Worst first."""
    skips: tuple[Skip, ...] = ()
    calls: tuple[Call, ...] = ()
    """The inventory: every mail call, good or bad."""
    ledger: Ledger = field(default_factory=Ledger)
    notices: tuple[str, ...] = ()
    """One-line remarks about the run itself: proposed inside domains, a loosened policy."""

    @property
    def exit_code(self) -> int:
        """0 nothing at or above the gate, 1 a finding that closes it, 3 something that may matter was not read."""
        if any(finding.gates for finding in self.findings):
            return 1
        return 3 if any(not skip.accepted for skip in self.skips) else 0
