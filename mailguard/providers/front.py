"""Front: messages, answers and drafts of ``api2.frontapp.com``.

Everybody in ``to`` and ``cc`` of a message is printed to everybody in it. An answer without ``to`` goes to the people of the
conversation, whom the request does not name.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from mailguard.model.count import ANY
from mailguard.model.exchange import Exchange
from mailguard.model.message import CannotTell, Decoded, Reason
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Sort, Value, sort_of
from mailguard.transports.json_api import Api, told
from mailguard.transports.services import LISTS, of_data, printed, says_any

__all__ = ["PROVIDER"]

_NEW: Final = "channels/messages"
_ANSWER: Final = "conversations/messages"
_DRAFT: Final = "drafts"


def _looks(body: Value) -> str | None:
    return _NEW if says_any(body, *LISTS) and says_any(body, "body") else None


_API: Final = Api(
    hosts=re.compile(r"api2?\.frontapp\.com|[a-z0-9-]+\.api\.frontapp\.com"),
    paths=(
        (re.compile(r"/channels/[^/]+/messages"), _NEW),
        (re.compile(r"/conversations/[^/]+/messages"), _ANSWER),
        (re.compile(r"/(?:channels|conversations)/[^/]+/drafts|/drafts/[^/]+"), _DRAFT),
        # What was said elsewhere, and what colleagues say to each other.
        (re.compile(r"/(?:channels|inboxes)/[^/]+/(?:incoming|imported|inbound|outbound)_messages"), "account"),
        (re.compile(r"/conversations|/conversations/[^/]+/comments"), "account"),
    ),
    like_sending=re.compile(r"/messages$|/drafts(?:/|$)|/send$"),
    looks=_looks,
    names=("frontapp", "front_api"),
)


def claims(exchange: Exchange) -> str | None:
    """``channels/messages``, ``conversations/messages``, ``drafts``, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


@of_data
def decode(operation: str, body: Value) -> Decoded:
    """One message; a draft counts where its people are written."""
    if sort_of(body) not in {Sort.MAPPING, Sort.OBJECT, Sort.UNKNOWN}:
        return CannotTell(Reason.UNKNOWN_FORM, "the body is not an object")
    found = printed(body)
    if says_any(body, *LISTS) or operation == _NEW or sort_of(body) is Sort.UNKNOWN:
        return told((found,), body)
    # An answer to those who wrote; a draft whose people are chosen later.
    return (replace(found, hidden=ANY),) if operation == _ANSWER else ()


PROVIDER: Final = Provider(
    name="front",
    title="Front",
    sources=(
        Source(
            "https://dev.frontapp.com/reference/create-message",
            "to, cc and bcc are lists of handles, one of which is needed; JSON, or multipart where files are attached",
        ),
        Source(
            "https://dev.frontapp.com/reference/create-message-reply", "an answer to a conversation; to may be left out"
        ),
    ),
    claims=claims,
    decode=decode,
    address="https://api2.frontapp.com/channels/cha_1/messages",
    library=Library(tokens=("frontapp.com", "FRONT_API")),
    explain=(
        "Everybody in to and cc of one message is printed to everybody in it; bcc is printed nowhere. An answer without to "
        "goes to the people of the conversation."
    ),
)
"""Front."""
