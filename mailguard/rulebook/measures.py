"""What rules count on a message, as one policy sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from mailguard.addresses.compare import compare_key, distinct, is_inside
from mailguard.model.count import MANY, ZERO, Count
from mailguard.model.message import Field, Message, Recipient, Trait
from mailguard.model.place import Place
from mailguard.model.value import Origin, StepKind
from mailguard.rulebook.rules import Measure, Mentioned


class View:
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
        self._staff = bool(message.reply_to) or any(
            person.origin is Origin.CONFIGURED for people in everybody for person in people
        )

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
            self._visible[staff] = self.outside(
                _besides(message.sender, [*message.to, *message.cc, *named]), staff=staff
            )
        return self._visible[staff]

    def writer(self) -> list[Recipient]:
        """The one outside person who gets the answers, as forms put it who write for somebody; nobody if there are several.

        A copy to them shows readers nobody new. It shows them whom the form wrote to, so that it is told, as a note. Code
        tells by the expression that they are one and the same; two written addresses are two people who see each other.
        """
        answers = self.outside(self.message.reply_to)
        return answers if distinct(answers).high <= 1 and all(person.address is None for person in answers) else []

    def people(self, what: Measure) -> list[Recipient]:
        """The entries that a measure counts, for the choice of words."""
        message = self.message
        match what:
            case Measure.VISIBLE_EXTERNAL:
                return self.visible()
            case Measure.TRANSMITTED_BCC:
                return self.visible() + self.outside(message.transmitted_bcc)
            case Measure.REPLY_TO_EXTERNAL:
                return self.outside(_written_anew(message))
            case Measure.BCC | Measure.FIRST_RECIPIENT:
                return self.outside([*message.bcc, *message.transmitted_bcc])
            case Measure.TOTAL:
                return [*message.to, *message.cc, *message.bcc, *message.transmitted_bcc]
            case mentioned:
                return self.mentioned(mentioned)

    def mentioned(self, what: Mentioned, *, staff: bool = True) -> list[Recipient]:
        """Outside people whom a reader finds besides the address headers, by where."""
        if not self.message.mentions:
            return []
        shared = what is Measure.MERGE_SHARED
        found = [
            mention.recipient
            for mention in self.message.mentions
            if mention.known
            and mention.field in FIELDS[what]
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
                people = self.visible(staff=staff)
                return distinct(people if staff else _besides(self.writer(), people))
            case Measure.TRANSMITTED_BCC:
                line = self.outside(message.transmitted_bcc)
                if not line or not (staff or _strangers_read(message)):
                    return ZERO
                return _if(distinct(line), distinct([*self.visible(), *line]))
            case Measure.REPLY_TO_EXTERNAL:
                return distinct(self.outside(_written_anew(message), staff=staff))
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
            case mentioned:
                return distinct(self.mentioned(mentioned, staff=staff))

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


FIELDS: Final[Mapping[Mentioned, frozenset[Field]]] = {
    Measure.CONTENT: frozenset({Field.SUBJECT, Field.TEXT, Field.HTML, Field.ATTACHMENT}),
    Measure.CALENDAR: frozenset({Field.CALENDAR}),
    Measure.HEADER: frozenset({Field.HEADER}),
    Measure.MERGE_KEY: frozenset({Field.MERGE}),
    Measure.MERGE_SHARED: frozenset({Field.MERGE}),
    Measure.MERGE_TAG: frozenset({Field.TAG}),
    Measure.LINK: frozenset({Field.LINK}),
}
"""Where those stand whom a measure counts outside of the lines of addresses."""
TRAIT_OF: Final[Mapping[StepKind, Trait]] = {
    StepKind.BATCHED: Trait.BATCHED,
    StepKind.JOINED: Trait.JOINED,
    StepKind.GROWN: Trait.GROWING,
}
"""The mechanism that a step of a way tells of, where it brings many people."""


def _strangers_read(message: Message) -> bool:
    """Whether anybody reads a message who is not read from the settings.

    Whoever writes a Bcc line means to hide the people in it: a colleague whose address a customer finds in the source
    of a letter was not to be found there, so that such people count as everybody else does. Only
    what goes from settings to settings alone is the operator's matter.
    """
    readers = (*message.to, *message.cc, *message.bcc, *message.transmitted_bcc)
    return any(person.origin is not Origin.CONFIGURED for person in readers)


def _besides(senders: Iterable[Recipient], people: list[Recipient]) -> list[Recipient]:
    """``people`` without those whom every reader sees in From, and without those who are one of such or of the others.

    Only an entry that stands for one person is surely the sender: a list that is read alike holds others as well.
    """
    senders = [person for person in senders if person.count.high <= 1]
    own = {_key(person) for person in senders} - {None}
    # Written twice, whoever of several it is, it is the same one: `to=[answers], reply_to=[answers]`.
    own_choices = {choice for person in senders if (choice := _choice(person))}
    if not own and not own_choices:
        return people
    others = [
        person
        for person in people
        if person.count.high > 1 or (_key(person) not in own and _choice(person) not in own_choices)
    ]
    known = own | {_key(person) for person in others if person.count.high <= 1} - {None}
    return [person for person in others if not person.either or not {_key(each) for each in person.either} <= known]


def _choice(person: Recipient) -> frozenset[object]:
    """What tells the several people apart of whom somebody is one; empty where it is one person, or nothing tells."""
    keys = frozenset(map(_key, person.either))
    return frozenset() if None in keys else keys


def _written_anew(message: Message) -> list[Recipient]:
    """The people in Reply-To, without those who were read out of the message's own To or Cc (``message["To"]``).

    Such people entered the message twice, the first time in a line for readers.
    """
    lines = {shown[0] for person in (*message.to, *message.cc) if (shown := _entered(person))}
    if not lines:
        return [*message.reply_to]
    return [
        person
        for person in message.reply_to
        if len(shown := _entered(person)) < _TWICE or shown[0] not in lines or shown[1] == shown[0]
    ]


_TWICE: Final = 2


def _entered(person: Recipient) -> list[Place]:
    """Where somebody entered the message, first to last."""
    return [step.place for step in person.trail if step.kind is StepKind.SHOWN]


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
    return View(message, inside).count(what, staff=staff)


def people_of(message: Message, measure: Measure) -> tuple[Recipient, ...]:
    """The entries that a rule with this measure speaks of, inside or not."""
    match measure:
        case Measure.VISIBLE_EXTERNAL:
            named = tuple(mention.recipient for mention in message.mentions)
            return message.to + message.cc + named
        case Measure.TRANSMITTED_BCC:
            return message.transmitted_bcc
        case Measure.REPLY_TO_EXTERNAL:
            return message.reply_to
        case Measure.FIRST_RECIPIENT:
            return message.to + message.cc  # whom those with a hidden copy see, and who has to be another one
        case Measure.BCC:
            return message.bcc + message.transmitted_bcc
        case Measure.TOTAL:
            return message.to + message.cc + message.bcc + message.transmitted_bcc
        case (
            Measure.CONTENT
            | Measure.CALENDAR
            | Measure.HEADER
            | Measure.MERGE_KEY
            | Measure.MERGE_SHARED
            | Measure.MERGE_TAG
            | Measure.LINK
        ):
            return tuple(mention.recipient for mention in message.mentions if mention.known)
