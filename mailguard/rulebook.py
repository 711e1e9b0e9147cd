"""Rules: what must not happen, read from YAML, and the judge that compares messages with them.

A rule says *what* is measured on a message (a :class:`Measure`), how much of it is allowed, and in which words a
broken one is told. It holds no code. :func:`judge` compares one :class:`~mailguard.model.message.Message` with all
rules of a :class:`Policy`; for each cause one rule speaks, the most specific one that is broken.

Rule files of a project are a stranger's text: they are read event by event, so that no tag, alias or constructor of
YAML is ever honoured, with bounds on size, depth and number, and every mistake is one line that says where, what, and
what to do (:class:`RulesError`).
"""

from __future__ import annotations

import difflib
import enum
import fnmatch
import functools
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

from mailguard.addresses.compare import compare_key, distinct, domain_of, is_inside, is_reserved
from mailguard.model.count import ANY, MANY, ONE, OPEN, OPTIONAL, ZERO, Count, Truth, exactly
from mailguard.model.exchange import Body, Exchange, Form, HttpRequest, SmtpTransaction
from mailguard.model.finding import Certainty, Severity, Verdict
from mailguard.model.message import Field, Mention, Message, Recipient, Trait
from mailguard.model.place import Place
from mailguard.model.value import Origin, Step, StepKind

__all__ = [
    "CWE",
    "RECORDED",
    "SHOWING",
    "Audience",
    "Cause",
    "Example",
    "Examples",
    "Growth",
    "Incident",
    "Judgement",
    "Kind",
    "Measure",
    "Over",
    "Policy",
    "Rule",
    "RulesError",
    "Title",
    "audience_for",
    "chosen",
    "judge",
    "judge_sequence",
    "load_rules",
    "measure",
    "packaged_rules",
    "read_rule",
    "verdict_of",
]


class RulesError(Exception):
    """A rule file that cannot be used. The text is one line: file, line where known, what is wrong, what to do."""


# --------------------------------------------------------------------------------------------------------------------
# What a rule is


class Measure(enum.Enum):
    """What is counted on a message. People of inside domains are never counted, except by TOTAL."""

    VISIBLE_EXTERNAL = "visible-external"
    """Different outside people whom every reader finds in To, Cc or in a display name there."""
    TRANSMITTED_BCC = "transmitted-bcc"
    """Different outside people whom a reader finds in To, Cc and the Bcc line, if that line is sent along."""
    REPLY_TO_EXTERNAL = "reply-to-external"
    """Different outside people in Reply-To."""
    BCC = "bcc"
    """Different outside people who get a hidden copy."""
    TOTAL = "total"
    """Everybody who gets the message, inside or outside."""
    FIRST_RECIPIENT = "first-recipient"
    """Outside people with a hidden copy who read the address of the only outside person in To or Cc."""
    CONTENT = "content"
    """Other outside people who were written to, in the subject, the text, the HTML or an attachment. Of captures only."""
    CALENDAR = "calendar"
    """Outside people in ATTENDEE lines of a calendar part, besides the reader. Of captures only."""
    HEADER = "header"
    """Other outside people who were written to, in List-*, X-* and other headers. Of captures only."""
    MERGE_KEY = "merge-key"
    """Outside people whose merge data is somebody else's. Of captures only."""
    MERGE_SHARED = "merge-shared"
    """Outside people with one and the same merge data in a field that belongs to one person. Of captures only."""
    MERGE_TAG = "merge-tag"
    """Outside people who read a merge tag that nothing fills. Of captures only."""
    LINK = "personal-link"
    """Outside people whose personal link somebody else got. Of captures only."""


class Cause(enum.Enum):
    """What rules compete to explain: of the broken rules of one cause, one speaks."""

    VISIBLE = "visible"
    TRANSMITTED_BCC = "transmitted-bcc"
    REPLY_TO = "reply-to"
    FIRST_RECIPIENT = "first-recipient"
    BCC = "bcc"
    CAP = "cap"
    CONTENT = "content"
    CALENDAR = "calendar"
    HEADER = "header"
    MERGE = "merge"
    MERGE_TAG = "merge-tag"
    LINK = "link"


RECORDED: Final = frozenset(
    {
        *(Measure.CONTENT, Measure.CALENDAR, Measure.HEADER, Measure.MERGE_KEY, Measure.MERGE_SHARED),
        *(Measure.MERGE_TAG, Measure.LINK),
    }
)
"""Measures that only a capture has: what the code writes into texts is not followed."""

SHOWING: Final = frozenset(
    {
        Cause.VISIBLE,
        Cause.TRANSMITTED_BCC,
        Cause.REPLY_TO,
        Cause.CONTENT,
        Cause.CALENDAR,
        Cause.HEADER,
        Cause.MERGE,
        Cause.LINK,
    }
)
"""The causes by which a message shows outside people to each other; the others are advice and limits."""


class Over(enum.Enum):
    """What a rule looks at."""

    MESSAGE = "message"
    SEQUENCE = "sequence"
    """A message like any other rule and, in a capture, also neighbouring messages."""


class Kind(enum.Enum):
    """Which wording of a title fits: the number is known, the people are one list, or neither."""

    NUMBER = "number"
    LIST = "list"
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Title:
    """The first line of a finding, in its wordings. Slots: ``{n}``, ``{limit}``, ``{size}``, ``{line}``."""

    number: str
    """Where the number of people is known."""
    list: str
    """Where the people come from one list whose length is not known."""
    several: str
    """Where there are several people and neither of the other two holds."""
    size: str = ""
    """Where the size of a batch is known; empty if the rule has no such wording."""


@dataclass(frozen=True, slots=True)
class Incident:
    """What happened to somebody, once."""

    name: str
    """To whom: ``BitMEX``."""
    date: str
    """When, in words: ``1 November 2019``."""
    url: str
    """Where it is told."""
    story: str = ""
    """What went wrong, in one or two sentences."""


@dataclass(frozen=True, slots=True)
class Example:
    """One sample of a rule: a message, a request, or code. Exactly one of the three is set."""

    name: str
    """What the sample shows, as a title without a full stop."""
    message: Message | None = None
    exchange: Exchange | None = None
    code: str = ""
    certainty: Certainty | None = None
    """The certainty that a bad sample must reach exactly; None if LIKELY or more will do."""
    inside: frozenset[str] = frozenset()
    """The inside domains under which the sample is judged."""
    says: str = ""
    """The title that must be said; empty if any will do."""


@dataclass(frozen=True, slots=True)
class Examples:
    """The samples of a rule; they run as tests."""

    good: tuple[Example, ...] = ()
    """Nothing closes the gate."""
    bad: tuple[Example, ...] = ()
    """The rule speaks, likely or certain."""
    unsure: tuple[Example, ...] = ()
    """The rule speaks, undecided."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What must not happen, and the words for it when it does."""

    id: str
    """Kebab-case and named after the fault, so that ``allow[ID]`` reads well."""
    title: Title
    why: str
    """What a reader of the mail would see; one sentence."""
    change: str
    """What to change, as an imperative without a full stop."""
    measure: Measure
    limit: int
    """The largest number of people that is still fine."""
    severity: Severity
    cause: Cause
    caption: str = "shown to every reader"
    """The words under the caret; may hold ``{line}``."""
    what: str = ""
    """How it comes about, for the page of ``explain``; a short paragraph."""
    changes: tuple[tuple[str, str], ...] = ()
    """What to change with one particular provider: pairs of its name and the words."""
    order: int = 50
    """Among rules of one cause the smallest speaks first; the general rule has 100."""
    when: tuple[Trait, ...] = ()
    """The mechanisms one of which must be there; empty: any message."""
    over: Over = Over.MESSAGE
    default: bool = True
    """Whether it is on without being asked for."""
    incident: Incident | None = None
    cwe: tuple[str, ...] = ("CWE-359",)
    """Weaknesses of the CWE list, the closest first."""
    examples: Examples = field(default_factory=Examples, compare=False, repr=False)
    own: bool = True
    """False for a rule that a project brought."""

    def advice(self, provider: str = "", api: str = "") -> str:
        """What to change when the mail goes through ``provider``.

        ``api`` is the dotted name of the call that sends: plain mail is told in the words of the library that is used,
        where there are any.
        """
        words = dict(self.changes)
        library = api.partition(".")[0].replace("_", "-")
        return words.get(library if provider == "smtp" and library in words else provider, self.change)


CWE: Final[Mapping[str, str]] = {
    "CWE-200": "Exposure of Sensitive Information to an Unauthorized Actor",
    "CWE-201": "Insertion of Sensitive Information Into Sent Data",
    "CWE-212": "Improper Removal of Sensitive Information Before Storage or Transfer",
    "CWE-359": "Exposure of Private Personal Information to an Unauthorized Actor",
    "CWE-770": "Allocation of Resources Without Limits or Throttling",
    "CWE-1230": "Exposure of Sensitive Information Through Metadata",
}
"""Names of the weaknesses that rules point to, as cwe.mitre.org has them."""


@dataclass(frozen=True, slots=True)
class Audience:
    """People who may see each other, declared in the settings: a promise with a limit, not a hole in the gate."""

    name: str
    at: tuple[str, ...]
    """Where in the code: symbols (``crm.alerts.notify_admins``, ``crm.alerts.*``) or paths (``crm/alerts.py``)."""
    at_most: int | None = None
    """How many outside people one message may show; None if the number is not limited."""
    one_domain: bool = False
    """Whether all of them must have addresses at one domain."""
    reason: str = ""
    """Why they may see each other."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What is judged: the rules that are on, who is inside, which audiences are declared."""

    inside: frozenset[str]
    rules: tuple[Rule, ...]
    audiences: tuple[Audience, ...] = ()
    by_cause: tuple[tuple[Rule, ...], ...] = field(init=False, repr=False, compare=False)
    """The rules, those of one cause together, in the order in which they speak."""
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the rules once; a capture may hold a million messages."""
        groups: dict[Cause, list[Rule]] = {}
        for rule in sorted(self.rules, key=lambda rule: (rule.order, rule.id)):
            groups.setdefault(rule.cause, []).append(rule)
        ordered = tuple(tuple(groups[cause]) for cause in Cause if cause in groups)
        object.__setattr__(self, "by_cause", ordered)
        object.__setattr__(self, "_hash", hash((self.inside, self.rules, self.audiences)))

    def __hash__(self) -> int:
        """Worked out once: policies are keys of caches."""
        return self._hash


def chosen(
    rules: Iterable[Rule],
    *,
    select: Collection[str] | None = None,
    extend: Collection[str] = (),
    ignore: Collection[str] = (),
    limits: Mapping[str, int] | None = None,
) -> tuple[Rule, ...]:
    """The rules that are on, with the limits of the settings.

    Args:
        rules: all rules, as :func:`load_rules` gives them.
        select: exactly these; None means those that are on by default.
        extend: these as well.
        ignore: not these.
        limits: other limits, by rule.

    Raises:
        RulesError: for a rule that does not exist, or a limit below 0.

    """
    everything = {rule.id: rule for rule in rules}
    for name in [*(select or ()), *extend, *ignore, *(limits or {})]:
        if name not in everything:
            raise RulesError(f"there is no rule {_shown(name)}{_meant(name, everything)}")
    for name, limit in (limits or {}).items():
        if isinstance(limit, bool) or not 0 <= limit <= LIMIT_MAX:
            raise RulesError(f"the limit of {name} must be a number from 0 to {LIMIT_MAX:,}")
    result = []
    for rule in everything.values():
        on = rule.default if select is None else rule.id in select
        if (on or rule.id in extend) and rule.id not in ignore:
            result.append(replace(rule, limit=(limits or {}).get(rule.id, rule.limit)))
    return tuple(result)


# --------------------------------------------------------------------------------------------------------------------
# Judging


@dataclass(frozen=True, slots=True)
class Judgement:
    """A rule that one message breaks, or may break."""

    rule: Rule
    count: Count
    """The measure."""
    certainty: Certainty
    severity: Severity
    staff_only: bool
    """Whether it is broken only by counting people who are configured; a note at most."""
    title: str
    """The first line, with its numbers filled in."""
    line: str = "To"
    """The line of the message in which the people stand: To, Cc, Bcc or Reply-To."""
    noted: str = ""
    """Why it does not close the gate although it is so: ``audience account-admins``; empty if it does."""

    @property
    def gates(self) -> bool:
        """Whether it closes the gate."""
        return not self.noted and self.severity >= Severity.WARNING and self.certainty >= Certainty.LIKELY

    @property
    def caption(self) -> str:
        """The words under the caret."""
        return self.rule.caption.replace("{line}", self.line)


def judge(
    message: Message,
    policy: Policy,
    *,
    cap: Certainty = Certainty.CERTAIN,
    audience: Audience | None = None,
) -> tuple[Judgement, ...]:
    """What ``message`` breaks, one judgement per cause, in the order of :class:`Cause`.

    ``message.copies`` does not multiply anything: each copy is a message of its own. The measure counts everybody
    outside. The grade leaves out people who are configured: without them the certainty may be lower, and a rule that
    is kept without them is a note.

    Args:
        message: one group of readers.
        policy: the rules and who is inside.
        cap: the largest certainty to give; UNDECIDED where the service itself leaves open what happens.
        audience: the declared audience of the place, from :func:`audience_for`.

    """
    view = _View(message, policy.inside)
    result = []
    for rules in policy.by_cause:
        best: Judgement | None = None
        for rule in rules:
            judgement = _judged(rule, view, cap)
            # A specific rule that cannot close the gate never hides a general one that does.
            if judgement is not None and (best is None or (judgement.gates and not best.gates)):
                best = judgement
                if best.gates:
                    break
        if best is not None:
            result.append(best if audience is None else _heard(best, audience, view))
    return tuple(result)


class _View:
    """A message as one policy sees it; every number is worked out once, when it is asked for."""

    __slots__ = ("_counts", "_staff", "_traits", "_visible", "inside", "message")

    def __init__(self, message: Message, inside: frozenset[str]) -> None:
        self.message = message
        self.inside = inside
        self._counts: dict[tuple[Measure, bool], Count] = {}
        self._traits: frozenset[Trait] | None = None
        self._visible: dict[bool, list[Recipient]] = {}
        named = [mention.recipient for mention in message.mentions]
        everybody = (message.to, message.cc, message.bcc, message.transmitted_bcc, message.reply_to, named)
        self._staff = any(person.origin is Origin.CONFIGURED for people in everybody for person in people)

    def outside(self, people: Iterable[Recipient], *, staff: bool = True) -> list[Recipient]:
        """Those of ``people`` who are not inside; with ``staff=False`` also without those who are configured."""
        return [
            person
            for person in people
            if (staff or person.origin is not Origin.CONFIGURED)
            and not (self.inside and is_inside(person, self.inside))
        ]

    def visible(self, *, staff: bool = True) -> list[Recipient]:
        """Outside people in To, Cc and display names."""
        if staff not in self._visible:
            message = self.message
            named = [mention.recipient for mention in message.mentions if mention.field is Field.NAME]
            self._visible[staff] = self.outside([*message.to, *message.cc, *named], staff=staff)
        return self._visible[staff]

    def people(self, what: Measure) -> list[Recipient]:
        """The entries that a measure counts, for the choice of words."""
        message = self.message
        match what:
            case Measure.VISIBLE_EXTERNAL:
                return self.visible()
            case Measure.TRANSMITTED_BCC:
                return self.visible() + self.outside(message.transmitted_bcc)
            case Measure.REPLY_TO_EXTERNAL:
                return self.outside(message.reply_to)
            case Measure.BCC | Measure.FIRST_RECIPIENT:
                return self.outside([*message.bcc, *message.transmitted_bcc])
            case Measure.TOTAL:
                return [*message.to, *message.cc, *message.bcc, *message.transmitted_bcc]
            case _:
                return self.mentioned(what)

    def mentioned(self, what: Measure, *, staff: bool = True) -> list[Recipient]:
        """Outside people whom a reader finds besides the address headers, by where."""
        if not self.message.mentions:
            return []
        shared = what is Measure.MERGE_SHARED
        found = [
            mention.recipient
            for mention in self.message.mentions
            if mention.known
            and mention.field in _FIELDS[what]
            and (mention.field is not Field.MERGE or (mention.detail == "shared") == shared)
        ]
        return self.outside(found, staff=staff) if found else []

    def count(self, what: Measure, *, staff: bool) -> Count:
        """The measure ``what``; ``staff`` tells whether configured people count."""
        key = (what, staff or not self._staff)
        if key not in self._counts:
            self._counts[key] = self._count(*key)
        return self._counts[key]

    def _count(self, what: Measure, staff: bool) -> Count:
        message = self.message
        match what:
            case Measure.VISIBLE_EXTERNAL:
                return distinct(self.visible(staff=staff))
            case Measure.TRANSMITTED_BCC:
                line = self.outside(message.transmitted_bcc, staff=staff)
                if not line:
                    return ZERO
                return _if(distinct(line), distinct([*self.visible(staff=staff), *line]))
            case Measure.REPLY_TO_EXTERNAL:
                return distinct(self.outside(message.reply_to, staff=staff))
            case Measure.BCC:
                return distinct(self.outside(message.bcc, staff=staff))
            case Measure.TOTAL:
                return distinct(self.people(what)) + message.hidden
            case Measure.FIRST_RECIPIENT:
                # Configured people in To are an ordinary thing to put there: they are never "the first".
                first = self.visible(staff=False)
                hidden = self.outside([*message.bcc, *message.transmitted_bcc], staff=False)
                if not hidden or not first or distinct(first).plain >= MANY.plain:
                    return ZERO  # nobody, or so many that VISIBLE_EXTERNAL is the measure to look at
                known: dict[object, Count] = {_key(person): person.count for person in first}
                known.pop(None, None)
                # One person of a list in To and the whole list hidden read alike (`emails[0]`, `emails[1:]`):
                # only an entry that stands for no more people than the one in To is surely the same.
                others = [person for person in hidden if person.count.high > known.get(_key(person), ZERO).high]
                return _if(distinct(first), distinct(others))
            case _:
                return distinct(self.mentioned(what, staff=staff))

    def traits(self) -> frozenset[Trait]:
        """The mechanisms: what decode noted, and what the ways of visible people tell."""
        if self._traits is None:
            traits = set(self.message.traits)
            visible = [person for person in self.visible() if person.trail]
            for kind, trait in TRAIT_OF.items():
                if trait in traits:
                    continue
                same = [person for person in visible if any(step.kind is kind for step in person.trail)]
                if same and distinct(same).plain >= MANY.plain:
                    traits.add(trait)
            self._traits = frozenset(traits)
        return self._traits


_FIELDS: Final[Mapping[Measure, frozenset[Field]]] = {
    Measure.CONTENT: frozenset({Field.SUBJECT, Field.TEXT, Field.HTML, Field.ATTACHMENT}),
    Measure.CALENDAR: frozenset({Field.CALENDAR}),
    Measure.HEADER: frozenset({Field.HEADER}),
    Measure.MERGE_KEY: frozenset({Field.MERGE}),
    Measure.MERGE_SHARED: frozenset({Field.MERGE}),
    Measure.MERGE_TAG: frozenset({Field.TAG}),
    Measure.LINK: frozenset({Field.LINK}),
}

TRAIT_OF: Final[Mapping[StepKind, Trait]] = {
    StepKind.BATCHED: Trait.BATCHED,
    StepKind.JOINED: Trait.JOINED,
    StepKind.GROWN: Trait.GROWING,
}
"""The mechanism that a step of a way tells of, where it brings many people."""


def _key(person: Recipient) -> tuple[object, ...] | None:
    """What tells that two entries are one person, as `addresses.distinct` sees it; None if nothing tells."""
    if person.address is not None:
        return (compare_key(person.address),)
    return (person.label, person.trail[:1]) if person.label else None


def _if(condition: Count, count: Count) -> Count:
    """``count`` where somebody is in ``condition``, else nobody."""
    return Count(
        count.low if condition.low else 0,
        count.plain if condition.plain else 0,
        count.high if condition.high else 0,
    )


def measure(what: Measure, message: Message, inside: frozenset[str] = frozenset(), *, staff: bool = True) -> Count:
    """The measure ``what`` of ``message``. With ``staff=False`` people who are configured do not count."""
    return _View(message, inside).count(what, staff=staff)


def _certainty(count: Count, limit: int) -> Certainty | None:
    over = count.over(limit)
    if over is Truth.YES:
        return Certainty.CERTAIN
    if over is Truth.NO:
        return None
    return Certainty.LIKELY if count.plainly_over(limit) else Certainty.UNDECIDED


def _judged(rule: Rule, view: _View, cap: Certainty) -> Judgement | None:
    count = view.count(rule.measure, staff=True)
    certainty = _certainty(count, rule.limit)
    if certainty is None or (rule.when and not view.traits().intersection(rule.when)):
        return None
    strict = _certainty(view.count(rule.measure, staff=False), rule.limit)
    severity = rule.severity if strict is not None else min(rule.severity, Severity.NOTE)
    people = view.people(rule.measure)
    line = _line(rule, view, people)
    return Judgement(
        rule=rule,
        count=count,
        certainty=min(certainty if strict is None else strict, cap),
        severity=severity,
        staff_only=strict is None,
        title=_titled(rule, count, people, line),
        line=line,
    )


def _line(rule: Rule, view: _View, people: Sequence[Recipient]) -> str:
    match rule.measure:
        case Measure.TRANSMITTED_BCC | Measure.BCC:
            return "Bcc"
        case Measure.REPLY_TO_EXTERNAL:
            return "Reply-To"
        case what if what in RECORDED:
            return _found_in(what, view.message)
        case _:
            # The line with the most of them, told as the reader finds it; To where both are alike.
            message = view.message
            shown = set(map(id, people))
            cc = [person for person in message.cc if id(person) in shown]
            to = [person for person in message.to if id(person) in shown]
            return "Cc" if cc and (not to or _weight(cc) > _weight(to)) else "To"


def _found_in(what: Measure, message: Message) -> str:
    """Where most of what a measure counts stands: ``the text``, ``List-Unsubscribe``."""
    places: dict[str, int] = {}
    for mention in message.mentions:
        if mention.known and mention.field in _FIELDS[what]:
            header = mention.field is Field.HEADER and _HEADER_NAME.fullmatch(mention.detail)
            place = mention.detail if header else mention.field.value
            places[place] = places.get(place, 0) + 1
    return max(places, key=lambda place: places[place], default="")


_HEADER_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,40}")


def _weight(people: Iterable[Recipient]) -> tuple[int, int]:
    plain = low = 0
    for person in people:
        plain += person.count.plain
        low += person.count.low
    return min(plain, MANY.plain), low


def _titled(rule: Rule, count: Count, people: Sequence[Recipient], line: str) -> str:
    size = _batch_size(people) if rule.title.size else None
    template = {
        Kind.NUMBER: rule.title.number,
        Kind.LIST: rule.title.list,
        Kind.SEVERAL: rule.title.several,
    }[_kind(count, people)]
    if size is not None:
        template = rule.title.size
    return _filled(template, n=count.exact, limit=rule.limit, size=size, line=line)


def _kind(count: Count, people: Sequence[Recipient]) -> Kind:
    """Which wording fits."""
    if count.exact is not None:
        return Kind.NUMBER
    lists = any(
        person.count.plain >= MANY.plain or any(step.kind is StepKind.GROWN for step in person.trail)
        for person in people
    )
    return Kind.LIST if lists else Kind.SEVERAL


def _batch_size(people: Iterable[Recipient]) -> int | None:
    """The largest batch that the code names as a number."""
    sizes = [
        int(step.detail)
        for person in people
        for step in person.trail
        if step.kind is StepKind.BATCHED and step.detail.isascii() and step.detail.isdigit() and len(step.detail) < 10
    ]
    return max(sizes, default=None)


def _filled(template: str, *, n: int | None, limit: int, size: int | None, line: str) -> str:
    # Not str.format: a rule file of a stranger may hold any braces.
    filled = template.replace("{line}", line).replace("{limit}", f"{limit:,}")
    filled = filled.replace("{n}", "several" if n is None else f"{n:,}")
    return filled.replace("{size}", "several" if size is None else f"{size:,}")


# --------------------------------------------------------------------------------------------------------------------
# Audiences


def audience_for(policy: Policy, symbols: Iterable[str], paths: Iterable[str] = ()) -> Audience | None:
    """The first declared audience of a place.

    Args:
        policy: where the audiences are declared.
        symbols: the functions that the place is in (that of the send, of the place where the people enter, the
            root), as ``package.module:Class.method`` or with dots only.
        paths: the files of the place, or of the capture, relative to the root, with forward slashes.

    """
    names = [symbol.replace(":", ".") for symbol in symbols if symbol]
    files = list(paths)
    for audience in policy.audiences:
        for pattern in audience.at:
            candidates = files if _is_path(pattern) else names
            wanted = pattern if _is_path(pattern) else pattern.replace(":", ".")
            if any(fnmatch.fnmatchcase(candidate, wanted) for candidate in candidates):
                return audience
    return None


def _is_path(pattern: str) -> bool:
    return "/" in pattern or pattern.endswith((".py", ".ipynb", ".jsonl", ".json", ".har", ".eml", ".mbox", ".yaml"))


def _heard(judgement: Judgement, audience: Audience, view: _View) -> Judgement:
    """``judgement`` as the declared audience leaves it: noted while the promise is kept, told if it is broken."""
    cause = judgement.rule.cause
    if cause not in SHOWING and cause is not Cause.FIRST_RECIPIENT:
        return judgement
    shown = judgement.count if cause in SHOWING else view.count(Measure.VISIBLE_EXTERNAL, staff=True)
    if audience.at_most is not None and shown.low > audience.at_most:
        return replace(judgement, title=f"{judgement.title}; the audience {audience.name} allows {audience.at_most:,}")
    if audience.one_domain and cause in SHOWING:
        people = view.people(judgement.rule.measure)
        domains = {domain for person in people if person.count.low and (domain := domain_of(person)) is not None}
        if len(domains) > 1:
            return replace(judgement, title=f"{judgement.title}; the audience {audience.name} is of one domain")
    return replace(judgement, noted=f"audience {audience.name}")


# --------------------------------------------------------------------------------------------------------------------
# Verdicts and sequences


def verdict_of(judgements: Iterable[Judgement], message: Message, policy: Policy | None = None) -> Verdict:
    """What was established about ``message``.

    SHOWS and UNDECIDED speak of outside people who see each other. STAFF_ONLY: everybody who gets the message is
    inside or configured, so far as is known. What an audience allows still shows people to each other.
    """
    showing = [one for one in judgements if one.rule.cause in SHOWING and not one.staff_only]
    if any(one.certainty >= Certainty.LIKELY for one in showing):
        return Verdict.SHOWS
    if showing:
        return Verdict.UNDECIDED
    inside = policy.inside if policy is not None else frozenset()
    readers = [*message.to, *message.cc, *message.bcc, *message.transmitted_bcc]
    people = [person for person in readers if person.count.high]
    if people and not message.hidden.high and not _View(message, inside).outside(people, staff=False):
        return Verdict.STAFF_ONLY
    return Verdict.KEEPS_APART


@dataclass(frozen=True, slots=True)
class Growth:
    """A summary of neighbouring messages of a capture: how long each showed the people of the one before, and more.

    Summaries of neighbouring parts merge with ``+`` (associative), so that a capture can be judged in parts. The
    size of a summary is four numbers and the keys of two messages, whatever the length of the part. It holds
    addresses: it lives in memory and is never written.
    """

    first: frozenset[str] = field(repr=False)
    """Who is visible in the first message of the part."""
    last: frozenset[str] = field(repr=False)
    """Who is visible in the last one."""
    messages: int
    prefix: int
    """Length of the growing run that the part starts with."""
    suffix: int
    """Length of the growing run that the part ends with."""
    longest: int

    @classmethod
    def of(cls, message: Message, inside: frozenset[str] = frozenset()) -> Growth:
        """The summary of one message."""
        shown = frozenset(
            compare_key(person.address) for person in _View(message, inside).visible() if person.address is not None
        )
        return cls(shown, shown, 1, 1, 1, 1)

    def __add__(self, later: Growth) -> Growth:
        """Append the part that comes ``later``."""
        grows = bool(self.last) and self.last < later.first
        return Growth(
            first=self.first,
            last=later.last,
            messages=self.messages + later.messages,
            prefix=self.prefix + later.prefix if grows and self.prefix == self.messages else self.prefix,
            suffix=self.suffix + later.suffix if grows and later.suffix == later.messages else later.suffix,
            longest=max(self.longest, later.longest, self.suffix + later.prefix if grows else 0),
        )


GROWTH_RUN: Final = 3
"""So many messages in a row, each with everybody of the one before and more: a list that is not emptied. Two may be
a thread that somebody joined."""


def judge_sequence(growth: Growth, policy: Policy) -> tuple[Judgement, ...]:
    """What a sequence of recorded messages breaks: the rules ``over: sequence``. The count is one of messages."""
    if growth.longest < GROWTH_RUN:
        return ()
    return tuple(
        Judgement(
            rule=rule,
            count=exactly(growth.longest),
            certainty=Certainty.CERTAIN,
            severity=rule.severity,
            staff_only=False,
            title=_filled(rule.title.list, n=None, limit=rule.limit, size=None, line="To"),
        )
        for rule in policy.rules
        if rule.over is Over.SEQUENCE
    )


# --------------------------------------------------------------------------------------------------------------------
# Reading rule files

LIMIT_MAX: Final = 1_000_000
"""The largest limit of a rule; beyond it a rule says nothing."""
FILE_BYTES: Final = 64 * 1024
"""The largest rule file."""
FILES: Final = 200
"""How many rule files one folder may hold."""
DEPTH: Final = 32
"""How deep a rule file may nest; a SendGrid request in an example needs a dozen levels."""
TEXT_CHARS: Final = 600
"""The longest text of a rule, examples apart."""

_ID: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_CWE: Final = re.compile(r"CWE-[1-9][0-9]{0,4}")
_SLOT: Final = re.compile(r"\{[^{}]*\}")
_ADDRESS: Final = re.compile(r"[\w.+-]@([\w.-]+)")
_T = TypeVar("_T")
_E = TypeVar("_E", bound=enum.Enum)
_Lines = dict[tuple[str | int, ...], int]


def load_rules(extra: Path | None = None) -> tuple[Rule, ...]:
    """All rules: those that come with mailguard, and those of a project's folder ``extra``.

    A project adds rules under names of its own. It cannot replace one of ours: limits and choice belong into the
    settings, where a review sees them.

    Raises:
        RulesError: for a file that cannot be used.

    """
    own = packaged_rules()
    if extra is None:
        return own
    taken = {rule.id for rule in own}
    result = list(own)
    for rule in _folder(extra, own=False):
        if rule.id in taken:
            raise RulesError(
                f"{_shown_path(extra)}: there is a rule {rule.id} already. Give yours a name of its own, "
                "or change the limit of ours in the settings"
            )
        taken.add(rule.id)
        result.append(rule)
    return tuple(sorted(result, key=_by_order))


def _by_order(rule: Rule) -> tuple[int, int, str]:
    return list(Cause).index(rule.cause), rule.order, rule.id


@functools.cache
def packaged_rules() -> tuple[Rule, ...]:
    """The rules that come with mailguard, out of the wheel or of a checkout."""
    here = Path(__file__).resolve().parent
    for folder in (here / "_rules", here.parent / "rules"):
        if folder.is_dir():
            return tuple(sorted(_folder(folder, own=True), key=_by_order))
    raise RulesError("mailguard is installed without its rules. Install it again")


def _folder(folder: Path, *, own: bool) -> list[Rule]:
    if not folder.is_dir():
        raise RulesError(f"{_shown_path(folder)}: there is no such folder of rules. Correct the path in the settings")
    files = sorted(path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"})
    if len(files) > FILES:
        raise RulesError(f"{_shown_path(folder)}: more than {FILES} rule files. Keep only those in use")
    root = folder.resolve()
    result: dict[str, Rule] = {}
    for path in files:
        try:
            if root not in path.resolve().parents:
                raise RulesError(f"{_shown_path(path)}: this link leads out of the folder. Put the file itself there")
            with path.open("rb") as stream:
                data = stream.read(FILE_BYTES + 1)
        except (OSError, RuntimeError):  # RuntimeError: a link that leads to itself, up to Python 3.12
            raise RulesError(f"{_shown_path(path)}: cannot be opened. Check its permissions") from None
        rule = read_rule(data, _shown_path(path), own=own)
        if path.stem != rule.id:
            raise RulesError(f"{_shown_path(path)}: holds the rule {rule.id}. Name the file {rule.id}.yaml")
        if rule.id in result:
            raise RulesError(f"{_shown_path(path)}: there is a rule {rule.id} already. Remove one of the two files")
        result[rule.id] = rule
    return list(result.values())


def read_rule(data: bytes, name: str, *, own: bool = False) -> Rule:
    """The rule that a file holds.

    Args:
        data: the bytes of the file; UTF-8.
        name: how errors call the file.
        own: whether it comes with mailguard.

    Raises:
        RulesError: if it is no rule.

    """
    if len(data) > FILE_BYTES:
        raise RulesError(f"{name}: larger than {FILE_BYTES:,} bytes. Shorten its examples")
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RulesError(f"{name}: not UTF-8. Save it in that encoding") from None
    value, lines = _yaml(content, name)
    reader = _Reader(name, lines)
    return _rule(reader, reader.mapping(value, ()), own=own)


def _yaml(content: str, name: str) -> tuple[Any, _Lines]:
    """Plain data out of YAML, event by event, and the line of every node."""
    import yaml  # noqa: PLC0415  # costs 30 ms, which a run without mail code does not pay

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    lines: _Lines = {}
    root: list[Any] = []
    # One frame per open collection: the collection, its path, and for a mapping the key that waits for its value.
    stack: list[tuple[Any, tuple[str | int, ...], list[str]]] = []

    def fail(event: Any, what: str) -> NoReturn:
        raise RulesError(f"{name}:{event.start_mark.line + 1}: {what}")

    def place(event: Any, value: Any) -> tuple[str | int, ...]:
        """Put ``value`` where it belongs and return its path."""
        if not stack:
            if root:
                fail(event, "a second document. Keep one rule in one file")
            root.append(value)
            path: tuple[str | int, ...] = ()
        else:
            parent, above, waiting = stack[-1]
            if isinstance(parent, list):
                path = (*above, len(parent))
                parent.append(value)
            elif waiting:
                key = waiting.pop()
                path = (*above, key)
                parent[key] = value
            else:
                if isinstance(value, (dict, list)) or value is None:
                    fail(event, "a key that is no word. Write a word before the colon")
                key = value if isinstance(value, str) else event.value
                if key in parent:
                    fail(event, f"{_shown(key)} stands here twice. Keep one")
                path = (*above, key)
                lines[path] = event.start_mark.line + 1
                waiting.append(key)
                return path
        lines.setdefault(path, event.start_mark.line + 1)
        return path

    try:
        for event in yaml.parse(content, Loader=loader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
                fail(event, "an anchor or alias (& or *), which rules do not have. Write the text out, or quote it")
            if isinstance(event, yaml.ScalarEvent):
                if event.tag is not None and event.tag != "!":
                    fail(event, "a tag (!), which rules do not have. Remove it, or quote the text")
                place(event, _scalar(event.value) if event.implicit[0] else event.value)
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                if event.tag is not None:
                    fail(event, "a tag (!), which rules do not have. Remove it, or quote the text")
                if len(stack) >= DEPTH:
                    fail(event, f"nested deeper than {DEPTH} levels. Make the example smaller")
                new: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
                stack.append((new, place(event, new), []))
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                stack.pop()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark is not None else name
        raise RulesError(f"{where}: not valid YAML. Check indentation, colons and quotes there") from None
    except RecursionError:
        raise RulesError(f"{name}: nested too deep. Make the example smaller") from None
    if not root:
        raise RulesError(f"{name}: empty. Write a rule into it, or remove it")
    return root[0], lines


def _scalar(content: str) -> str | int | bool | None:
    """A plain scalar; of YAML's many spellings only those that everybody reads alike (the core schema of 1.2)."""
    if content in {"", "~", "null"}:
        return None
    if content in {"true", "false"}:
        return content == "true"
    if re.fullmatch(r"-?(?:0|[1-9][0-9]{0,17})", content):
        return int(content)
    return content


class _Reader:
    """Checks on plain data; each failure is one line."""

    def __init__(self, name: str, lines: _Lines) -> None:
        self.name = name
        self.lines = lines

    def fail(self, path: tuple[str | int, ...], what: str) -> NoReturn:
        """Raise the error that ``what`` is wrong at ``path``."""
        line = next((self.lines[path[:end]] for end in range(len(path), -1, -1) if path[:end] in self.lines), None)
        raise RulesError(f"{self.name}:{line}: {what}" if line else f"{self.name}: {what}")

    def mapping(self, value: Any, path: tuple[str | int, ...]) -> dict[str, Any]:
        """A mapping."""
        if not isinstance(value, dict):
            self.fail(path, f"{self.called(path)} must be a block of names and values. Write NAME: VALUE lines")
        return value

    def sequence(self, value: Any, path: tuple[str | int, ...]) -> list[Any]:
        """A list."""
        if not isinstance(value, list):
            self.fail(path, f"{self.called(path)} must be a list. Write each entry after a dash")
        return value

    def keys(self, value: dict[str, Any], path: tuple[str | int, ...], allowed: Collection[str]) -> None:
        """No key but those."""
        for key in value:
            if key not in allowed:
                self.fail((*path, key), f"there is no {_shown(key)}{_meant(key, allowed)}")

    def text(self, value: Any, path: tuple[str | int, ...], *, slots: Collection[str] = (), most: int = 0) -> str:
        """A text for people: not empty, not too long, no control characters, no address."""
        if not isinstance(value, str) or not value.strip():
            self.fail(path, f"{self.called(path)} must be a text. Write it after the colon, in quotes")
        content = " ".join(value.split())
        if len(content) > (most or TEXT_CHARS):
            self.fail(path, f"{self.called(path)} is longer than {most or TEXT_CHARS} characters. Shorten it")
        if any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for char in content):
            self.fail(path, f"{self.called(path)} holds a control character. Remove it")
        if "@" in content:
            self.fail(path, f"{self.called(path)} holds an @. Keep addresses out of what is printed")
        for slot in _SLOT.findall(content):
            if slot not in slots:
                known = ", ".join(sorted(slots)) or "none"
                self.fail(path, f"{self.called(path)} has the slot {_shown(slot)}. Known here: {known}")
        return content

    def number(self, value: Any, path: tuple[str | int, ...], most: int) -> int:
        """A whole number from 0 to ``most``."""
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            self.fail(path, f"{self.called(path)} must be a whole number from 0 to {most:,}")
        return value

    def flag(self, value: Any, path: tuple[str | int, ...]) -> bool:
        """True or false."""
        if not isinstance(value, bool):
            self.fail(path, f"{self.called(path)} must be true or false")
        return value

    def member(self, value: Any, path: tuple[str | int, ...], kinds: Mapping[str, _T]) -> _T:
        """One of the words of ``kinds``."""
        if not isinstance(value, str) or value not in kinds:
            if isinstance(value, str):
                self.fail(path, f"there is no {self.called(path)} {_shown(value)}{_meant(value, kinds)}")
            self.fail(path, f"{self.called(path)} must be one of: {', '.join(kinds)}")
        return kinds[value]

    @staticmethod
    def called(path: tuple[str | int, ...]) -> str:
        """How an error names the value at ``path``."""
        names = [part for part in path if isinstance(part, str)]
        return _shown(names[-1]) if names else "the file"


def _shown(content: object) -> str:
    """A word of a rule file as errors print it: never an address, a control character or a long text."""
    if isinstance(content, str) and 0 < len(content) <= 60 and content.isprintable() and "@" not in content:
        return f'"{content}"'
    return "this"


def _shown_path(path: Path) -> str:
    """A path as errors print it."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in path.as_posix())


def _meant(content: str, known: Iterable[str]) -> str:
    """The end of an error about an unknown word: the nearest known one, or all of them."""
    words = [str(word) for word in known]
    near = difflib.get_close_matches(content[:100], words, n=1)
    if near:
        return f'. Did you mean "{near[0]}"?'
    return f". Known: {', '.join(words)}" if len(words) <= 16 else ""


def _words(kind: type[_E]) -> dict[str, _E]:
    return {str(member.value): member for member in kind}


_SEVERITIES: Final = {severity.name.lower(): severity for severity in Severity}
_CERTAINTIES: Final = {certainty.name.lower(): certainty for certainty in Certainty}
_ORIGINS: Final = {origin.name.lower(): origin for origin in Origin}
_STEPS: Final = {kind.name.lower(): kind for kind in StepKind}
_COUNTS: Final = {"one": ONE, "optional": OPTIONAL, "open": OPEN, "many": MANY, "any": ANY}

_REQUIRED: Final = ("id", "title", "why", "change", "measure", "limit", "severity", "cause")
_FURTHER: Final = (
    "what", "changes", "caption", "order", "when", "over", "default", "incident", "cwe", "examples",
)  # fmt: skip
_TITLE_SLOTS: Final = ("{n}", "{limit}", "{line}")
_SIZE_SLOTS: Final = (*_TITLE_SLOTS, "{size}")


def _rule(reader: _Reader, data: dict[str, Any], *, own: bool) -> Rule:
    reader.keys(data, (), (*_REQUIRED, *_FURTHER))
    for key in _REQUIRED:
        if key not in data:
            reader.fail((), f"a rule needs {_shown(key)}. Add it")
    identity = data["id"]
    if not isinstance(identity, str) or len(identity) > 64 or not _ID.fullmatch(identity):
        reader.fail(("id",), '"id" must be words in small letters with dashes. Name the fault: "list-in-cc"')
    change = reader.text(data["change"], ("change",))
    changes = reader.mapping(data.get("changes", {}), ("changes",))
    for provider in changes:
        if not _ID.fullmatch(provider):
            reader.fail(("changes", provider), f"{_shown(provider)} is no provider's name. Write it in small letters")
    return Rule(
        id=identity,
        title=_title(reader, data["title"]),
        why=reader.text(data["why"], ("why",)),
        change=change,
        measure=reader.member(data["measure"], ("measure",), _words(Measure)),
        limit=reader.number(data["limit"], ("limit",), LIMIT_MAX),
        severity=reader.member(data["severity"], ("severity",), _SEVERITIES),
        cause=reader.member(data["cause"], ("cause",), _words(Cause)),
        caption=reader.text(data.get("caption", "shown to every reader"), ("caption",), slots=("{line}",), most=100),
        what=reader.text(data["what"], ("what",), most=2 * TEXT_CHARS) if "what" in data else "",
        changes=tuple((provider, reader.text(words, ("changes", provider))) for provider, words in changes.items()),
        order=reader.number(data.get("order", 50), ("order",), 1000),
        when=tuple(
            reader.member(word, ("when", index), _words(Trait))
            for index, word in enumerate(reader.sequence(data.get("when", []), ("when",)))
        ),
        over=reader.member(data.get("over", "message"), ("over",), _words(Over)),
        default=reader.flag(data.get("default", True), ("default",)),
        incident=_incident(reader, data["incident"]) if "incident" in data else None,
        cwe=_cwe(reader, data.get("cwe", ["CWE-359"])),
        examples=_examples(reader, data.get("examples", {})),
        own=own,
    )


def _title(reader: _Reader, data: Any) -> Title:
    if isinstance(data, str):
        words = reader.text(data, ("title",), slots=("{limit}", "{line}"), most=100)
        return Title(words, words, words)
    block = reader.mapping(data, ("title",))
    reader.keys(block, ("title",), ("number", "list", "several", "size"))
    for key in ("number", "list", "several"):
        if key not in block:
            reader.fail(
                ("title",), f'a title needs "number", "list" and "several". Add {_shown(key)}, or write one text'
            )
    return Title(
        number=reader.text(block["number"], ("title", "number"), slots=_TITLE_SLOTS, most=100),
        list=reader.text(block["list"], ("title", "list"), slots=("{limit}", "{line}"), most=100),
        several=reader.text(block["several"], ("title", "several"), slots=("{limit}", "{line}"), most=100),
        size=reader.text(block["size"], ("title", "size"), slots=_SIZE_SLOTS, most=100) if "size" in block else "",
    )


def _incident(reader: _Reader, data: Any) -> Incident:
    block = reader.mapping(data, ("incident",))
    reader.keys(block, ("incident",), ("name", "date", "url", "story"))
    for key in ("name", "date", "url"):
        if key not in block:
            reader.fail(("incident",), f"an incident needs {_shown(key)}. Add it")
    url = reader.text(block["url"], ("incident", "url"), most=300)
    if not re.fullmatch(r"https?://[\w.-]+(?:/[\w./?=&%~+#:,-]*)?", url):
        reader.fail(("incident", "url"), '"url" must be a web address. Start it with https://')
    return Incident(
        name=reader.text(block["name"], ("incident", "name"), most=100),
        date=reader.text(block["date"], ("incident", "date"), most=40),
        url=url,
        story=reader.text(block["story"], ("incident", "story")) if "story" in block else "",
    )


def _cwe(reader: _Reader, data: Any) -> tuple[str, ...]:
    numbers = reader.sequence(data, ("cwe",))
    for index, number in enumerate(numbers):
        if not isinstance(number, str) or not _CWE.fullmatch(number):
            reader.fail(("cwe", index), '"cwe" must hold numbers of the CWE list. Write them as CWE-359')
    return tuple(numbers)


def _examples(reader: _Reader, data: Any) -> Examples:
    path: tuple[str | int, ...] = ("examples",)
    block = reader.mapping(data, path)
    reader.keys(block, path, ("good", "bad", "unsure"))

    def read(kind: str) -> tuple[Example, ...]:
        entries = reader.sequence(block.get(kind, []), (*path, kind))
        return tuple(_example(reader, entry, (*path, kind, index)) for index, entry in enumerate(entries))

    return Examples(good=read("good"), bad=read("bad"), unsure=read("unsure"))


def _example(reader: _Reader, data: Any, path: tuple[str | int, ...]) -> Example:
    block = reader.mapping(data, path)
    forms = ("message", "request", "smtp", "code")
    reader.keys(block, path, ("name", "certainty", "inside", "says", *forms))
    if len([form for form in forms if form in block]) != 1:
        reader.fail(path, "an example needs one of message, request, smtp or code. Write exactly one")
    if "name" not in block:
        reader.fail(path, 'an example needs "name". Say in a few words what it shows')
    _only_reserved(reader, block, path)
    message: Message | None = None
    exchange: Exchange | None = None
    code = ""
    if "message" in block:
        message = _message(reader, block["message"], (*path, "message"))
    elif "request" in block:
        exchange = _request(reader, block["request"], (*path, "request"))
    elif "smtp" in block:
        exchange = _smtp(reader, block["smtp"], (*path, "smtp"))
    else:
        code = block["code"]
        if not isinstance(code, str) or not code.strip():
            reader.fail((*path, "code"), '"code" must be Python. Write it below "code: |"')
    return Example(
        name=reader.text(block["name"], (*path, "name"), most=120),
        message=message,
        exchange=exchange,
        code=code,
        certainty=reader.member(block["certainty"], (*path, "certainty"), _CERTAINTIES)
        if "certainty" in block
        else None,
        inside=frozenset(_strings(reader, block.get("inside", []), (*path, "inside"))),
        says=reader.text(block["says"], (*path, "says"), most=200) if "says" in block else "",
    )


def _only_reserved(reader: _Reader, data: Any, path: tuple[str | int, ...]) -> None:
    """Examples are printed: the people in them must not exist."""
    if isinstance(data, dict):
        for key, value in data.items():
            _only_reserved(reader, key, path)
            _only_reserved(reader, value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            _only_reserved(reader, value, (*path, index))
    elif isinstance(data, str):
        for domain in _ADDRESS.findall(data):
            name = domain.rstrip(".").lower()
            if not is_reserved(name):
                reader.fail(path, "an address that may belong to somebody. Use example.com, example.net or example.org")


def _strings(reader: _Reader, data: Any, path: tuple[str | int, ...]) -> list[str]:
    words = reader.sequence(data, path)
    for index, word in enumerate(words):
        if not isinstance(word, str):
            reader.fail((*path, index), f"{reader.called(path)} must hold texts. Put quotes around this one")
    return words


_MENTIONS: Final = {
    "in-subject": (Field.SUBJECT, ""),
    "in-text": (Field.TEXT, ""),
    "in-html": (Field.HTML, ""),
    "in-attachment": (Field.ATTACHMENT, ""),
    "in-calendar": (Field.CALENDAR, ""),
    "in-header": (Field.HEADER, ""),
    "in-merge-data": (Field.MERGE, "key"),
    "in-shared-merge-data": (Field.MERGE, "shared"),
    "in-tag": (Field.TAG, ""),
    "in-link": (Field.LINK, ""),
}
"""Where the people of an example stand besides the address headers."""
_LISTS: Final = ("to", "cc", "bcc", "transmitted-bcc", "reply-to", "names")


def _message(reader: _Reader, data: Any, path: tuple[str | int, ...]) -> Message:
    block = reader.mapping(data, path)
    reader.keys(block, path, (*_LISTS, *_MENTIONS, "traits", "copies", "hidden"))

    def people(key: str) -> tuple[Recipient, ...]:
        entries = reader.sequence(block.get(key, []), (*path, key))
        return tuple(_person(reader, entry, (*path, key, index)) for index, entry in enumerate(entries))

    return Message(
        to=people("to"),
        cc=people("cc"),
        bcc=people("bcc"),
        transmitted_bcc=people("transmitted-bcc"),
        reply_to=people("reply-to"),
        mentions=(
            *(Mention(Field.NAME, person) for person in people("names")),
            *(
                Mention(where, person, detail, known=True)
                for key, (where, detail) in _MENTIONS.items()
                for person in people(key)
            ),
        ),
        traits=frozenset(
            reader.member(word, (*path, "traits", index), _words(Trait))
            for index, word in enumerate(reader.sequence(block.get("traits", []), (*path, "traits")))
        ),
        copies=_count(reader, block.get("copies", "one"), (*path, "copies")),
        hidden=_count(reader, block.get("hidden", 0), (*path, "hidden")),
    )


def _count(reader: _Reader, data: Any, path: tuple[str | int, ...]) -> Count:
    if isinstance(data, str):
        return reader.member(data, path, _COUNTS)
    return exactly(reader.number(data, path, LIMIT_MAX))


def _person(reader: _Reader, data: Any, path: tuple[str | int, ...]) -> Recipient:
    """One entry: an address, or an expression of the code with what is known of it."""
    if isinstance(data, str):
        return Recipient(data, origin=Origin.WRITTEN)
    block = reader.mapping(data, path)
    reader.keys(block, path, ("address", "expression", "domain", "count", "origin", "steps", "size"))
    address = block.get("address")
    if "address" in block and not isinstance(address, str):
        reader.fail((*path, "address"), '"address" must be a text. Put quotes around it')
    size = reader.number(block["size"], (*path, "size"), LIMIT_MAX) if "size" in block else ""
    steps = [
        reader.member(word, (*path, "steps", index), _STEPS)
        for index, word in enumerate(reader.sequence(block.get("steps", []), (*path, "steps")))
    ]
    return Recipient(
        address,
        count=_count(reader, block.get("count", "one"), (*path, "count")),
        origin=reader.member(block.get("origin", "given"), (*path, "origin"), _ORIGINS),
        trail=tuple(
            Step(kind, Place("example.py", number), str(size) if kind is StepKind.BATCHED else "")
            for number, kind in enumerate(steps, 1)
        ),
        domain=reader.text(block["domain"], (*path, "domain")) if "domain" in block else None,
        label=reader.text(block["expression"], (*path, "expression")) if "expression" in block else "",
    )


def _request(reader: _Reader, data: Any, path: tuple[str | int, ...]) -> HttpRequest:
    block = reader.mapping(data, path)
    reader.keys(block, path, ("method", "url", "headers", "json", "form", "body"))
    if not isinstance(block.get("url"), str):
        reader.fail((*path, "url"), 'a request needs "url". Write it out')
    if len([key for key in ("json", "form", "body") if key in block]) > 1:
        reader.fail(path, "a request has one of json, form or body. Keep one")
    headers = reader.mapping(block.get("headers", {}), (*path, "headers"))
    for key, value in [("method", block.get("method", "")), ("body", block.get("body", "")), *headers.items()]:
        if not isinstance(value, str):
            reader.fail((*path, key), f"{_shown(key)} must be a text. Put quotes around it")
    body: Body = None
    encoding = ""
    if "json" in block:
        body, encoding = block["json"], "json"
    elif "form" in block:
        form = reader.mapping(block["form"], (*path, "form"))
        body, encoding = Form(tuple(_parts(form))), "form"
    elif "body" in block:
        body = block["body"]
    method = block.get("method", "POST")
    return HttpRequest(method=method, url=block["url"], headers=headers, body=body, encoding=encoding)


def _parts(form: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in form.items():
        for single in value if isinstance(value, list) else [value]:
            yield name, single


def _smtp(reader: _Reader, data: Any, path: tuple[str | int, ...]) -> SmtpTransaction:
    block = reader.mapping(data, path)
    reader.keys(block, path, ("relay", "from", "to", "data"))
    content, sender = block.get("data"), block.get("from", "")
    relay = block.get("relay", "smtp://localhost:25")
    if not isinstance(relay, str):
        reader.fail((*path, "relay"), '"relay" must be a text. Write it as smtp://HOST:PORT')
    if not isinstance(content, str) or not isinstance(sender, str):
        reader.fail((*path, "data"), '"data" must be the message as sent. Write it below "data: |"')
    return SmtpTransaction(
        relay=relay,
        mail_from=sender,
        rcpt_to=_strings(reader, block.get("to", []), (*path, "to")),
        data=content,
    )
