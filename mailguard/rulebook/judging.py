"""The judge: one message against the rules of a policy."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mailguard.addresses.compare import distinct, domain_of
from mailguard.model.count import MANY, Count, Truth
from mailguard.model.finding import Certainty, Severity, Verdict
from mailguard.model.message import Field, Message, Recipient
from mailguard.model.value import Origin, StepKind
from mailguard.rulebook.measures import FIELDS, View
from mailguard.rulebook.policies import Audience, Policy
from mailguard.rulebook.rules import SHOWING, Cause, Kind, Measure, Mentioned, Rule


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

    def advice(self, provider: str, api: str, message: Message) -> str:
        """What to change; where only configured people are shown beside at most one other, that it may be right so.

        A list in Cc of what one person gets is not mended by writing to each in To.
        """
        words = self.rule.advice(provider, api)
        if self.line == "Cc" and self.rule.cause is Cause.VISIBLE and sum(one.count.plain for one in message.to) <= 1:
            words = "leave these people out of Cc, and send each of them a message of their own"
        return f"nothing, if they may all see each other; otherwise {words}" if self.staff_only else words

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
    view = View(message, policy.inside)
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


def _certainty(count: Count, limit: int) -> Certainty | None:
    over = count.over(limit)
    if over is Truth.YES:
        return Certainty.CERTAIN
    if over is Truth.NO:
        return None
    return Certainty.LIKELY if count.plainly_over(limit) else Certainty.UNDECIDED


def _judged(rule: Rule, view: View, cap: Certainty) -> Judgement | None:
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
        title=(_beside_staff(rule, view) if strict is None else "") or _titled(rule, count, people, line),
        line=line,
    )


def _beside_staff(rule: Rule, view: View) -> str:
    """The title where one outside person and configured people see each other; empty where it is not so."""
    if rule.measure is not Measure.VISIBLE_EXTERNAL or not view.count(rule.measure, staff=False).high:
        return ""
    staff = distinct(person for person in view.people(rule.measure) if person.origin is Origin.CONFIGURED)
    if not staff.high:
        return "Whoever gets the answers gets a copy, and sees to whom it was written"
    whom = "an address" if staff.plain == 1 else "addresses"
    return f"One outside person and {whom} of your own can see each other"


def _line(rule: Rule, view: View, people: Sequence[Recipient]) -> str:
    match rule.measure:
        case Measure.TRANSMITTED_BCC | Measure.BCC:
            return "Bcc"
        case Measure.REPLY_TO_EXTERNAL:
            return "Reply-To"
        case Measure.VISIBLE_EXTERNAL | Measure.TOTAL | Measure.FIRST_RECIPIENT:
            # The line with the most of them, told as the reader finds it; To where both are alike.
            message = view.message
            shown = set(map(id, people))
            cc = [person for person in message.cc if id(person) in shown]
            to = [person for person in message.to if id(person) in shown]
            return "Cc" if cc and (not to or _weight(cc) > _weight(to)) else "To"
        case mentioned:
            return _found_in(mentioned, view.message)


def _found_in(what: Mentioned, message: Message) -> str:
    """Where most of what a measure counts stands: ``the text``, ``List-Unsubscribe``."""
    places: dict[str, int] = {}
    for mention in message.mentions:
        if mention.known and mention.field in FIELDS[what]:
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
    return worded(template, n=count.exact, limit=rule.limit, size=size, line=line)


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


def worded(template: str, *, n: int | None, limit: int, size: int | None, line: str) -> str:
    # Not str.format: a rule file of a stranger may hold any braces.
    """A wording with its numbers in place."""
    filled = template.replace("{line}", line).replace("{limit}", f"{limit:,}")
    filled = filled.replace("{n}", "several" if n is None else f"{n:,}")
    return filled.replace("{size}", "several" if size is None else f"{size:,}")


def _heard(judgement: Judgement, audience: Audience, view: View) -> Judgement:
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
    if people and not message.hidden.high and not View(message, inside).outside(people, staff=False):
        return Verdict.STAFF_ONLY
    return Verdict.KEEPS_APART
