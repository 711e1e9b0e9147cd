"""Learns from one request what all others of its form come to: its twin is decoded as well, and both have to say the same."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from mailguard.alike.form import Filling, Outcome, Pending, numbered, picker
from mailguard.alike.look import Decision, Hearing, Look
from mailguard.alike.mail_form import FREE, transaction_of
from mailguard.alike.twin import Twin, Watched, stand_in
from mailguard.model.count import ONE
from mailguard.model.exchange import Exchange, Form, HttpRequest, SmtpTransaction
from mailguard.model.message import CannotTell, Decoded, Message, Recipient, Undecided
from mailguard.model.value import Origin
from mailguard.tally.captures import Effect
from mailguard.wire.bodies import payload

__all__ = ["Careful", "learnt"]

_PERSONAL: Final = "token"
"""A name of merge data that belongs to one person."""
_AGAIN: Final = 3
"""How often a request is looked at to find which of its texts are names."""


@dataclass(frozen=True, slots=True)
class Careful:
    """What a request came to on the careful road."""

    exchange: object
    """The request, or why there is none."""
    claim: Decision | None
    """What its service says; None where it is no mail."""
    looked: Decoded | None
    """The same with what readers find in texts."""
    effect: Effect
    """What the tally made of it."""


def learnt(
    pending: Pending, careful: Careful, look: Look, is_inside: Callable[[str], bool]
) -> tuple[Outcome | None, Collection[int]]:
    """What all requests come to that are like one, None where that cannot be told; and the texts that were read to say so.

    ``is_inside``: whether an address, in its comparing form, is one of the house.
    """
    numbers = numbered(pending.keys)
    people = [stand_in(number) for number in numbers]
    watched: set[int] = set()
    twin = _twin_of(pending, careful.exchange, people, watched, look.free)
    if twin is None:
        return None, ()
    said, claim = look.decide(twin), careful.claim
    read = {*watched}  # what is read from here on says nothing
    if said is None or claim is None:
        return (Outcome(Effect()) if said is None and claim is None else None), read
    if said.provider is not claim.provider or said.operation != claim.operation or careful.looked != claim.decoded:
        return None, read
    first: dict[str, int] = {}
    for place, number in enumerate(numbers):
        first.setdefault(stand_in(number), place)
    alternative: tuple[Message, ...] = ()
    match said.decoded, claim.decoded:
        case CannotTell() as one, CannotTell() as other:
            return (Outcome(careful.effect) if one == other else None), read
        case tuple() as messages, tuple() as others:
            pass
        case Undecided() as one, Undecided() as other if one.reason is other.reason:
            messages, others = one.messages, other.messages
            alternative = one.alternative
            if not _renamed(alternative, other.alternative, first, pending.addresses):
                return None, read
        case _:
            return None, read
    if not _renamed(messages, others, first, pending.addresses):
        return None, read
    if any(person.address not in first for one in (*messages, *alternative) for person in one.sender):
        return None, read  # somebody who is written to may be who it is from
    if not messages:
        return Outcome(Effect()), read
    if pending.mail is None and not look.settled(pending.value):
        return None, read
    everybody = [_places(first, one.to, one.cc, one.bcc, one.transmitted_bcc) for one in (*messages, *alternative)]
    readers = sorted(set().union(*everybody))
    pick = picker(readers)
    picks = []
    one_by_one: list[int] = []
    for message in messages:
        shown = sorted(_places(first, message.to, message.cc) - _places(first, message.sender))
        if look.inside:
            shown = [place for place in shown if not is_inside(pending.keys[place])]
        picks.append(pick if shown == readers else picker(shown))
        one_by_one += shown if len(shown) == 1 else []
    only = readers[0] if len(readers) == 1 and picks == [pick] else -1
    each = picker(one_by_one) if len(one_by_one) == len(messages) else None
    outcome = Outcome(careful.effect, len(readers), pick, tuple(picks), each, only)
    if not pending.heard and pending.form.data is None:
        if pending.mail is None and look.hearing(twin, {}, _others(pending, {})) is None:
            return None, read  # somebody's address is all that stands in a text
        outcome.sample(after_stencil=True)
        return outcome, read
    seen = [
        mine if len(mine) == 1 else _places(first, one.to, one.cc)
        for mine, one in zip(everybody, (*messages, *alternative), strict=True)
    ]
    outcome.seen = picker(sorted(set.intersection(*seen)))
    outcome.only = -1 if len(readers) != 1 else outcome.only
    alone = list(dict.fromkeys(min(mine) for mine in everybody if len(mine) == 1))
    senders = look.senders(twin)
    senders |= {person.address for one in (*messages, *alternative) for person in one.reply_to if person.address}
    named = {first[one] for one in senders & first.keys()}
    outcome.senders = picker(sorted(named))
    outcome.visible = tuple(sorted(named.union(set.intersection(*seen))))
    outcome.hidden = not set(readers) <= set(outcome.visible)
    outcome.constant = senders - first.keys()
    if pending.form.data is not None:
        keys = frozenset([people[place] for place in readers])
        filled = _fill(pending, outcome, look, _Twins(twin, people, said.decoded), alone, keys, read)
        return (outcome if filled else None), read
    return (outcome if _listen(pending, outcome, look, twin, people, alone, read) else None), read


def _twin_of(
    pending: Pending, exchange: object, people: Sequence[str], read: set[int], free: Callable[[str], bool]
) -> Exchange | None:
    """The twin of a request; None where the request on the careful road was another one. Which texts are read ``read`` is told."""
    if pending.mail is not None:
        if exchange != pending.mail:
            return None
        read |= _decisive(pending)
        return _mail_twin(pending, people)
    if type(exchange) is not HttpRequest or (exchange.url, exchange.headers, exchange.body) != (
        pending.url,
        pending.headers,
        pending.body,
    ):
        return None
    twin = Twin(people, 2 + len(pending.headers), read)
    headers = Watched(pending.headers, {name: 2 + place for place, name in enumerate(pending.headers)}, read)
    body = twin.body(pending.value, free)
    if twin.next_place() != len(pending.texts):
        return None
    if type(body) is Form:
        # What headers say of it is asked of each request anew: that it is this form.
        return replace(exchange, headers=headers, body=body)
    # The body of the twin is data already; that of the request is unpacked first, and headers say how.
    payload(replace(exchange, headers=headers))
    parsed = type(exchange.body) is str and type(body) is not str
    return replace(exchange, headers=headers, body=body, encoding="json" if parsed else exchange.encoding)


def _listen(
    pending: Pending,
    outcome: Outcome,
    look: Look,
    twin: Exchange,
    people: Sequence[str],
    alone: Sequence[int],
    read: set[int],
) -> bool:
    """Learn what the texts of a request are in which addresses or links may stand; whether that can be told.

    ``alone`` are those who get a message for themselves. Texts that no reader gets matter as they are: they may decide
    what others are.
    """
    marks = {place: _mark(place, pending.texts[place]) for place in pending.heard}
    decide: set[int] = set()
    if isinstance(twin, HttpRequest):
        marked = Twin(people, 2 + len(pending.headers), decide, marks, look.deciding)
        exchange: Exchange = replace(twin, body=marked.body(pending.value, look.free))
    else:
        exchange = _mail_twin(pending, people, marks)
    read |= decide
    heard = look.hearing(exchange, _marked(pending, marks), _others(pending, marks))
    if heard is None:
        return False
    said = _assign(pending, outcome, {place: heard.roles[marks[place]] for place in pending.heard}, people, alone, read)
    to = {targets for _, _, targets in said}
    if len(set().union(*to)) < 2 and len(to) < 2 and len(said) == len({place for place, _, _ in said}):
        outcome.sample(after_stencil=False)
    return True


def _mark(place: int, text: str) -> str:
    """What stands in the place of a text; by some signs it is decided what a text is."""
    return f"\ue000{place}\ue000{''.join([sign for sign in '@<' if sign in text])}"


def _marked(pending: Pending, marks: Mapping[int, str]) -> dict[str, str]:
    return {mark: pending.texts[place] for place, mark in marks.items()}


def _others(pending: Pending, marks: Mapping[int, str]) -> set[str]:
    return {text for place, text in enumerate(pending.texts) if type(text) is str and place not in marks}


def _assign(
    pending: Pending,
    outcome: Outcome,
    roles: Mapping[int, Sequence[Hearing]],
    people: Sequence[str],
    alone: Sequence[int],
    read: set[int],
) -> list[tuple[int, bool, tuple[int, ...]]]:
    """Say of each text in which addresses or links may stand whether it is a running one, and whom its links go to."""
    said: list[tuple[int, bool, tuple[int, ...]]] = []
    to: set[int] = set()
    for place in pending.heard:
        if not roles[place]:
            read.add(place)
        for role in roles[place]:
            targets = [one for one in alone if people[one] in role.owners] if role.owners else [*alone[:2]]
            said.append((place, role.running, tuple(targets)))
            to.update(targets)
    outcome.heard = tuple([(place, running, picker([*targets])) for place, running, targets in said])
    outcome.target = min(to) if len(to) == 1 else -1
    return said


@dataclass(frozen=True, slots=True)
class _Twins:
    """The twin of a request with merge data."""

    twin: Exchange
    people: Sequence[str]
    decoded: Decoded


def _fill(
    pending: Pending,
    outcome: Outcome,
    look: Look,
    twins: _Twins,
    alone: Sequence[int],
    everybody: frozenset[str],
    read: set[int],
) -> bool:
    """The same of a request with merge data: also what that is, and what it has for the tags in texts.

    Marks stand in the places of all texts that may be others, those of merge data as well. Where one of them turns out
    to be the name of a field it matters as it is, and all is looked at again.
    """
    data, first = pending.form.data or (), 2 + len(pending.headers)
    if not isinstance(twins.twin, HttpRequest):
        return False
    Twin(twins.people, first, read, {}, look.deciding).mapping(pending.value)
    for _ in range(_AGAIN):
        marks = {
            place: _mark(place, "" if place in data else text)
            for place, text in enumerate(pending.texts)
            if place >= first and type(text) is str and place not in read
        }
        exchange = replace(twins.twin, body=Twin(twins.people, first, set(), marks).body(pending.value))
        filling = frozenset([mark for place, mark in marks.items() if place in data])
        heard = look.hearing(exchange, _marked(pending, marks), _others(pending, marks), filling, everybody, twins.twin)
        names = {place for place, mark in marks.items() if heard is not None and mark in heard.data.names}
        if heard is None or not (heard.data.decided or names):
            return False
        # Under another name a field may be another thing.
        called = dict.fromkeys(names, _PERSONAL)
        other = replace(twins.twin, body=Twin(twins.people, first, set(), called).body(pending.value))
        if heard.data.decided and (not names or look.alike(other, twins.twin)):
            break
        read |= names
    else:
        return False
    if not look.shows_nobody(exchange, twins.decoded):
        return False
    places = {mark: place for place, mark in marks.items()}
    roles = {place: heard.roles[mark] for place, mark in marks.items()}
    _assign(pending, outcome, {place: roles.get(place, ()) for place in pending.heard}, twins.people, alone, read)
    running = [(place, role.owners) for place in roles for role in roles[place] if role.running]
    personal = [(one, [places[mark] for mark in one.marks]) for one in heard.data.personal]
    outcome.filling = Filling(heard.data.blanks, running, personal, sorted(names))
    return True


def _mail_twin(
    pending: Pending, people: Sequence[str], marks: Mapping[int, str] = MappingProxyType({})
) -> SmtpTransaction:
    return transaction_of(pending.url, Twin(people, 2, set(), marks).mapping(pending.value))


def _decisive(pending: Pending) -> set[int]:
    """The texts of a message that matter: all but those of which it is known that nobody decides anything by them."""
    free: list[object] = []
    for name, item in pending.value.items():
        if name == "headers":
            free += [text for key, text in item.items() if key.lower() in FREE]
        elif name not in ("from", "to"):
            free += [text for part in item for text in part.values()]
    return {place for place, text in enumerate(pending.texts) if not any(text is one for one in free)}


def _places(first: Mapping[str, int], *lines: tuple[Recipient, ...]) -> set[int]:
    """The numbers of the people whose address is known."""
    return {first[person.address] for line in lines for person in line if person.address is not None}


def _renamed(
    messages: Sequence[Message], others: Sequence[Message], first: Mapping[str, int], addresses: Sequence[str]
) -> bool:
    """Whether ``others`` are ``messages`` with the people in the places of their stand-ins, and nothing else is in them."""

    def line(people: tuple[Recipient, ...]) -> tuple[Recipient, ...] | None:
        result = []
        for one in people:
            if one.count != ONE or one.origin is not Origin.GIVEN or one.trail or one.label or one.domain is not None:
                return None
            if one.address is None:
                result.append(one)
            elif one.address in first:
                result.append(Recipient(addresses[first[one.address]]))
            else:
                return None
        return tuple(result)

    if len(messages) != len(others):
        return False
    for message, other in zip(messages, others, strict=True):
        if message.mentions or other.mentions:
            return False
        lines = {name: line(getattr(message, name)) for name in ("to", "cc", "bcc", "transmitted_bcc", "reply_to")}
        if None in lines.values() or replace(message, **lines) != other:  # type: ignore[arg-type]  # none is None
            return False
    return True
