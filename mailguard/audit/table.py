"""The table of an audit, and its totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from mailguard import __version__
from mailguard.ledger import PLACES
from mailguard.model.finding import Call, Certainty, Ledger, Severity, Skip, Verdict
from mailguard.model.place import Place
from mailguard.model.value import ORIGIN_OF, Origin, Step, StepKind, Trail
from mailguard.wording import is_request

PYTHON: Final = "Python"
"""The language of files that are excluded; those of other languages are in ``elsewhere``."""
ORDER: Final = (Verdict.SHOWS, Verdict.UNDECIDED, Verdict.KEEPS_APART, Verdict.STAFF_ONLY)
"""The verdicts about a mail call, in the order in which they are told."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that a mail call breaks, or may break."""

    rule: str
    title: str
    certainty: Certainty
    severity: Severity
    place: Place
    """Where the recipients enter the message."""
    change: str
    noted: str
    """Why it does not close the gate although it is so; empty if it does."""
    new: bool
    """False where the baseline knows it."""

    @property
    def counts(self) -> bool:
        """Whether it is so and nobody has decided otherwise; known ones count."""
        return self.certainty >= Certainty.LIKELY and self.severity >= Severity.WARNING and not self.noted


@dataclass(frozen=True, slots=True)
class Row:
    """One mail call, or one group of equal requests of a capture."""

    call: Call
    api: str
    """What it sends with, for people: ``Django``, ``smtplib``, ``SendGrid``."""
    owners: tuple[str, ...] = ()
    """As ``CODEOWNERS`` writes them: handles, and addresses, which are never printed."""
    broken: tuple[Broken, ...] = ()
    """Worst first."""

    @property
    def verdict(self) -> Verdict:
        """What was established."""
        return self.call.verdict

    @property
    def folder(self) -> str:
        """The folder of the code; ``.`` for the root."""
        return self.call.place.path.rpartition("/")[0] or "."

    @property
    def source(self) -> Step | None:
        """The step that says where the recipients come from."""
        return next((step for step in self.call.way if step.kind in ORIGIN_OF), None)

    @property
    def all_ways(self) -> tuple[Trail, ...]:
        """Every way by which people come into it, the worst first."""
        return (self.call.way, *(way for _, way in self.call.others))

    @property
    def besides(self) -> bool:
        """Whether a rule is broken although no outside reader sees another."""
        return self.verdict is not Verdict.SHOWS and any(one.counts for one in self.broken)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was decided about it, and what it is: ``test code``, ``known``, ``allowed: ...``."""
        words = ["test code"] if self.call.test_code else []
        words += [one.noted for one in self.broken]
        if any(not one.new for one in self.broken):
            words.append("known")
        return tuple(dict.fromkeys(word for word in words if word))

    @property
    def open_point(self) -> str:
        """Why it is undecided, in a few words; empty if it is not."""
        if self.verdict is not Verdict.UNDECIDED:
            return ""
        if self.call.because.startswith("Undecided: "):
            return self.call.because.removeprefix("Undecided: ")
        source = self.source
        match source.kind if source is not None else None:
            case StepKind.PARAMETER:
                return "who calls them is outside this repository"
            case StepKind.UNRESOLVED:
                return "the list comes from code outside this repository"
            case _:
                return "how many people these are is not in the code"


@dataclass(frozen=True, slots=True)
class Named:
    """A file whose code is not read, and which names a mail API."""

    path: str
    language: str
    apis: tuple[str, ...]
    excluded: bool = False
    """Whether the settings exclude it."""
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision that people may see each other: an exception beside the code, or a declared audience."""

    kind: str
    """``exception`` or ``audience``."""
    what: str
    """The rules that it allows; the name of the audience."""
    place: Place
    """The comment; empty for an audience."""
    at: str
    """What an audience is declared for; empty for an exception."""
    reason: str
    until: str = ""
    """The last day on which it counts; empty if it has no end."""
    at_most: int | None = None

    @property
    def where(self) -> str:
        """Where it counts."""
        return self.at or str(self.place)


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit that is checked out."""

    name: str = ""
    """Its full name; empty where there is no repository, or no commit yet."""
    day: date | None = None
    changed: int = 0
    """Python files that are not as they are in the commit."""


@dataclass(frozen=True, slots=True)
class Total:
    """How many mail calls of each verdict there are: of one API, or in one folder."""

    name: str
    counts: Mapping[Verdict, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Audit:
    """All that an audit shows. Everything is in order of places."""

    rows: tuple[Row, ...] = ()
    """The mail calls of the code."""
    requests: tuple[Row, ...] = ()
    """The recorded requests that belong to the project, equal ones together."""
    skips: tuple[Skip, ...] = ()
    elsewhere: tuple[Named, ...] = ()
    unexplained: tuple[Named, ...] = ()
    """Python files that were read and name a mail API, and in which no mail call was found; test code is left out."""
    excluded: int = 0
    """Python files that the settings exclude, whatever they name."""
    too_large: int = 0
    """Files in other languages that are too large to be searched."""
    decisions: tuple[Decision, ...] = ()
    others: tuple[Broken, ...] = ()
    """What is wrong with exceptions: ended, without a reason, of no use."""
    ledger: Ledger = field(default_factory=Ledger)
    commit: Commit = Commit()
    part: tuple[str, ...] = ()
    """What was named, where that is not all of the tree."""
    owners_file: str = ""
    """Where ``CODEOWNERS`` lies; empty where there is none."""
    owners_problem: str = ""
    policy: str = ""
    """A digest of the settings and rules in force."""
    baseline: bool = False
    notices: tuple[str, ...] = ()
    version: str = __version__

    @property
    def exit_code(self) -> int:
        """0, or 3 where something that may matter was not read. An audit closes no gate."""
        return 3 if any(not skip.accepted for skip in self.skips) else 0

    def count(self, verdict: Verdict) -> int:
        """How many mail calls have this verdict."""
        return sum(row.verdict is verdict for row in self.rows)

    def by_api(self) -> tuple[Total, ...]:
        """Totals for each API, the largest first."""
        return _totals(self.rows, lambda row: row.api)

    def by_folder(self) -> tuple[Total, ...]:
        """Totals for each folder, in order."""
        return tuple(sorted(_totals(self.rows, lambda row: row.folder), key=lambda total: total.name))

    def by_language(self) -> tuple[tuple[str, int], ...]:
        """How many files of each other language name a mail API, the most first. Nobody reads them, excluded or not."""
        found = Counter(one.language for one in self.elsewhere if one.language != PYTHON)
        return tuple(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def open_points(self) -> tuple[tuple[str, int], ...]:
        """Why calls are undecided, the most frequent first."""
        found = Counter(point for row in self.rows if (point := row.open_point))
        return tuple(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def unread_files(self) -> tuple[tuple[str, int], ...]:
        """How many Python files were not read, for each reason."""
        files: dict[str, tuple[str, int]] = {}
        for skip in self.skips:
            if not is_request(skip) and not is_place(skip):
                # Several places of one file are one file; what is not checked out is one entry for all of its files.
                files.setdefault(skip.place.path, (skip.reason.value, skip.times))
        found: Counter[str] = Counter()
        for reason, times in files.values():
            found[reason] += times
        return tuple(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def unread_places(self) -> int:
        """How many places of files that were read were not understood."""
        return sum(skip.times for skip in self.skips if is_place(skip))

    def unread_requests(self) -> int:
        """How many recorded requests could not be told."""
        return sum(skip.times for skip in self.skips if is_request(skip))


def is_place(skip: Skip) -> bool:
    """Whether a skip is of a place in a file that was read."""
    return not is_request(skip) and bool(skip.place.line) and skip.reason in PLACES


def _totals(rows: Iterable[Row], name: Callable[[Row], str]) -> tuple[Total, ...]:
    found: dict[str, Counter[Verdict]] = {}
    for row in rows:
        found.setdefault(name(row), Counter())[row.verdict] += 1
    totals = (Total(key, {verdict: counts[verdict] for verdict in ORDER}) for key, counts in found.items())
    return tuple(sorted(totals, key=lambda total: (-total.total, total.name.casefold(), total.name)))


def origin_words(row: Row) -> str:
    """Where the recipients come from, as it is told: ``read from the database``; empty for a recorded request."""
    if row.source is not None:
        return row.source.kind.value
    match row.call.origin:
        case Origin.CONFIGURED:
            return StepKind.CONFIGURED.value
        case Origin.WRITTEN:
            return StepKind.WRITTEN.value
        case Origin.GIVEN | Origin.QUERIED | Origin.UNKNOWN:
            return "not known"
        case None:
            return ""


def way_of_row(row: Row) -> Trail:
    """The way of the recipients without the send, which is the row itself."""
    return tuple(step for step in row.call.way if step.kind is not StepKind.SENT)
