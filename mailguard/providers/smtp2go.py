"""SMTP2GO: ``/v3/email/send``, ``/v3/email/mime`` and ``/v3/email/batch``.

Everybody in ``to`` and ``cc`` of one e-mail is printed to everybody in it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from mailguard.addresses.values import recipients
from mailguard.model.exchange import Exchange
from mailguard.model.message import CannotTell, Decoded, Field, Mention, Message, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Sort, Value, each, get, sort_of, text
from mailguard.transports.json_api import Api, field, given, of_json, told
from mailguard.transports.services import LISTS, printed, raw_mail, says_any

__all__ = ["PROVIDER"]

_SEND: Final = "v3/email/send"
_RAW: Final = "v3/email/mime"
_BATCH: Final = "v3/email/batch"


def _looks(body: Value) -> str | None:
    if says_any(body, "mime_email"):
        return _RAW
    return _SEND if says_any(body, *LISTS) and says_any(body, "sender", "html_body", "text_body") else None


_API: Final = Api(
    hosts=re.compile(r"(?:[a-z]{2}-)?api\.smtp2go\.com"),
    paths=(
        (re.compile(r"/v3/email/send"), _SEND),
        (re.compile(r"/v3/email/mime"), _RAW),
        (re.compile(r"/v3/email/batch"), _BATCH),
        (re.compile(r"/v3/(?:email/(?:search|view|scheduled.*)|sms/.*)"), "account"),
    ),
    like_sending=re.compile(r"/email/|/send$"),
    looks=_looks,
    names=("smtp2go",),
)


def claims(exchange: Exchange) -> str | None:
    """``v3/email/send``, ``v3/email/mime``, ``v3/email/batch``, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


@of_json
def decode(operation: str, body: Value) -> Decoded:
    """One message, or one for each e-mail of a batch."""
    if operation == _RAW:
        return raw_mail(field(body, "mime_email"))
    listed = given(field(body, "emails")) if operation == _BATCH else None
    if sort_of(listed) is Sort.COLLECTION:
        return tuple(replace(_one(item), copies=count) for item, count in each(listed) if count.high)
    if sort_of(body) not in {Sort.MAPPING, Sort.OBJECT, Sort.UNKNOWN}:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    return told((_one(body),), body)


def _one(body: Value) -> Message:
    found = printed(body)
    for item, _ in each(field(body, "custom_headers")):
        name = (text(given(get(item, "header", fold=True))) or "").strip().casefold()
        people = recipients(given(get(item, "value", fold=True))).recipients
        if name == "reply-to":
            found = replace(found, reply_to=(*found.reply_to, *people))
        elif name in LISTS:
            mentions = (Mention(Field.HEADER, person, name.title()) for person in people)
            found = replace(found, mentions=(*found.mentions, *mentions))
    return found


PROVIDER: Final = Provider(
    name="smtp2go",
    title="SMTP2GO",
    sources=(
        Source(
            "https://developers.smtp2go.com/reference/send-standard-email",
            "to, cc and bcc are lists of up to 100 texts; custom_headers is a list of {header, value}",
        ),
        Source("https://developers.smtp2go.com/docs/send-an-email", "/email/send and /email/mime"),
    ),
    claims=claims,
    decode=decode,
    address="https://api.smtp2go.com/v3/email/send",
    library=Library(tokens=("smtp2go.com",)),
    explain=(
        "Everybody in to and cc of one e-mail is printed to everybody in it; bcc is printed nowhere. Make one request for each "
        "reader."
    ),
)
"""SMTP2GO."""
