"""Maileroo: ``/api/v2/emails`` and its kin, and the forms of the first version (``/send``).

Everybody in ``to`` and ``cc`` of one e-mail is printed to everybody in it; a bulk request is a list of e-mails.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from mailguard.model.exchange import Exchange
from mailguard.model.message import CannotTell, Decoded, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Absent, Sort, Value, each, sort_of
from mailguard.transports.json_api import Api, field, given, told
from mailguard.transports.services import LISTS, of_data, printed, says_any

__all__ = ["PROVIDER"]

_SEND: Final = "v2/emails"
_BULK: Final = "v2/emails/bulk"


def _looks(body: Value) -> str | None:
    if says_any(body, "messages"):
        return _BULK
    return _SEND if says_any(body, *LISTS) and says_any(body, "subject", "html", "plain", "template_id") else None


_API: Final = Api(
    hosts=re.compile(r"smtp\.maileroo\.com"),
    paths=(
        (re.compile(r"/api/v2/emails(?:/template)?|/send(?:-template)?"), _SEND),
        (re.compile(r"/api/v2/emails/bulk"), _BULK),
        (re.compile(r"/api/v2/emails/scheduled(?:/.*)?"), "account"),
    ),
    like_sending=re.compile(r"/emails|/send"),
    looks=_looks,
    names=("maileroo",),
)


def claims(exchange: Exchange) -> str | None:
    """``v2/emails``, ``v2/emails/bulk``, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


@of_data
def decode(operation: str, body: Value) -> Decoded:
    """One message, or one for each e-mail of a bulk request."""
    if sort_of(body) not in {Sort.MAPPING, Sort.OBJECT, Sort.UNKNOWN}:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    if operation == _BULK:
        listed = field(body, "messages")
        if isinstance(listed, Absent) or sort_of(listed) is not Sort.COLLECTION:
            return CannotTell(Reason.ADDRESSES, "the body names no messages")
        return tuple(
            replace(printed(item, address="address", name="display_name"), copies=count)
            for item, count in each(given(listed))
            if count.high
        )
    return told((printed(body, address="address", name="display_name"),), body)


PROVIDER: Final = Provider(
    name="maileroo",
    title="Maileroo",
    sources=(
        Source(
            "https://maileroo.com/docs/email-api/send-basic-email",
            "to, cc and bcc are an object {address, display_name} or a list of them",
        ),
        Source(
            "https://maileroo.com/docs/email-api/send-bulk-emails",
            "messages: up to 500, each with to, cc and bcc of its own",
        ),
        Source(
            "https://maileroo.com/api-documentation/email-sending-api", "the first version: a form, texts with commas"
        ),
    ),
    claims=claims,
    decode=decode,
    address="https://smtp.maileroo.com/api/v2/emails",
    library=Library(tokens=("maileroo.com",)),
    explain=(
        "Everybody in to and cc of one e-mail is printed to everybody in it; bcc is printed nowhere. Each item of messages in "
        "a bulk request is an e-mail of its own."
    ),
)
"""Maileroo."""
