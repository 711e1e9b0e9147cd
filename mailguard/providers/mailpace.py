"""MailPace, once OhMySMTP: ``/api/v1/send``.

``to``, ``cc`` and ``bcc`` are texts with commas; everybody in the first two is printed to everybody.
"""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.exchange import Exchange
from mailguard.model.message import CannotTell, Decoded, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Sort, Value, sort_of
from mailguard.transports.json_api import Api, of_json, told
from mailguard.transports.services import LISTS, printed, says_any

__all__ = ["PROVIDER"]

_SEND: Final = "v1/send"


def _looks(body: Value) -> str | None:
    return _SEND if says_any(body, *LISTS) and says_any(body, "htmlbody", "textbody", "subject") else None


_API: Final = Api(
    hosts=re.compile(r"app\.(?:mailpace|ohmysmtp)\.com"),
    paths=((re.compile(r"/api/v1/send"), _SEND),),
    like_sending=re.compile(r"/send"),
    looks=_looks,
    names=("mailpace", "ohmysmtp"),
)


def claims(exchange: Exchange) -> str | None:
    """``v1/send``, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


@of_json
def decode(_operation: str, body: Value) -> Decoded:
    """One message."""
    if sort_of(body) not in {Sort.MAPPING, Sort.OBJECT, Sort.UNKNOWN}:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    return told((printed(body, reply_to="replyto"),), body)


PROVIDER: Final = Provider(
    name="mailpace",
    title="MailPace",
    sources=(
        Source(
            "https://docs.mailpace.com/reference/send", "to, cc and bcc are texts of addresses with commas between them"
        ),
    ),
    claims=claims,
    decode=decode,
    address="https://app.mailpace.com/api/v1/send",
    library=Library(tokens=("mailpace.com", "ohmysmtp.com")),
    explain="Everybody in to and cc of one request is printed to everybody in it; bcc is printed nowhere.",
)
"""MailPace."""
