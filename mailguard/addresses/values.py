"""The people of any value: a header text or a collection of texts, known or with holes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mailguard.addresses.branches import one_of
from mailguard.addresses.canvas import DEPTH, Canvas, expanded, flattened
from mailguard.addresses.compare import domain_key
from mailguard.addresses.masks import MASKED_PEOPLE, is_mask
from mailguard.addresses.people import NOBODY, People, placed, times, together
from mailguard.addresses.plain import ADDRESS, as_given, name_mentions, plain_text
from mailguard.addresses.reader import Person, read
from mailguard.addresses.words import HOLE, HOLE_BASE, HOLE_LAST, decoded_bytes
from mailguard.model.count import ONE, OPEN, PLAIN_MANY, UNBOUNDED, Count
from mailguard.model.message import Mention, Recipient
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Fields,
    Items,
    Known,
    Object,
    Origin,
    Parameter,
    Repeat,
    Text,
    Trail,
    Unknown,
    Value,
    each,
    inherit,
    origin,
    text,
)


def recipients(value: Value | Absent) -> People:
    """The people in a header text or in a collection of texts, known or not.

    None, an absent value and an empty text are nobody. A plain string or what
    holds one has the origin *given*; a literal of the code has that of its way,
    or *written*. Where text cannot be understood the number of people does not
    go down; what a recorder wrote in the place of a whole field is labelled
    :data:`~mailguard.addresses.masks.MASKED`. Never raises.
    """
    if value is ABSENT or value is None:
        return NOBODY  # most fields of most requests
    people = _people_of(value, 0)
    if type(value) is str and "@" not in value and people.recipients and is_mask(value):
        return MASKED_PEOPLE
    return people


def _people_of(value: Value | Absent, depth: int) -> People:
    if isinstance(value, str):
        return plain_text(value) if value else NOBODY
    if value is None or isinstance(value, Absent):
        return NOBODY
    if depth > DEPTH:
        return People((Recipient(None, OPEN, origin(value)),))
    if isinstance(value, (list, tuple)):
        return _list(value, depth)
    if isinstance(value, bytes):
        return plain_text(decoded_bytes(value))
    if isinstance(value, Known):
        return _known(value)
    if isinstance(value, Text):
        return _holed(value, depth)
    if isinstance(value, Items):
        return together(times(_people_of(_printed(item, value.trail), depth + 1), count) for item, count in each(value))
    if isinstance(value, (Unknown, Parameter)):
        return _open(value)
    if isinstance(value, Either):
        options = [
            option if isinstance(option, Absent) else _printed(inherit(option, value.trail), value.trail)
            for option in value.options
        ]
        return one_of([_people_of(option, depth + 1) for option in options])
    if isinstance(value, (dict, Fields)):
        return _mapping(value, depth)
    if isinstance(value, Object):
        return _object(value, depth)
    # A number in a place for addresses: an id that stands for somebody, unless it is a flag or zero.
    return People((Recipient(None),)) if value and not isinstance(value, bool) else NOBODY


def _list(values: Sequence[Value], depth: int) -> People:
    people: list[Recipient] = []
    mentions: list[Mention] = []
    for item in values:
        # Recorded requests are lists of plain addresses; they need no more than this.
        if type(item) is str and ADDRESS.fullmatch(item):
            people.append(Recipient(item))
            continue
        group = _people_of(item, depth + 1)
        people.extend(group.recipients)
        mentions.extend(group.mentions)
    return People(tuple(people), tuple(mentions))


def _known(value: Known) -> People:
    literal = value.value
    if isinstance(literal, bytes):
        literal = decoded_bytes(literal)
    if isinstance(literal, str):
        return placed(plain_text(literal), origin(value), value.trail) if literal else NOBODY
    if literal is None or isinstance(literal, bool) or not literal:
        return NOBODY
    return People((Recipient(None, origin=origin(value), trail=value.trail),))


def label_of(value: Unknown | Parameter) -> str:
    """What tells two holes apart: the name of a parameter, or why a value is not known."""
    return value.name if isinstance(value, Parameter) else value.why


def _open(value: Unknown | Parameter) -> People:
    if not value.count.high:
        return NOBODY
    person = Recipient(
        None,
        value.count,
        origin(value),
        value.trail,
        parameter=isinstance(value, Parameter),
        label=label_of(value),
    )
    return People((person,))


def _mapping(value: dict[Any, Any] | Fields, depth: int) -> People:
    """A mapping where a text was expected: addresses among its keys, else in its values, else one person."""
    pairs = list(value.items()) if isinstance(value, dict) else list(value.known)
    rest = value.rest if isinstance(value, Fields) else None
    trail = value.trail if isinstance(value, Fields) else ()
    keys = [key for key, _ in pairs if isinstance(key, str) and "@" in key]
    people = together(_people_of(inherit(key, trail), depth + 1) for key in keys)
    if not people.recipients:
        inner = [_people_of(inherit(item, trail), depth + 1) for _, item in pairs if not isinstance(item, Absent)]
        people = together(group for group in inner if any(person.address for person in group.recipients))
    if not people.recipients and pairs:
        people = People((Recipient(None, origin=origin(value), trail=trail),))
    if rest is not None:
        people = together((people, _people_of(inherit(rest, trail), depth + 1)))
    if isinstance(value, Fields) and value.open and not pairs and rest is None:
        people = People((Recipient(None, OPEN, origin(value), trail),))
    return people


def _printed(value: Value, trail: Trail) -> Value:
    """A member of something that came by ``trail``: a thing, which cannot carry a way, as what it prints."""
    if not isinstance(value, Object) or not trail:
        return value
    try:
        return inherit(value.render(), trail)
    except Exception:  # noqa: BLE001  # see _object
        return Unknown("", OPEN, trail)


def _object(value: Object, depth: int) -> People:
    try:
        data = value.render()
    except Exception:  # noqa: BLE001  # a model that cannot be rendered still stands for somebody
        return People((Recipient(None, OPEN, Origin.UNKNOWN),))
    return _people_of(data, depth + 1)


def _holed(value: Text, depth: int) -> People:
    whole = text(value)
    flat = list(flattened(value.parts, (), 0))
    if whole is not None and not any(isinstance(part, Known) and part.trail for part in flat):
        return placed(plain_text(whole), origin(value), value.trail) if whole else NOBODY
    return one_of([_parts(parts, value.trail, depth) for parts in expanded(flat)])


def _parts(parts: Sequence[Value | Repeat], trail: Trail, depth: int) -> People:
    canvas = Canvas(parts)
    reading = read(canvas.source)
    people = together(_one_member(person, canvas, trail, depth) for person in reading.persons)
    if len(canvas.holes) > HOLE_LAST - HOLE_BASE:
        people = together((people, People((Recipient(None, OPEN, Origin.UNKNOWN, trail),))))
    return people


def _one_member(person: Person, canvas: Canvas, trail: Trail, depth: int) -> People:
    """The people of one member of a text with holes."""
    written = person.address or person.loose
    holes = [canvas.hole(found) for found in HOLE.findall(written)]
    way = canvas.trail(person.start) + trail
    where = _origin_of(way)
    mentions = tuple(name_mentions(person, where, way)) if not any(map(HOLE.search, person.names)) else ()
    if not holes:
        known = as_given(person)
        return People((replace(known, origin=where, trail=way),), mentions)
    inner = [_hole_people(hole, depth) for hole in holes]
    if person.address is not None:
        found = [_composed(person.address, holes, inner, way)]
    elif person.loose.startswith(":"):
        # A group's name, plainly; but nothing shows that it holds no address.
        found = [
            replace(one, count=Count(0, 0, one.count.high), trail=_joined(one.trail, way))
            for group in inner
            for one in group.recipients
        ]
    elif person.loose.startswith("<") and not any(isinstance(hole, Repeat) for hole in holes):
        found = [_single(inner, way)]
    elif len(holes) == 1:
        found = [replace(one, trail=_joined(one.trail, way)) for one in inner[0].recipients]
        mentions += inner[0].mentions
    else:
        found = _beside(person.loose, canvas, depth, way)
    return People(tuple(found), mentions)


def _origin_of(way: Trail) -> Origin:
    return origin(Known("", way))


def _joined(own: Trail, way: Trail) -> Trail:
    if not way:
        return own
    carried = inherit(Known("", own), way)
    return carried.trail if isinstance(carried, Known) else own


def _hole_people(hole: Value | Repeat, depth: int) -> People:
    if isinstance(hole, Repeat):
        return times(_people_of(hole.value, depth + 1), hole.count)
    return _people_of(hole, depth + 1)


def _beside(loose: str, canvas: Canvas, depth: int, way: Trail) -> list[Recipient]:
    """Holes without an address around them: words apart are people apart, one word is one of them."""
    found: list[Recipient] = []
    for word in loose.split():
        inner = [_hole_people(canvas.hole(stand_in), depth) for stand_in in HOLE.findall(word)]
        people = [one for group in inner for one in group.recipients]
        if not people:
            continue
        if len(inner) == 1:
            found.extend(replace(one, trail=_joined(one.trail, way)) for one in people)
            continue
        first = max(people, key=lambda one: one.count.plain)
        high = min(sum(one.count.high for one in people), UNBOUNDED)
        low = max(one.count.low for one in people)
        found.append(
            replace(
                first,
                address=None,
                domain=None,
                count=Count(low, first.count.plain, high) if low <= high else first.count,
                trail=_joined(first.trail, way),
                label="",
                parameter=any(one.parameter for one in people),
            )
        )
    return found


def _single(inner: list[People], way: Trail) -> Recipient:
    """What stands alone in angle brackets is one mailbox, whatever its own count."""
    people = [one for group in inner for one in group.recipients]
    if not people:
        return Recipient(None, Count(0, 1, 1), _origin_of(way), way)
    first = max(people, key=lambda one: one.count.plain)
    if len(people) == 1:
        return replace(first, count=first.count.at_most(1), trail=_joined(first.trail, way))
    return replace(
        first, address=None, domain=None, label="", count=first.count.at_most(1), trail=_joined(first.trail, way)
    )


def _composed(address: str, holes: list[Value | Repeat], inner: list[People], way: Trail) -> Recipient:
    """An address with holes: one mailbox, of which the domain may be known."""
    local, _, domain = address.rpartition("@")
    people = [one for group in inner for one in group.recipients]
    carried = max(people, key=lambda one: one.origin, default=None)
    trail = _joined(carried.trail, way) if carried is not None else way
    where = carried.origin if carried is not None else _origin_of(way)
    count = ONE
    front = HOLE.split(domain)[0]
    if "." in front.strip(".") and front != domain:
        # ``a@example.com`` + more: what follows a whole address may be further members.
        extra = [one.count for one in people]
        high = min(sum(one.high for one in extra), UNBOUNDED)
        plain = PLAIN_MANY if any(one.plain == PLAIN_MANY for one in extra) else 1
        count = Count(1, plain if high else 1, min(1 + high, UNBOUNDED))
    names = [label_of(hole) for hole in holes if isinstance(hole, (Unknown, Parameter))]
    label = f"{names[0]} at {domain}" if len(names) == len(holes) == 1 and names[0] and HOLE.fullmatch(local) else ""
    return Recipient(
        None,
        count,
        where,
        trail,
        domain=None if HOLE.search(domain) or not domain else domain_key(domain),
        label=label,
    )
