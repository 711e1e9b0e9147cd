"""Unisender Go and UniOne: ``.../email/send.json``.

Each of ``recipients`` gets a message of its own, in which To is that one; unless ``headers`` has a To (and a Cc): then
all of them read what stands there.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from mailguard.addresses.people import People
from mailguard.addresses.values import recipients
from mailguard.model.count import Truth
from mailguard.model.exchange import Exchange
from mailguard.model.message import CannotTell, Decoded, Message, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Either, Sort, Value, get, sort_of, text, truth
from mailguard.transports.contacts import contacts
from mailguard.transports.json_api import Api, apart, field, given, header_values, of_json, told
from mailguard.transports.mime.reading import blind_of
from mailguard.transports.split import unless_split

__all__ = ["PROVIDER"]

_ONE: Final = "email/send"


def _looks(body: Value) -> str | None:
    inner = get(body, "message")
    return None if isinstance(inner, Absent) or isinstance(get(inner, "recipients"), Absent) else _ONE


_API: Final = Api(
    hosts=re.compile(
        r"(?:(?:go\d*|api)\.)?unisender\.(?:ru|com)|goapi\.unisender\.(?:ru|com)|(?:[a-z0-9-]+\.)?unione\.io"
    ),
    paths=(
        (re.compile(r"/(?:[a-z]{2}/)?transactional/api/v1/email/send\.json"), _ONE),
        # A letter that asks one person to subscribe.
        (re.compile(r"/(?:[a-z]{2}/)?transactional/api/v1/email/subscribe\.json"), "account"),
    ),
    # The older service (/ru/api/sendEmail) writes to each of its people; it is not read.
    like_sending=re.compile(r"/transactional/api/v1/email/send|/api/send(?:email|testemail)|/api/createcampaign"),
    looks=_looks,
    names=("unisender", "unione"),
)


def claims(exchange: Exchange) -> str | None:
    """``email/send``, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


@of_json
def decode(_operation: str, body: Value) -> Decoded:
    """One message for each recipient, or what the headers print to all of them."""
    inner = field(body, "message")
    if isinstance(inner, Absent) or sort_of(inner) is not Sort.MAPPING:
        return CannotTell(Reason.UNKNOWN_FORM, "the request has no message")
    everybody = field(inner, "recipients")
    headers = field(inner, "headers")
    printed_to, to = _header(headers, "to")
    _, cc = _header(headers, "cc")
    replies = contacts(field(inner, "reply_to"))
    shared = Message(cc=cc.recipients, reply_to=replies.recipients, mentions=(*cc.mentions, *replies.mentions))
    found: tuple[Message, ...]
    if printed_to is Truth.NO:
        found = apart(everybody, shared)
        # Who is in Cc of all of these is not a To of his own; that copies carry the same lines is how anymail uses it.
        return told(found, inner, ("recipients",))
    people = contacts(everybody)
    visible = (*to.recipients, *cc.recipients)
    shown = replace(
        shared,
        to=to.recipients,
        bcc=blind_of(people.recipients, visible),
        mentions=(*to.mentions, *shared.mentions),
    )
    if printed_to is Truth.MAYBE:
        return (unless_split(shown, Truth.MAYBE),)
    return told((shown,), inner, ("recipients",))


def _header(headers: Value | Absent, name: str) -> tuple[Truth, People]:
    """Whether a header is written, and who is in it."""
    values = header_values(headers, name)
    if not values:
        return Truth.NO, People((), ())
    there = Truth.NO
    for value in values:
        there |= Truth.MAYBE if isinstance(value, Either) and None in value.options else truth(value)
    if all((text(given(value)) or "").strip().startswith("{{") for value in values):
        return Truth.NO, People((), ())  # a placeholder for the one reader
    return there, recipients(values)


PROVIDER: Final = Provider(
    name="unisender-go",
    title="Unisender Go",
    sources=(
        Source("https://godocs.unisender.ru/web-api-ref", "the hosts; recipients, each with substitutions; headers"),
        Source("https://docs.unione.io/en/web-api-ref", "the same API under another name, eu1 and us1"),
        Source("pypi:django-anymail==15.2", "run: headers.to holds all recipients, unless it writes one each"),
    ),
    claims=claims,
    decode=decode,
    address="https://go1.unisender.ru/ru/transactional/api/v1/email/send.json",
    library=Library(tokens=("unisender", "unione.io", "transactional/api/v1/email")),
    explain=(
        "Each of recipients gets a message of its own. A To in headers is printed to all of them instead, and so is a Cc; "
        "who is in recipients only is a hidden copy then."
    ),
)
"""Unisender Go and UniOne."""
