"""The tally of code: mail calls, and who is shown to whom by which ways."""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from mailguard.addresses.compare import distinct, domain_of, is_inside, is_reserved
from mailguard.baseline import Problem
from mailguard.discover import is_test_code
from mailguard.model.count import MANY, Count
from mailguard.model.exchange import Dispatch
from mailguard.model.finding import Call, Certainty, Finding, Severity, Verdict, Way
from mailguard.model.message import CannotTell, Decoded, Message, Recipient, Undecided
from mailguard.model.place import Place
from mailguard.model.provider import Provider
from mailguard.model.value import ORIGIN_OF, Origin, Step, StepKind, Trail
from mailguard.redact import foreign
from mailguard.rulebook.judging import Judgement, judge, verdict_of
from mailguard.rulebook.measures import people_of
from mailguard.rulebook.policies import audience_for
from mailguard.rulebook.rules import SHOWING
from mailguard.tally.policies import WORST, Policies, entering
from mailguard.tally.words import because, named_people, of_line, people_words


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
    named: tuple[tuple[str, str], ...] = ()
    """As in :class:`Finding`."""
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

        def told_of(judgement: Judgement) -> Sequence[Recipient]:
            people = people_of(message, judgement.rule.measure)
            return [person for person in people if not self._inside(person)] or people

        def lead_of(judgement: Judgement) -> Recipient | None:
            return max(told_of(judgement), key=_heaviness, default=None)

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
                named = named_people(message, told_of(judgement), lead)
                hit = _Hit(
                    of_line(judgement, message, lead, alone=len(leads) > 1),
                    place,
                    way,
                    dispatch,
                    provider,
                    message,
                    noted,
                    named,
                )
                self._hits.append(hit)
                files.update(step.place.path for step in way)
        if any(one.rule.cause in SHOWING for one in whole):
            self._propose(written)
        showing = [one for one in whole if one.rule.cause in SHOWING and not one.staff_only]
        told = _Told(
            test_code,
            verdict,
            because(verdict, message, whole, open_point),
            tuple(_reads(message, dispatch)),
            max((one.certainty for one in showing), default=None),
            _lead(message, policies.policy.inside, lead_of(showing[0]) if showing else None, verdict),
        )
        site.ways.append(told)
        return files

    def _inside(self, person: Recipient) -> bool:
        return is_inside(person, self._policies.policy.inside)

    def _leads(self, message: Message, judgement: Judgement, dispatch: Dispatch) -> list[Recipient]:
        """The entries that tell the story where several places each show too many by themselves (To, and Cc)."""
        groups: dict[Place, list[Recipient]] = {}
        for person in people_of(message, judgement.rule.measure):
            if not self._inside(person):
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
        the guessing. A name without a domain is a mailbox of this machine, or a placeholder, and no outsider.
        """
        lines = (message.to, message.cc, message.bcc, message.transmitted_bcc, message.reply_to)
        written = [person for line in lines for person in line if person.origin is Origin.WRITTEN]
        if not written:
            return message
        domains = {domain_of(person) for person in written}
        domain = None if self._policies.policy.inside else _one_organisation(domains)
        if domain is not None and is_reserved(domain):
            domain = None
        if domain is None and None not in domains:
            return message
        to, cc, bcc, transmitted, reply_to = (
            tuple(
                replace(one, origin=Origin.CONFIGURED)
                if one.origin is Origin.WRITTEN and (domain is not None or domain_of(one) is None)
                else one
                for one in line
            )
            for line in lines
        )
        return replace(message, to=to, cc=cc, bcc=bcc, transmitted_bcc=transmitted, reply_to=reply_to)

    def _propose(self, message: Message) -> None:
        """Note the one domain of the people of a message who are written in the code."""
        outsiders = _outsiders(message, self._policies.policy.inside)
        domains = {domain_of(person) for person in outsiders if person.origin is Origin.WRITTEN}
        others = [person for person in outsiders if person.origin not in (Origin.WRITTEN, Origin.CONFIGURED)]
        domain = _one_organisation(domains)
        if domain is not None and not is_reserved(domain) and not distinct(others).plainly_over(1):
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
            if hits[0].judgement.severity > Severity.NOTE:  # neither has a mere note, in what is more
                hits = [hit for hit in hits if hit.judgement.severity > Severity.NOTE]
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
                change=worst.judgement.advice(worst.provider.name, worst.dispatch.api, worst.message),
                why=worst.judgement.rule.why,
                caption=worst.judgement.caption,
                count=worst.judgement.count,
                message=worst.message,
                noted=noted,
                line=worst.judgement.line,
                named=worst.named,
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


def _heaviness(person: Recipient) -> tuple[int, bool, int, int, int]:
    """Which entry of a message tells its story: the one with most people, an outsider first, then the one from furthest outside."""
    outside = person.origin is not Origin.CONFIGURED
    return (min(person.count.plain, MANY.plain), outside, person.count.low, person.origin, len(person.trail))


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
