"""From decoded messages to findings, the inventory and the ledger.

What was judged is gathered here, of the code (:class:`CodeTally`) and of captures
(:class:`CaptureTally`): one cause is one finding, with all ways by which it comes
about; one mail call is one line of the inventory, with the worst of its ways.
"""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from mailguard.addresses.compare import compare_key, distinct, domain_of, is_inside, is_reserved
from mailguard.baseline import Problem
from mailguard.discover import is_test_code
from mailguard.globs import Globs
from mailguard.model.count import MANY, ONE, Count
from mailguard.model.exchange import Dispatch, Record
from mailguard.model.finding import Call, Certainty, Finding, Severity, Skip, SkipReason, Verdict, Way
from mailguard.model.links import Links
from mailguard.model.message import CannotTell, Decoded, Field, Mention, Message, Recipient, Undecided
from mailguard.model.place import Place
from mailguard.model.provider import Provider
from mailguard.model.value import ORIGIN_OF, Origin, Step, StepKind, Trail
from mailguard.redact import count_words, foreign, number
from mailguard.rulebook.growth import Growth, judge_sequence
from mailguard.rulebook.judging import Judgement, judge, verdict_of
from mailguard.rulebook.policies import Audience, Policy, audience_for
from mailguard.rulebook.rules import SHOWING, Measure

__all__ = ["CaptureTally", "CodeTally", "Policies", "worst_first"]

WORST: Final = (
    Verdict.SHOWS,
    Verdict.CANNOT_TELL,
    Verdict.UNDECIDED,
    Verdict.STAFF_ONLY,
    Verdict.KEEPS_APART,
)
"""The verdicts, worst first: a mail call is as bad as the worst of its ways."""


def entering(trail: Trail, send: Place) -> Place:
    """Where people enter a message.

    That is the header write, argument or add call that shows them; the field of the dictionary that holds them where
    only that is handed over; else the mail call itself.

    The first such call counts: a header that was written is shown again by the call that sends it.
    """
    shown = [step.place for step in trail if step.kind is StepKind.SHOWN]
    stored = [step.place for step in trail if step.kind is StepKind.STORED]
    return shown[0] if shown else stored[-1] if stored else send


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


def _people(message: Message, measure: Measure) -> tuple[Recipient, ...]:
    """The entries that a rule with this measure speaks of, inside or not."""
    match measure:
        case Measure.VISIBLE_EXTERNAL:
            named = tuple(mention.recipient for mention in message.mentions)
            return message.to + message.cc + named
        case Measure.TRANSMITTED_BCC:
            return message.transmitted_bcc
        case Measure.REPLY_TO_EXTERNAL:
            return message.reply_to
        case Measure.BCC | Measure.FIRST_RECIPIENT:
            return message.bcc + message.transmitted_bcc
        case Measure.TOTAL:
            return message.to + message.cc + message.bcc + message.transmitted_bcc
        case _:
            return tuple(mention.recipient for mention in message.mentions if mention.known)


def _outsiders(message: Message, inside: frozenset[str]) -> list[Recipient]:
    return [person for person in message.to + message.cc if person.count.high and not is_inside(person, inside)]


@dataclass(frozen=True, slots=True)
class _Hit:
    """One judgement on one way of the code."""

    judgement: Judgement
    place: Place
    """Where the people enter the message."""
    way: tuple[Step, ...]
    dispatch: Dispatch
    provider: Provider
    message: Message
    noted: str
    origin: str = ""
    """The function that the list comes from, where that was traced; else the one in which the way begins."""
    handed_on: Place | None = None
    """The call in that function by which the list goes on its way."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What copies of a problem have in common: the policy, where it is sent, where the list comes from."""
        origin = self.origin or self.dispatch.root
        return (self.judgement.rule.cause.value, foreign(self.dispatch.symbol), foreign(origin))

    @property
    def copy(self) -> tuple[Any, ...]:
        """What tells one way through the code from the others: where the list sets out, enters, and is sent."""
        return (*self.key, self.dispatch.place, self.place, self.handed_on or self.dispatch.place)

    def traced(self, symbol_at: Callable[[Place], str]) -> _Hit:
        """With the function that the list comes from: the outermost on the way that handles it.

        Who calls the function that reads a list by itself is no part of the problem; who hands over a list is.
        """
        met = {symbol_at(step.place) for step in self.way if step.kind is not StepKind.SENT}
        path = self.dispatch.path
        for frame, call in zip((self.dispatch.root, *(step.detail for step in path)), path, strict=False):
            if frame.removesuffix(".<lambda>") in met:
                return replace(self, origin=frame, handed_on=call.place)
        return replace(self, origin=self.dispatch.symbol)

    @property
    def gates(self) -> bool:
        """Whether it closes the gate unless it is known."""
        judgement = self.judgement
        severe = judgement.severity >= Severity.WARNING and judgement.certainty >= Certainty.LIKELY
        return severe and not self.noted

    @property
    def weight(self) -> tuple[object, ...]:
        """The key by which ways are sorted, the worst first; where all is equal, by place."""
        certain, count = self.judgement.certainty, self.judgement.count
        # What closes the gate comes first: a note that is certain does not make an open question an error.
        ways = tuple(step.place for step in self.way)
        # Of ways that are as certain, the one that says more about outsiders tells the finding.
        origin = next((ORIGIN_OF[step.kind] for step in self.way if step.kind in ORIGIN_OF), Origin.UNKNOWN)
        return (not self.gates, -certain, -self.judgement.severity, -origin, -count.low, -count.plain, ways)


@dataclass(frozen=True, slots=True)
class _Told:
    """What one message on one way of a mail call came to."""

    test_code: bool
    """Whether the way comes from test code."""
    verdict: Verdict
    because: str
    reads: tuple[tuple[str, str, Place], ...] = ()
    certainty: Certainty | None = None
    lead: Recipient | None = None
    """The entry that tells where the recipients come from."""


@dataclass(slots=True)
class _Site:
    """One mail call of the code, with what all its ways came to."""

    api: str
    provider: str
    symbol: str
    ways: list[_Told] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    """The files that its ways go through."""


class CodeTally:
    """What the mail calls of the code come to."""

    def __init__(self, policies: Policies, is_test: Callable[[str], bool] = is_test_code) -> None:
        """``is_test`` says which files are test code."""
        self._policies = policies
        self._is_test = is_test
        self._sites: dict[Place, _Site] = {}
        self._hits: list[_Hit] = []
        self._staff_domains: Counter[str] = Counter()

    def add(self, dispatch: Dispatch, provider: Provider, decoded: Decoded) -> None:
        """Take in one dispatch and what its provider says of it."""
        if decoded == ():
            return  # sends no mail
        site = self._sites.setdefault(dispatch.place, _Site(dispatch.api, provider.name, dispatch.symbol))
        files = {dispatch.place.path, *(step.place.path for step in dispatch.path)}
        match decoded:
            case CannotTell(reason=reason):
                test_code = self._test_code(dispatch, ())
                because = f"Undecided: {reason.value}"
                site.ways.append(_Told(test_code, Verdict.UNDECIDED, because, certainty=Certainty.UNDECIDED))
            case Undecided(reason=reason, messages=messages):
                for message in messages:
                    files |= self._message(site, dispatch, provider, message, Certainty.UNDECIDED, reason.value)
            case tuple():
                for message in decoded:
                    files |= self._message(site, dispatch, provider, message, Certainty.CERTAIN, "")
        site.touched |= files

    def _message(
        self, site: _Site, dispatch: Dispatch, provider: Provider, message: Message, cap: Certainty, open_point: str
    ) -> set[str]:
        policies = self._policies
        written, message = message, self._with_colleagues(message)
        test_code = self._test_code(dispatch, message.to + message.cc + message.bcc + message.transmitted_bcc)

        def lead_of(judgement: Judgement) -> Recipient | None:
            people = _people(message, judgement.rule.measure)
            outside = [person for person in people if not is_inside(person, policies.policy.inside)]
            return max(outside or people, key=_heaviness, default=None)

        def place_of(judgement: Judgement) -> Place:
            lead = lead_of(judgement)
            return entering(lead.trail, dispatch.place) if lead else dispatch.place

        symbols = (dispatch.symbol, dispatch.root)
        audience = audience_for(policies.policy, symbols, (dispatch.place.path,))
        judgements = policies.judge(message, cap, audience, lambda one: (place_of(one).path, dispatch.place.path))
        whole = judgements
        if policies.whole is not policies.policy or policies.path_ignores:
            whole = judge(message, policies.whole, cap=cap, audience=audience)
        verdict = verdict_of(whole, message, policies.policy)
        files: set[str] = set()
        for judgement in judgements:
            noted = policies.noted(judgement, test_code=test_code)
            leads: list[Recipient | None] = [*self._leads(message, judgement, dispatch)]
            for lead in leads or [lead_of(judgement)]:
                way = lead.trail if lead else ()
                if not way or way[-1].kind is not StepKind.SENT:
                    way = (*way, Step(StepKind.SENT, dispatch.place))
                place = entering(lead.trail, dispatch.place) if lead else dispatch.place
                told_of = _of_line(judgement, message, lead) if len(leads) > 1 else judgement
                hit = _Hit(told_of, place, way, dispatch, provider, message, noted)
                self._hits.append(hit)
                files.update(step.place.path for step in way)
        if any(one.rule.cause in SHOWING for one in whole):
            self._propose(written)
        showing = [one for one in whole if one.rule.cause in SHOWING and not one.staff_only]
        told = _Told(
            test_code,
            verdict,
            _because(verdict, message, whole, open_point),
            tuple(_reads(message, dispatch)),
            max((one.certainty for one in showing), default=None),
            _lead(message, policies.policy.inside, lead_of(showing[0]) if showing else None, verdict),
        )
        site.ways.append(told)
        return files

    def _leads(self, message: Message, judgement: Judgement, dispatch: Dispatch) -> list[Recipient]:
        """The entries that tell the story where several places each show too many by themselves (To, and Cc)."""
        groups: dict[Place, list[Recipient]] = {}
        for person in _people(message, judgement.rule.measure):
            if not is_inside(person, self._policies.policy.inside):
                groups.setdefault(entering(person.trail, dispatch.place), []).append(person)
        limit = judgement.rule.limit
        leads = [max(people, key=_heaviness) for people in groups.values() if distinct(people).plainly_over(limit)]
        return leads if len(leads) > 1 else []

    def _test_code(self, dispatch: Dispatch, people: Iterable[Recipient]) -> bool:
        """Whether a way belongs to test code: the call, the first call on the way to it, or the list lies there."""
        places = [dispatch.place, *(step.place for step in dispatch.path[:1])]
        places += [person.trail[0].place for person in people if person.trail]
        return any(self._is_test(place.path) for place in places)

    def _with_colleagues(self, message: Message) -> Message:
        """``message``, its written people taken for staff where they look like it and nobody said who is inside.

        A project that names no inside domain still names its own people: addresses that stand in the code and share
        one domain, which is neither a place where anybody has a mailbox nor a reserved name. They count as configured,
        so that what only they can read is a note; the run proposes their domain, and asks. One declared domain ends
        the guessing.
        """
        if self._policies.policy.inside:
            return message
        lines = (message.to, message.cc, message.bcc, message.transmitted_bcc, message.reply_to)
        written = [person for line in lines for person in line if person.origin is Origin.WRITTEN]
        domain = _one_organisation({domain_of(person) for person in written})
        if domain is None or is_reserved(domain):
            return message
        to, cc, bcc, transmitted, reply_to = (
            tuple(replace(one, origin=Origin.CONFIGURED) if one.origin is Origin.WRITTEN else one for one in line)
            for line in lines
        )
        return replace(message, to=to, cc=cc, bcc=bcc, transmitted_bcc=transmitted, reply_to=reply_to)

    def _propose(self, message: Message) -> None:
        """Note the one domain of the people of a message who are written in the code."""
        outsiders = _outsiders(message, self._policies.policy.inside)
        domains = {domain_of(person) for person in outsiders if person.origin is Origin.WRITTEN}
        others = [person for person in outsiders if person.origin not in (Origin.WRITTEN, Origin.CONFIGURED)]
        domain = _one_organisation(domains)
        if domain is not None and not distinct(others).plainly_over(1):
            self._staff_domains[domain] += 1

    def proposed_domains(self) -> tuple[str, ...]:
        """Domains that would settle findings if they were inside; the most frequent first, at most three."""
        ranked = sorted(self._staff_domains.items(), key=lambda item: (-item[1], item[0]))
        return tuple(domain for domain, _ in ranked[:3])

    def calls(self) -> Iterator[tuple[Call, frozenset[str]]]:
        """The inventory in order of places, each call with the files that its ways go through."""
        for place, site in sorted(self._sites.items(), key=lambda item: item[0]):
            # What tests do with a function of the application says nothing about the application.
            real = [way for way in site.ways if not way.test_code]
            counted = real or site.ways
            if not counted:
                continue
            worst = min(counted, key=lambda way: (WORST.index(way.verdict), -(way.certainty or 0)))
            lead = worst.lead
            trail = _sent(lead, place)
            others: dict[Trail, Verdict] = {}
            for one in counted:
                way = _sent(one.lead, place)
                if way != trail and (way not in others or WORST.index(one.verdict) < WORST.index(others[way])):
                    others[way] = one.verdict
            yield (
                Call(
                    place,
                    site.api,
                    site.provider,
                    worst.verdict,
                    site.symbol,
                    worst.reads,
                    worst.because,
                    certainty=worst.certainty,
                    origin=lead.origin if lead else None,
                    way=trail,
                    others=tuple(
                        (verdict, way)
                        for way, verdict in sorted(
                            others.items(), key=lambda item: (WORST.index(item[1]), _places(item[0]))
                        )
                    ),
                    test_code=not real,
                ),
                frozenset(site.touched),
            )

    def allow(self, reason: Callable[[str, Iterable[Place]], str]) -> None:
        """Note what an exception allows: ``reason(cause, places)`` says why, for the places that a way goes through."""
        hits = []
        for hit in self._hits:
            places = (hit.place, hit.dispatch.place, *(step.place for step in reversed(hit.way)))
            why = reason(hit.judgement.rule.cause.value, places)
            hits.append(replace(hit, noted=hit.noted or f"allowed: {why}") if why else hit)
        self._hits = hits

    def trace(self, symbol_at: Callable[[Place], str]) -> None:
        """Find out where the lists come from; ``symbol_at`` names the function around a place."""
        self._hits = [hit.traced(symbol_at) if hit.gates else hit for hit in self._hits]

    def problems(self, lines: Callable[[Place], str]) -> list[Problem]:
        """What closes the gate unless it is known. ``lines`` gives the line of code at a place."""
        result = []
        for copy in self._copies().values():
            worst = min(copy, key=lambda hit: hit.weight)
            judgements = [hit.judgement for hit in copy]
            most = max((one.count for one in judgements), key=lambda count: (count.plain, count.high, count.low))
            policy, send, origin = worst.key
            words = (lines(worst.place), lines(worst.dispatch.place))
            certainty = max(one.certainty for one in judgements)
            rule = worst.judgement.rule.id
            result.append(Problem(policy, send, origin, certainty, most, words=words, rule=rule))
        return result

    def places(self) -> list[tuple[Place, ...]]:
        """For each of :meth:`problems`: where people enter the message, and where it is sent."""
        return [
            tuple(place for hit in copy for place in (hit.place, hit.dispatch.place))
            for copy in self._copies().values()
        ]

    def _copies(self) -> dict[tuple[Any, ...], list[_Hit]]:
        """The hits that close the gate, those of one way through the code together, in order of places."""
        copies: dict[tuple[Any, ...], list[_Hit]] = defaultdict(list)
        for hit in self._hits:
            if hit.gates:
                copies[hit.copy].append(hit)
        return dict(sorted(copies.items(), key=lambda item: item[0]))

    def findings(self, known: Container[int] = ()) -> Iterator[tuple[Finding, frozenset[str]]]:
        """One finding for each cause and place, each with the files that its ways go through.

        ``known`` holds the indexes of those of :meth:`problems` that are known: they are findings of their own.
        """
        numbers = {copy: index for index, copy in enumerate(self._copies())}
        new_places = {
            (hit.key[0], hit.place, hit.noted) for hit in self._hits if hit.gates and numbers[hit.copy] not in known
        }
        known_places = {(hit.key[0], hit.place, hit.noted) for hit in self._hits if hit.gates} - new_places
        groups: dict[tuple[str, Place, str, bool], list[_Hit]] = defaultdict(list)
        for hit in self._hits:
            where = (hit.key[0], hit.place, hit.noted)
            # A way that closes nothing goes with those beside it that do.
            is_known = numbers[hit.copy] in known if hit.gates else where in known_places
            groups[where[0], where[1], where[2], is_known].append(hit)
        identities = self._identities()
        for (_, place, noted, is_known), unsorted in groups.items():
            hits = sorted(unsorted, key=lambda hit: hit.weight)
            if hits[0].judgement.certainty > Certainty.UNDECIDED:
                # A way that is open by itself breaks nothing, and has no part in what does.
                hits = [hit for hit in hits if hit.judgement.certainty > Certainty.UNDECIDED]
            ways: dict[tuple[Step, ...], Way] = {}
            for hit in hits:
                way = Way(hit.way, hit.judgement.certainty, identities[hit.copy], hit.judgement.count)
                ways.setdefault(hit.way, way)
            worst = hits[0]
            finding = Finding(
                rule=worst.judgement.rule.id,
                title=worst.judgement.title,
                severity=worst.judgement.severity,
                certainty=worst.judgement.certainty,
                place=place,
                send=worst.dispatch.place,
                ways=tuple(ways.values()),
                api=worst.dispatch.api,
                provider=worst.provider.name,
                symbol=worst.dispatch.symbol,
                change=worst.judgement.rule.advice(worst.provider.name, worst.dispatch.api),
                why=worst.judgement.rule.why,
                caption=worst.judgement.caption,
                count=worst.judgement.count,
                message=worst.message,
                noted=noted,
                line=worst.judgement.line,
                new=not is_known,
                fixable=False,  # there is no command yet that writes the change
            )
            files = {step.place.path for way in ways for step in way}
            files |= {step.place.path for hit in hits for step in hit.dispatch.path}
            yield finding, frozenset(files)

    def _identities(self) -> dict[tuple[Any, ...], str]:
        """A stable name for each way through the code: policy, functions, and its number among those alike."""
        result: dict[tuple[Any, ...], str] = {}
        seen: Counter[tuple[str, str, str]] = Counter()
        for hit in sorted(self._hits, key=lambda hit: hit.copy):
            if hit.copy not in result:
                seen[hit.key] += 1
                result[hit.copy] = "|".join((*hit.key, str(seen[hit.key])))
        return result


PUBLIC_MAILBOXES: Final = frozenset(
    {"gmail.com", "googlemail.com", "hotmail.com", "outlook.com", "yahoo.com", "icloud.com", "gmx.de", "gmx.net", "web.de",
     "aol.com", "proton.me", "protonmail.com", "mail.ru", "qq.com", "163.com"}
)  # fmt: skip
"""Domains where anybody has a mailbox: never proposed as one's own."""


def _one_organisation(domains: Collection[str | None]) -> str | None:
    """The domain of which all of these are part, if somebody may have it for himself."""
    known = [domain for domain in domains if domain is not None]
    if len(known) < len(domains) or not known:
        return None
    base = min(known, key=len)
    if base in PUBLIC_MAILBOXES or "." not in base:
        return None
    return base if all(domain == base or domain.endswith(f".{base}") for domain in known) else None


def _of_line(judgement: Judgement, message: Message, lead: Recipient | None) -> Judgement:
    """``judgement`` in the words of the line in which ``lead`` stands, where To and Cc are told one by one."""
    if judgement.line not in {"To", "Cc"}:
        return judgement
    in_to, in_cc = (any(lead is person for person in line) for line in (message.to, message.cc))
    if in_to == in_cc:
        return judgement
    line = "To" if in_to else "Cc"
    return replace(judgement, line=line, title=judgement.title.replace(f" {judgement.line} line", f" {line} line"))


def _heaviness(person: Recipient) -> tuple[int, int, int, int]:
    """Which entry of a message tells its story: the one with most people, then the one from furthest outside."""
    return (min(person.count.plain, MANY.plain), person.count.low, person.origin, len(person.trail))


def _lead(message: Message, inside: frozenset[str], told: Recipient | None, verdict: Verdict) -> Recipient | None:
    """The entry that tells where the recipients of a message come from.

    It is the one that the finding speaks of; where the verdict is open, the one that leaves it open. Those that readers see
    come before hidden ones.
    """
    shown = message.to + message.cc
    outside = [person for person in shown if not is_inside(person, inside)]
    if verdict is Verdict.UNDECIDED and outside:
        return max(outside, key=lambda person: (person.count.high, *_heaviness(person)))
    return told or max(outside or shown or message.transmitted_bcc + message.bcc, key=_heaviness, default=None)


def _sent(lead: Recipient | None, send: Place) -> Trail:
    """The way of an entry up to the mail call at ``send``."""
    trail = lead.trail if lead else ()
    return trail if trail and trail[-1].kind is StepKind.SENT else (*trail, Step(StepKind.SENT, send))


def _places(trail: Trail) -> tuple[Place, ...]:
    return tuple(step.place for step in trail)


def _reads(message: Message, dispatch: Dispatch | None) -> Iterator[tuple[str, str, Place]]:
    """What of a message the verdict rests on: the field, how many people, where they enter."""
    for name, people in (
        ("To", message.to),
        ("Cc", message.cc),
        ("Bcc", message.bcc),
        ("Bcc line sent along", message.transmitted_bcc),
        ("Reply-To", message.reply_to),
    ):
        if not people:
            continue
        lead = max(people, key=_heaviness)
        place = entering(lead.trail, dispatch.place if dispatch else Place(""))
        count = functools.reduce(Count.__add__, (person.count for person in people))
        yield name, people_words(count), place


def people_words(count: Count) -> str:
    """``up to 1,000 people``, ``1 person``."""
    return f"{count_words(count)} {'person' if count.high == 1 else 'people'}"


def _because(verdict: Verdict, message: Message, judgements: Iterable[Judgement], open_point: str) -> str:
    """What follows from what was read, one sentence without a full stop."""
    if verdict in (Verdict.SHOWS, Verdict.UNDECIDED):
        if open_point:
            return f"Undecided: {open_point}"
        broken = next((one for one in judgements if one.rule.cause in SHOWING), None)
        if verdict is Verdict.UNDECIDED:
            return "How many people these are depends on code or data outside this project"
        return broken.title if broken else ""
    if verdict is Verdict.STAFF_ONLY:
        return "Everybody it writes to is inside or configured"
    if message.copies.plain >= MANY.plain or (message.copies.exact or 0) > 1:
        return "One message each; nobody sees another address"
    if message.bcc and not (message.to or message.cc):
        return "Hidden copies only; nobody sees another address"
    return "At most one outside person is shown to the readers"


_Judged: TypeAlias = tuple[tuple[Judgement, ...], Verdict, str]

SHAPES: Final = 4096
"""Shapes of messages that are remembered with what they come to."""
SHAPE_PEOPLE: Final = 8
"""People of a message that has a shape: larger ones are seldom alike."""


def shape(message: Message, inside: frozenset[str]) -> tuple[object, ...] | None:
    """A message without its addresses: who is the same person, who is inside, and all else that a judge looks at.

    Messages of one shape are judged alike, since no rule looks at an address. None for what has no shape: entries of
    the code, people without an address, mentions, and more than a few people.
    """
    lines = (message.to, message.cc, message.bcc, message.transmitted_bcc, message.reply_to)
    if message.mentions or sum(map(len, lines)) > SHAPE_PEOPLE:
        return None
    numbers: dict[str, int] = {}
    form: list[object] = [message.traits, message.copies.low, message.copies.plain, message.copies.high]
    form += [message.hidden.low, message.hidden.plain, message.hidden.high]
    for line in lines:
        for person in line:
            if person.address is None or person.count is not ONE or person.trail or person.domain is not None:
                return None
            number = numbers.setdefault(compare_key(person.address), len(numbers))
            form.append(-1 - number if inside and is_inside(person, inside) else number)
            form.append(person.origin)
        form.append(None)
    return tuple(form)


class Growing:
    """Neighbouring messages of a capture, one after the other: what :class:`~mailguard.rulebook.growth.Growth` sums up."""

    __slots__ = ("_first", "_inside", "_last", "_longest", "_messages", "_prefix", "_suffix")

    def __init__(self, inside: frozenset[str]) -> None:
        self._inside = inside
        self._first: Collection[str] = ()
        self._last: Collection[str] = ()
        self._messages = self._prefix = self._suffix = self._longest = 0

    def add(self, message: Message) -> None:
        """One more message, behind the others."""
        people = message.to + message.cc
        if message.mentions:
            people += tuple(mention.recipient for mention in message.mentions if mention.field is Field.NAME)
        inside = self._inside
        self.show(
            frozenset(
                [
                    compare_key(person.address)
                    for person in people
                    if person.address is not None and not (inside and is_inside(person, inside))
                ]
            )
        )

    def show(self, shown: Collection[str]) -> None:
        """One more message, of which the outside people in To, Cc and display names are known, in their comparing form.

        Nobody is in ``shown`` twice.
        """
        before = self._last
        grows = 0 < len(before) < len(shown) and frozenset(before) < frozenset(shown)
        if not self._messages:
            self._first = shown
        if self._prefix == self._messages and (grows or not self._messages):
            self._prefix += 1
        self._messages += 1
        if grows:
            self._suffix += 1
            self._longest = max(self._longest, self._suffix)
        else:
            self._suffix = 1
            self._longest = self._longest or 1
        self._last = shown

    def summary(self) -> Growth | None:
        """The summary of all of them; None if there were none."""
        if not self._messages:
            return None
        first, last = frozenset(self._first), frozenset(self._last)
        return Growth(first, last, self._messages, self._prefix, self._suffix, self._longest)


@dataclass(frozen=True, slots=True)
class Effect:
    """What one request did to a tally, for those that are like it."""

    findings: tuple[tuple[object, ...], ...] = ()
    call: tuple[object, ...] | None = None
    skip: tuple[object, ...] | None = None


@dataclass(frozen=True, slots=True)
class TallyPart:
    """What a part of a capture came to; see :meth:`CaptureTally.part`."""

    findings: dict[tuple[object, ...], Finding]
    skips: dict[tuple[object, ...], Skip]
    calls: dict[tuple[object, ...], Call]
    times: dict[tuple[object, ...], int]
    causes: dict[tuple[object, ...], str]
    growth: dict[str, Growth]
    links: dict[str, Links]


class CaptureTally:
    """What the requests of captures come to."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        self._findings: dict[tuple[object, ...], Finding] = {}
        self._skips: dict[tuple[object, ...], Skip] = {}
        self._calls: dict[tuple[object, ...], Call] = {}
        self._times: dict[tuple[object, ...], int] = {}
        self._growth: dict[str, Growing] = {}
        self._shapes: dict[tuple[object, ...], _Judged] = {}
        self._sums: dict[str, Growth] = {}
        self._links: dict[str, Links] = {}
        self._unproven: dict[tuple[object, ...], str] = {}
        self._causes: dict[tuple[object, ...], str] = {}
        self.last = Effect()
        """What the last request did."""

    def _summaries(self) -> dict[str, Growth]:
        """For each capture, how its messages grow: those of the parts that were put in, then those that were added."""
        result = dict(self._sums)
        for path, growing in self._growth.items():
            one = growing.summary()
            if one is not None:
                result[path] = result[path] + one if path in result else one
        return result

    def part(self) -> TallyPart:
        """All that was taken in, to be put into the tally of the whole. Holds addresses: it is handed over in memory."""
        growth, links = self._summaries(), self._links
        return TallyPart(self._findings, self._skips, self._calls, self._times, self._causes, growth, links)

    def linked(self, path: str, links: Links) -> None:
        """Take in to whom the personal links of a capture, or of its next part, went."""
        if path in self._links:
            self._links[path].extend(links)
        elif links:
            self._links[path] = links

    def limits(self) -> Iterator[str]:
        """What recorders left out of messages although it would matter, one sentence each."""
        counts: Counter[str] = Counter()
        for key, clause in self._unproven.items():
            counts[clause] += self._times[key]
        for clause, count in sorted(counts.items()):
            yield f"{number(count)} recorded message{'s' if count > 1 else ''}: {clause}."

    def crowded(self) -> list[str]:
        """Captures with more personal links than are remembered."""
        return [path for path, links in self._links.items() if links.full]

    def put(self, part: TallyPart, lines: int = 0) -> None:
        """Take in what came behind all that was taken in so far; ``lines`` of the capture stood in front of it."""

        def moved(place: Place) -> Place:
            return replace(place, line=place.line + lines) if place.line and lines else place

        for key, finding in part.findings.items():
            if (seen := self._findings.get(key)) is not None:
                self._findings[key] = replace(seen, times=seen.times + finding.times)
            else:
                self._findings[key] = replace(finding, place=moved(finding.place), send=moved(finding.send))
                self._causes[key] = part.causes[key]
        for key, skip in part.skips.items():
            if (known := self._skips.get(key)) is not None:
                self._skips[key] = replace(known, times=known.times + skip.times)
            else:
                self._skips[key] = replace(skip, place=moved(skip.place))
        for key, call in part.calls.items():
            if key in self._calls:
                self._times[key] += part.times[key]
            else:
                self._calls[key] = replace(call, place=moved(call.place))
                self._times[key] = part.times[key]
        for path, growth in part.growth.items():
            before = self._summaries().get(path)
            self._sums[path] = before + growth if before is not None else growth
            self._growth.pop(path, None)
        for path, links in part.links.items():
            self.linked(path, links.moved(lines))

    def cannot_tell(self, place: Place, why: CannotTell, provider: str = "", operation: str = "") -> None:
        """Take in a request of which nobody can say who sees whom."""
        key = (place.path, why.reason, why.detail, provider, operation)
        self.last = Effect(skip=key)
        if key in self._skips:
            self._skips[key] = replace(self._skips[key], times=self._skips[key].times + 1)
        else:
            self._skips[key] = Skip(SkipReason.CANNOT_TELL, place, why.detail, why.reason, provider, operation)

    def add(self, record: Record, provider: Provider, operation: str, decoded: Decoded) -> None:
        """Take in one request and what its provider says of it."""
        place = record.place
        self.last = Effect()
        match decoded:
            case CannotTell():
                self.cannot_tell(place, decoded, provider.name, operation)
                return
            case Undecided(reason=reason, messages=messages):
                cap, open_point = Certainty.UNDECIDED, reason.value
            case tuple():
                messages, cap, open_point = decoded, Certainty.CERTAIN, ""
        if not messages:
            return  # sends no mail
        worst, because = Verdict.KEEPS_APART, ""
        seen_keys: set[tuple[object, ...]] = set()
        growing = self.growing(place.path)
        for message in messages:
            judgements, verdict, why = self._judged_alike(message, place.path, cap, open_point)
            if not because or WORST.index(verdict) < WORST.index(worst):
                worst, because = verdict, why
            for judgement in judgements:
                self._found(record, provider, operation, message, judgement, seen_keys)
            growing.add(message)
        if record.unproven:
            # What a capture cannot show belongs to what it is said to show.
            because = f"{because}; {record.unproven}"
        key = (place.path, provider.name, operation, worst.value, because)
        if key in self._calls:
            self._times[key] += 1
        else:
            self._times[key] = 1
            self._calls[key] = Call(place, f"{provider.name} {operation}", provider.name, worst, because=because)
            if record.unproven:
                self._unproven[key] = record.unproven
        self.last = Effect(tuple(seen_keys), key)

    def again(self, effect: Effect, times: int) -> None:
        """Take in so many requests more that do what an earlier one did; their people are told to :meth:`growing`."""
        for key in effect.findings:
            self._findings[key] = replace(self._findings[key], times=self._findings[key].times + times)
        if effect.call is not None:
            self._times[effect.call] += times
        if effect.skip is not None:
            self._skips[effect.skip] = replace(self._skips[effect.skip], times=self._skips[effect.skip].times + times)

    def growing(self, path: str) -> Growing:
        """How the messages of a capture grow."""
        growing = self._growth.get(path)
        if growing is None:
            growing = self._growth[path] = Growing(self._policies.policy.inside)
        return growing

    def _judged_alike(self, message: Message, path: str, cap: Certainty, open_point: str) -> _Judged:
        """What a message comes to; that of one of the same shape, if there was one."""
        policies = self._policies
        form = shape(message, policies.policy.inside) if not policies.policy.audiences else None
        key = (form, path, cap, open_point)
        if form is not None and (known := self._shapes.get(key)) is not None:
            return known
        audience = audience_for(policies.policy, (), (path,))
        judgements = policies.judge(message, cap, audience, lambda _: (path,))
        whole = judgements
        if policies.whole is not policies.policy or policies.path_ignores:
            whole = judge(message, policies.whole, cap=cap, audience=audience)
        verdict = verdict_of(whole, message, policies.policy)
        result = judgements, verdict, _because(verdict, message, whole, open_point)
        if form is not None and len(self._shapes) < SHAPES:
            self._shapes[key] = result
        return result

    def _found(
        self,
        record: Record,
        provider: Provider,
        operation: str,
        message: Message,
        judgement: Judgement,
        of_this_request: set[tuple[object, ...]],
    ) -> None:
        rule, noted = judgement.rule, self._policies.noted(judgement)
        key = (
            rule.id,
            record.place.path,
            provider.name,
            operation,
            judgement.title,
            judgement.certainty,
            noted,
            record.delivered,
        )
        if key in of_this_request:
            return  # several messages of one request are alike
        of_this_request.add(key)
        seen = self._findings.get(key)
        if seen is not None:
            self._findings[key] = replace(seen, times=seen.times + 1)
            return
        place = record.at(judgement.line)
        self._causes[key] = rule.cause.value
        refused = "" if record.delivered else " The service refused this request, so nobody got it."
        self._findings[key] = Finding(
            rule=rule.id,
            title=judgement.title,
            severity=judgement.severity,
            certainty=judgement.certainty,
            place=place,
            send=record.place,
            ways=(),
            api=f"{provider.name} {operation}",
            provider=provider.name,
            symbol="",
            change=rule.advice(provider.name),
            why=rule.why + refused,
            caption=judgement.caption,
            count=judgement.count,
            message=message,
            noted=noted,
            line=judgement.line,
        )

    def problems(self) -> list[Problem]:
        """What closes the gate unless it is known, in the order of :meth:`findings`."""
        return [problem for problem, _ in self._judged() if problem is not None]

    def findings(self, known: Container[int] = ()) -> list[Finding]:
        """What breaks a rule; ``known`` holds the indexes of those of :meth:`problems` that are known."""
        result = []
        index = -1
        for problem, finding in self._judged():
            index += problem is not None
            result.append(replace(finding, new=problem is None or index not in known))
        return result

    def _judged(self) -> list[tuple[Problem | None, Finding]]:
        """What breaks a rule, request by request and over the sequence of each capture; with its name if it gates."""
        named = [(self._causes[key], finding) for key, finding in self._findings.items()]
        return [
            (
                Problem(
                    cause,
                    foreign(one.place.path),
                    foreign(one.api),
                    one.certainty,
                    one.count,
                    one.times,
                )
                if one.gates
                else None,
                one,
            )
            for cause, one in (*named, *self._sequences())
        ]

    def _sequences(self) -> Iterator[tuple[str, Finding]]:
        """What breaks a rule over the sequence of each capture, with its policy."""
        yield from self._shared_links()
        for path, growth in self._summaries().items():
            for judgement in judge_sequence(growth, self._policies.policy):
                if judgement.rule.id in self._policies.ignored((path,)):
                    continue
                place = Place(path)
                yield (
                    judgement.rule.cause.value,
                    Finding(
                        rule=judgement.rule.id,
                        title=judgement.title,
                        severity=judgement.severity,
                        certainty=judgement.certainty,
                        place=place,
                        send=place,
                        ways=(),
                        api="",
                        provider="",
                        symbol="",
                        change=judgement.rule.change,
                        why=judgement.rule.why,
                        caption=judgement.caption,
                        count=judgement.count,
                        noted=self._policies.noted(judgement),
                    ),
                )

    def _shared_links(self) -> Iterator[tuple[str, Finding]]:
        for path, links in self._links.items():
            found = links.shared()
            if found is None:
                continue
            place, count = found
            # Nobody is known by now: links are remembered as hashes.
            message = Message(mentions=(Mention(Field.LINK, Recipient(None, count), known=True),))
            audience = audience_for(self._policies.policy, (), (path,))
            paths = (path,)
            for one in self._policies.judge(message, Certainty.CERTAIN, audience, lambda _: paths):  # noqa: B023  # called at once
                yield (
                    one.rule.cause.value,
                    Finding(
                        rule=one.rule.id,
                        title=one.title,
                        severity=one.severity,
                        certainty=one.certainty,
                        place=place,
                        send=place,
                        ways=(),
                        api="",
                        provider="",
                        symbol="",
                        change=one.rule.change,
                        why=one.rule.why,
                        caption=one.caption,
                        count=one.count,
                        noted=self._policies.noted(one),
                        line=one.line,
                    ),
                )

    def skips(self) -> list[Skip]:
        """What could not be told."""
        return list(self._skips.values())

    def calls(self) -> list[Call]:
        """The inventory: equal requests of one capture are one line."""
        return [replace(call, times=self._times[key]) for key, call in self._calls.items()]
