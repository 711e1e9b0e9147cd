"""Letters: what mail libraries of their own have in common.

Each takes lists of people under names of its own, joins them to header lines, and hands the message to SMTP with all of
them in the envelope. What differs (who joins how, which header replaces which) stands with the library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from mailguard.addresses.values import recipients
from mailguard.model.count import ONE, OPEN, Truth
from mailguard.model.exchange import Exchange, RawMessage, SmtpTransaction
from mailguard.model.message import Message
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Fields,
    Items,
    Object,
    Parameter,
    Repeat,
    Sort,
    Text,
    Unknown,
    Value,
    each,
    get,
    inherit,
    join,
    scalar,
    sort_of,
    text,
    trail_of,
    truth,
)
from mailguard.transports.mime.addresses import formataddr
from mailguard.transports.split import one_each

__all__ = [
    "address_first",
    "attribute",
    "each_letter",
    "header_lines",
    "line",
    "name_first",
    "note",
    "one_each_of",
    "one_or_list",
    "or_empty",
    "present",
    "relay_of",
    "transmission",
    "unseen",
]

Line = tuple[str, Value]
_O = TypeVar("_O", bound=Object)


def present(value: Value | Absent) -> Value:
    """``value``, or None where there is none."""
    return None if isinstance(value, Absent) else value


def attribute(thing: Object, name: str) -> Value:
    """An attribute of a model's object as it is now; None where it was never set."""
    return present(thing.read(name, None))


def or_empty(value: Value) -> Value:
    """``value or []``, as constructors keep their lists."""
    return [] if truth(value) is Truth.NO else value


def one_or_list(value: Value) -> Value:
    """A text as the only member of a list; a list as it is; nothing as the empty list."""
    if sort_of(value) is Sort.NONE or truth(value) is Truth.NO:
        return []
    if isinstance(value, Either):
        joined = join(*(one_or_list(present(option)) for option in value.options))
        return inherit(present(joined), value.trail)
    return [value] if sort_of(value) is Sort.TEXT else value


def name_first(member: Value) -> Value:
    """A pair of name and address as a header prints it; anything else as it is."""
    return formataddr(member) if sort_of(member) is Sort.COLLECTION else member


def address_first(member: Value) -> Value:
    """A pair of address and name as ``"%s <%s>" % (name, address)`` prints it; anything else as it is."""
    if sort_of(member) is not Sort.COLLECTION:
        return member
    parts = [part.value for part in each(member)]
    if len(parts) != 2 or truth(parts[1]) is Truth.NO:
        return parts[0] if parts else None
    address, name = text(parts[0]), text(parts[1])
    if address is None or name is None:
        return Text((parts[1], " <", parts[0], ">"))
    return inherit(f"{name} <{address}>", trail_of(parts[0]))


def line(people: Value | Absent, shown: Callable[[Value], Value] = name_first, separator: str = ", ") -> Value:
    """A list of people as the one text that a header line is; a text as it is; None where there is nobody.

    A list that the code does not tell stays as it is: that somebody joins it says nothing about how many are in it.
    """
    match people:
        case Absent():
            return None
        case Either():
            options = (option if isinstance(option, Absent) else line(option, shown) for option in people.options)
            return inherit(present(join(*options)), people.trail)
        case _ if sort_of(people) in {Sort.COLLECTION, Sort.MAPPING}:
            return _joined(people, shown, separator)
        case _:
            return people


def _joined(people: Value, shown: Callable[[Value], Value], separator: str) -> Value:
    parts: list[Value | Repeat] = []
    for member, count in each(people):
        if not count.high or truth(member) is Truth.NO:
            continue
        printed = inherit(shown(member), trail_of(people))
        parts += [separator] if parts else []
        parts.append(printed if count == ONE else Repeat(printed, count, separator))
    if not parts:
        return None
    if all(isinstance(part, str) for part in parts):
        return "".join(part for part in parts if isinstance(part, str))
    return Text(tuple(parts))


def header_lines(mapping: Value | Absent) -> Fields:
    """A mapping of headers, or pairs of them, as lines; what the code does not tell of it stays open."""
    match mapping:
        case dict():
            return Fields(tuple((text(name) or str(scalar(name)), item) for name, item in mapping.items()))
        case Fields():
            return mapping
        case Either():
            blocks = [header_lines(option) for option in mapping.options if truth(option) is not Truth.NO]
            names = dict.fromkeys(name for block in blocks for name, _ in block.known)
            missing = len(blocks) < len(mapping.options)
            known = []
            for name in names:
                found = [get(block, name) for block in blocks]
                known.append((name, present(join(*found, *([ABSENT] if missing else [])))))
            return Fields(tuple(known), any(block.open for block in blocks))
        case Object():
            return header_lines(mapping.render())
        case Unknown() | Parameter():
            return Fields((), open=True)
        case _ if sort_of(mapping) is Sort.COLLECTION:
            pairs = [[part.value for part in each(member.value)] for member in each(mapping)]
            return Fields(tuple((text(pair[0]) or "*", pair[1]) for pair in pairs if len(pair) == 2))
        case _:
            return Fields(())


def _lines(lines: Iterable[Line], extra: Value | Absent) -> Fields:
    more = header_lines(extra)
    own = tuple((name, value) for name, value in lines if value is not None)
    return Fields((*own, *more.known), more.open, (), more.rest)


def transmission(
    lines: Iterable[Line],
    envelope: Value,
    *,
    sender: Value = None,
    relay: Value = None,
    extra: Value | Absent = None,
) -> SmtpTransaction:
    """The transaction of a message with these header ``lines``; those without a value are left out.

    ``extra`` are headers of the caller's own, written as lines after the others, repeated names repeated.
    """
    server = Unknown("the mail server") if relay is None else relay
    return SmtpTransaction(server, sender, envelope, _lines(lines, extra))


def note(lines: Iterable[Line], envelope: Value, *, extra: Value | Absent = None) -> RawMessage:
    """The same for a library that does not speak SMTP itself (a mailbox, a queue)."""
    return RawMessage(_lines(lines, extra), rcpt_to=envelope)


def relay_of(host: Value, port: Value = None, default: str = "localhost") -> Value:
    """``smtp://host:port`` for whatever is known of it."""
    name = text(host)
    number = scalar(port)
    tail = f":{number}" if isinstance(number, int) and number else ""
    if name is None and sort_of(host) is not Sort.NONE:
        return Text(("smtp://", host, tail))
    return f"smtp://{name or default}{tail}"


def unseen(message: Value) -> SmtpTransaction:
    """The transaction of a message that the code does not show: its recipients are whatever it holds."""
    people = as_list(message)
    return transmission([("To", people)], people)


def as_list(value: Value) -> Value:
    """``value`` where a library takes lists only: what reads like one thing may be a list of any length."""
    if isinstance(value, Either):
        return replace(value, options=tuple(o if isinstance(o, Absent) else as_list(o) for o in value.options))
    if isinstance(value, (Unknown, Parameter)) and value.count.high <= 1:
        return replace(value, count=OPEN)
    return value


def one_each_of(body: Value) -> tuple[Message, ...]:
    """The messages of a library that writes one for everybody in ``to``; ``cc`` is printed on each of them."""
    to, cc, bcc, reply_to = (recipients(get(body, name)) for name in ("to", "cc", "bcc", "reply_to"))
    shared = Message(cc=cc.recipients, bcc=bcc.recipients, reply_to=reply_to.recipients)
    return one_each([to], shared, (*cc.mentions, *reply_to.mentions))


def each_letter(
    message: Value | Absent, kind: type[_O], send: Callable[[_O], list[Exchange]], *, several: bool = False
) -> list[Exchange]:
    """What sending ``message`` makes, be it one or (``several``) a list of them, in any of the branches."""
    match message:
        case Object():
            return send(message) if isinstance(message, kind) else []
        case Either():
            return [made for option in message.options for made in each_letter(option, kind, send, several=several)]
        case Unknown() | Parameter():
            return [unseen(message)]
        case Items() | list() | tuple() if several:
            members = [member.value for member in each(message) if member.count.high]
            return [made for member in members for made in each_letter(member, kind, send)]
        case _:
            return []
