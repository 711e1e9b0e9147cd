"""The tally of captures: recorded requests, and what one after the other shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from mailguard.addresses.compare import compare_key, is_inside
from mailguard.baseline import Problem
from mailguard.model.count import ONE
from mailguard.model.exchange import Record
from mailguard.model.finding import Call, Certainty, Finding, Skip, SkipReason, Verdict
from mailguard.model.links import Links
from mailguard.model.message import CannotTell, Decoded, Field, Mention, Message, Reason, Recipient, Undecided
from mailguard.model.place import Place
from mailguard.model.provider import Provider
from mailguard.redact import foreign, number
from mailguard.rulebook.growth import Growth, judge_sequence
from mailguard.rulebook.judging import Judgement, judge, verdict_of
from mailguard.rulebook.measures import View
from mailguard.rulebook.policies import audience_for
from mailguard.tally.policies import WORST, Policies
from mailguard.tally.words import because

_UNREAD: Final = CannotTell(Reason.ADDRESSES, "people stand in it where nobody is known to be read")
Judged: TypeAlias = tuple[tuple[Judgement, ...], Verdict, str]
SHAPES: Final = 4096
"""Shapes of messages that are remembered with what they come to."""
SHAPE_PEOPLE: Final = 8
"""People of a message that has a shape: larger ones are seldom alike."""


def shape(message: Message, inside: frozenset[str]) -> tuple[object, ...] | None:
    """A message without its addresses: who is the same person, who is inside, and all else that a judge looks at.

    Messages of one shape are judged alike, since no rule looks at an address. None for what has no shape: entries of
    the code, people without an address, mentions, and more than a few people.
    """
    lines = (message.to, message.cc, message.bcc, message.transmitted_bcc, message.reply_to, message.sender)
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
        people = View(message, self._inside).visible()
        self.show(frozenset([compare_key(person.address) for person in people if person.address is not None]))

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

    def show_one(self, person: str) -> None:
        """One more message that shows one person, which is no growing list."""
        self._last = (person,)
        if not self._messages:
            self._first, self._prefix, self._longest = self._last, 1, 1
        self._messages += 1
        self._suffix = 1

    def show_each(self, people: Sequence[str]) -> None:
        """Some more messages that show one person each."""
        self.show_one(people[0])
        self._messages += len(people) - 1
        self._last = (people[-1],)

    def summary(self) -> Growth | None:
        """The summary of all of them; None if there were none."""
        if not self._messages:
            return None
        first, last = frozenset(self._first), frozenset(self._last)
        return Growth(first, last, self._messages, self._prefix, self._suffix, self._longest)


@dataclass(frozen=True, slots=True)
class Effect:
    """What one request did to a tally, for those that are like it."""

    findings: Collection[tuple[object, ...]] = frozenset()
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
    again: dict[tuple[object, ...], int]
    """How often what an earlier part told of was found once more: a finding may hold thousands of people."""


class CaptureTally:
    """What the requests of captures come to."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        self._findings: dict[tuple[object, ...], Finding] = {}
        self._skips: dict[tuple[object, ...], Skip] = {}
        self._calls: dict[tuple[object, ...], Call] = {}
        self._times: dict[tuple[object, ...], int] = {}
        self._growth: dict[str, Growing] = {}
        self._shapes: dict[tuple[object, ...], Judged] = {}
        self._sums: dict[str, Growth] = {}
        self._links: dict[str, Links] = {}
        self._unproven: dict[tuple[object, ...], str] = {}
        self._causes: dict[tuple[object, ...], str] = {}
        self._told: frozenset[tuple[object, ...]] = frozenset()
        """The findings of earlier parts, which are known where this one is put in."""
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
        findings = {key: one for key, one in self._findings.items() if one.times and key not in self._told}
        again = {key: times for key in self._told if (times := self._findings[key].times)}
        skips = {key: one for key, one in self._skips.items() if one.times}
        calls = {key: one for key, one in self._calls.items() if self._times[key]}
        return TallyPart(findings, skips, calls, self._times, self._causes, self._summaries(), self._links, again)

    def follow(self, earlier: CaptureTally) -> None:
        """Begin as the tally of a part that stands behind another one: what is known from there need only be counted.

        The whole has it from there, with the place where it was first.
        """
        self._findings = {key: replace(one, times=0) for key, one in earlier._findings.items()}
        self._told = frozenset(self._findings)
        self._skips = {key: replace(one, times=0) for key, one in earlier._skips.items()}
        self._calls, self._times = {**earlier._calls}, dict.fromkeys(earlier._times, 0)
        self._causes, self._unproven = {**earlier._causes}, {**earlier._unproven}
        self._shapes = earlier._shapes

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
        for key, times in part.again.items():
            self._findings[key] = replace(self._findings[key], times=self._findings[key].times + times)
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
        unread = self._is_unread(decoded, place.path)
        if unread and isinstance(decoded, Undecided):
            # What was read of it counts for what it is.
            messages, cap, open_point = decoded.alternative, Certainty.CERTAIN, ""
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
        if unread and worst is not Verdict.SHOWS:
            self.cannot_tell(place, _UNREAD, provider.name, operation)
            self.last = Effect(frozenset(seen_keys), skip=self.last.skip)
            return
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
        self.last = Effect(frozenset(seen_keys), key)

    def _is_unread(self, decoded: Decoded, path: str) -> bool:
        """Whether people stand in a record where nobody is known to be read, so that it may show them to each other.

        Nothing at a service decides that: a part of the record that matters was not read.
        """
        if not isinstance(decoded, Undecided) or decoded.reason is not Reason.ADDRESSES:
            return False
        judged = (self._judged_alike(one, path, Certainty.UNDECIDED, decoded.reason.value) for one in decoded.messages)
        return any(verdict is Verdict.UNDECIDED for _, verdict, _ in judged)

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

    def _judged_alike(self, message: Message, path: str, cap: Certainty, open_point: str) -> Judged:
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
        result = judgements, verdict, because(verdict, message, whole, open_point)
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
                yield self._of_capture(judgement, Place(path))

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
                yield self._of_capture(one, place, one.line)

    def _of_capture(self, one: Judgement, place: Place, line: str = "") -> tuple[str, Finding]:
        """A finding about a capture as a whole: it has no mail call, and its place is all there is of a way."""
        finding = Finding(
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
            line=line,
        )
        return one.rule.cause.value, finding

    def skips(self) -> list[Skip]:
        """What could not be told."""
        return list(self._skips.values())

    def calls(self) -> list[Call]:
        """The inventory: equal requests of one capture are one line."""
        return [replace(call, times=self._times[key]) for key, call in self._calls.items()]
