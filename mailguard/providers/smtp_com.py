"""SMTP.com: ``/v4/messages``.

Everybody in ``to`` and ``cc`` of ``recipients`` is printed to everybody; each of ``bulk_list`` gets a message of his own.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from mailguard.model.exchange import Exchange
from mailguard.model.message import CannotTell, Decoded, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Parameter, Sort, Unknown, Value, sort_of
from mailguard.transports.json_api import Api, apart, field, given, of_json, told
from mailguard.transports.services import LISTS, printed, raw_mail, respelled, says_any

__all__ = ["PROVIDER"]

_SEND: Final = "v4/messages"
_RAW: Final = "v4/messages/mime"


def _looks(body: Value) -> str | None:
    return _SEND if says_any(field(body, "recipients"), *LISTS, "bulk_list") else None


_API: Final = Api(
    hosts=re.compile(r"api\.smtp\.com"),
    paths=((re.compile(r"/v4/messages"), _SEND), (re.compile(r"/v4/messages/mime"), _RAW)),
    like_sending=re.compile(r"/messages"),
    looks=_looks,
    names=("smtp_com", "smtpcom"),
)


def claims(exchange: Exchange) -> str | None:
    """``v4/messages``, ``v4/messages/mime``, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


@of_json
def decode(operation: str, body: Value) -> Decoded:
    """One message, and one for each of a bulk list."""
    people = field(body, "recipients")
    if isinstance(people, (Absent, Unknown, Parameter)) or sort_of(people) is not Sort.MAPPING:
        return CannotTell(Reason.ADDRESSES, "the body names no recipients")
    if operation == _RAW:
        return raw_mail(field(field(body, "body"), "content"))
    bulk = respelled(field(people, "bulk_list"), "address")
    lists = {name: given(field(people, name)) for name in LISTS}
    shared = printed({**lists, "headers": given(field(body, "custom_headers"))}, address="address")
    if isinstance(bulk, Absent) or sort_of(bulk) is Sort.NONE:
        return told((shared,), people)
    each = apart(bulk, replace(shared, to=()))
    return (*each, shared) if shared.to else each


PROVIDER: Final = Provider(
    name="smtp-com",
    title="SMTP.com",
    sources=(
        Source(
            "https://www.smtp.com/resources/api-documentation/",
            "recipients holds to, cc, bcc and bulk_list of {name, address}",
        ),
    ),
    claims=claims,
    decode=decode,
    address="https://api.smtp.com/v4/messages",
    library=Library(tokens=("api.smtp.com",)),
    explain=(
        "Everybody in to and cc of recipients is printed to everybody in it; bcc is printed nowhere. Each of bulk_list gets a "
        "message of his own."
    ),
)
"""SMTP.com."""
