"""AhaSend: ``/v2/accounts/<id>/messages`` and ``/v1/email/send``.

Each of ``recipients`` gets a message of his own; a message of a conversation prints ``to`` and ``cc`` to all of it.
"""

from __future__ import annotations

import re
from typing import Final

from mailguard.model.exchange import Exchange
from mailguard.model.message import Decoded, Message
from mailguard.model.provider import Library, Provider, Source
from mailguard.model.value import Value
from mailguard.transports.contacts import contacts
from mailguard.transports.json_api import Api, field, of_object, told
from mailguard.transports.services import LISTS, each_entry, printed, says_any

__all__ = ["PROVIDER"]

_EACH: Final = "messages"
_SHARED: Final = "messages/conversation"


def _looks(body: Value) -> str | None:
    if says_any(body, "recipients"):
        return _EACH
    return _SHARED if says_any(body, *LISTS) and says_any(body, "subject") else None


_API: Final = Api(
    hosts=re.compile(r"api\.ahasend\.com"),
    paths=(
        (re.compile(r"/v1/email/send|/v2/accounts/[^/]+/messages"), _EACH),
        (re.compile(r"/v2/accounts/[^/]+/messages/conversation"), _SHARED),
    ),
    like_sending=re.compile(r"/send|/messages"),
    looks=_looks,
    names=("ahasend",),
)


def claims(exchange: Exchange) -> str | None:
    """``messages``, ``messages/conversation``, or ``account`` for what sends nothing."""
    return _API.operation(exchange)


@of_object
def decode(operation: str, body: Value) -> Decoded:
    """One message for each of ``recipients``, or one for all of a conversation."""
    if operation == _SHARED:
        return told((printed(body),), body)
    replies = (
        contacts(field(body, "reply_to")).recipients or contacts(field(field(body, "content"), "reply_to")).recipients
    )
    return told(each_entry(field(body, "recipients"), Message(reply_to=replies)), body, ("recipients",))


PROVIDER: Final = Provider(
    name="ahasend",
    title="AhaSend",
    sources=(
        Source(
            "https://ahasend.com/docs/api-reference/messages/create-message",
            "recipients: up to 100; the answer has a message with a number of its own for each",
        ),
        Source(
            "https://ahasend.com/docs/api-reference/messages/create-conversation-message",
            "to, cc and bcc of one message",
        ),
    ),
    claims=claims,
    decode=decode,
    address="https://api.ahasend.com/v2/accounts/me/messages",
    library=Library(tokens=("ahasend",)),
    explain=(
        "Each of recipients gets a message of his own. In a message of a conversation everybody in to and cc is printed to "
        "everybody; bcc is printed nowhere."
    ),
)
"""AhaSend."""
