"""What mail services with a JSON API have in common: whose request it is, who is in a body, what a model puts into one.

Every service spells the same nouns: ``to``, ``Cc``, ``replyTo``, an address as a text, as ``{email, name}``, as a list of
either. Names are read in any case here, and what stands where something else is documented is read all the same, so
that nobody gets lost in a body that the service would refuse.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from mailguard.addresses.people import NOBODY, People
from mailguard.addresses.values import recipients
from mailguard.model.count import ANY, ONE, OPEN, Count, Truth
from mailguard.model.exchange import Exchange, Form, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Field, Mention, Message, Reason
from mailguard.model.value import (
    ABSENT,
    Absent,
    Either,
    Fields,
    Items,
    Member,
    Object,
    Parameter,
    Repeat,
    Sort,
    Text,
    Unknown,
    Value,
    each,
    get,
    has,
    inherit,
    join,
    scalar,
    sort_of,
    text,
    trail_of,
    truth,
)
from mailguard.transports.contacts import DEPTH, contacts, groups, together
from mailguard.wire.bodies import payload
from mailguard.wire.urls import url_parts

__all__ = [
    "ACCOUNT",
    "LISTS",
    "UNKNOWN",
    "Api",
    "apart",
    "as_data",
    "attributes",
    "body_of",
    "collected",
    "field",
    "given",
    "header_values",
    "headers_of",
    "mails",
    "message",
    "messages",
    "nothing_sent",
    "of_json",
    "of_object",
    "options",
    "post",
    "told",
    "truthy",
    "url",
]


# --- Whose request it is -------------------------------------------------------------------------

ACCOUNT: Final = "account"
"""The operation of every request that sends nothing: templates, statistics, contacts, webhooks."""
LISTS: Final = "lists"
"""The operation of a campaign, whose people are a list at the service."""
UNKNOWN: Final = "?"
"""The operation of what looks like sending, in a form that is not known."""

_READS: Final = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Api:
    """The addresses of a service's API."""

    hosts: re.Pattern[str]
    """Its host names, in lower case; a hole is ``*``."""
    paths: tuple[tuple[re.Pattern[str], str], ...]
    """Paths of requests that matter, in lower case, and the operation that each is."""
    like_sending: re.Pattern[str]
    """Found in the paths of requests that may send and are in none of ``paths``."""
    looks: Callable[[Value], str | None]
    """The operation by the body alone, where the path is not known; None where it tells nothing."""
    names: tuple[str, ...] = ()
    """What an address in the settings is called: ``settings.BREVO_URL``, in lower case."""

    def operation(self, exchange: Exchange) -> str | None:
        """The operation that a request is; None if it is not for this service."""
        if not isinstance(exchange, HttpRequest):
            return None
        place = url_parts(exchange.url)
        host = "" if place is None else place.host
        if place is None or not self.hosts.fullmatch(host):
            if (not host or "*" in host) and _called(exchange.url, self.names) and not _reads(exchange):
                body = payload(exchange)
                return None if isinstance(body, CannotTell) or isinstance(body.value, Form) else self.looks(body.value)
            return None
        if _reads(exchange):
            return ACCOUNT
        path = place.path.lower()
        for pattern, operation in self.paths:
            if pattern.fullmatch(path):
                return operation
        if "*" in path or path in {"", "/"}:
            body = payload(exchange)
            if isinstance(body, CannotTell) or isinstance(body.value, Form):
                return UNKNOWN
            return self.looks(body.value) or UNKNOWN
        if self.like_sending.search(path):
            return UNKNOWN
        # A new path for an old body: what looks like a mail does not pass as a matter of the account.
        body = payload(exchange)
        mail = not isinstance(body, CannotTell) and not isinstance(body.value, Form) and self.looks(body.value)
        return UNKNOWN if mail else ACCOUNT


def _reads(request: HttpRequest) -> bool:
    return (text(request.method) or "POST").upper() in _READS


def _called(value: Value, names: tuple[str, ...]) -> bool:
    """Whether an address that is not known is called after the service."""
    match value:
        case Unknown():
            return any(name in value.why.casefold() for name in names)
        case Parameter():
            return any(name in value.name.casefold() for name in names)
        case Text():
            return any(_called(part.value if isinstance(part, Repeat) else part, names) for part in value.parts)
        case Either():
            return any(_called(option, names) for option in value.options if not isinstance(option, Absent))
        case _:
            return False


def body_of(exchange: Exchange) -> Value | CannotTell:
    """The JSON of a request, or why it cannot be told. What the code leaves wholly open is ``ADDRESSES``."""
    if not isinstance(exchange, HttpRequest):
        return CannotTell(Reason.UNKNOWN_FORM)
    body = payload(exchange)
    if isinstance(body, CannotTell):
        return body
    if body.kind == "empty":
        return CannotTell(Reason.BODY_MISSING)
    if body.kind != "json" or isinstance(body.value, Form):
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not JSON")
    if isinstance(body.value, (Unknown, Parameter)):
        return CannotTell(Reason.ADDRESSES, "the code does not tell the body")
    return body.value


def nothing_sent(operation: str) -> Decoded | None:
    """The answer for the operations that all services share; None for those of the service itself."""
    if operation == ACCOUNT:
        return ()
    if operation == LISTS:
        return CannotTell(Reason.LIST_AT_PROVIDER)
    return CannotTell(Reason.UNKNOWN_FORM) if operation.startswith(UNKNOWN) else None


def of_json(read: Callable[[str, Value], Decoded]) -> Callable[[str, Exchange], Decoded]:
    """``decode`` of a service with a JSON API, out of what ``read`` makes of an operation and the JSON of its request.

    What all such services share comes first: operations that send nothing, and bodies that cannot be told.
    """

    @functools.wraps(read)  # a plugin's decode stays the plugin's, for whoever asks where it comes from
    def decode(operation: str, exchange: Exchange) -> Decoded:
        answer = nothing_sent(operation)
        if answer is not None:
            return answer
        body = body_of(exchange)
        return body if isinstance(body, CannotTell) else read(operation, body)

    return decode


def of_object(read: Callable[[str, Value], Decoded]) -> Callable[[str, Exchange], Decoded]:
    """:func:`of_json` of a service whose requests are all objects: what may be anything else cannot be told."""

    @of_json
    @functools.wraps(read)
    def decode(operation: str, body: Value) -> Decoded:
        if sort_of(body) is not Sort.MAPPING:
            return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
        return read(operation, body)

    return decode


def told(found: tuple[Message, ...], body: Value, names: Iterable[str] = ("to", "cc", "bcc")) -> Decoded:
    """``found``, unless it names nobody because the body does not even have the fields that would."""
    if any(one.to or one.cc or one.bcc or one.transmitted_bcc or one.hidden.high for one in found):
        return found
    for name in names:
        value = get(body, name, fold=True)
        if not isinstance(value, Absent) and sort_of(value) is not Sort.NONE:
            return found
    return CannotTell(Reason.ADDRESSES, "the body names no recipients")


def field(holder: Value | Absent, name: str, beneath: Value | Absent = ABSENT) -> Value | Absent:
    """A field of an object; where it is not there, or null, that of the object which holds the defaults."""
    found = ABSENT if isinstance(holder, (Unknown, Parameter)) else get(holder, name, fold=True)
    if isinstance(beneath, Absent):
        return found
    if isinstance(found, Absent) or sort_of(found) is Sort.NONE:
        return get(beneath, name, fold=True)
    if isinstance(found, Either) and any(_nothing(option) for option in found.options):
        default = get(beneath, name, fold=True)
        there = [
            inherit(option, found.trail)
            for option in found.options
            if not isinstance(option, Absent) and not _nothing(option)
        ]
        return join(*there, default)
    return found


def _nothing(value: Value | Absent) -> bool:
    return isinstance(value, Absent) or scalar(value) is None


def header_values(headers: Value | Absent, name: str) -> list[Value]:
    """The values of one header, out of a mapping or out of a list of ``{name, value}``."""
    if sort_of(headers) is Sort.COLLECTION:
        values: list[Value] = []
        for item, _ in each(headers):
            key = text(get(item, "name", fold=True))
            # Only what is meant is read: one text under another name is as good as another.
            if key is None or key.strip().casefold() == name:
                value = get(item, "value" if key is not None else name, fold=True)
                if not isinstance(value, Absent):
                    values.append(value)
        return values
    found = get(headers, name, fold=True)
    return [] if isinstance(found, Absent) else [found]


def headers_of(headers: Value | Absent) -> tuple[People, tuple[Mention, ...]]:
    """What own headers of a message print: Reply-To, and addresses under names that are the service's to write.

    What a service makes of a To, Cc or Bcc among them is documented nowhere; whoever is there may be read.
    """
    if isinstance(headers, Absent):
        return NOBODY, ()
    reply = recipients(header_values(headers, "reply-to"))
    mentions = tuple(
        Mention(Field.HEADER, person, name)
        for name in ("To", "Cc", "Bcc")
        for person in recipients(header_values(headers, name.casefold())).recipients
    )
    return reply, mentions


def message(item: Value, count: Count = ONE, beneath: Value | Absent = ABSENT) -> Message:
    """One message of a body: everybody in its To and Cc reads everybody else there.

    ``beneath`` holds the defaults. An object of which nothing is known may name any number of people.
    """
    if isinstance(item, (Unknown, Parameter)):
        to = recipients(replace(item, count=OPEN))
    elif sort_of(item) in {Sort.TEXT, Sort.COLLECTION, Sort.NUMBER}:
        to = contacts(item)  # addresses where an object is documented
    else:
        to = together([contacts(field(item, "to", beneath)), *_unnamed(item)])
    cc = contacts(field(item, "cc", beneath))
    bcc = contacts(field(item, "bcc", beneath))
    replies = contacts(_reply_to(item, beneath))
    header_reply, mentions = headers_of(field(item, "headers", beneath))
    return Message(
        to=to.recipients,
        cc=cc.recipients,
        bcc=bcc.recipients,
        reply_to=(*replies.recipients, *header_reply.recipients),
        copies=count,
        mentions=(*to.mentions, *cc.mentions, *replies.mentions, *header_reply.mentions, *mentions),
    )


def _reply_to(item: Value, beneath: Value | Absent) -> Value | Absent:
    names = ("reply_to", "replyto")
    for holder in (item, beneath):
        for name in names:
            if not isinstance(holder, Absent) and sort_of(given(field(holder, name))) is not Sort.NONE:
                return field(holder, name, ABSENT if holder is beneath else beneath)
    return ABSENT


def _unnamed(item: Value) -> Iterator[People]:
    """Who may be in fields whose names are not known; To is the worst."""
    if not isinstance(item, Fields):
        return
    if item.rest is not None:
        found = contacts(item.rest)
        yield People(
            tuple(replace(p, count=Count(0, p.count.plain, p.count.high)) for p in found.recipients), found.mentions
        )
    elif item.open and has(item, "to", fold=True) is Truth.MAYBE and isinstance(get(item, "to", fold=True), Absent):
        yield recipients(Unknown("to", ANY, item.trail))


def messages(listed: Value | Absent, beneath: Value | Absent = ABSENT) -> tuple[Message, ...]:
    """One message for each item of a list; an object where a list is documented is its only item."""
    if sort_of(listed) in {Sort.MAPPING, Sort.OBJECT}:
        return () if isinstance(listed, Absent) else (message(listed, ONE, beneath),)
    if sort_of(listed) in {Sort.TEXT, Sort.NUMBER}:
        return () if isinstance(listed, Absent) else (message(listed, ONE, beneath),)
    found: list[Message] = []
    for item, count in each(listed):
        if sort_of(item) is Sort.COLLECTION and any(get(one, "to", fold=True) is not ABSENT for one, _ in each(item)):
            found += messages(item, beneath)  # a list of mails where a mail is documented
        elif count.high:
            found.append(message(item, count, beneath))
    return tuple(found)


def mails(body: Value) -> Decoded:
    """The messages of a body that is one mail or a list of mails, as most services have them."""
    if sort_of(body) is Sort.COLLECTION:
        return messages(body)
    if sort_of(body) not in {Sort.MAPPING, Sort.UNKNOWN}:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    return told((message(body),), body)


def apart(value: Value | Absent, shared: Message) -> tuple[Message, ...]:
    """One message for everybody in ``value``; the rest of each is ``shared``, whose own To is not printed."""
    return tuple(
        replace(
            shared, to=(replace(person, count=ONE),), copies=person.count, mentions=(*group.mentions, *shared.mentions)
        )
        for group in groups(value)
        for person in group.recipients
        if person.count.high
    )


# --- What a model puts into a body ---------------------------------------------------------------


def given(value: Value | Absent) -> Value:
    """A value that was read, None where there is none."""
    return None if isinstance(value, Absent) else value


def host_of(value: Value | Absent, usual: str) -> str:
    """The host that a service's own client is told, or its usual one: where nothing tells, it is still that service's."""
    return (None if isinstance(value, Absent) else text(value)) or usual


def options(value: Value) -> Iterator[Value]:
    """The values that a value may be; None only if it is surely that."""
    if not isinstance(value, Either):
        yield value
        return
    for option in value.options:
        if not isinstance(option, Absent) and option is not None:
            yield inherit(option, value.trail)


def collected(members: Iterable[Member]) -> Value:
    """A collection of members: a list where each is one thing."""
    found = list(members)
    if all(member.count == ONE for member in found):
        return [member.value for member in found]
    return Items(tuple(found))


def as_data(value: Value, depth: int = 0) -> Value:
    """A value with the objects of a package in it as the data that they are sent as."""
    if depth > DEPTH:
        return value
    match value:
        case Object():
            return as_data(value.render(), depth + 1)
        case dict():
            return {key: as_data(item, depth + 1) for key, item in value.items()}
        case list() | tuple():
            return [as_data(item, depth + 1) for item in value]
        case Items():
            return replace(
                value, members=tuple(Member(as_data(item, depth + 1), count) for item, count in value.members)
            )
        case Fields():
            return replace(value, known=tuple((key, as_data(item, depth + 1)) for key, item in value.known))
        case Either():
            made = (option if isinstance(option, Absent) else as_data(option, depth + 1) for option in value.options)
            joined = join(*made)
            return replace(joined, trail=value.trail) if isinstance(joined, Either) else given(joined)
    return value


def attributes(model: Object, names: Mapping[str, str]) -> dict[str, Value]:
    """The attributes of an object as data, under the names by which they are sent; what is not set, or None, is left out."""
    found = {sent: model.read(name) for name, sent in names.items()}
    return {
        name: as_data(value)
        for name, value in found.items()
        if not isinstance(value, Absent) and sort_of(value) is not Sort.NONE
    }


def url(*parts: Value) -> Value:
    """An address put together from pieces, any of which may be a hole."""
    pieces = [text(part) for part in parts]
    if None in pieces:
        return Text(tuple(parts), next((way for part in parts if (way := trail_of(part))), ()))
    return "".join(piece or "" for piece in pieces)


def post(place: Value, body: Value) -> HttpRequest:
    """``POST`` of a JSON body."""
    return HttpRequest("POST", place, {"Content-Type": "application/json"}, body, "json")


def truthy(value: Value | Absent) -> bool:
    """Whether Python would not surely take the value as false."""
    return truth(value) is not Truth.NO
