"""What a request to Microsoft Graph means."""

from __future__ import annotations

import difflib
import re
from dataclasses import replace
from typing import Final

from mailguard.addresses.pairs import mailbox
from mailguard.addresses.people import People
from mailguard.addresses.values import recipients
from mailguard.model.count import MANY, ONE, Truth
from mailguard.model.exchange import Exchange, Form, HttpRequest
from mailguard.model.message import CannotTell, Decoded, Message, Reason, Recipient, Undecided
from mailguard.model.value import (
    ABSENT,
    Absent,
    Object,
    Parameter,
    Sort,
    Unknown,
    Value,
    each,
    get,
    sort_of,
    text,
    truth,
)
from mailguard.transports.letters import present
from mailguard.transports.mime.reading import message_of
from mailguard.wire.bodies import payload
from mailguard.wire.encodings import from_base64
from mailguard.wire.urls import url_parts

_HOST: Final = re.compile(
    r"(?:(?:[a-z0-9-]+\.)?graph\.microsoft\.(?:com|us|de)|dod-graph\.microsoft\.us|microsoftgraph\.chinacloudapi\.cn)"
)
"""The global service and the national clouds."""
_OUTLOOK: Final = re.compile(r"outlook\.office(?:365)?\.com|outlook\.live\.com")
"""The Outlook REST API (``/api/v2.0/me/sendmail``), which came before Graph and writes the same in capitals."""

_SEND: Final = "sendMail"
_DRAFT: Final = "messages"
_FORWARD: Final = "forward"
_REPLY: Final = "reply"
_REPLY_ALL: Final = "replyAll"
_EVENT: Final = "events"
_INVITATION: Final = "invitations"
_BATCH: Final = "$batch"
_POST: Final = "threads"
"""What goes to the members of a group, and to whom it names besides."""
_OTHER: Final = "v1.0"
"""The operation of every request that sends nothing: reading, folders, tasks, directories."""


def _looks_like_graph(request: HttpRequest) -> bool:
    """Whether a request to an address that nothing tells holds what only Graph reads: ``{"message": {"toRecipients": ...}}``."""
    if isinstance(text(request.url), str):
        return False
    found = payload(request)
    if isinstance(found, CannotTell) or isinstance(found.value, Form):
        return False
    message = get(found.value, "message")
    return not isinstance(message, Absent) and get(message, "toRecipients") is not ABSENT


def claims(exchange: Exchange) -> str | None:
    """``sendMail``, ``messages`` (a draft), ``forward``, ``reply``, ``events``, ``$batch``, ``threads``...; ``v1.0`` for what sends nothing."""
    if not isinstance(exchange, HttpRequest):
        return None
    url = url_parts(exchange.url)
    host, path = ("", "") if url is None else (url.host, url.path)
    last = path.rstrip("/").rsplit("/", 1)[-1].casefold().removeprefix("microsoft.graph.").removesuffix("()")
    if not _HOST.fullmatch(host) and not (_OUTLOOK.fullmatch(host) and path.startswith("/api/")):
        # No other service has a method of this name; the host is often a setting.
        if host not in {"", "*"}:
            return None
        return _SEND if path.endswith("/sendMail") or _looks_like_graph(exchange) else None
    method = (text(exchange.method) or "POST").upper()
    if method in {"GET", "HEAD", "DELETE", "OPTIONS"}:
        return _OTHER
    if last == "sendmail":
        return _SEND
    if last == "$batch":
        return _BATCH
    segments = path.casefold().split("/")
    if last == "messages" or (method in {"PATCH", "PUT"} and len(segments) > 1 and segments[-2] == "messages"):
        # Messages of a team or a chat have no recipients of mail.
        return _OTHER if {"chats", "teams", "channels"} & set(segments) else _DRAFT
    if {"messages", "events"} & set(segments) and last in {"forward", "createforward"}:
        return _FORWARD
    if "messages" in segments and last in {"reply", "createreply"}:
        return _REPLY
    if "messages" in segments and last in {"replyall", "createreplyall"}:
        return _REPLY_ALL
    if last == "events" or (method in {"PATCH", "PUT"} and len(segments) > 1 and segments[-2] == "events"):
        return _EVENT
    if last == "invitations" and method == "POST":
        return _INVITATION
    if {"threads", "conversations"} & set(segments) and last in {"threads", "conversations", "reply", "forward"}:
        return _POST
    if "*" in last and ("/users/" in path or "/me/" in path):
        return f"?{_SEND}"
    return _OTHER


def decode(operation: str, exchange: Exchange) -> Decoded:
    """The message of a request; a draft counts where its recipients are written, not where it is sent by its id."""
    if operation == _OTHER:
        return ()
    if operation == _POST:
        return CannotTell(Reason.LIST_AT_PROVIDER)
    if not isinstance(exchange, HttpRequest) or operation.startswith("?"):
        return CannotTell(Reason.UNKNOWN_FORM)
    body = payload(exchange)
    if isinstance(body, CannotTell):
        # An answer needs no body.
        if operation in _ANSWERED and body.reason is Reason.BODY_MISSING:
            return _answered(operation, ())
        return body
    if isinstance(body.value, Form):
        return CannotTell(Reason.UNKNOWN_FORM, "the body is a form")
    if body.kind == "text" and operation in {_SEND, _DRAFT}:
        return _mime(body.value)
    if sort_of(body.value) is not Sort.MAPPING:
        return CannotTell(Reason.BODY_MISSING if body.kind == "empty" else Reason.UNKNOWN_FORM)
    match operation:
        case "$batch":
            return _batch(body.value)
        case "sendMail":
            held = get(body.value, "message", fold=True)
            if isinstance(held, Absent):
                return CannotTell(Reason.BODY_MISSING, "the request has no message")
            if isinstance(held, (Unknown, Parameter)):
                return CannotTell(Reason.ADDRESSES, "the code does not tell the message")
            return _one(held)
        case "messages":
            return _one(body.value) if _names_people(body.value) else ()
        case "events":
            return _event(body.value)
        case "invitations":
            return _invitation(body.value)
        case _:
            inner = get(body.value, "message", fold=True)
            people = [part for part in (body.value, inner) if not isinstance(part, Absent) and _names_people(part)]
            made = tuple(message for part in people for message in _one(part))
            if operation not in _ANSWERED:
                lost = not made and any(_odd(part, "recipient") for part in (body.value, inner) if part is not ABSENT)
                return CannotTell(Reason.UNKNOWN_FORM, "the fields of the recipients are not known") if lost else made
            # Those whom the answered message names are not in the request; who is added reads them.
            return _answered(operation, made)


_ANSWERED: Final = {_REPLY: ONE, _REPLY_ALL: MANY}
"""People of the answered message who get an answer, and whom the request does not name: who wrote it, or all of it."""


def _answered(operation: str, made: tuple[Message, ...]) -> Decoded:
    """An answer: whoever is added reads those of the answered message, and they read whoever is added."""
    if operation == _REPLY and not made:
        return ()  # to the one who wrote
    worst = Message(to=(Recipient(None, _ANSWERED[operation]),))
    first, *rest = made or (Message(),)
    return Undecided(Reason.LIST_AT_PROVIDER, (replace(first, to=(*first.to, *worst.to)), *rest), made)


def _odd(body: Value, word: str) -> bool:
    """Whether a field with people has a name that is not quite the documented one."""
    names = (text(key) or "" for key, _ in each(body)) if sort_of(body) is Sort.MAPPING else ()
    return any(word in name.casefold() and sort_of(get(body, name)) is not Sort.NONE for name in names)


def _event(body: Value) -> Decoded:
    """The invitation that a meeting sends to all who attend; each of them reads the others unless they are hidden."""
    listed = get(body, "attendees", fold=True)
    people = _people(listed)
    if not people.recipients:
        odd = _odd(body, "ttendee") and not (sort_of(listed) is Sort.COLLECTION and not list(each(listed)))
        return CannotTell(Reason.UNKNOWN_FORM, "the field of the attendees is not known") if odd else ()
    if isinstance(listed, list) and len(listed) > len(people.recipients):
        return CannotTell(Reason.ADDRESSES, "some who attend have no address that can be read")
    hides = truth(get(body, "hideAttendees", fold=True))
    if hides is Truth.YES:
        return tuple(Message(to=(replace(one, count=ONE),), copies=one.count) for one in people.recipients)
    host = _people(get(body, "organizer", fold=True)).recipients
    return (Message(to=people.recipients, sender=(*host, *_rooms(listed)), mentions=people.mentions),)


def _rooms(listed: Value | Absent) -> tuple[Recipient, ...]:
    """Those who attend and are no people: each is told to all, and learns of nobody."""
    members = each(listed) if not isinstance(listed, Absent) and sort_of(listed) is Sort.COLLECTION else ()
    rooms = [one for one, _ in members if (text(present(get(one, "type", fold=True))) or "").casefold() == "resource"]
    return tuple(person for one in rooms for person in _person(one).recipients)


def _invitation(body: Value) -> Decoded:
    """The message to a guest of the directory, where one is asked for; another reader may get a copy."""
    named = ("invitedUserEmailAddress", "invitedUserMessageInfo")
    if isinstance(body, dict) and all(isinstance(get(body, name, fold=True), Absent) for name in named):
        return CannotTell(Reason.ADDRESSES, "the request names no guest")
    if isinstance(body, dict) and (
        any(_nearly_asks(key) for key in body) or sort_of(get(body, named[0], fold=True)) is Sort.MAPPING
    ):
        return CannotTell(Reason.BAD_RECORD, "the fields of the invitation are damaged")
    if truth(get(body, "sendInvitationMessage", fold=True)) is Truth.NO:
        return ()
    guest = recipients(get(body, "invitedUserEmailAddress", fold=True))
    copied = _people(get(get(body, "invitedUserMessageInfo", fold=True), "ccRecipients", fold=True))
    found = Message(to=guest.recipients, cc=copied.recipients, mentions=copied.mentions)
    return (found,) if found.to or found.cc else ()


def _nearly_asks(key: object) -> bool:
    """Whether a key is nearly the one that asks for a mail, without which none is sent."""
    asks = "sendinvitationmessage"
    return (
        isinstance(key, str)
        and key.lower() != asks
        and difflib.SequenceMatcher(None, key.lower(), asks).ratio() > _ALIKE
    )


_ALIKE: Final = 0.85


def _mime(source: Value) -> Decoded:
    # The body is MIME source in base64, sent as text/plain. There is no envelope besides.
    data = from_base64(source)
    if isinstance(data, CannotTell):
        return data
    message = message_of(data, None, bcc="removed")
    return message if isinstance(message, CannotTell) else (message,)


_PEOPLE: Final = ("toRecipients", "ccRecipients", "bccRecipients")


def _names_people(message: Value) -> bool:
    return any(sort_of(get(message, name, fold=True)) is not Sort.NONE for name in _PEOPLE)


def _one(message: Value) -> tuple[Message, ...]:
    to, cc, bcc, reply_to = (_people(get(message, name, fold=True)) for name in (*_PEOPLE, "replyTo"))
    return (
        Message(
            to=to.recipients,
            cc=cc.recipients,
            bcc=bcc.recipients,
            reply_to=reply_to.recipients,
            mentions=(*to.mentions, *cc.mentions, *reply_to.mentions),
        ),
    )


def _people(value: Value | Absent) -> People:
    """A list of ``{emailAddress: {address, name}}``; one of them alone counts as well, as do plain texts."""
    if isinstance(value, Absent):
        return People((), ())
    if sort_of(value) is Sort.MAPPING:
        return _person(value)
    if sort_of(value) not in {Sort.COLLECTION, Sort.UNKNOWN} or isinstance(value, (Unknown, Parameter)):
        return recipients(value)
    found: list[People] = []
    for member, count in each(value):
        people = _person(member)
        found.append(People(tuple(replace(one, count=one.count * count) for one in people.recipients), people.mentions))
    return People(
        tuple(one for people in found for one in people.recipients),
        tuple(one for people in found for one in people.mentions),
    )


def _person(member: Value) -> People:
    address = get(member, "emailAddress", fold=True)
    if isinstance(address, Absent):
        return recipients(member)
    if sort_of(address) is not Sort.MAPPING and not isinstance(address, Object):
        return recipients(address)
    return mailbox(get(address, "address", fold=True), get(address, "name", fold=True))


def _batch(body: Value) -> Decoded:
    """Each member is a request of its own, whose URL begins behind the version."""
    messages: list[Message] = []
    held = get(body, "requests", fold=True)
    if isinstance(held, Absent) and body:
        return CannotTell(Reason.UNKNOWN_FORM, "the batch holds no requests that are known")
    for member, count in each(held):
        place = text(present(get(member, "url", fold=True)))
        if not count.high:
            continue
        if place is None:
            return CannotTell(Reason.UNKNOWN_FORM, "a request of the batch has no address that is known")
        inner = HttpRequest(
            present(get(member, "method", fold=True)),
            f"https://graph.microsoft.com/v1.0/{place.lstrip('/')}",
            present(get(member, "headers", fold=True)),
            present(get(member, "body", fold=True)),
            "json",
        )
        operation = claims(inner)
        if operation in {None, _OTHER, _BATCH}:
            continue
        found = decode(operation or "", inner)
        if isinstance(found, (CannotTell, Undecided)):
            return found
        messages += found
    return tuple(messages)
