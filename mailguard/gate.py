"""The neck: paths in, a report out. The only file that knows all the wings.

Both roads meet here. A mail call of the code becomes a dispatch with holes, a
recorded request is an exchange without; the first provider that claims it says which
messages it makes, and one judge compares them with the rules.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import multiprocessing
import pkgutil
import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from mailguard import capture, discover, git, transports
from mailguard.addresses.compare import compare_key, distinct, is_inside
from mailguard.affected import Affected
from mailguard.affected import Tally as AffectedTally
from mailguard.alike import Alike
from mailguard.alike import Look as HowToLook
from mailguard.allow import MARK, REMARKS, Allowance, Exceptions
from mailguard.baseline import Baseline, Problem, Unread, match, match_unread, unread_of
from mailguard.baseline import load as load_baseline
from mailguard.changes import Change, Stored
from mailguard.config import NEXT_CHANGE, Settings, find, load
from mailguard.discover import File, Files, Tree, module_of
from mailguard.evidence import ABOUT, IGNORES_BODY, OUT_OF_DATE, Witness, out_of_date, unmatched
from mailguard.globs import Globs
from mailguard.hosts import NO_HOSTS, Hosts, hosts_of
from mailguard.inspection import Inspection, inspected
from mailguard.ledger import PLACES
from mailguard.model.capture import Format, Seen
from mailguard.model.exchange import Dispatch, Exchange, Form, HttpRequest, RawMessage, Record, SmtpTransaction
from mailguard.model.finding import Call, Certainty, Finding, Ledger, Report, Skip, SkipReason, Verdict
from mailguard.model.links import tokens_in
from mailguard.model.message import CannotTell, Decoded, Message, Reason, Undecided
from mailguard.model.place import Comment, Place
from mailguard.model.provider import Library, Provider
from mailguard.model.reporter import Options, Reporter
from mailguard.model.value import Either, Fields, Items, Known, Object, Parameter, Repeat, Text
from mailguard.redact import foreign
from mailguard.rulebook.loading import load_rules
from mailguard.rulebook.policies import Policy, chosen
from mailguard.rulebook.rules import Rule, RulesError
from mailguard.rulepage import rule_text
from mailguard.search import holds
from mailguard.senders import CONTRADICTED, contradiction, library_of
from mailguard.shelf import shelf
from mailguard.strangers import stranger, whereto
from mailguard.tally.captures import CaptureTally, TallyPart
from mailguard.tally.code import CodeTally
from mailguard.tally.policies import Policies, worst_first
from mailguard.transports.content.contents import Contents
from mailguard.transports.content.hearing import deciding, hearing, loud, settled
from mailguard.transports.content.senders import names_of, senders
from mailguard.transports.content.texts import found_in
from mailguard.watch import Watch

__all__ = [
    "BOTH",
    "CAPTURES",
    "CODE",
    "PLAIN_MAIL",
    "Claimed",
    "Contents",
    "Run",
    "check",
    "claimed",
    "libraries",
    "messages_of",
    "prepare",
    "providers",
    "render",
    "replay",
    "reporters",
    "scan",
]

CODE: Final = "code"
CAPTURES: Final = "captures"
BOTH: Final = frozenset({CODE, CAPTURES})
"""The two eyes of a run: the code, and recorded requests."""


# --------------------------------------------------------------------------------------------------
# The shelves


@functools.cache
def providers() -> Mapping[str, Provider]:
    """The mail services and mail libraries, by name. Raises ``ShelfError`` for a plugin that cannot be used."""
    return {
        provider.name: provider
        for provider in shelf("mailguard.providers", "PROVIDER", Provider, "mailguard.providers")
    }


@functools.cache
def reporters() -> Mapping[str, Reporter]:
    """The formats of reports, by name. Raises ``ShelfError`` for a plugin that cannot be used."""
    return {
        reporter.name: reporter
        for reporter in shelf("mailguard.reporters", "REPORTER", Reporter, "mailguard.reporters")
    }


@functools.cache
def libraries() -> tuple[Library, ...]:
    """The Python sides of providers and transports."""
    own = tuple(provider.library for provider in providers().values())
    below = []
    for module in sorted(pkgutil.iter_modules(transports.__path__), key=lambda module: module.name):
        # Some transports are tools without a Python side of their own.
        library = getattr(importlib.import_module(f"{transports.__name__}.{module.name}"), "LIBRARY", None)
        if isinstance(library, Library):
            below.append(library)
    # A transport's library may be a provider's as well.
    return tuple({id(library): library for library in (*own, *below)}.values())


# --------------------------------------------------------------------------------------------------
# One exchange


@dataclass(frozen=True, slots=True)
class Claimed:
    """An exchange that belongs to a mail service."""

    provider: Provider
    operation: str
    decoded: Decoded


PLAIN_MAIL: Final = ("smtp", "mime")
"""Providers of plain mail: they take what no service claims."""


@functools.cache
def _in_order() -> tuple[Provider, ...]:
    return tuple(sorted(providers().values(), key=lambda provider: (provider.name in PLAIN_MAIL, provider.name)))


def claimed(exchange: Exchange, contents: Contents | None = None, hosts: Hosts = NO_HOSTS) -> Claimed | None:
    """Whose exchange it is, and which messages it makes; None if it is no mail.

    With ``contents``, those of one capture, also whom readers find besides To and Cc. ``hosts`` are those of the settings
    that stand for a service.
    """
    claim = _claimed(exchange)
    if hosts is not NO_HOSTS and (claim is None or claim.provider.name in PLAIN_MAIL):
        home = hosts.at_home(exchange)
        claim = claim if home is None else _claimed(home)
    if claim is None or contents is None:
        return claim
    return replace(claim, decoded=contents.add(exchange, claim.decoded))


def unhosted(exchange: Exchange) -> Claimed | None:
    """A recorded request that looks like mail, at a host that no service has; None for any other."""
    reason = stranger(exchange)
    return Claimed(_NOBODYS, whereto(exchange), reason) if reason is not None else None


def _nothing_claimed(exchange: Exchange) -> None:
    del exchange


def _nothing_decoded(operation: str, exchange: Exchange) -> Decoded:
    del operation, exchange
    return ()


_NOBODYS: Final = Provider("", "a service that mailguard does not know", (), _nothing_claimed, _nothing_decoded)

_HINTS: Final = 4096
"""Addresses whose service is remembered."""
_hints: dict[tuple[str, str], Provider] = {}
"""Whose a concrete URL was before: one service only claims a request, so it is asked first."""


def _claimed(exchange: Exchange) -> Claimed | None:
    hint = None
    if type(exchange) is HttpRequest and type(exchange.url) is str and type(exchange.method) is str:
        hint = (exchange.method, exchange.url)
        known = _hints.get(hint)
        if known is not None and (operation := known.claims(exchange)) is not None and operation[:1] != "?":
            return Claimed(known, operation, known.decode(operation, exchange))
    doubtful: tuple[Provider, str] | None = None
    for provider in _in_order():
        operation = provider.claims(exchange)
        if operation is None:
            continue
        if not operation.startswith("?"):
            if hint is not None and len(_hints) < _HINTS:
                _hints[hint] = provider
            return Claimed(provider, operation, provider.decode(operation, exchange))
        # "?": the host is this service's, the form is not known. Another one may know it.
        doubtful = doubtful or (provider, operation)
    if doubtful is None:
        return None
    provider, operation = doubtful
    return Claimed(provider, operation, provider.decode(operation, exchange))


def _messages(decoded: Decoded) -> tuple[Message, ...]:
    match decoded:
        case CannotTell():
            return ()
        case Undecided(messages=messages):
            return messages
        case tuple():
            return decoded


def open_to_callers(dispatch: Dispatch, hosts: Hosts = NO_HOSTS) -> bool:
    """Whether callers of the function still decide who sees whom, so that it is worth climbing to them."""
    claim = claimed(dispatch.exchange, None, hosts)
    if claim is None or isinstance(claim.decoded, CannotTell):
        # Whose request it is, or what is in it, may be an argument.
        return _has_parameter(_parts(dispatch.exchange))
    for message in _messages(claim.decoded):
        shown = message.to + message.cc
        # Hidden copies matter where somebody stands in To or Cc whom they read.
        groups = (shown, shown + message.transmitted_bcc, message.reply_to, shown + message.bcc if shown else ())
        if any(any(person.parameter for person in people) and distinct(people).high > 1 for people in groups):
            return True
    return False


def _parts(exchange: Exchange) -> list[Any]:
    match exchange:
        case HttpRequest():
            return [exchange.method, exchange.url, exchange.headers, exchange.body]
        case SmtpTransaction():
            return [exchange.relay, exchange.rcpt_to, exchange.data]
        case RawMessage():
            return [exchange.data, exchange.rcpt_to]


VALUE_DEPTH: Final = 30
"""How deep a value is searched; deeper nesting counts as holding a parameter, which costs time and no truth."""


def _has_parameter(value: Any, depth: int = 0) -> bool:
    """Whether a caller's argument is anywhere in a value."""
    if depth > VALUE_DEPTH:
        return True
    inner: Iterable[Any] = ()
    match value:
        case Parameter():
            return True
        case Known() | str() | bytes() | int() | float() | None:
            return False
        case Text(parts=parts):
            inner = parts
        case Repeat(value=one):
            inner = (one,)
        case Items(members=members):
            inner = (member.value for member in members)
        case Fields(known=pairs, rest=rest):
            inner = (*(item for _, item in pairs), rest)
        case Either(options=options):
            inner = options
        case Object():
            inner = (value.render(),)
        case Form(parts=pairs):
            inner = (item for _, item in pairs)
        case dict():
            inner = value.values()
        case list() | tuple():
            inner = value
    return any(_has_parameter(item, depth + 1) for item in inner)


# --------------------------------------------------------------------------------------------------
# A run


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was found before anything is known of it."""

    code: CodeTally | None
    captures: CaptureTally | None
    skips: tuple[Skip, ...]
    exceptions: Exceptions
    remarks: list[tuple[Finding, str]]
    """What is wrong with exceptions, with the function; those that close the gate first."""
    asked: list[File]
    """The Python files that were asked for."""
    capture_count: int
    witnesses: tuple[Witness, ...]
    """The captures that hold mail requests, and what they are worth."""
    first_capture: int
    """The index of the first problem of a capture."""
    first_remark: int


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is ready: what to look at, and by which settings."""

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
    jobs: int = 1
    """How many processes read a large capture."""
    watch: Watch = field(default_factory=Watch, compare=False)
    """Progress, and whether a sample is enough."""
    searched: list[tuple[frozenset[str], frozenset[tuple[bytes, ...]]]] = field(
        default_factory=list, compare=False, repr=False
    )
    """Which files of code were looked into, and what was searched for in all of them; once for each look."""
    naming: set[str] = field(default_factory=set, repr=False, compare=False, kw_only=True)
    """Files of the code that hold the name of a mail library."""
    contradicted: dict[tuple[str, Place], tuple[Finding, str]] = field(
        default_factory=dict, repr=False, compare=False, kw_only=True
    )
    """Declarations of senders that the code does not keep, each with the function of the call that says so."""
    _symbols: dict[str, Callable[[int], str]] = field(default_factory=dict, compare=False, repr=False)
    _cache: list[_Seen] = field(default_factory=list, compare=False, repr=False)
    _files: dict[str, File] = field(default_factory=dict, compare=False, repr=False)
    _modules: set[str] = field(default_factory=set, compare=False, repr=False)
    _texts: dict[str, dict[str, str]] = field(default_factory=dict, compare=False, repr=False)
    _plain: set[str] = field(default_factory=set, compare=False, repr=False)
    """Files that were read and hold no exception beside the code."""
    """By module: the code of its functions and classes."""
    _lines: dict[str, list[str]] = field(default_factory=dict, compare=False, repr=False)
    _captured: list[tuple[str, str, Format]] = field(default_factory=list, compare=False, repr=False)

    def report(self) -> Report:
        """Look, and say what was found."""
        seen = self._seen()
        problems = self._problems(seen)
        unread = [unread_of(skip) for skip in seen.skips]
        known, known_unread = self._known(problems, unread)
        findings: list[Finding] = []
        calls: list[Call] = []
        notices = list(self.notices)
        ledger = Ledger()
        skips = [replace(skip, accepted=index in known_unread) for index, skip in enumerate(seen.skips)]
        if seen.code is not None:
            ledger = self._code(seen, seen.code, known, ledger, findings, calls, skips)
            if not self.settings.internal_domains:
                notices.extend(_proposal(seen.code.proposed_domains()))
        if seen.captures is not None:
            known_captures = {index - seen.first_capture for index in known}
            ledger = self._captures(seen, seen.captures, known_captures, ledger, findings, calls)
        for index, (remark, _) in enumerate(seen.remarks):
            findings.append(replace(remark, new=seen.first_remark + index not in known))
        if self.baseline is not None and self.change is None and self.tree.whole and self.eyes == BOTH:
            notices.extend(_against(self.baseline, len(self._match(problems, self.baseline)), ledger))
        if self.change is not None:
            asked = [file.path for file in seen.asked]
            brought = [one for one in seen.exceptions.in_force(asked) if self._brings(one)]
            notices.extend(self.change.remarks(brought, seen.exceptions.waiting(asked)))
        if seen.captures is not None:
            notices.extend(seen.captures.limits())
        notices.extend(self.watch.notices(crowded=False))
        ordered = tuple(sorted(findings, key=worst_first))
        return Report(ordered, tuple(skips), tuple(calls), ledger, tuple(notices))

    def exceptions_in_force(self) -> list[Allowance]:
        """The exceptions beside the code that was asked for which allow something, in order."""
        seen = self._seen()
        return seen.exceptions.in_force(file.path for file in seen.asked) if self.allow else []

    def problems(self) -> tuple[list[Problem], list[Unread]]:
        """What closes the gate unless it is known, and what was not read, without lines and people."""
        seen = self._seen()
        return self._problems(seen), [unread_of(skip) for skip in seen.skips]

    def new_problems(self) -> list[tuple[Problem, tuple[Place, ...]]]:
        """What closes the gate and is not known yet, each with the places where it is told."""
        seen = self._seen()
        problems = self._problems(seen)
        known, _ = self._known(problems, [])
        both = zip(problems, self._places(seen), strict=True)
        return [(problem, where) for index, (problem, where) in enumerate(both) if index not in known]

    def proposed_domains(self) -> tuple[str, ...]:
        """Domains of the code that may be the project's own: mail shows people of one of them only."""
        seen = self._seen()
        return seen.code.proposed_domains() if seen.code is not None else ()

    def _places(self, seen: _Seen) -> list[tuple[Place, ...]]:
        """The places where each of the problems is told."""
        places = seen.code.places() if seen.code is not None else []
        places += [(one.place,) for one in seen.captures.findings() if one.gates] if seen.captures is not None else []
        return places + [(one.place,) for one, _ in seen.remarks if one.gates]

    def exceptions(self) -> list[Allowance]:
        """The exceptions beside the code that allow something."""
        seen = self._seen()
        return seen.exceptions.in_force(file.path for file in seen.asked)

    def _seen(self) -> _Seen:
        """What there is; looked at once."""
        if not self._cache:
            self._cache.append(self._look())
        return self._cache[0]

    def _look(self) -> _Seen:
        waits = self.change is not None and self.settings.exceptions == NEXT_CHANGE
        causes = {rule.id: rule.cause.value for rule in self.rules}
        exceptions = Exceptions(self._comments, self.today, causes, self._brings if waits else lambda _: False)
        asked = [file for file in self.files.python if self.tree.asks_for(file.path)]
        skips = list(self.files.skips)
        code = self._scan(exceptions, skips) if CODE in self.eyes and asked else None
        captures, count = self._replay(skips) if CAPTURES in self.eyes else (None, 0)
        witnesses = tuple(self._witnesses(captures)) if captures is not None and self.change is None else ()
        remarks: list[tuple[Finding, str]] = []
        if code is not None and self.allow:
            not_read = {skip.place.path for skip in skips if not (skip.place.line and skip.reason in PLACES)}
            for finding, symbol in exceptions.findings(file.path for file in asked if file.path not in not_read):
                if finding.rule not in self.settings.ignore + tuple(self.policies.ignored((finding.place.path,))):
                    noted = "" if self.settings.tests or not discover.is_test_code(finding.place.path) else "test code"
                    remarks.append((replace(finding, noted=noted), symbol))
        remarks += [
            (finding, symbol)
            for finding, symbol in self.contradicted.values()
            if self.tree.asks_for(finding.place.path) and CONTRADICTED.rule not in self.settings.ignore
        ]
        first_capture = len(code.problems(self._line)) if code is not None else 0
        first_remark = first_capture + (len(captures.problems()) if captures is not None else 0)
        # Those that close nothing come last, so that a problem's index tells its remark.
        remarks.sort(key=lambda remark: not remark[0].gates)
        return _Seen(
            code, captures, tuple(skips), exceptions, remarks, asked, count, witnesses, first_capture, first_remark
        )

    def _problems(self, seen: _Seen) -> list[Problem]:
        problems = seen.code.problems(self._line) if seen.code is not None else []
        problems += seen.captures.problems() if seen.captures is not None else []
        for finding, symbol in seen.remarks:
            if finding.gates:
                where = f"{foreign(module_of(finding.place.path))}:{foreign(symbol) or '<module>'}"
                words = (self._line(finding.place),)
                problems.append(Problem(finding.rule, where, "", finding.certainty, finding.count, words=words))
        return problems

    def _known(self, problems: Sequence[Problem], unread: Sequence[Unread]) -> tuple[frozenset[int], frozenset[int]]:
        """Which problems, and what of that which was not read, are known: from the baseline, else from before the change."""
        baseline = self.baseline or Baseline()
        known = frozenset(self._match(problems, baseline))
        known_unread = match_unread(unread, baseline.unread)
        if self.change is None or not self.change.olds:
            return known, known_unread
        if len(known) == len(problems) and len(known_unread) == len(unread) and not self._touched(known):
            return known, known_unread
        if any(old.unchanged for old in self.change.olds):
            return frozenset(range(len(problems))), frozenset(range(len(unread)))
        # What was there before the change is known first. Of the baseline only that is left which is not there any more:
        # an entry for a problem that still is one makes no room for a second copy.
        found: set[int] = set()
        listed = self._listed(baseline)
        for old in self.change.olds:
            before, unread_before = self.before(self._files_at(old.tree)).problems()
            before = [old.renamed(problem) for problem in before]
            found |= match(problems, before, same=True, became=self._became).keys()
            known_unread |= match_unread(unread, [old.renamed_file(one) for one in unread_before])
            still_there = set(match(before, listed).values())
            listed = [problem for index, problem in enumerate(listed) if index not in still_there]
        left = [index for index in range(len(problems)) if index not in found]
        found |= {left[index] for index in match([problems[index] for index in left], listed)}
        return frozenset(found), known_unread

    def _touched(self, known: Container[int]) -> bool:
        """Whether the change edits a line by which a known problem comes about."""
        change, places = self.change, self._places(self._seen())
        if change is None:
            return False
        return any(change.changed(place) for index, one in enumerate(places) if index in known for place in one)

    def _match(self, problems: Sequence[Problem], baseline: Baseline) -> dict[int, int]:
        """Which problems the baseline knows. What git calls renamed is told by git, where there is a change to ask about."""
        if self.change is None:
            return match(problems, baseline.problems, self.is_gone)
        return match(problems, self._listed(baseline))

    def _listed(self, baseline: Baseline) -> list[Problem]:
        """The problems of the baseline, with the names that their files have now."""
        known = baseline.problems
        for old in self.change.olds[:1] if self.change is not None else ():
            known = [old.renamed(problem) for problem in known]
        return known

    def is_gone(self, problem: Problem) -> bool:
        """Whether there is no file any more where ``problem`` was sent from: it may have been moved."""
        if not self._modules:
            self._modules.update(foreign(module_of(file.path)) for file in self.files.python)
        return problem.send.partition(":")[0] not in self._modules

    def _became(self, symbol: str, now: str) -> bool:
        """Whether a function can be what another one is now: it is no longer there, or it names the other one.

        While it is there and has nothing to do with the other one, what it no longer does was repaired, and equal code
        elsewhere is another problem. Captures are told by their names.
        """
        module, colon, name = symbol.partition(":")
        if not colon:
            return True
        if module not in self._texts:
            texts: dict[str, str] = {}
            for file in self.files.python:
                if foreign(module_of(file.path)) == module:
                    from mailguard.source.comments import texts_of_symbols  # noqa: PLC0415  # loads libcst

                    with contextlib.suppress(OSError):  # a Skip says so
                        texts |= texts_of_symbols(file.path, file.read())
            self._texts[module] = {foreign(one) or "<module>": text for one, text in texts.items()}
        text = self._texts[module].get(name)
        other = now.rpartition(":")[2].rpartition(".")[2]
        return text is None or re.search(rf"\b{re.escape(other)}\b", text) is not None

    def before(self, files: Files) -> Run:
        """The same run on other files: those from before a change, all of them."""
        tree = replace(self.tree, named=(), stdin=False)
        kept = replace(self, tree=tree, as_of=self.today(), baseline=None, change=None, notices=())
        return kept.on(files)

    def on(self, files: Files) -> Run:
        """The same run on other files; nothing that was seen of these is kept."""
        fresh: dict[str, Any] = {
            "_lines": {},
            "_files": {},
            "_symbols": {},
            "_texts": {},
            "_plain": set(),
            "_cache": [],
            "_captured": [],
            "contradicted": {},
            "naming": set(),
        }
        return replace(self, files=files, _modules=set(), **fresh)

    def _files_at(self, stored: Stored) -> Files:
        return _files_of(replace(self.tree, named=(), stdin=False), self.settings, self.eyes, stored)

    def _scan(self, exceptions: Exceptions, skips: list[Skip]) -> CodeTally:
        from mailguard.source import scan as source  # noqa: PLC0415  # loads libcst

        # A file that sends to a host of the settings names it.
        known = (*libraries(), library_of(self.settings.senders), Library(tokens=self.hosts.tokens))
        result = source.scan(
            [source.SourceFile(file.path, functools.partial(self._read, file)) for file in self.files.python],
            known,
            functools.partial(open_to_callers, hosts=self.hosts),
            is_test=discover.is_test_code,
        )
        self.searched.append((result.loud, result.words))
        self.naming.update(result.naming)
        tally = CodeTally(self.policies, self._test_code())
        for dispatch in result.dispatches:
            claim = claimed(dispatch.exchange, None, self.hosts)
            if claim is not None:
                tally.add(dispatch, claim.provider, claim.decoded)
                for finding, symbol in contradiction(self.settings.senders, dispatch, _messages(claim.decoded)):
                    self.contradicted.setdefault((finding.title, finding.place), (finding, symbol))
        if self.allow:
            tally.allow(exceptions.reason)
        tally.trace(functools.cache(self._symbol_at))
        skips.extend(skip for skip in result.skips if self.tree.asks_for(skip.place.path))
        return tally

    def _test_code(self) -> Callable[[str], bool]:
        """What says whether a file is test code: by its name, unless the application imports it."""

        @functools.cache
        def application() -> list[bytes]:
            found = []
            for file in self.files.python:
                if not discover.is_test_code(file.path):
                    with contextlib.suppress(OSError):  # a Skip says so where it matters
                        found.append(file.read())
            # Whatever is test code has that in its name.
            return [data for data in found if b"test" in data]

        @functools.cache
        def is_test(path: str) -> bool:
            if not discover.is_test_code(path):
                return False
            names = discover.imports_of(module_of(path))
            return not any(names.search(data) for data in application())

        return is_test

    def _code(
        self,
        seen: _Seen,
        tally: CodeTally,
        known: Container[int],
        ledger: Ledger,
        findings: list[Finding],
        calls: list[Call],
        skips: Sequence[Skip],
    ) -> Ledger:
        mine = [call for call, files in tally.calls() if self._touches(files)]
        calls.extend(mine)
        found = [finding for finding, files in tally.findings(known) if self._touches(files)]
        findings.extend(found)
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
        verdicts = [call.verdict for call in mine]
        new = {step.place for one in found if one.gates for way in one.ways for step in way.steps[-1:]}
        asked = {file.path for file in seen.asked}
        return replace(
            ledger,
            calls=len(mine),
            keeps_apart=verdicts.count(Verdict.KEEPS_APART),
            staff_only=verdicts.count(Verdict.STAFF_ONLY),
            shows=verdicts.count(Verdict.SHOWS),
            shows_new=sum(call.verdict is Verdict.SHOWS and call.place in new for call in mine),
            exceptions=len(seen.exceptions.in_force(asked)),
            undecided=verdicts.count(Verdict.UNDECIDED),
            files=len(asked) + len(self.files.skips),
            files_read=len(asked - unread),
            files_naming=len(self.naming & asked),
            files_known=len(accepted),
        )

    def today(self) -> date | None:
        """The day that end dates are compared with: as asked, else that of the commit; None if nothing tells."""
        return self.as_of or _day(self.tree, self.change)

    def _touches(self, files: frozenset[str]) -> bool:
        """Whether a way goes through what was asked for: a caller elsewhere can make a call unsafe."""
        return self.tree.whole or any(self.tree.asks_for(path) for path in files)

    def _witnesses(self, tally: CaptureTally) -> Iterator[Witness]:
        """The captures that hold mail requests; of a folder its messages have longer paths."""
        services: dict[str, set[str]] = {}
        told = [(call.place.path, call.provider) for call in tally.calls()]
        for path, service in (*told, *((skip.place.path, skip.provider) for skip in tally.skips())):
            if service:
                services.setdefault(path, set()).add(service)
        for path, real, form in self._captured:
            inner = {path} & services.keys() or {name for name in services if name.startswith(f"{path}/")}
            if inner:
                mailed = frozenset().union(*(services[name] for name in inner))
                yield Witness(path, real, form, mailed, capture.loose(real, form))

    def _evidence(self, seen: _Seen) -> list[tuple[Finding, frozenset[str]]]:
        """What is told of captures that prove less than they seem to, and of which."""
        ignored = frozenset(self.settings.ignore)

        def heard(rule: str) -> list[Witness]:
            return [one for one in seen.witnesses if rule not in ignored | self.policies.ignored((one.path,))]

        found = list(unmatched(heard(IGNORES_BODY), self._tests))
        old = heard(OUT_OF_DATE)
        if old:
            found += out_of_date(self.tree.root, old, self._senders(seen))
        return found

    def _python(self) -> tuple[File, ...]:
        """All Python files of the tree; where that is no project, those of its folder."""
        if CODE in self.eyes:
            return self.files.python
        if not self.tree.project:
            return tuple(File(one.name, str(one)) for one in sorted(self.tree.root.glob("*.py")) if one.is_file())
        tree = replace(self.tree, named=(), stdin=False)
        return _files_of(tree, self.settings, frozenset({CODE}), None).python

    def _tests(self) -> Iterator[Callable[[], bytes]]:
        """The files that may say by what cassettes are matched: Python, and Ruby where git lists it."""
        for file in self._python():
            yield file.read
        for _, name in git.files(self.tree.root) or ():
            if name.endswith(".rb") and (self.tree.root / name).is_file():
                yield (self.tree.root / name).read_bytes

    def _senders(self, seen: _Seen) -> dict[str, frozenset[str]]:
        """For each service the files whose code mails through it; where no code was read, those that name it."""
        files: dict[str, set[str]] = {}
        if seen.code is not None:
            for call, _ in seen.code.calls():
                files.setdefault(call.provider, set()).add(call.place.path)
        else:
            # Plain mail is sent by any file that names any library: without its calls nothing can be said.
            wanted = {name for one in seen.witnesses for name in one.services} - {*PLAIN_MAIL}
            for file in self._python() if wanted else ():
                with contextlib.suppress(OSError):
                    data = file.read()
                    for name in wanted & providers().keys():
                        if _names(providers()[name].library, data):
                            files.setdefault(name, set()).add(file.path)
        return {
            name: frozenset(path for path in paths if not discover.is_test_code(path)) for name, paths in files.items()
        }

    def _replay(self, skips: list[Skip]) -> tuple[CaptureTally, int]:
        tally = CaptureTally(self.policies)
        files = list(self.capture_files())
        self._captured[:] = [(path, real, form) for path, real, _, form in files if isinstance(form, Format)]
        self.watch.expect(real for _, real, _, _ in files)
        for found in files:
            if self.jobs > 1 and not self.watch.sample and self._replay_parts(tally, *found):
                continue
            self._replay_one(tally, *found)
        self.watch.finish()
        skips.extend(tally.skips())
        for paths, what in ((self.watch.crowded, "people"), (tally.crowded(), "personal links")):
            skips.extend(Skip(SkipReason.REMEMBERED, Place(path), f"more {what} than are remembered") for path in paths)
        return tally, self.watch.captures

    def _replay_one(
        self, tally: CaptureTally, path: str, real: str, fields: Mapping[str, str], form: Format | CannotTell
    ) -> None:
        """Take in one capture. Requests of a form that was seen before are counted only; see ``alike``."""
        look = _Look(self, tally, path)

        def fresh() -> None:
            if look.contents.full and path not in self.watch.crowded:
                self.watch.crowded.append(path)
            look.fresh()

        seen = look.seen if not self.watch.sample else None
        for record in self.watch.records(real, self._records_in_parts(path, real, fields, form, fresh, seen)):
            look.take(record)
        fresh()

    def _replay_parts(
        self, tally: CaptureTally, path: str, real: str, fields: Mapping[str, str], form: Format | CannotTell
    ) -> bool:
        """Read a large file with several processes; whether it could be done. The result is that of one process."""
        if not isinstance(form, Format):
            return False
        spans = capture.parts(real, form, fields)
        if len(spans) < 2 or "fork" not in multiprocessing.get_all_start_methods():
            return False
        # What the others need is there already when they begin: nothing is handed to them but a number.
        _in_order()
        _work[:] = [(self, path, real, span, fields, form) for span in spans]
        try:
            with ProcessPoolExecutor(min(self.jobs, len(spans)), multiprocessing.get_context("fork")) as pool:
                lines = 0
                for part, count, seen, crowded, missing in self.watch.parts(
                    real, pool.map(_tally_part, range(len(spans)))
                ):
                    tally.put(part, lines)
                    lines += count
                    self.watch.seen += seen
                    self.watch.taken += seen
                    self.watch.missing.update(missing)
                    if crowded and path not in self.watch.crowded:
                        self.watch.crowded.append(path)
        finally:
            _work.clear()
        return True

    def claims(self) -> Iterator[tuple[Record, Claimed | CannotTell]]:
        """Every mail request of the captures, and what its provider says of it; what is no mail is passed over."""
        files = list(self.capture_files())
        self.watch.expect(real for _, real, _, _ in files)
        for found in files:
            yield from self._claims_of(*found)
        self.watch.finish()

    def _claims_of(
        self, path: str, real: str, fields: Mapping[str, str], form: Format | CannotTell
    ) -> Iterator[tuple[Record, Claimed | CannotTell]]:
        """Those of one capture. A large file is looked at part by part: what is remembered of one is let go with it."""
        contents = Contents()

        def fresh() -> None:
            nonlocal contents
            if contents.full and path not in self.watch.crowded:
                self.watch.crowded.append(path)
            contents = Contents()

        for record in self.watch.records(real, self._records_in_parts(path, real, fields, form, fresh)):
            if isinstance(record.exchange, CannotTell):
                yield record, record.exchange
            elif (claim := claimed(record.exchange, contents, self.hosts) or unhosted(record.exchange)) is not None:
                yield record, claim
        fresh()

    def _records_in_parts(
        self,
        path: str,
        real: str,
        fields: Mapping[str, str],
        form: Format | CannotTell,
        fresh: Callable[[], None],
        seen: Seen | None = None,
    ) -> Iterator[Record]:
        spans = capture.parts(real, form, fields) if isinstance(form, Format) else ()
        if isinstance(form, CannotTell) or not spans:
            yield from self.records(path, real, fields, form, seen)
            return
        lines = 0
        for span in spans:
            fresh()
            part = capture.Part(path, real, span, fields, lines, self.watch.opened, seen)
            yield from part.records(form)
            lines += part.lines

    def affected(self) -> Affected:
        """What the captures showed to whom: the numbers for a notification."""
        tally = AffectedTally(self.policies.whole)
        for record, claim in self.claims():
            decoded = claim if isinstance(claim, CannotTell) else claim.decoded
            if isinstance(decoded, CannotTell) or isinstance(record.exchange, CannotTell):
                tally.cannot_tell()
                continue
            cap = Certainty.UNDECIDED if isinstance(decoded, Undecided) else Certainty.CERTAIN
            tally.add(_messages(decoded), cap, record.exchange, record.when, names_of, delivered=record.delivered)
        return tally.result()

    def _captures(
        self,
        seen: _Seen,
        tally: CaptureTally,
        known: Container[int],
        ledger: Ledger,
        findings: list[Finding],
        calls: list[Call],
    ) -> Ledger:
        findings.extend(tally.findings(known))
        stale = self._evidence(seen)
        findings.extend(finding for finding, _ in stale)
        mine = tally.calls()
        calls.extend(mine)

        def times(verdict: Verdict) -> int:
            return sum(call.times for call in mine if call.verdict is verdict)

        cannot_tell = sum(skip.times for skip in tally.skips())
        return replace(
            ledger,
            requests=sum(call.times for call in mine) + cannot_tell,
            request_keeps_apart=times(Verdict.KEEPS_APART),
            request_staff_only=times(Verdict.STAFF_ONLY),
            request_shows=times(Verdict.SHOWS),
            request_undecided=times(Verdict.UNDECIDED),
            cannot_tell=cannot_tell,
            captures=seen.capture_count,
            stale=len(frozenset().union(*(paths for _, paths in stale))),
        )

    def capture_files(self) -> Iterator[tuple[str, str, Mapping[str, str], Format | CannotTell]]:
        """The captures among the files, told by their content: what is printed, what is opened, mapping, format."""
        where = discover.folder_of(self.settings.file, self.tree.root)
        named = [(Globs(one.files, where), one.fields) for one in self.settings.captures]
        for path, real in capture.folders((file.path, file.real) for file in self.files.captures):
            declared = [fields for globs, fields in named if globs.match(path)]
            fields = declared[0] if declared else {}
            form = capture.detect(real, fields)
            if form is None and (declared or (capture.named_so(path) and not capture.is_empty(real))):
                # The settings, or its name, say that it is a capture; then it does not pass unread.
                form = CannotTell(Reason.BAD_RECORD, "no format that mailguard knows")
            if form is not None:
                yield path, real, fields, form

    def records(
        self,
        path: str,
        real: str,
        fields: Mapping[str, str],
        form: Format | CannotTell,
        seen: Seen | None = None,
    ) -> Iterator[Record]:
        """The records of a capture; a capture that cannot be opened is one that cannot be told."""
        if isinstance(form, CannotTell):
            return iter([Record(Place(path), form)])
        return capture.records(path, real, form, fields, self.watch.opened, seen)

    def options(self, **shown: Any) -> Options:
        """Options for a reporter: what is asked for, and what it needs of this run."""
        inside = self.policies.policy.inside
        return Options(
            code_lines=self._code_lines,
            is_inside=lambda person: is_inside(person, inside),
            compare_key=compare_key,
            rules=(*(rule_text(rule) for rule in self.rules), *REMARKS, *ABOUT, CONTRADICTED),
            **shown,
        )

    def _code_lines(self, path: str, first: int, last: int) -> Sequence[str] | None:
        """Lines of a file that was read; of no other file."""
        if path not in self._lines:
            file = self.file(path)
            try:
                # Notebooks are shown by place only: their lines are those of the JSON around the code.
                text = file.read() if file is not None and not path.endswith(".ipynb") else None
            except OSError:
                text = None
            if text is None:
                return None
            self._lines[path] = text.decode("utf-8", "replace").splitlines()
        return self._lines[path][first - 1 : last]

    def file(self, path: str) -> File | None:
        """The Python file that is printed as ``path``."""
        if not self._files:
            self._files.update({file.path: file for file in self.files.python})
        return self._files.get(path)

    def _line(self, place: Place) -> str:
        """The line of code at a place, without its indentation; empty where there is none."""
        lines = self._code_lines(place.path, place.line, place.line) if place.line else None
        return lines[0].strip() if lines else ""

    def _symbol_at(self, place: Place) -> str:
        """The function around a place, ``news.views:publish``."""
        if place.path not in self._symbols:
            from mailguard.source.comments import symbols  # noqa: PLC0415  # loads libcst

            file = self.file(place.path)
            try:
                data = file.read() if file is not None else b""
            except OSError:
                data = b""  # a Skip says so
            self._symbols[place.path] = symbols(place.path, data)
        return f"{module_of(place.path)}:{self._symbols[place.path](place.line) or '<module>'}"

    def _brings(self, one: Allowance) -> bool:
        """Whether the change brings an exception: there are more like it in its function than there were."""
        before = self.change.before(one.path) if self.change is not None else None
        if before is None or MARK not in before:
            return True
        from mailguard.source.comments import comments  # noqa: PLC0415  # loads libcst

        def like(found: Iterable[Comment]) -> int:
            return sum((each.text, each.symbol) == (one.comment.text, one.comment.symbol) for each in found)

        return like(self._comments(one.path)) > like(comments(one.path, before))

    def _read(self, file: File) -> bytes:
        """The bytes of a file; notes whether it holds no exception, so that it is not read again for that."""
        data = file.read()
        if MARK not in data:
            self._plain.add(file.path)
        return data

    def _comments(self, path: str) -> list[Comment]:
        """The comments of a file that holds an exception."""
        if path in self._plain:
            return []
        file = self.file(path)
        try:
            data = file.read() if file is not None else b""
        except OSError:
            data = b""  # a Skip says so where it matters
        if MARK not in data:
            return []
        from mailguard.source.comments import comments  # noqa: PLC0415  # loads libcst

        return comments(path, data)

    def write_comment(self, path: str, target: int | str, comment: str) -> tuple[bytes, int] | None:
        """A Python file with a comment above a statement, and its line; see ``source.comments.with_comment``."""
        from mailguard.source.comments import with_comment  # noqa: PLC0415  # loads libcst

        file = self.file(path)
        return with_comment(path, file.read(), target, comment) if file is not None else None

    def inspections(self) -> Iterator[Inspection]:
        """What is in each request of the captures; requests that are no mail are passed over."""
        for record, claim in self.claims():
            if isinstance(claim, CannotTell):
                yield inspected(record.place, "", claim)
            else:
                yield inspected(record.place, claim.provider.name, claim.decoded, claim.operation, record.unproven)


class _Look:
    """Looks at the requests of one capture, one after the other."""

    def __init__(self, run: Run, tally: CaptureTally, path: str) -> None:
        self._tally, self._hosts, self._path, self._watch = tally, run.hosts, path, run.watch
        self.contents = Contents()
        self._alike: Alike | None = None
        # An audience may ask for people of one domain, and what other packages bring may ask for anything.
        if not run.policies.policy.audiences and _all_own():
            how = HowToLook(
                self._decide, settled, loud, deciding, hearing, senders, found_in, tokens_in, run.policies.policy.inside
            )
            self._alike = Alike(how, tally, path, run.watch.passed, self.contents)

    def _decide(self, exchange: Exchange) -> Claimed | None:
        return claimed(exchange, None, self._hosts) or unhosted(exchange)

    @property
    def seen(self) -> Seen | None:
        """Asked about each request before it becomes a record."""
        return self._alike

    def fresh(self) -> None:
        """Forget to whom was written so far, and tell the tally what was counted."""
        self._tally.linked(self._path, self.contents.links)
        for reason, count in self.contents.missing.items():
            self._watch.missing[reason] += count
        self.contents = Contents()
        if self._alike is not None:
            self._alike.flush()
            self._alike.memory = self.contents

    def take(self, record: Record) -> None:
        """Take in a record."""
        exchange = record.exchange
        if isinstance(exchange, CannotTell):
            self._tally.cannot_tell(record.place, exchange)
            return
        claim, looked = self._decide(exchange), None
        if claim is not None:
            looked = self.contents.add(exchange, claim.decoded, record.place)
            self._tally.add(record, claim.provider, claim.operation, looked)
        if self._alike is not None:
            self._alike.learn(exchange, claim, looked)


@functools.cache
def _all_own() -> bool:
    """Whether every mail service is one of ours."""
    return all(one.decode.__module__.startswith("mailguard.") for one in providers().values())


_work: list[tuple[Run, str, str, tuple[int, int], Mapping[str, str], Format]] = []
"""The parts of the capture that is being read; other processes have it by being forked."""


def _tally_part(number: int) -> tuple[TallyPart, int, int, bool, Counter[str]]:
    """What one part comes to, its lines, its records, and what was not looked into. In its own process.

    That is whether it had too many people to remember, and attached files.
    """
    run, path, real, span, fields, form = _work[number]
    tally, count = CaptureTally(run.policies), 0
    watch = Watch()
    look = _Look(replace(run, watch=watch), tally, path)
    part = capture.Part(path, real, span, fields, seen=look.seen)
    for record in part.records(form):
        count += 1
        look.take(record)
    crowded = look.contents.full
    look.fresh()
    return tally.part(), part.lines, count + watch.seen, crowded, watch.missing


def _names(library: Library, data: bytes) -> bool:
    """Whether a file names a library, as the scanner looks for it."""
    return any(all(holds(word.encode(), data) for word in token.split(" & ")) for token in library.tokens)


def _against(baseline: Baseline, matched: int, ledger: Ledger) -> Iterator[str]:
    """What a baseline says of a run besides what is known: that it got better, or that mailguard has lost sight."""
    if ledger.calls * 2 < baseline.calls:
        yield f"Was {baseline.calls:,}, now {ledger.calls:,}: was code removed, or has mailguard lost sight of it?"
    gone = len(baseline.entries) - matched
    if gone:
        words = (
            "1 known problem is gone. Take it off" if gone == 1 else f"{gone:,} known problems are gone. Take them off"
        )
        yield f"Better than the baseline: {words}: mailguard baseline --prune"


def _proposal(domains: Sequence[str]) -> Iterator[str]:
    if domains:
        names = ", ".join(f'"{domain}"' for domain in domains)
        whose = "Is this domain your own" if len(domains) == 1 else "Are these domains your own"
        yield f"{whose}? Then its people are inside: internal-domains = [{names}] under [tool.mailguard]."


def render(report: Report, name: str, options: Options) -> str:
    """The report as a reporter writes it."""
    return reporters()[name].render(report, options)


def policies_of(
    settings: Settings, tree: Tree, as_of: date | None
) -> tuple[Policies, tuple[Rule, ...], tuple[str, ...]]:
    """What a run is judged by, all rules there are, and remarks. Raises ``SettingsError`` and ``RulesError``."""
    folder = settings.folder or tree.root
    everything = load_rules(folder / settings.rules if settings.rules else None)

    about_exceptions = {remark.rule for remark in (*REMARKS, *ABOUT, CONTRADICTED)}

    def own(names: Iterable[str]) -> tuple[str, ...]:
        # What is wrong with an exception is no rule about messages; it can be ignored by its name all the same.
        return tuple(name for name in names if name not in about_exceptions)

    def checked(key: str, names: Iterable[str], **choice: Any) -> None:
        try:
            chosen(everything, **choice)
        except RulesError as error:
            wrong = next((name for name in names if name not in {rule.id for rule in everything}), "")
            raise settings.error(str(error), key, wrong) from error

    checked("select", settings.select, select=settings.select or None)
    checked("extend-select", settings.extend_select, extend=settings.extend_select)
    checked("ignore", settings.ignore, ignore=own(settings.ignore))
    checked("limits", settings.limits, limits=settings.limits)
    ignores = []
    where = discover.folder_of(settings.file, tree.root)
    for glob, ignored in settings.per_path_ignores.items():
        checked("per-path-ignores", ignored, ignore=own(ignored))
        ignores.append((Globs([glob], where), frozenset(ignored)))
    rules = chosen(
        everything,
        select=settings.select or None,
        extend=settings.extend_select,
        ignore=own(settings.ignore),
        limits=settings.limits,
    )
    notices = []
    audiences = []
    for audience in settings.audiences:
        end = settings.audience_ends.get(audience.name)
        if end is not None and (as_of is None or as_of > end):
            when = (
                f"on {end.isoformat()}"
                if as_of is not None
                else "as far as can be told: there is no commit and no --as-of"
            )
            notices.append(f"The audience {audience.name} ended {when}; it no longer counts.")
        else:
            audiences.append(audience)
    inside = frozenset(settings.internal_domains)
    policy = Policy(inside, rules, tuple(audiences))
    default = chosen(everything, limits=settings.limits)
    whole = policy if rules == default else Policy(inside, default, tuple(audiences))
    return Policies(policy, whole, tuple(ignores), settings.gate, settings.tests), everything, tuple(notices)


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
    ``allow`` says whether exceptions beside the code count. Raises ``BaselineError`` for a baseline that cannot be used, ``SettingsError`` and ``RulesError`` for wrong
    settings, ``NothingToCheck`` for a named path that holds neither code nor a capture.
    """
    here = here or Path.cwd()
    if as_of is None and settings.audience_ends:
        as_of = _day(tree, change)
    policies, rules, notices = policies_of(settings, tree, as_of)
    where = discover.folder_of(settings.file, tree.root)
    files = _files_of(tree, settings, eyes, change.now if change is not None else None)
    notices += tuple(_about_files(tree, files, settings, where, eyes))
    baseline = change.baseline if change is not None else load_baseline(tree.root)
    hosts = hosts_of(settings, providers().values()) if settings.hosts else NO_HOSTS
    run = Run(tree, settings, files, policies, rules, eyes, notices, as_of, baseline, change, allow, hosts)
    discover.check_found(tree, files, paths, here, lambda file: capture.detect(file.real) is not None)
    return run


def _day(tree: Tree, change: Change | None) -> date | None:
    """The day of the commit that is checked out; for a change not before that of what it is compared with."""
    days = (git.commit_date(tree.root), change.day if change is not None else None)
    return max((day for day in days if day is not None), default=None)


def _files_of(tree: Tree, settings: Settings, eyes: frozenset[str], stored: Stored | None) -> Files:
    """The files of a tree: on disk, or as git has them."""
    where = discover.folder_of(settings.file, tree.root)
    exclude = Globs(settings.exclude, where)
    captures = Globs([glob for one in settings.captures for glob in one.files], where)
    find_files = discover.files_of if stored is None else stored.files_of
    code, requests = CODE in eyes, CAPTURES in eyes
    return find_files(tree, exclude, captures, code=code, requests=requests, sniff_all=CODE not in eyes)


def messages_of(path: Path) -> tuple[Message, ...]:
    """Every message that the requests of a capture make."""
    found: list[Message] = []
    for record in capture.records(path.name, path):
        if not isinstance(record.exchange, CannotTell) and (claim := claimed(record.exchange)) is not None:
            found.extend(_messages(claim.decoded))
    return tuple(found)


def _about_files(tree: Tree, files: Files, settings: Settings, where: str, eyes: frozenset[str]) -> Iterator[str]:
    """Remarks on settings that leave nothing to look at."""
    source = settings.file.name if settings.file is not None else "the settings"
    if files.excluded and not files.python and not files.captures:
        yield f"What was named is excluded by {source}."
    for one in settings.captures if CAPTURES in eyes and tree.whole else ():
        globs = Globs(one.files, where)
        if not any(globs.match(file.path) for file in files.captures):
            yield f'No file is named by captures "{one.name}" of {source}: {", ".join(one.files)}.'


def _look(paths: Sequence[str | Path] | str | Path, settings: Settings | None, eyes: frozenset[str]) -> Report:
    names = [str(paths)] if isinstance(paths, (str, Path)) else [str(path) for path in paths]
    tree = discover.tree_of(names, Path.cwd())
    if settings is None:
        start = tree.named[0] if len(tree.named) == 1 else tree.root
        file = find(start, tree.root)
        settings = load(file, tree.root) if file is not None else Settings()
    return prepare(names, tree, settings, eyes=eyes).report()


def check(paths: Sequence[str | Path] | str | Path = (), settings: Settings | None = None) -> Report:
    """Look at code and captures. Without ``paths``: at the project that the current folder belongs to.

    Without ``settings`` the nearest ``[tool.mailguard]`` counts. Raises ``SettingsError``,
    ``RulesError`` and ``NothingToCheck``, as the command line answers with exit code 2.
    """
    return _look(paths, settings, BOTH)


def scan(paths: Sequence[str | Path] | str | Path = (), settings: Settings | None = None) -> Report:
    """Look at code only; see :func:`check`."""
    return _look(paths, settings, frozenset({CODE}))


def replay(paths: Sequence[str | Path] | str | Path = (), settings: Settings | None = None) -> Report:
    """Look at captures only; see :func:`check`."""
    return _look(paths, settings, frozenset({CAPTURES}))
