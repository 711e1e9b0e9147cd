"""HubSpot: single sends (``/marketing/v3/transactional/single-email/send``, ``/marketing/v4/email/single-send`` and older).

A single send goes to one person; who is in ``cc`` is printed to him and to the others there. Campaigns and workflows go to
contacts whom HubSpot keeps.
"""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.exchange import Exchange
from mailguard.model.message import CannotTell, Decoded, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Parameter, Sort, Unknown, Value, sort_of
from mailguard.transports.json_api import Api, field, given, of_json, told
from mailguard.transports.services import printed, says_any

__all__ = ["PROVIDER"]

_SEND: Final = "single-send"


def _looks(body: Value) -> str | None:
    return _SEND if says_any(body, "emailId") and says_any(field(body, "message"), "to") else None


_API: Final = Api(
    hosts=re.compile(r"api(?:-[a-z0-9]+)?\.hubapi\.com|api\.hubspot\.com"),
    paths=(
        (re.compile(r"/marketing/v\d/transactional/single-email/send"), _SEND),
        (re.compile(r"/marketing/v\d/email/single-send|/marketing/email-campaigns/[^/]+/single-send"), _SEND),
        (re.compile(r"/email/public/v1/singleemail/send"), _SEND),
        (re.compile(r"/marketing/v\d/emails/[^/]+/publish"), "lists"),
    ),
    like_sending=re.compile(r"single-?(?:email|send)"),
    looks=_looks,
    names=("hubspot",),
)


def claims(exchange: Exchange) -> str | None:
    """``single-send``, ``lists`` for a campaign, or ``account`` for everything else at HubSpot."""
    return _API.operation(exchange)


@of_json
def decode(_operation: str, body: Value) -> Decoded:
    """One message."""
    held = field(body, "message")
    if isinstance(held, (Unknown, Parameter)):
        return CannotTell(Reason.ADDRESSES, "the code does not tell the message")
    if sort_of(held) is not Sort.MAPPING:
        return CannotTell(Reason.ADDRESSES, "the body holds no message")
    names = "replyTo" if says_any(held, "replyTo") else "replyToList"
    return told((printed(held, reply_to=names),), given(held))


PROVIDER: Final = Provider(
    name="hubspot",
    title="HubSpot",
    sources=(
        Source(
            "https://developers.hubspot.com/docs/api-reference/marketing-single-send-v4/guide",
            "message holds to, one address, and lists of cc, bcc and replyTo",
        ),
        Source(
            "https://developers.hubspot.com/docs/api-reference/legacy/marketing/transactional-emails/v1/"
            "post-email-public-v1-singleEmail-send",
            "the first version: the same, with replyToList",
        ),
    ),
    claims=claims,
    decode=decode,
    address="https://api.hubapi.com/marketing/v3/transactional/single-email/send",
    library=Library(tokens=("hubapi.com",)),
    explain="A single send goes to one person; everybody in cc of it is printed to him and to the others there. bcc is printed nowhere.",
)
"""HubSpot."""
