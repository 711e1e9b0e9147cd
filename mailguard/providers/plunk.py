"""Plunk: ``/v1/send``.

Each address of ``to`` gets a message of its own.
"""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.exchange import Exchange
from mailguard.model.message import Decoded, Message
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Value
from mailguard.transports.contacts import contacts
from mailguard.transports.json_api import Api, field, headers_of, of_object, told
from mailguard.transports.services import each_entry, says_any

__all__ = ["PROVIDER"]

_SEND: Final = "v1/send"


def _looks(body: Value) -> str | None:
    return _SEND if says_any(body, "to") and says_any(body, "subject", "body", "template") else None


_API: Final = Api(
    hosts=re.compile(r"(?:next-)?api\.useplunk\.com"),
    paths=(
        (re.compile(r"(?:/api)?/v1/send"), _SEND),
        (re.compile(r"(?:/api)?/v1/campaigns/(?:send|[^/]+/send)"), "lists"),
        (re.compile(r"(?:/api)?/v1(?:/track)?"), "account"),
    ),
    like_sending=re.compile(r"/send$"),
    looks=_looks,
    names=("plunk",),
)


def claims(exchange: Exchange) -> str | None:
    """``v1/send``, ``lists`` for a campaign, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


@of_object
def decode(_operation: str, body: Value) -> Decoded:
    """One message for each of ``to``."""
    reply, mentions = headers_of(field(body, "headers"))
    replies = (*contacts(field(body, "reply")).recipients, *reply.recipients)
    return told(each_entry(field(body, "to"), Message(reply_to=replies, mentions=mentions)), body, ("to",))


PROVIDER: Final = Provider(
    name="plunk",
    title="Plunk",
    sources=(
        Source("https://docs.useplunk.com/guides/send-a-transactional-email", "to is an address or a list of them"),
        Source(
            "https://github.com/useplunk/plunk",
            "packages/api: the list is walked, and each address gets its own message; read",
        ),
    ),
    claims=claims,
    decode=decode,
    address="https://api.useplunk.com/v1/send",
    library=Library(tokens=("useplunk",)),
    explain="Each address of to gets a message of its own: readers do not see each other. A text with commas is one entry, printed whole.",
)
"""Plunk."""
