"""What services have in common that differ in their names only: how an address is spelled, where the three lists are.

Most services take ``to``, ``cc`` and ``bcc`` and print the first two to everybody. They differ in the words, in what
stands around them, and in whether a form will do as well as JSON.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mailguard.documents.json_values import read_json
from mailguard.model.exchange import Exchange, Form, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Message, Reason, Undecided
from mailguard.model.value import (
    Absent,
    Fields,
    Member,
    Object,
    Parameter,
    Sort,
    Text,
    Unknown,
    Value,
    each,
    get,
    sort_of,
    text,
)
from mailguard.transports.contacts import contacts
from mailguard.transports.json_api import apart, body_of, collected, field, given, message, nothing_sent
from mailguard.transports.mime.reading import message_of
from mailguard.wire.bodies import payload
from mailguard.wire.encodings import from_base64
from mailguard.wire.forms import nested
from mailguard.wire.holes import atoms_of, json_with_holes

__all__ = ["LISTS", "data_of", "each_entry", "of_data", "opened", "printed", "raw_mail", "respelled", "says_any"]

LISTS: Final = ("to", "cc", "bcc")
"""Where most services have their people."""


def says_any(body: Value | Absent, *names: str) -> bool:
    """Whether a mapping has a value under one of these keys, in whatever case."""
    return any(sort_of(given(get(body, name, fold=True))) is not Sort.NONE for name in names)


def respelled(value: Value | Absent, address: str, name: str = "name") -> Value | Absent:
    """``value`` with ``{address, name}`` objects as ``{email, name}``, which is how most services write it."""
    if isinstance(value, Object):
        return respelled(value.render(), address, name)
    if sort_of(value) is Sort.COLLECTION:
        return collected(Member(given(respelled(item, address, name)), count) for item, count in each(value))
    if sort_of(value) is not Sort.MAPPING:
        return value
    found = get(value, address, fold=True)
    if isinstance(found, Absent):
        return value
    shown = get(value, name, fold=True)
    return Fields((("email", found), *((("name", shown),) if not isinstance(shown, Absent) else ())))


def printed(
    body: Value | Absent,
    beneath: Value | Absent = Absent.ABSENT,
    *,
    to: str = "to",
    cc: str = "cc",
    bcc: str = "bcc",
    reply_to: str = "reply_to",
    headers: str = "headers",
    address: str = "email",
    name: str = "name",
) -> Message:
    """One message whose lists have these names; everybody in the first two is printed to everybody in it.

    ``beneath`` holds what counts where the body says nothing. A body of which nothing is known names anybody.
    """
    if isinstance(body, (Unknown, Parameter)):
        return message(body)
    pairs: list[tuple[str, Value]] = []
    for ours, theirs in (("to", to), ("cc", cc), ("bcc", bcc), ("reply_to", reply_to), ("headers", headers)):
        value = field(body, theirs, beneath)
        if not isinstance(value, Absent):
            pairs.append((ours, value if ours == "headers" else given(respelled(value, address, name))))
    if isinstance(body, Fields) and (body.open or body.rest is not None):
        return message(replace(body, known=tuple(pairs)))
    return message(dict(pairs))


def each_entry(value: Value | Absent, frame: Message) -> tuple[Message, ...]:
    """One message for each entry of a list of people; an entry that holds several addresses is printed whole.

    A list of which nothing is known has entries of one person each.
    """
    if sort_of(value) is not Sort.COLLECTION:
        if sort_of(value) in {Sort.TEXT, Sort.MAPPING}:
            return _whole(given(value), frame)
        return apart(value, frame)
    return tuple(
        replace(one, copies=one.copies * count)
        for item, count in each(given(value))
        if count.high
        for one in (apart(item, frame) if isinstance(item, (Unknown, Parameter)) else _whole(item, frame))
    )


def _whole(entry: Value, frame: Message) -> tuple[Message, ...]:
    people = contacts(entry)
    if not people.recipients:
        return ()
    return (replace(frame, to=people.recipients, mentions=(*people.mentions, *frame.mentions)),)


def raw_mail(source: Value | Absent, envelope: Value | None = None) -> Decoded:
    """A MIME message that a service sends as it is; that it takes a Bcc line out is not documented."""
    if isinstance(source, Absent) or sort_of(source) is Sort.NONE:
        return CannotTell(Reason.BODY_MISSING, "the message inside the request was not recorded")
    found = from_base64(source)
    data = source if isinstance(found, CannotTell) else found
    worst = message_of(data, envelope, bcc="transmitted")
    if isinstance(worst, CannotTell) or not worst.transmitted_bcc:
        return worst if isinstance(worst, CannotTell) else (worst,)
    removed = message_of(data, envelope, bcc="removed")
    return removed if isinstance(removed, CannotTell) else Undecided(Reason.RAW_BCC, (worst,), (removed,))


def data_of(exchange: Exchange) -> Value | CannotTell:
    """The body of a request as data, where a service takes a form as well as JSON."""
    if isinstance(exchange, HttpRequest):
        body = payload(exchange)
        if not isinstance(body, CannotTell) and isinstance(body.value, Form):
            return {name: opened(value) for name, value in nested(body.value).items()}
    return body_of(exchange)


def opened(value: Value) -> Value:
    """A text that is JSON, as data: a part of a form, or of a body that was encoded twice."""
    if isinstance(value, Text):
        held = json_with_holes(atoms_of(value))
        return value if held is None else held
    whole = text(value)
    if whole is None or whole.lstrip()[:1] not in ("{", "["):
        return value
    inner = read_json(whole)
    return value if isinstance(inner, CannotTell) else inner


def of_data(read: Callable[[str, Value], Decoded]) -> Callable[[str, Exchange], Decoded]:
    """``decode`` of a service that takes forms as well as JSON, like ``json_api.of_json``."""

    @functools.wraps(read)  # a plugin's decode stays the plugin's
    def decode(operation: str, exchange: Exchange) -> Decoded:
        answer = nothing_sent(operation)
        if answer is not None:
            return answer
        body = data_of(exchange)
        return body if isinstance(body, CannotTell) else read(operation, body)

    return decode
