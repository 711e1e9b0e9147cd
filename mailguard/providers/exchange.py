"""Exchange Web Services: ``CreateItem`` and ``UpdateItem`` on the wire, and the package ``exchangelib``.

Everybody in ``ToRecipients`` and ``CcRecipients`` of a message is printed to everybody, and so is everybody who is invited to
a meeting. The host is the user's, so a request is known by its path, ``/EWS/Exchange.asmx``.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterator
from typing import Final

from mailguard.addresses.pairs import mailbox
from mailguard.addresses.people import People
from mailguard.addresses.values import recipients
from mailguard.model.exchange import Exchange, Form, HttpRequest, RawMessage
from mailguard.model.message import CannotTell, Decoded, Message, Reason, Recipient
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Object, Sort, Value, each, sort_of, text
from mailguard.transports.letters import attribute, line, note, or_empty
from mailguard.transports.mime.reading import message_of
from mailguard.wire.bodies import payload
from mailguard.wire.encodings import from_base64
from mailguard.wire.urls import url_parts

__all__ = ["PROVIDER", "Account", "EwsMessage"]

# --- The wire --------------------------------------------------------------------------------------

_CREATE: Final = "CreateItem"
_OTHER: Final = "EWS"
"""The operation of every request that sends nothing: searching, folders, and sending a draft by its id."""


def claims(exchange: Exchange) -> str | None:
    """``CreateItem`` for a request that writes a message or changes one; ``EWS`` for the others."""
    if not isinstance(exchange, HttpRequest):
        return None
    url = url_parts(exchange.url)
    if url is None or not url.path.lower().endswith("/ews/exchange.asmx"):
        return None
    body = payload(exchange)
    if isinstance(body, CannotTell):
        return _CREATE
    source = _source(body.value)
    return _CREATE if source is None or re.search(r"<(?:\w+:)?(?:CreateItem|UpdateItem)[\s>]", source) else _OTHER


def _source(value: Value | Form) -> str | None:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return None if isinstance(value, Form) else text(value)


_ITEMS: Final = "Message|ReplyToItem|ReplyAllToItem|ForwardItem|CalendarItem"
_UNINVITED: Final = re.compile(
    r"<(?:\w+:)?(?:Create|Update)Item\s[^<>]{0,2000}?\bSendMeetingInvitations(?:OrCancellations)?\s*=\s*[\"']SendToNone[\"']"
)
"""Said of the operation: in a text the same words say nothing."""


class _UnclosedError(ValueError):
    """An element has no end, so that nobody can say what is in it."""


@functools.cache
def _tag(names: str) -> re.Pattern[str]:
    return re.compile(rf"<(?P<end>/?)(?:\w+:)?(?P<name>{names})(?=[\s/>])(?P<rest>[^<>]*)(?P<shut>>?)")


def _elements(source: str, names: str) -> Iterator[tuple[str, str]]:
    """The elements with one of some names, none within another, and what is in each; in one pass. Raises :class:`_UnclosedError`."""
    name, start = "", 0
    for found in _tag(names).finditer(source):
        if not found["shut"]:
            raise _UnclosedError
        if found["end"]:
            if found["name"] == name:
                yield name, source[start : found.start()]
                name = ""
        elif not name and not found["rest"].endswith("/"):
            name, start = found["name"], found.end()
    if name:
        raise _UnclosedError


def _element(source: str, name: str) -> str | None:
    return next((inner for _, inner in _elements(source, name)), None)


def decode(operation: str, exchange: Exchange) -> Decoded:
    """One message for each item that is written, and for each meeting to which people are invited. Tasks are none."""
    if operation == _OTHER:
        return ()
    if not isinstance(exchange, HttpRequest):
        return CannotTell(Reason.UNKNOWN_FORM)
    body = payload(exchange)
    if isinstance(body, CannotTell):
        return body
    source = _source(body.value)
    if source is None:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is no text")
    if re.search(r"</(?:\w+:)?Envelope\s*>", source) is None:
        return CannotTell(Reason.BODY_CUT)
    try:
        return _written(source)
    except _UnclosedError:
        return CannotTell(Reason.BAD_RECORD, "an element has no end")


def _written(source: str) -> Decoded:
    uninvited = _UNINVITED.search(source) is not None
    found: list[Message] = []
    for kind, inner in _elements(source, _ITEMS):
        if kind == "CalendarItem":
            invited = [_people(inner, name) for name in ("RequiredAttendees", "OptionalAttendees")]
            if any(group.recipients for group in invited) and not uninvited:
                found.append(
                    Message(
                        to=tuple(person for group in invited for person in group.recipients),
                        mentions=tuple(mention for group in invited for mention in group.mentions),
                    )
                )
            continue
        raw = _element(inner, "MimeContent")
        if raw is not None:
            data = from_base64(raw)
            message = data if isinstance(data, CannotTell) else message_of(data, None, bcc="removed")
            if isinstance(message, CannotTell):
                return message
            found.append(message)
            continue
        to, cc, bcc, reply_to = (
            _people(inner, name) for name in ("ToRecipients", "CcRecipients", "BccRecipients", "ReplyTo")
        )
        if to.recipients or cc.recipients or bcc.recipients:
            found.append(
                Message(
                    to=to.recipients,
                    cc=cc.recipients,
                    bcc=bcc.recipients,
                    reply_to=reply_to.recipients,
                    mentions=(*to.mentions, *cc.mentions),
                )
            )
    return tuple(found)


def _people(item: str, name: str) -> People:
    inside = _element(item, name)
    if inside is None:
        return People((), ())
    entries = [entry for _, entry in _elements(inside, "Mailbox")]
    found = [_entry_of(entry) for entry in entries]
    if not found and inside.strip():
        found = [_plain(inside)]
    return People(
        tuple(person for people in found for person in people.recipients),
        tuple(mention for people in found for mention in people.mentions),
    )


def _entry_of(entry: str) -> People:
    """Who stands in a mailbox: an address, a name, or a list of one's own contacts by its number."""
    address, name = _element(entry, "EmailAddress"), _element(entry, "Name")
    if address is not None or name is not None:
        return mailbox(_text(address), _text(name))
    found = _plain(entry)
    return found if found.recipients else People((Recipient(None),), ())


def _plain(source: str) -> People:
    return recipients(html.unescape(re.sub(r"<[^<>]*>", " ", source)))


def _text(value: str | None) -> str | None:
    return None if value is None else html.unescape(value).strip()


# --- exchangelib -----------------------------------------------------------------------------------


class Mailbox(Object):
    """``exchangelib.Mailbox``."""

    PATHS: tuple[str, ...] = ("exchangelib.Mailbox", "exchangelib.properties.Mailbox")
    HOLDS = True

    def __init__(self, *_: Value, email_address: Value = None, name: Value = None, **__: Value) -> None:
        self.write("email_address", email_address)
        self.write("name", name)

    def render(self) -> Value:
        """The address; the name beside it is not followed."""
        return attribute(self, "email_address")


def _entry(member: Value) -> Value:
    return member.render() if isinstance(member, Object) else member


class EwsMessage(Object):
    """``exchangelib.Message``; its lists are live attributes."""

    PATHS: tuple[str, ...] = ("exchangelib.Message", "exchangelib.items.Message", "exchangelib.items.message.Message")

    def __init__(
        self,
        *_: Value,
        subject: Value = None,
        to_recipients: Value = None,
        cc_recipients: Value = None,
        bcc_recipients: Value = None,
        reply_to: Value = None,
        **__: Value,
    ) -> None:
        self.write("subject", subject)
        self.write("to_recipients", or_empty(to_recipients))
        self.write("cc_recipients", or_empty(cc_recipients))
        self.write("bcc_recipients", or_empty(bcc_recipients))
        self.write("reply_to", or_empty(reply_to))

    def attach(self, *_: Value) -> None:
        """Add a file; it changes nothing for the recipients."""

    def send(self, *_: Value, **__: Value) -> list[Exchange]:
        """Send it."""
        return _sent(self)

    def send_and_save(self, *_: Value, **__: Value) -> list[Exchange]:
        """Send it, and keep a copy."""
        return _sent(self)

    def reply(
        self,
        subject: Value = None,
        body: Value = None,
        to_recipients: Value = None,
        cc_recipients: Value = None,
        bcc_recipients: Value = None,
        author: Value = None,
    ) -> list[Exchange]:
        """Answer, or write to others with the message quoted."""
        del body, author
        return _of_lists(subject, to_recipients, cc_recipients, bcc_recipients)

    def forward(
        self,
        subject: Value = None,
        body: Value = None,
        to_recipients: Value = None,
        cc_recipients: Value = None,
        bcc_recipients: Value = None,
    ) -> list[Exchange]:
        """Hand it on."""
        del body
        return _of_lists(subject, to_recipients, cc_recipients, bcc_recipients)


def _sent(message: EwsMessage) -> list[Exchange]:
    subject, to, cc, bcc = (
        attribute(message, name) for name in ("subject", "to_recipients", "cc_recipients", "bcc_recipients")
    )
    return _of_lists(subject, to, cc, bcc, attribute(message, "reply_to"))


def _of_lists(subject: Value, to: Value, cc: Value, bcc: Value, reply_to: Value = None) -> list[Exchange]:
    people = [line(value, _entry) for value in (to, cc, bcc)]
    if people == [None, None, None]:
        return []
    made: RawMessage = note(
        [("Subject", subject), ("To", people[0]), ("Cc", people[1]), ("Reply-To", line(reply_to, _entry))],
        [value for value in people if value is not None],
    )
    return [made]


class Account(Object):
    """``exchangelib.Account``."""

    PATHS: tuple[str, ...] = ("exchangelib.Account", "exchangelib.account.Account")

    def __init__(self, *_: Value, **__: Value) -> None:
        pass

    def bulk_create(self, folder: Value = None, items: Value = None, *_: Value, **options: Value) -> list[Exchange]:
        """Write several items; kept as drafts unless the disposition says that they are sent."""
        del folder
        disposition = text(options.get("message_disposition")) or ""
        if (
            not disposition.lower().startswith("send")
            and sort_of(options.get("message_disposition")) is not Sort.UNKNOWN
        ):
            return []
        return [
            made for item, count in each(items) if count.high and isinstance(item, EwsMessage) for made in _sent(item)
        ]

    def bulk_send(self, ids: Value = None, *_: Value, **__: Value) -> list[Exchange]:
        """Send items that were written before."""
        return [
            made for item, count in each(ids) if count.high and isinstance(item, EwsMessage) for made in _sent(item)
        ]


PROVIDER: Final = Provider(
    name="exchange",
    title="Exchange Web Services",
    sources=(
        Source(
            "https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/createitem-operation",
            "CreateItem with a Message: ToRecipients, CcRecipients, BccRecipients; with a CalendarItem: SendMeetingInvitations",
        ),
        Source("pypi:exchangelib==5.6.0", "Message.send, send_and_save; the XML of its lists; run and read"),
    ),
    claims=claims,
    decode=decode,
    library=Library(classes=(Account, EwsMessage, Mailbox), tokens=("exchangelib", "Exchange.asmx")),
    explain=(
        "Everybody in ToRecipients and CcRecipients is printed to everybody; BccRecipients is printed nowhere. Who is "
        "invited to a meeting reads who else is. Make one message for each reader."
    ),
)
"""Exchange Web Services."""
