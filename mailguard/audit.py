"""The audit: every place of a repository that can send mail, good or bad, as one table.

What every page of the audit shows is in :class:`Audit`: the mail calls with what was established about them, the
recorded requests that belong to the project, what was not read, the files in other languages that name a mail API,
the decisions that let something be. Totals and the statement are made of it, so that no page can say something else.

Nothing here comes from the clock: dates are those of commits.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any, Final

from mailguard import __version__, discover, gate, git
from mailguard.discover import PYTHON_SUFFIXES, display_path
from mailguard.elsewhere import SIZE_LIMIT, apis_named, language_of
from mailguard.globs import Globs
from mailguard.ledger import PLACES, plural
from mailguard.model.finding import Call, Certainty, Finding, Ledger, Report, Severity, Skip, Verdict
from mailguard.model.place import Place
from mailguard.model.provider import Provider
from mailguard.model.value import ORIGIN_OF, Origin, Step, StepKind, Trail
from mailguard.owners import Owners, read_owners
from mailguard.redact import foreign, number
from mailguard.wording import clean, is_request, told

__all__ = [
    "LIMITS",
    "ORDER",
    "Audit",
    "Broken",
    "Commit",
    "Decision",
    "Named",
    "Row",
    "Total",
    "audit_of",
    "statement",
]

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
            if not is_request(skip) and not _is_place(skip):
                # Several places of one file are one file; what is not checked out is one entry for all of its files.
                files.setdefault(skip.place.path, (skip.reason.value, skip.times))
        found: Counter[str] = Counter()
        for reason, times in files.values():
            found[reason] += times
        return tuple(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def unread_places(self) -> int:
        """How many places of files that were read were not understood."""
        return sum(skip.times for skip in self.skips if _is_place(skip))

    def unread_requests(self) -> int:
        """How many recorded requests could not be told."""
        return sum(skip.times for skip in self.skips if is_request(skip))


def _is_place(skip: Skip) -> bool:
    return not is_request(skip) and bool(skip.place.line) and skip.reason in PLACES


def _totals(rows: Iterable[Row], name: Callable[[Row], str]) -> tuple[Total, ...]:
    found: dict[str, Counter[Verdict]] = {}
    for row in rows:
        found.setdefault(name(row), Counter())[row.verdict] += 1
    totals = (Total(key, {verdict: counts[verdict] for verdict in ORDER}) for key, counts in found.items())
    return tuple(sorted(totals, key=lambda total: (-total.total, total.name.casefold(), total.name)))


# --------------------------------------------------------------------------------------------------
# From a run


def audit_of(run: gate.Run) -> Audit:
    """Look at everything, and put it into one table."""
    report = run.report()
    owners = _Ownership(run.tree.root)
    findings = _by_send(report.findings)
    declared = {sender.name for sender in run.settings.senders}
    # A line of the inventory that has a symbol is code; see ``model.finding.Call``.
    code = [call for call in report.calls if call.symbol]
    recorded = [call for call in report.calls if not call.symbol]
    elsewhere, excluded, too_large = _elsewhere(run, owners)
    home = owners.at(run.tree.root)
    rows = tuple(_rows(code, findings, declared, owners))
    return Audit(
        rows=rows,
        requests=tuple(_rows(recorded, _recorded(report), declared, owners)),
        skips=tuple(sorted(report.skips, key=lambda skip: (skip.place, skip.reason.name, skip.detail))),
        elsewhere=elsewhere,
        unexplained=tuple(_unexplained(run, rows, report.skips, owners)),
        excluded=excluded,
        too_large=too_large,
        decisions=tuple(_decisions(run)),
        others=tuple(sorted((_broken(one) for one in report.findings if one.exception), key=lambda one: one.place)),
        ledger=report.ledger,
        commit=_commit(run),
        part=() if run.tree.whole else tuple(sorted(_relative(name, run.tree.root) for name in run.tree.named)),
        owners_file=home.path,
        owners_problem=home.problem,
        policy=_digest(run),
        baseline=run.baseline is not None,
        notices=report.notices,
    )


def _relative(path: Path, root: Path) -> str:
    return display_path(path.relative_to(root).as_posix()) if path.is_relative_to(root) else display_path(path.name)


def _rows(
    calls: Iterable[Call], findings: Mapping[Place, Sequence[Finding]], declared: set[str], owners: _Ownership
) -> Iterator[Row]:
    for call in sorted(calls, key=lambda call: (call.place, call.api, call.because)):
        broken = sorted(
            {_broken(one) for one in findings.get(call.place, ())},
            key=lambda one: (-one.severity, -one.certainty, one.place, one.rule, one.noted, one.new),
        )
        title = call.api if call.api in declared else api_title(call.api, call.provider)
        yield Row(call, title, owners.of(call.place.path), tuple(broken))


def _broken(one: Finding) -> Broken:
    return Broken(one.rule, one.title, one.certainty, one.severity, one.place, one.change, one.noted, one.new)


def _by_send(findings: Iterable[Finding]) -> dict[Place, list[Finding]]:
    """The findings of each mail call: one finding may have ways to several of them."""
    found: dict[Place, list[Finding]] = {}
    for finding in findings:
        if finding.ways:
            sends = dict.fromkeys((finding.send, *(way.steps[-1].place for way in finding.ways if way.steps)))
            for place in sends:
                found.setdefault(place, []).append(finding)
    return found


def _recorded(report: Report) -> dict[Place, list[Finding]]:
    """The findings of the requests of captures, by the place of the first request that is like it."""
    found: dict[Place, list[Finding]] = {}
    for finding in report.findings:
        if not finding.ways and not finding.exception:
            found.setdefault(finding.send, []).append(finding)
    return found


def api_title(api: str, provider: str) -> str:
    """What people call the library or service: ``Django``, ``smtplib``, ``SendGrid``.

    ``api`` is the dotted name of the function that was called (for a capture, the service and its operation), ``provider`` the
    service that its request belongs to. What hands plain mail to a server is called by its own name.
    """
    providers = gate.providers()
    claimed = providers.get(provider)
    if provider not in gate.PLAIN_MAIL and claimed is not None:
        return claimed.title
    if " " in api:
        return claimed.title if claimed is not None else api  # a capture
    top = api.partition(".")[0]
    same = providers.get(top.replace("_", "-"))
    return same.title if same is not None and _is_one(same) else top


def _is_one(provider: Provider) -> bool:
    """Whether a provider is one library and not several of a kind."""
    return " and " not in provider.title and "," not in provider.title


@dataclass(frozen=True, slots=True)
class _Ownership:
    """Who owns what; each repository inside the tree has its own ``CODEOWNERS``."""

    root: Path
    _read: dict[Path, Owners] = field(default_factory=dict)
    _homes: dict[str, Path] = field(default_factory=dict)

    def at(self, home: Path) -> Owners:
        """What the ``CODEOWNERS`` of one repository says."""
        if home not in self._read:
            self._read[home] = read_owners(home)
        return self._read[home]

    def of(self, path: str) -> tuple[str, ...]:
        """The owners of a file; ``path`` is relative to the root of the run."""
        home = self._home(path.rpartition("/")[0])
        inside = home.relative_to(self.root).as_posix()
        return self.at(home).of(path if inside == "." else path.removeprefix(f"{inside}/"))

    def _home(self, folder: str) -> Path:
        """The repository that a folder belongs to."""
        if folder not in self._homes:
            here = self.root / folder
            if not folder or (here / ".git").exists():
                self._homes[folder] = here
            else:
                self._homes[folder] = self._home(folder.rpartition("/")[0])
        return self._homes[folder]


def _elsewhere(run: gate.Run, owners: _Ownership) -> tuple[tuple[Named, ...], int, int]:
    """Files whose code is not read and which name a mail API; how many Python files are excluded, how many too large."""
    where = discover.folder_of(run.settings.file, run.tree.root)
    found: list[Named] = []
    excluded = too_large = 0
    for file, is_excluded in discover.other_files(run.tree, Globs(run.settings.exclude, where)):
        python = is_excluded and discover.is_python(file.path, file.real)
        language = PYTHON if python else language_of(file.path)
        excluded += python
        if not language:
            continue
        try:
            # Its size may change while it is read; what was there when it was opened counts.
            large = Path(file.real).stat().st_size > SIZE_LIMIT
            data = b"" if large else file.read()
        except OSError:
            continue  # gone meanwhile, or not for us; a Python file that is not excluded gets a Skip
        too_large += large
        apis = _python_apis(data) if python else apis_named(language, data)
        if apis:
            found.append(Named(file.path, language, apis, is_excluded, owners.of(file.path)))
    return tuple(found), excluded, too_large


def _unexplained(run: gate.Run, rows: Iterable[Row], skips: Iterable[Skip], owners: _Ownership) -> Iterator[Named]:
    """Python files of the application that name a mail API although no way of a mail call goes through them.

    A call that nobody makes is one such file, a library that mailguard does not know another. What holds something that was
    not understood is told already.
    """
    told_of = {skip.place.path for skip in skips}
    for row in rows:
        told_of |= {row.call.place.path, *(step.place.path for way in row.all_ways for step in way)}
    for file in run.files.python:
        if file.path in told_of or not run.tree.asks_for(file.path) or discover.is_test_code(file.path):
            continue
        try:
            apis = apis_named(PYTHON, file.read())
        except OSError:
            continue  # a Skip says so where it matters
        if apis:
            yield Named(file.path, PYTHON, apis, owners=owners.of(file.path))


def _python_apis(data: bytes) -> tuple[str, ...]:
    """The mail APIs that Python code names, by the words by which the analysis chooses what it reads."""
    found = (
        provider.title
        for provider in gate.providers().values()
        if any(all(part.encode() in data for part in token.split(" & ")) for token in provider.library.tokens)
    )
    return tuple(sorted(found, key=str.casefold))


def _decisions(run: gate.Run) -> Iterator[Decision]:
    """The exceptions that allow something, and the audiences that are declared and have not ended."""
    for one in run.exceptions_in_force():
        yield Decision("exception", ", ".join(sorted(one.rules)), one.place, "", one.reason, one.until)
    for audience in run.policies.policy.audiences:
        end = run.settings.audience_ends.get(audience.name)
        until = end.isoformat() if end is not None else ""
        at = ", ".join(audience.at)
        yield Decision("audience", audience.name, Place(""), at, audience.reason, until, audience.at_most)


def _commit(run: gate.Run) -> Commit:
    """The commit that is checked out, and how many Python files differ from it. Nothing is asked that runs a filter."""
    root = run.tree.root
    name = git.commit(root, "HEAD") if (root / ".git").exists() else None
    entries = git.tree(root, name) if name else None
    if not name or entries is None:
        return Commit()
    stored = {display_path(entry.path): entry for entry in entries}
    others = tuple(f"{path}/" for path, entry in stored.items() if entry.mode == git.SUBMODULE)
    changed = 0
    for file in run.files.python:
        if file.path.startswith(others):
            continue
        entry = stored.get(file.path)
        try:
            changed += entry is None or not _is_same(file.read(), entry.name)
        except OSError:
            changed += 1
    present = {file.path for file in run.files.python}
    for path, entry in stored.items():
        # Taken away, and not committed yet.
        if entry.mode in git.REGULAR and path.endswith(PYTHON_SUFFIXES) and path not in present:
            changed += not (root / path).exists()
    return Commit(name, git.commit_date(root), changed)


def _is_same(data: bytes, name: str) -> bool:
    """Whether a file is the object of that name; a checkout may have turned its line ends."""
    return git.name_of(data, name) == name or git.name_of(data.replace(b"\r\n", b"\n"), name) == name


def _digest(run: gate.Run) -> str:
    """A name for the settings and rules in force: equal for what judges alike. Nothing of a person is in it."""
    settings = {name: _plain(value) for name, value in run.settings.shown()}
    rules = [
        {
            item.name: _plain(getattr(rule, item.name))
            for item in fields(rule)
            if item.name not in ("examples", "incident", "own")
        }
        for rule in sorted(run.policies.policy.rules, key=lambda rule: rule.id)
    ]
    text = json.dumps([__version__, settings, rules], sort_keys=True, ensure_ascii=True)
    # An address in a reason would make the digest a way to guess it.
    return hashlib.sha256(foreign(text).encode("ascii", "backslashreplace")).hexdigest()


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.name
        case str() | int() | float() | None:
            return value
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case set() | frozenset():
            return sorted((_plain(item) for item in value), key=repr)
        case list() | tuple():
            return [_plain(item) for item in value]
        case _ if is_dataclass(value):
            return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
        case _:
            return str(value)


# --------------------------------------------------------------------------------------------------
# The statement

LIMITS: Final = (
    "mail written by hand, campaigns sent from a provider's web pages, settings and templates kept at a provider, code that is"
    " not in this repository, and Python that builds its own code while it runs."
)
"""What no audit covers, behind "This report does not cover"."""

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def day_words(day: date) -> str:
    """``18 November 2026``, in whatever locale."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def statement(audit: Audit) -> tuple[str, str]:
    """What may be quoted: what was found, and what no audit covers. Holds no address; the digest stands in backquotes."""
    sentences = [f"{_subject(audit)} {_places(audit)}."]
    if audit.rows:
        sentences += _verdicts(audit)
    if audit.requests or audit.unread_requests():
        sentences.append(_requests(audit))
    sentences += _unread(audit)
    sentences += _decided(audit)
    sentences.append(f"Checked by mailguard {audit.version} with policy `{clean(audit.policy)[:12]}`.")
    return told(" ".join(sentences)), f"This report does not cover {LIMITS}"


def _subject(audit: Audit) -> str:
    commit = audit.commit
    what = "this repository" if commit.name else "this folder"
    if audit.part:
        named = ", ".join(clean(part) for part in audit.part[:3])
        what = f"the named part of {what} ({named}{', ...' if len(audit.part) > 3 else ''})"
    if not commit.name:
        return f"{what[0].upper()}{what[1:]}"
    when = f" ({day_words(commit.day)})" if commit.day is not None else ""
    changed = ""
    if commit.changed:
        are = "is" if commit.changed == 1 else "are"
        changed = f", with {plural(commit.changed, 'Python file')} that {are} not as committed,"
    return f"At commit {clean(commit.name)[:7]}{when}{changed} {what}"


def _places(audit: Audit) -> str:
    if not audit.rows:
        return "has no place that sends mail, as far as its code was read"
    return f"has {plural(len(audit.rows), 'place that sends mail', 'places that send mail')}"


def _verdicts(audit: Audit) -> Iterator[str]:
    apart, staff = audit.count(Verdict.KEEPS_APART), audit.count(Verdict.STAFF_ONLY)
    shows, undecided = audit.count(Verdict.SHOWS), audit.count(Verdict.UNDECIDED)
    if apart:
        yield f"In {number(apart)}, no outside reader can see another."
    if staff:
        yield f"{number(staff)} {'writes' if staff == 1 else 'write'} only to configured staff."
    if shows:
        yield f"{number(shows)} {'shows' if shows == 1 else 'show'} people to each other and {_are(shows)} listed below."
        yield from _among(audit)
    else:
        yield "None was found to show people to each other."
    if undecided:
        yield f"{number(undecided)} could not be decided from the code."
    besides = sum(row.besides for row in audit.rows)
    if besides:
        yield f"In {number(besides)} of those that were not found to, another rule is broken."
    tests = [row for row in audit.rows if row.call.test_code]
    if any(row.verdict is not Verdict.SHOWS for row in tests):
        yield f"{number(len(tests))} of all {plural(len(audit.rows), 'place')} {_are(len(tests))} test code."


def _among(audit: Audit) -> Iterator[str]:
    """What was decided about places that show people, and which of them are test code."""
    shows = [row for row in audit.rows if row.verdict is Verdict.SHOWS]
    tests = sum(row.call.test_code for row in shows)
    decided = sum(
        not row.call.test_code and bool(row.broken) and not any(one.counts for one in row.broken) for row in shows
    )
    ignored = sum(not row.call.test_code and not row.broken for row in shows)
    words = []
    if ignored:
        words.append(f"{number(ignored)} {_are(ignored)} of a rule that the settings ignore")
    if decided:
        words.append(f"{number(decided)} {_are(decided)} allowed by a decision")
    if tests:
        words.append(f"{number(tests)} {_are(tests)} test code")
    if words:
        yield f"Of these, {', '.join(words[:-1])}{' and ' if len(words) > 1 else ''}{words[-1]}."


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _requests(audit: Audit) -> str:
    total = sum(row.call.times for row in audit.requests) + audit.unread_requests()
    shows = sum(row.call.times for row in audit.requests if row.verdict is Verdict.SHOWS)
    untold = audit.unread_requests() + sum(row.call.times for row in audit.requests if row.verdict is Verdict.UNDECIDED)
    text = f"Of {plural(total, 'recorded request')}, {number(shows)} {'shows' if shows == 1 else 'show'} people to each other"
    return f"{text} and {number(untold)} could not be decided." if untold else f"{text}."


def _unread(audit: Audit) -> Iterator[str]:
    files, others = sum(count for _, count in audit.unread_files()), sum(count for _, count in audit.by_language())
    parts = []
    if files:
        parts.append(plural(files, "Python file"))
    if others:
        parts.append(f"{plural(others, 'file')} in other languages")
    if parts:
        what = " and ".join(parts) + (" that name a mail API" if others and not files else "")
        if others == 1 and not files:
            what = "1 file in another language that names a mail API"
        yield f"{what} {'was' if files + others == 1 else 'were'} not read."
    places = audit.unread_places()
    if places:
        yield f"{plural(places, 'place of the code was', 'places of the code were')} not understood."
    if audit.unexplained:
        names = "names" if len(audit.unexplained) == 1 else "name"
        yield f"{plural(len(audit.unexplained), 'Python file')} {names} a mail API, and no mail call was found there."
    if audit.excluded:
        named = sum(one.excluded and one.language == PYTHON for one in audit.elsewhere)
        text = f"The settings exclude {plural(audit.excluded, 'Python file')}"
        if audit.excluded == 1:
            yield f"{text}, which {'names a' if named else 'names no'} mail API."
        else:
            who = (
                f"{number(named)} of which {'names' if named == 1 else 'name'} a" if named else "none of which names a"
            )
            yield f"{text}, {who} mail API."


def _decided(audit: Audit) -> Iterator[str]:
    exceptions = [one for one in audit.decisions if one.kind == "exception"]
    audiences = [one for one in audit.decisions if one.kind == "audience"]
    for found, word, state in ((exceptions, "exception", "in force"), (audiences, "audience", "declared")):
        if found:
            ends = sum(bool(one.until) for one in found)
            if ends == len(found):
                how = "with reason and end date"
            elif ends:
                how = f"with reason, {number(ends)} of them with an end date"
            else:
                how = "with reason and without an end date"
            yield f"{plural(len(found), word)} {_are(len(found))} {state}, {how}."
    known = sum(any(not one.new for one in row.broken) for row in audit.rows)
    if known:
        yield f"{plural(known, 'place is a known problem', 'places are known problems')}, listed in the baseline."


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
