"""Infobip: ``/email/3/send`` (a form) and ``/email/4/messages`` of one's own host.

Who is together in ``to`` and ``cc`` is taken to read each other; in version 4 that is each item of ``destinations``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from mailguard.documents.json_values import read_json
from mailguard.model.count import ONE, Count
from mailguard.model.exchange import Exchange
from mailguard.model.message import CannotTell, Decoded, Message, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Member, Sort, Value, each, sort_of
from mailguard.transports.json_api import Api, field, given, told
from mailguard.transports.services import LISTS, of_data, printed, says_any

__all__ = ["PROVIDER"]

_FORM: Final = "email/send"
_MESSAGES: Final = "email/messages"


def _looks(body: Value) -> str | None:
    if sort_of(field(body, "messages")) is Sort.COLLECTION:
        return _MESSAGES
    return _FORM if says_any(body, "to") and says_any(body, "subject", "templateId") else None


_API: Final = Api(
    hosts=re.compile(r"(?:[a-z0-9*-]+\.)?api\.infobip\.com"),
    paths=(
        (re.compile(r"/email/[1-3]/send"), _FORM),
        (re.compile(r"/email/[45]/messages"), _MESSAGES),
        (
            re.compile(r"/email/\d/(?:reports|logs|bulks|validation|domains|ips|suppressions|templates)(?:/.*)?"),
            "account",
        ),
    ),
    like_sending=re.compile(r"^/email/"),
    looks=_looks,
    names=("infobip",),
)


def claims(exchange: Exchange) -> str | None:
    """``email/send``, ``email/messages``, or ``account`` for what sends no mail."""
    return _API.operation(exchange)


@of_data
def decode(operation: str, body: Value) -> Decoded:
    """One message for a form, one for each destination of version 4."""
    if operation == _MESSAGES:
        listed = field(body, "messages")
        if isinstance(listed, Absent) or sort_of(listed) is not Sort.COLLECTION:
            return CannotTell(Reason.ADDRESSES, "the body names no messages")
        return tuple(one for item, count in each(given(listed)) if count.high for one in _destinations(item, count))
    if sort_of(body) not in {Sort.MAPPING, Sort.OBJECT, Sort.UNKNOWN}:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    if sort_of(body) is Sort.UNKNOWN:
        return (printed(body),)
    lists = {name: _addresses(field(body, name)) for name in LISTS}
    held: dict[str, Value] = {name: value for name, value in lists.items() if value is not None}
    return told((printed({**held, "reply_to": given(field(body, "replyTo"))}),), held)


def _addresses(value: Value | Absent) -> Value:
    """An entry may be the JSON ``{"to": address, "placeholders": {...}}``."""
    if sort_of(value) is Sort.COLLECTION:
        return (
            [_addresses(item) for item, _ in each(given(value))] if isinstance(value, (list, tuple)) else given(value)
        )
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        inner = read_json(value)
        value = value if isinstance(inner, CannotTell) else inner
    if sort_of(value) is Sort.MAPPING and says_any(value, "to"):
        return given(field(value, "to"))
    return given(value)


def _destinations(item: Value, count: Count) -> Iterator[Message]:
    listed = field(item, "destinations")
    beneath = {"reply_to": given(field(field(item, "options"), "replyTo"))}
    several = sort_of(listed) is Sort.COLLECTION
    for one, times in each(given(listed)) if several else [Member(given(listed), ONE)]:
        if times.high:
            yield replace(printed(one, beneath, address="destination"), copies=count * times)


PROVIDER: Final = Provider(
    name="infobip",
    title="Infobip Email",
    sources=(
        Source(
            "https://www.infobip.com/docs/api/channels/email/send-fully-featured-email",
            "a form with to, cc and bcc, each of them repeated; an entry may be JSON with placeholders",
        ),
        Source("https://www.infobip.com/docs/email/email-over-api/email-api-key-features", "several to in one request"),
    ),
    claims=claims,
    decode=decode,
    address="https://api.infobip.com/email/3/send",
    library=Library(tokens=("infobip.com",)),
    explain=(
        "Who is together in to and cc of one request is taken to read each other; bcc is printed nowhere. In version 4 each "
        "item of destinations is a message of its own."
    ),
)
"""Infobip Email."""
